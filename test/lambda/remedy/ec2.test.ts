import { DescribeInstanceStatusCommand, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { rebootInstance, rehearseReboot, scheduledEvents } from '../../../lambda/remedy/ec2.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { addReboots } from '../../../sandbox/aws-remedy.ts';

const ID = 'i-00000000000000001';

function setUp() {
  const aws = new SandboxAws();
  const rebooted = addReboots(aws);
  aws.launch(ID);
  return { aws, rebooted, ec2: aws.ec2 };
}

describe('a reboot', () => {
  it('is refused in EC2’s words, rehearsed or not', async () => {
    const { aws, ec2 } = setUp();
    aws.denied.add(ID);
    await expect(rehearseReboot(ec2, ID)).rejects.toThrow('not authorized');
    await expect(rebootInstance(ec2, ID)).rejects.toThrow('not authorized');
    aws.fail(RebootInstancesCommand, 'RequestLimitExceeded');
    await expect(rehearseReboot(ec2, ID)).rejects.toThrow('as ordered');
  });

  it('is made once asked for, and not by its rehearsal', async () => {
    const { rebooted, ec2 } = setUp();
    await rehearseReboot(ec2, ID);
    expect(rebooted).toEqual([]);
    await rebootInstance(ec2, ID);
    expect(rebooted).toEqual([ID]);
  });
});

describe('what AWS has scheduled', () => {
  it('can not be read where EC2 refuses', async () => {
    const { aws, ec2 } = setUp();
    aws.fail(DescribeInstanceStatusCommand, 'RequestLimitExceeded');
    await expect(scheduledEvents(ec2, ID)).rejects.toThrow('as ordered');
  });

  it('is read, without what is over or called off', async () => {
    const { ec2 } = setUp();
    expect(await scheduledEvents(ec2, ID)).toEqual([]);
    ec2.on(DescribeInstanceStatusCommand, () => ({
      InstanceStatuses: [
        {
          InstanceId: ID,
          Events: [
            { Code: 'system-reboot' as const, Description: '[Completed] The instance is scheduled for a reboot' },
            { Code: 'instance-stop' as const, Description: '[Canceled] Your instance is to be stopped' },
            { Code: 'system-reboot' as const, Description: 'scheduled', NotBefore: new Date('2026-11-25T01:00:00Z') },
            { Code: 'instance-retirement' as const },
          ],
        },
      ],
    }));
    expect(await scheduledEvents(ec2, ID)).toEqual([
      'AWS has scheduled system-reboot for it, not before 2026-11-25T01:00:00.000Z',
      'AWS has scheduled instance-retirement for it',
    ]);
  });
});
