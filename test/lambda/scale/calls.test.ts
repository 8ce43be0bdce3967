import { describe, expect, it } from 'vitest';
import { DistributedFleet, SHARDS_OF_TWO } from '../../support/distributed-fleet.ts';
import { SandboxFleet } from '../../support/sandbox-fleet.ts';

/** Calls of all that a fleet's checks wrote and read, by command. */
const callsOf = ({ aws }: SandboxFleet) =>
  Object.fromEntries([aws.ec2, aws.cloudwatch, aws.sns].flatMap(({ calls }) => [...calls]));

describe('a distributed run', () => {
  it('calls EC2, CloudWatch and SNS as often as one function does: nothing multiplies with shards', async () => {
    const [one, shared] = [new SandboxFleet(12, SHARDS_OF_TWO), new DistributedFleet(12)];
    for (const fleet of [one, shared]) {
      await fleet.checks(2);
      fleet.host(3, 'BannerTimeout').host(8, 'BannerTimeout');
      await fleet.checks(4);
    }
    const shards = [...shared.runFiles.keys()].filter((key) => /^runs\/run-6\/results\//.test(key));
    expect(shards).toHaveLength(6);
    expect(callsOf(shared)).toEqual(callsOf(one));
    expect(callsOf(one)).toMatchObject({ PutMetricDataCommand: 12, DescribeInstancesCommand: expect.any(Number) });
  });
});
