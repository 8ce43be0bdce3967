/** The one call that can take a host away from its users, and what AWS itself is about to do to that host. */
import { DescribeInstanceStatusCommand, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import type { Ec2 } from '../kit/index.ts';
import { errorCode } from '../kit/index.ts';

/**
 * Whether EC2 would take the request, without making it: rights and the instance's state.
 * Rejects with EC2's refusal.
 */
export async function rehearseReboot(ec2: Ec2, id: string): Promise<void> {
  try {
    await ec2.send(new RebootInstancesCommand({ InstanceIds: [id], DryRun: true }));
  } catch (error) {
    // By this "error" EC2 says that it would have done it (API_RebootInstances.html).
    if (errorCode(error) !== 'DryRunOperation') throw error;
  }
}

/** Queues the reboot. That it was taken doesn't mean that the host came down or back: the next checks tell. */
export async function rebootInstance(ec2: Ec2, id: string): Promise<void> {
  await ec2.send(new RebootInstancesCommand({ InstanceIds: [id] }));
}

/**
 * What AWS has scheduled for an instance (a reboot, a stop, retirement), as sentences; those over or called off are left
 * out, which EC2 tells for a week by the first word of their description (viewing_scheduled_events.html).
 */
export async function scheduledEvents(ec2: Ec2, id: string): Promise<string[]> {
  const { InstanceStatuses = [] } = await ec2.send(
    new DescribeInstanceStatusCommand({ InstanceIds: [id], IncludeAllInstances: true }),
  );
  const events = InstanceStatuses.flatMap((status) => status.Events ?? []);
  return events
    .filter(({ Description = '' }) => !/^\[(Completed|Canceled)\]/.test(Description))
    .map(({ Code = 'an event', NotBefore }) =>
      NotBefore === undefined
        ? `AWS has scheduled ${Code} for it`
        : `AWS has scheduled ${Code} for it, not before ${NotBefore.toISOString()}`,
    );
}
