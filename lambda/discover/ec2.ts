/** Discovery: which instances carry the watch tag. */
import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  type Instance as Ec2Instance,
} from '@aws-sdk/client-ec2';
import type { Ec2 } from '../kit/index.ts';
import type { DescribedInstance } from '../model/index.ts';

/** Those that may come back. A terminated instance stays visible for an hour and is nobody's concern. */
const STATES = ['pending', 'running', 'stopping', 'stopped'];

/** `*`, `?` and `\` mean something in a filter's value; a backslash takes that away (Using_Filtering.html, EC2 guide). */
const literal = (value: string): string => value.replace(/[*?\\]/g, '\\$&');

export interface FleetQuery {
  readonly tagKey: string;
  readonly tagValue: string;
  /** Which address SSH connects to; an instance without an IPv4 one is reached by its IPv6 address. */
  readonly address: 'private' | 'public';
  readonly region: string;
}

/**
 * Every instance that carries the tag, whatever its state short of terminated.
 *
 * Rejects when any page can't be had: half a fleet must not pass for the whole.
 */
export async function describeFleet(ec2: Ec2, query: FleetQuery): Promise<DescribedInstance[]> {
  const found: DescribedInstance[] = [];
  let token: string | undefined;
  do {
    const page: DescribeInstancesCommandOutput = await ec2.send(
      new DescribeInstancesCommand({
        Filters: [
          { Name: `tag:${query.tagKey}`, Values: [literal(query.tagValue)] },
          { Name: 'instance-state-name', Values: STATES },
        ],
        // A call with MaxResults draws on the larger of EC2's two throttling buckets (ec2-api-throttling.html).
        MaxResults: 1000,
        NextToken: token,
      }),
    );
    for (const reservation of page.Reservations ?? []) {
      for (const instance of reservation.Instances ?? []) {
        const described = describe(instance, reservation.OwnerId ?? null, query);
        if (described !== null) found.push(described);
      }
    }
    // A page may be short or empty with more to come: the token alone says when it ends.
    token = page.NextToken;
  } while (token);
  return found;
}

/** One instance as it is now, whatever its state and tags. Rejects when there is none of that id. */
export async function describeInstance(
  ec2: Ec2,
  id: string,
  query: Pick<FleetQuery, 'address' | 'region'>,
): Promise<DescribedInstance> {
  const page: DescribeInstancesCommandOutput = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  const [reservation] = page.Reservations ?? [];
  const [instance] = reservation?.Instances ?? [];
  const described = instance && describe(instance, reservation?.OwnerId ?? null, query);
  if (!described) throw new Error(`EC2 told nothing of ${id}`);
  return described;
}

function describe(
  instance: Ec2Instance,
  account: string | null,
  query: Pick<FleetQuery, 'address' | 'region'>,
): DescribedInstance | null {
  const id = instance.InstanceId;
  if (id === undefined) return null;
  const tags = Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? '']));
  const ipv4 = query.address === 'public' ? instance.PublicIpAddress : instance.PrivateIpAddress;
  return {
    id,
    name: tags.Name?.trim() || id,
    state: instance.State?.Name ?? 'unknown',
    platform: instance.PlatformDetails ?? instance.Platform ?? 'Linux/UNIX',
    address: ipv4 || instance.Ipv6Address || null,
    region: query.region,
    account,
    launchedAt: instance.LaunchTime ?? null,
    tags,
    // Absent for an On-Demand one (API_Instance.html).
    spot: instance.InstanceLifecycle === 'spot',
  };
}
