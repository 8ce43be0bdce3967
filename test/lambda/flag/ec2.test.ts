import { GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeInstanceStatusCommand, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '../../../lambda/flag/ec2.ts';
import { readLastGood } from '../../../lambda/memory/cloudwatch.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';

describe('gatherEvidence', () => {
  const two = [{ id: 'i-1' }, { id: 'i-2' }];
  const gather = (aws: SandboxAws, of: readonly { readonly id: string }[]) =>
    gatherEvidence(
      aws.ec2,
      of.map(({ id }) => id),
      readLastGood(
        aws.cloudwatch,
        of.map(({ id }) => ({ InstanceId: id, Name: id })),
        aws.now(),
      ),
    );
  const sandbox = () => {
    const aws = new SandboxAws();
    aws.launch('i-1', { status: 'impaired', console: 'Out of memory: Killed process 7 (ruby)\n' });
    aws.launch('i-2');
    return aws;
  };

  it('turns every failure into a gap and rejects never', async () => {
    const aws = sandbox();
    aws.fail(DescribeInstanceStatusCommand, 'RequestLimitExceeded', 9);
    aws.fail(GetConsoleOutputCommand, 'UnauthorizedOperation', 9);
    aws.fail(GetMetricDataCommand, 'InternalServiceFault', 9);
    expect(await gather(aws, two)).toEqual(
      new Map(
        ['i-1', 'i-2'].map((id) => [
          id,
          {
            ec2Impaired: null,
            console: null,
            lastGood: null,
            gaps: [
              "EC2's status checks: RequestLimitExceeded: as ordered",
              'console output: UnauthorizedOperation: as ordered',
              'the last figures: InternalServiceFault: as ordered',
            ],
          },
        ]),
      ),
    );
  });

  it("doesn't let an instance that is gone cost another its evidence", async () => {
    const aws = sandbox();
    const evidence = await gather(aws, [...two, { id: 'i-gone' }]);
    expect(evidence.get('i-1')).toEqual({
      ec2Impaired: true,
      console: 'Out of memory: Killed process 7 (ruby)\n',
      lastGood: null,
      gaps: [],
    });
    expect(evidence.get('i-gone')?.gaps.join()).toMatch(/status checks: InvalidInstanceID.*console output: Invalid/);
  });

  it('takes what console there is where the latest is not to be had', async () => {
    const aws = sandbox();
    aws.launch('i-2', { nitro: false, console: 'Memory cgroup out of memory: Kill process 9 (ruby)' });
    const evidence = await gather(aws, two);
    expect(evidence.get('i-2')?.console).toBe('Memory cgroup out of memory: Kill process 9 (ruby)');
    expect(evidence.get('i-2')?.gaps).toEqual([]);
  });

  it('gives the last figures before it fell silent, and when they were taken', async () => {
    const aws = sandbox();
    const minute = 60_000;
    const start = Math.floor(aws.now().getTime() / minute) * minute - 20 * minute;
    const figures = [
      ['MemoryUtilization', 80, 0],
      ['MemoryUtilization', 95.5, 5],
      ['DiskSpaceUtilization', 70, 5],
      ['ProbeSuccess', 0, 10],
    ] as const;
    const MetricData = figures.map(([MetricName, Value, minutes]) => ({
      MetricName,
      Value,
      Timestamp: new Date(start + minutes * minute),
      Dimensions: [
        { Name: 'InstanceId', Value: 'i-1' },
        { Name: 'Name', Value: 'i-1' },
      ],
    }));
    await aws.cloudwatch.send(new PutMetricDataCommand({ Namespace: 'Crawlwatch', MetricData }));
    const evidence = await gather(aws, two);
    expect(evidence.get('i-1')?.lastGood).toEqual({
      at: new Date(start + 5 * minute),
      memory: expect.closeTo(0.045, 6),
      disk: expect.closeTo(0.3, 6),
    });
    expect(evidence.get('i-2')?.lastGood).toBeNull();
  });

  it.each([
    ['ok', false],
    ['initializing', null],
    ['insufficient-data', null],
    ['impaired', true],
  ] as const)('reads the status check %s as impaired: %s', async (status, impaired) => {
    const aws = new SandboxAws();
    aws.launch('i-1', { status });
    expect((await gather(aws, [{ id: 'i-1' }])).get('i-1')?.ec2Impaired).toBe(impaired);
  });

  it('asks for the status of a hundred at a time, and for nothing without instances', async () => {
    const aws = new SandboxAws();
    const many = Array.from({ length: 201 }, (_, n) => ({ id: `i-${n}` }));
    for (const { id } of many) aws.launch(id);
    expect((await gather(aws, many)).size).toBe(201);
    expect(aws.calls('DescribeInstanceStatusCommand')).toBe(3);
    expect((await gather(new SandboxAws(), [])).size).toBe(0);
  });
});
