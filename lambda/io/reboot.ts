/** The one call that can take a host away from its users. */
import { RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { errorCode } from './aws-error.ts';
import type { Ec2 } from './clients.ts';

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
