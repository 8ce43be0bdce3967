/** Reboots through EC2, and what AWS itself has scheduled for an instance. */
import { type InstanceStatusEvent, paginateDescribeInstanceStatus, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import type { Ec2, Once } from '../kit/index.ts';
import { errorCode } from '../kit/index.ts';

/**
 * Whether EC2 would take the request, without making it: rights and the instance's state.
 * Rejects with EC2's refusal.
 */
export async function rehearseReboot(ec2: Ec2, id: string): Promise<void> {
  try {
    await ec2.send(new RebootInstancesCommand({ InstanceIds: [id], DryRun: true }));
  } catch (error) {
    // This "error" means that EC2 would have done it (API_RebootInstances.html).
    if (errorCode(error) !== 'DryRunOperation') throw error;
  }
}

/**
 * Queues the reboot, by one call. Whether the host went down and came back the next checks show.
 * @throws EC2's refusal, or that no answer came: then it may have been queued
 */
export async function rebootInstance(ec2: Once<Ec2>, id: string): Promise<void> {
  await ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
}

/**
 * What AWS has scheduled for an instance (a reboot, a stop, retirement), as sentences. Events that are over or called off
 * are left out: EC2 lists them for a week, marked by the first word of their description (viewing_scheduled_events.html).
 */
export async function scheduledEvents(ec2: Ec2, id: string): Promise<string[]> {
  const events: InstanceStatusEvent[] = [];
  const input = { InstanceIds: [id], IncludeAllInstances: true };
  for await (const { InstanceStatuses = [] } of paginateDescribeInstanceStatus({ client: ec2 }, input)) {
    events.push(...InstanceStatuses.flatMap((status) => status.Events ?? []));
  }
  return events
    .filter(({ Description = '' }) => !/^\[(Completed|Canceled)\]/.test(Description))
    .map(({ Code = 'an event', NotBefore }) =>
      NotBefore === undefined
        ? `AWS has scheduled ${Code} for it`
        : `AWS has scheduled ${Code} for it, not before ${NotBefore.toISOString()}`,
    );
}
