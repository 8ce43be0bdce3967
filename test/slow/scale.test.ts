import { beforeAll, describe, expect, it } from 'vitest';
import { limitsAt } from '../../tools/simulate/limits.ts';
import { type Measured, measured } from '../../tools/simulate/measure.ts';
import { simulate } from '../../tools/simulate/run.ts';

const EVERY_SECONDS = 300;
const of = async (instances: number, transport: 'ssm' | 'ssh', scale: 'single' | 'distributed' = 'distributed') =>
  measured(await simulate({ instances, transport, scale, hungPercent: 10, seed: 1 }));
const calls = (one: Measured) => Object.values(one.calls).reduce((sum, count) => sum + count, 0);

describe.each(['ssh', 'ssm'] as const)('ten thousand hosts over %s, one in ten of them hung', (transport) => {
  let large: Measured;
  let middle: Measured;
  beforeAll(async () => {
    [large, middle] = [await of(10_000, transport), await of(1_000, transport)];
  });

  it('are all judged within one schedule, and no throttle costs a result', () => {
    expect(large).toMatchObject({ judged: 10_000, notChecked: 0, lost: 0, throttled: 0, errors: [] });
    expect(large.seconds).toBeLessThan(EVERY_SECONDS);
    expect(large.shards).toBeGreaterThan(5);
  });

  it('take no more calls, time and money each than a thousand do', () => {
    expect(calls(large) / 10_000).toBeLessThanOrEqual(calls(middle) / 1_000);
    expect(large.monthlyDollars / 10_000).toBeLessThanOrEqual(middle.monthlyDollars / 1_000);
    expect(large.seconds / 10_000).toBeLessThan(middle.seconds / 1_000);
  });

  it('would exceed named limits at a hundred thousand', () => {
    const over = limitsAt(100_000, large, middle).filter(({ share }) => share > 1);
    // Over SSH the join's function alone, as measured: it has 512 MB.
    expect(over.map(({ what }) => what.split(' ')[0])).toEqual(
      transport === 'ssh'
        ? ['memory']
        : expect.arrayContaining([
            'time',
            'memory',
            'SendCommand',
            'DescribeInstanceInformation',
            'ListCommandInvocations',
          ]),
    );
  });
});

describe('a fleet that one function checks', () => {
  it('gets the same verdicts as a distributed one', async () => {
    const [single, distributed] = [await of(600, 'ssh', 'single'), await of(600, 'ssh')];
    expect([single.judged, single.errors]).toEqual([distributed.judged, distributed.errors]);
    expect(single.shards).toBe(0);
  });

  it('over SSH runs out of time where a distributed one does not', async () => {
    const slow = { instances: 2_500, transport: 'ssh', hungPercent: 100, seed: 1 } as const;
    const [single, distributed] = [
      measured(await simulate({ ...slow, scale: 'single' })),
      measured(await simulate({ ...slow, scale: 'distributed' })),
    ];
    expect(single.notChecked).toBeGreaterThan(0);
    expect(distributed.notChecked).toBe(0);
  });
});
