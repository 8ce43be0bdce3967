import { describe, expect, it } from 'vitest';
import { freedAfter, freedBy } from '../../../lambda/memory/freed.ts';
import { NOTHING_REMEMBERED } from '../../../lambda/model/index.ts';
import { failed, read } from '../../support/fleet.ts';

const NOW = new Date('2026-11-22T08:00:00Z');
const ago = (hours: number) => new Date(NOW.getTime() - hours * 3_600_000);
const seen = { boot: '1a2b3c4d', oomKills: 0 };
const before = { ...NOTHING_REMEMBERED, seen };
const KILLED = read({ oomKills: 2 });

describe('when memory was given back by force', () => {
  it('is never, of a host without boots, remedies and kills', () => {
    expect(freedAfter(before, before, read(), NOW)).toBeUndefined();
    expect(freedAfter(before, before, failed('ConnectTimeout'), NOW)).toBeUndefined();
    expect(freedBy(before, read(), NOW)).toEqual([]);
  });

  it('is the check that finds a kill, and is known to that check already', () => {
    expect(freedAfter(before, before, KILLED, NOW)).toEqual([NOW]);
    expect(freedBy({ ...before, bootedAt: ago(30) }, KILLED, NOW)).toEqual([NOW, ago(30)]);
  });

  it('is no rise of the counter over a boot, which sets it back to zero', () => {
    expect(freedAfter({ ...before, seen: { boot: '00000000', oomKills: 0 } }, before, KILLED, NOW)).toBeUndefined();
  });

  it('keeps an earlier boot and an earlier remedy once others follow, and each once', () => {
    const acted = { what: 'restart-worker', at: ago(5) };
    const one = freedAfter(before, { acted, bootedAt: ago(50) }, read(), NOW);
    expect(one).toEqual([ago(5)]);
    const known = { ...before, freed: one ?? [], acted, bootedAt: ago(50) };
    const later = { acted: { what: 'restart-worker', at: ago(1) }, bootedAt: ago(2) };
    expect(freedAfter(known, later, read(), NOW)).toEqual([ago(50), ago(5), ago(1)]);
    expect(freedAfter(known, known, read(), NOW)).toEqual([ago(5)]);
  });

  it('forgets what is older than a week, and all but the last twenty', () => {
    expect(freedAfter({ ...before, freed: [ago(168), ago(167)] }, before, read(), NOW)).toEqual([ago(167)]);
    const many = Array.from({ length: 40 }, (_, n) => ago(100 - n));
    expect(freedAfter({ ...before, freed: many }, before, KILLED, NOW)).toEqual([...many.slice(-19), NOW]);
  });
});
