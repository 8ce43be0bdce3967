import { gunzipSync, gzipSync } from 'node:zlib';
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FailureReason, InstanceReport } from '../../../lambda/model/index.ts';
import { SAMPLES_KEY, TAG } from '../../../lambda/model/index.ts';
import { DistributedFleet, SHARDS_OF_TWO, type ShardFault } from '../../support/distributed-fleet.ts';
import { type Behaviour, idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

const resultKey = (run: number, index: number) => `runs/run-${run}/results/${index}.json`;
const shardOf =
  (index: number, fault: ShardFault): ShardFault =>
  (one, real) =>
    one === index ? fault(one, real) : real();
const codes = ({ reasons }: InstanceReport) => reasons.map(({ code }) => code);

/** Every datum that goes to CloudWatch from now on. */
function published({ aws: { cloudwatch } }: SandboxFleet): unknown[] {
  const data: unknown[] = [];
  const send = cloudwatch.send.bind(cloudwatch) as (...call: unknown[]) => unknown;
  Object.assign(cloudwatch, {
    send: (command: unknown, ...more: unknown[]) => {
      if (command instanceof PutMetricDataCommand) data.push(...(command.input.MetricData ?? []));
      return send(command, ...more);
    },
  });
  return data;
}

const leaves = (result: (fleet: DistributedFleet) => string | undefined) => (fleet: DistributedFleet) => {
  fleet.beforeJoin = () => {
    fleet.runFiles.set(resultKey(fleet.runs, 1), result(fleet) ?? '');
  };
};

/** Shard 1 of six hosts is the third and the fourth. */
const LOST: readonly (readonly [string, (fleet: DistributedFleet) => void])[] = [
  [
    'is killed before it has asked anybody',
    (fleet) => {
      fleet.shardFault = shardOf(1, () => Promise.reject(new Error('killed')));
    },
  ],
  [
    'is killed after it has asked, before its result is kept',
    (fleet) => {
      fleet.shardFault = shardOf(1, async (_, real) => {
        await real();
        fleet.runFiles.delete(resultKey(fleet.runs, 1));
        throw new Error('killed');
      });
    },
  ],
  [
    'times out',
    (fleet) => {
      fleet.shardFault = shardOf(1, () => Promise.reject(Object.assign(new Error(), { name: 'States.Timeout' })));
    },
  ],
  ['leaves nothing that can be read', leaves(() => '{"version":1')],
  [
    'leaves the result of another run',
    leaves((fleet) => fleet.runFiles.get(resultKey(fleet.runs, 1))?.replace(`run-${fleet.runs}`, 'run-0')),
  ],
  ["leaves another shard's result", leaves((fleet) => fleet.runFiles.get(resultKey(fleet.runs, 0)))],
];

describe('a shard that is lost', () => {
  it.each(LOST)(
    '%s: exactly its hosts were not checked, none is flagged for it, and the next run is right',
    async (_, lose) => {
      const fleet = new DistributedFleet(6);
      await fleet.checks(2);
      // The third hangs, and is due for its flag in the run that loses its shard.
      fleet.host(3, 'BannerTimeout');
      await fleet.checks(2);
      const mailed = fleet.subjects.length;
      lose(fleet);
      const { report, errors, flagged } = await fleet.check();
      expect(report.instances.filter((one) => codes(one).includes('NotChecked')).map(({ id }) => id)).toEqual([
        idOf(3),
        idOf(4),
      ]);
      expect(report.summary).toMatchObject({ checked: 6, ok: 4, unknown: 2 });
      expect(errors).toEqual(['discover: shard 1 left no result: 2 hosts not checked']);
      expect(flagged).toBe(0);
      expect(fleet.remembered(3)).toMatchObject({ failures: 2, letters: '..hh-', flag: null });
      expect(fleet.subjects).toHaveLength(mailed);

      fleet.shardFault = (_index, real) => real();
      fleet.beforeJoin = () => {};
      const next = await fleet.check();
      expect(next.errors).toEqual([]);
      expect(next.report.summary).toMatchObject({ checked: 6, ok: 5, critical: 1 });
      expect(fleet.tags(3)[TAG.flag]).toMatch(/^BannerTimeout@/);
      expect(fleet.subjects.slice(mailed)).toEqual(['FLAGGED crawler3 SSH silent']);
    },
  );

  it('without even its list of hosts has no verdict on them, and their tags stay', async () => {
    const fleet = new DistributedFleet(6);
    await fleet.checks(2);
    const before = fleet.tags(3);
    fleet.beforeJoin = (run) => fleet.runFiles.delete(`runs/${run}/shards/1.json`);
    const { report, errors } = await fleet.check();
    expect(report.instances.map(({ id }) => id)).not.toContain(idOf(3));
    expect(errors).toEqual(["discover: shard 1 can't be read: nothing is known of its hosts"]);
    expect(fleet.tags(3)).toEqual(before);
  });

  it('with all the others ends in a run that flags no host and reports why', async () => {
    const fleet = new DistributedFleet(6);
    await fleet.checks(1);
    fleet.shardFault = () => Promise.reject(new Error('killed'));
    const { report, errors, flagged } = await fleet.check();
    expect(report.summary).toMatchObject({ checked: 6, unknown: 6 });
    expect([errors.length, flagged]).toEqual([3, 0]);
  });

  it('because the plan is lost, fails the run as a whole', async () => {
    const fleet = new DistributedFleet(2);
    fleet.beforeJoin = (run) => fleet.runFiles.delete(`runs/${run}/plan.json`);
    await expect(fleet.check()).rejects.toThrow("the plan of run run-1 can't be read");
  });
});

describe('a shard that is delivered twice', () => {
  it('costs nothing more and counts nothing twice', async () => {
    const fleet = new DistributedFleet(6);
    await fleet.checks(2);
    fleet.host(3, 'BannerTimeout');
    fleet.shardFault = async (_, real) => {
      await real();
      return real();
    };
    const { report, errors } = await fleet.check();
    expect([report.summary.checked, report.summary.critical, errors.length]).toEqual([6, 1, 0]);
    expect(fleet.remembered(3).failures).toBe(1);
  });
});

describe('a distributed run', () => {
  it('probes each host once, those due for a flag once more in the join, and keeps how long a host took', async () => {
    const fleet = new DistributedFleet(6);
    await fleet.checks(1);
    fleet.host(3, 'ConnectionReset');
    await fleet.checks(2);
    fleet.probes = 0;
    await fleet.check();
    expect(fleet.probes).toBe(7);
    expect(JSON.parse(fleet.runFiles.get('runs/cost.json') ?? '')).toEqual({ ssh: 1 });
  });

  it('reports the hosts that are in no shard: stopped, or not Linux', async () => {
    const fleet = new DistributedFleet(3);
    fleet.aws.instances.get(idOf(1))!.state = 'stopped';
    fleet.aws.instances.get(idOf(2))!.platform = 'Windows';
    expect((await fleet.check()).report.skipped.map(({ id }) => id)).toEqual([idOf(1), idOf(2)]);
  });

  const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
    fc.constantFrom<FailureReason>('BannerTimeout', 'ConnectionRefused', 'AuthenticationFailed'),
    fc.record({
      availableKb: fc.constantFrom(8_000_000, 8_000_000, 5_000_000, 1_500_000, 300_000),
      diskUsedPercent: fc.constantFrom(50, 50, 97),
      oomKills: fc.constantFrom(0, 0, 1),
      bootId: fc.constantFrom('1', '1', '2').map((n) => `${n.repeat(8)}-0000-4000-8000-000000000000`),
    }),
  );
  const story = fc.array(fc.array(behaviour, { minLength: 5, maxLength: 5 }), { minLength: 1, maxLength: 6 });

  it('comes to the same report, tags and mails as a single one, whatever happens to the hosts', async () => {
    await fc.assert(
      fc.asyncProperty(story, async (checks) => {
        const [single, distributed] = [new SandboxFleet(5, SHARDS_OF_TWO), new DistributedFleet(5)];
        for (const behaviours of checks) {
          const [one, other] = await Promise.all(
            [single, distributed].map((fleet) => {
              for (const [n, does] of behaviours.entries()) fleet.host(n + 1, does);
              return fleet.check();
            }),
          );
          expect(other!.report).toEqual(one!.report);
          expect([1, 2, 3, 4, 5].map((n) => distributed.tags(n))).toEqual([1, 2, 3, 4, 5].map((n) => single.tags(n)));
        }
        expect(distributed.aws.topic.published.map(({ body }) => body)).toEqual(
          single.aws.topic.published.map(({ body }) => body),
        );
      }),
      // A run makes up to six whole checks, each twice.
      { numRuns: 40 },
    );
  });

  it('remembers, publishes, mails and logs the same where its report holds no hosts, as the function has it', async () => {
    const samplesOf = ({ aws }: SandboxFleet) => gunzipSync(aws.bucket.objects.get(SAMPLES_KEY)?.bytes ?? gzipSync(''));
    const checked = ({ logged }: SandboxFleet) =>
      logged.filter(({ event }) => event === 'instance.checked').map(({ fields }) => JSON.stringify(fields));
    await fc.assert(
      fc.asyncProperty(story, async (checks) => {
        const [whole, streamed] = [new DistributedFleet(5), new DistributedFleet(5)];
        streamed.streamsFrom = 0;
        const [data, others] = [published(whole), published(streamed)];
        for (const behaviours of checks) {
          const [one, other] = await Promise.all(
            [whole, streamed].map((fleet) => {
              for (const [n, does] of behaviours.entries()) fleet.host(n + 1, does);
              return fleet.check();
            }),
          );
          expect(other!.report).toEqual({ ...one!.report, instances: [] });
          expect([other!.flagged, other!.errors]).toEqual([one!.flagged, one!.errors]);
          expect([1, 2, 3, 4, 5].map((n) => streamed.tags(n))).toEqual([1, 2, 3, 4, 5].map((n) => whole.tags(n)));
          expect(streamed.state).toEqual(whole.state);
          expect(samplesOf(streamed).equals(samplesOf(whole))).toBe(true);
          // Those of whom all is known at once are logged at once.
          expect(checked(streamed).toSorted()).toEqual(checked(whole).toSorted());
        }
        expect(streamed.aws.topic.published).toEqual(whole.aws.topic.published);
        expect(others).toEqual(data);
        expect(data.length).toBeGreaterThan(0);
      }),
      // A run makes up to six whole checks, each twice.
      { numRuns: 40 },
    );
  });
});
