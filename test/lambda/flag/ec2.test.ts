import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DescribeInstanceStatusCommand, GetConsoleOutputCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { gatherEvidence } from '../../../lambda/flag/ec2.ts';
import { type LastGood, NOTHING_REMEMBERED } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';

const SINCE = new Date('2026-11-22T08:00:00Z');

describe('gatherEvidence', () => {
  const two = [{ id: 'i-1' }, { id: 'i-2' }];
  const gather = (
    aws: SandboxAws,
    of: readonly { readonly id: string }[],
    lastGood: Promise<ReadonlyMap<string, LastGood>> = Promise.resolve(new Map()),
  ) =>
    gatherEvidence(
      of.map(({ id }) => ({ id, remembered: { ...NOTHING_REMEMBERED, failingSince: aws.now() } })),
      { ec2: aws.ec2, cloudWatch: aws.cloudwatch, now: aws.now(), lastGood },
    );
  const sandbox = () => {
    const aws = new SandboxAws({ now: () => SINCE });
    aws.launch('i-1', { status: 'impaired', console: 'Out of memory: Killed process 7 (ruby)\n' });
    aws.launch('i-2');
    return aws;
  };

  it('turns every failure into a gap and rejects never', async () => {
    const aws = sandbox();
    aws.fail(DescribeInstanceStatusCommand, 'RequestLimitExceeded', 9);
    aws.fail(GetConsoleOutputCommand, 'UnauthorizedOperation', 9);
    aws.fail(GetMetricDataCommand, 'InternalServiceFault', 9);
    const lastGood = Promise.reject(new Error('as ordered'));
    expect(await gather(aws, two, lastGood)).toEqual(
      new Map(
        ['i-1', 'i-2'].map((id) => [
          id,
          {
            impaired: null,
            console: null,
            hypervisor: null,
            lastGood: null,
            memoryEndsAt: null,
            gaps: [
              "EC2's status checks: RequestLimitExceeded: as ordered",
              "the hypervisor's metrics: InternalServiceFault: as ordered",
              'console output: UnauthorizedOperation: as ordered',
              'the last figures: Error: as ordered',
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
      impaired: [{ what: 'instance', since: SINCE }],
      console: { text: 'Out of memory: Killed process 7 (ruby)\n', at: SINCE },
      hypervisor: [],
      lastGood: null,
      memoryEndsAt: null,
      gaps: [],
    });
    expect(evidence.get('i-gone')?.gaps.join()).toMatch(/status checks: InvalidInstanceID.*console output: Invalid/);
  });

  it('takes what console there is where the latest is not to be had', async () => {
    const aws = sandbox();
    aws.launch('i-2', { nitro: false, console: 'Memory cgroup out of memory: Kill process 9 (ruby)' });
    const evidence = await gather(aws, two);
    expect(evidence.get('i-2')?.console?.text).toBe('Memory cgroup out of memory: Kill process 9 (ruby)');
    expect(evidence.get('i-2')?.gaps).toEqual([]);
  });

  it('gives the last figures before it fell silent, and when they were taken', async () => {
    const aws = sandbox();
    const last = { at: aws.now(), memory: 0.045, disk: 0.3 };
    const evidence = await gather(aws, two, Promise.resolve(new Map([['i-1', last]])));
    expect(evidence.get('i-1')?.lastGood).toEqual(last);
    expect(evidence.get('i-2')?.lastGood).toBeNull();
  });

  it.each([
    [{ status: 'ok' }, []],
    [{ status: 'initializing' }, null],
    [{ status: 'insufficient-data' }, null],
    [{ status: 'impaired' }, [{ what: 'instance', since: SINCE }]],
    [{ volumeStatus: 'impaired' }, [{ what: 'volumes', since: SINCE }]],
  ] as const)('reads the status checks %j as impaired: %j', async (status, impaired) => {
    const aws = new SandboxAws({ now: () => SINCE });
    aws.launch('i-1', status);
    expect((await gather(aws, [{ id: 'i-1' }])).get('i-1')?.impaired).toEqual(impaired);
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
