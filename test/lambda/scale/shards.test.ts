import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DescribedInstance } from '../../../lambda/discover/instance.ts';
import { type Instance, TAG } from '../../../lambda/model/index.ts';
import { shardFleet, shardSize } from '../../../lambda/scale/shards.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { instance } from '../../support/fleet.ts';

const SSH = parseSettings({ transport: 'ssh' });
const SSM = parseSettings({ transport: 'ssm' });

const fleetOf = (count: number, over: (n: number) => Partial<DescribedInstance> = () => ({}), settings = SSH) =>
  Array.from({ length: count }, (_, n) =>
    instance({ id: `i-${n.toString(16).padStart(17, '0')}`, ...over(n) }, settings),
  );
const cut = (fleet: readonly Instance[], settings = SSH, cost = {}) => shardFleet(fleet, cost, settings);
const ids = (shards: ReturnType<typeof cut>) => shards.map(({ hosts }) => hosts.map((host) => host.id));

describe('a fleet divided into shards', () => {
  it('has none where there are no hosts', () => {
    expect(cut([])).toEqual([]);
  });

  it('has each host in one shard, always the same, in whatever order they were found', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ region: fc.constantFrom('a', 'b'), unit: fc.constantFrom('x.service', 'y.service') }), {
          maxLength: 1_500,
        }),
        fc.constantFrom(SSH, SSM),
        fc.integer({ min: 1, max: 20_000 }),
        (spread, settings, ssh) => {
          const over = (n: number) => ({ region: spread[n]!.region, tags: { [TAG.worker]: spread[n]!.unit } });
          const fleet = fleetOf(spread.length, over, settings);
          const shards = cut(fleet, settings, { ssh });
          expect(ids(shards).flat().toSorted()).toEqual(fleet.map(({ id }) => id).toSorted());
          expect(ids(cut(fleet.toReversed(), settings, { ssh }))).toEqual(ids(shards));
          expect(shards.map(({ index }) => index)).toEqual(shards.map((_, n) => n));
          for (const { hosts } of shards) {
            expect(hosts.length).toBeLessThanOrEqual(settings === SSH ? 500 : 1_000);
            expect(new Set(hosts.map(({ region }) => region)).size).toBe(1);
          }
        },
      ),
      // A run cuts up to 1,500 hosts, twice.
      { numRuns: 30 },
    );
  });

  it('keeps accounts apart', () => {
    const shards = cut(fleetOf(10, (n) => ({ account: n % 2 === 0 ? '111111111111' : '222222222222' })));
    expect(shards.map(({ hosts }) => hosts.map(({ account }) => account?.[0]).join(''))).toEqual(['11111', '22222']);
  });

  it('has whole commands of fifty over SSM, in shards of nearly the same length', () => {
    expect(
      ids(
        cut(
          fleetOf(1_020, () => ({}), SSM),
          SSM,
        ),
      ).map((shard) => shard.length),
    ).toEqual([550, 470]);
  });

  it('has hosts of one unit together, so that a command names few', () => {
    const fleet = fleetOf(100, (n) => ({ tags: { [TAG.worker]: n % 2 === 0 ? 'a.service' : 'b.service' } }));
    const units = cut(fleet, SSM)[0]!.hosts.map((host) => host.tags[TAG.worker]);
    expect(units).toEqual([...Array(50).fill('a.service'), ...Array(50).fill('b.service')]);
  });
});

describe('the size of a shard over SSH', () => {
  it.each([
    ['hangs that fill every turn: what still ends in two minutes', { ssh: 15_000 }, {}, 200],
    ['a cost that can not be: as if all hung', { ssh: 1e9 }, {}, 200],
    ['never more sockets than a function has, however fast', { ssh: 50 }, {}, 500],
    ['no measure yet: a fifth of the deadline', {}, {}, 500],
    ['few forks: what ends in time if all hang', { ssh: 300 }, { forks: 10 }, 80],
    ['a deadline longer than that: one round', { ssh: 300 }, { forks: 10, timeouts: { sshSeconds: 300 } }, 10],
  ])('%s', (_, cost, settings, size) => {
    expect(shardSize('ssh', cost, parseSettings({ transport: 'ssh', ...settings }))).toBe(size);
  });
});
