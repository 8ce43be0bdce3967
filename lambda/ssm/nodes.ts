/** What Systems Manager knows of instances: whether it manages them, and whether their agent still reports. */
import { type InstanceInformation, paginateDescribeInstanceInformation } from '@aws-sdk/client-ssm';
import type { Ssm } from '../kit/index.ts';
import { bisect, chunks, errorCode } from '../kit/index.ts';

/** API_DescribeInstanceInformation.html: 50 entries a page. */
const IDS_PER_CALL = 50;

export interface SsmNode {
  /** `ConnectionLost` covers the deprecated `Inactive`. `Online` may be minutes old: the agent pings every five. */
  readonly ping: 'Online' | 'ConnectionLost';
  readonly lastPingAt: Date | null;
}

export interface SsmNodes {
  /** Those that SSM manages. */
  readonly nodes: ReadonlyMap<string, SsmNode>;
  /** Those that SSM could not be asked about, with the error. */
  readonly unasked: ReadonlyMap<string, unknown>;
}

/** Never rejects. An id in neither map is not managed by SSM. */
export async function describeNodes(ssm: Ssm, ids: readonly string[], signal: AbortSignal): Promise<SsmNodes> {
  const nodes = new Map<string, SsmNode>();
  const unasked = new Map<string, unknown>();
  // One chunk after the other: SSM publishes no rate, and throttles at few calls a second.
  for (const some of chunks(ids, IDS_PER_CALL)) {
    const { done, failed } = await bisect(
      some,
      (few) => describe(ssm, few, signal),
      (error) => errorCode(error) === 'InvalidInstanceId',
    );
    for (const node of done.flatMap(({ value }) => value)) {
      nodes.set(node.InstanceId ?? '', {
        ping: node.PingStatus === 'Online' ? 'Online' : 'ConnectionLost',
        lastPingAt: node.LastPingDateTime ?? null,
      });
    }
    // A single id that SSM calls invalid is one that it doesn't manage.
    for (const { id, error } of failed) if (errorCode(error) !== 'InvalidInstanceId') unasked.set(id, error);
  }
  return { nodes, unasked };
}

async function describe(ssm: Ssm, ids: readonly string[], signal: AbortSignal): Promise<InstanceInformation[]> {
  const found: InstanceInformation[] = [];
  const input = { Filters: [{ Key: 'InstanceIds', Values: [...ids] }], MaxResults: IDS_PER_CALL };
  const pages = paginateDescribeInstanceInformation({ client: ssm }, input, { abortSignal: signal });
  for await (const { InstanceInformationList = [] } of pages) found.push(...InstanceInformationList);
  return found;
}
