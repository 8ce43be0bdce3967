import { describe, expect, it } from 'vitest';
import { waysOut } from '../../../lambda/judge/ways-out.ts';
import { seenAfter } from '../../../lambda/memory/seen.ts';
import { NOTHING_REMEMBERED, type Seen, type Vitals } from '../../../lambda/model/index.ts';
import { read } from '../../support/fleet.ts';

const GIB = 2 ** 30;
const UP = 86_400;
function vitals(freeGib: number, upSeconds = UP, over: Partial<Vitals> = {}): Vitals {
  const outcome = read({ availableShare: 0.1 });
  if (outcome.kind === 'failed') throw new Error('a host that answers was meant');
  const swap = { totalBytes: 4 * GIB, freeBytes: freeGib * GIB };
  return { ...outcome.vitals, swap, uptimeSeconds: upSeconds, memoryPressure: null, ...over };
}
/** What checks before left, oldest first. */
const left = (...checks: Vitals[]): Seen | null =>
  checks.reduce<Seen | null>((seen, one) => seenAfter({ seen, reasons: [] }, one), NOTHING_REMEMBERED.seen);
const said = (seen: Seen | null, now: Vitals) => waysOut({ seen }, now);

describe('beside a forecast of memory', () => {
  it.each([
    ['nothing of a host without swap', vitals(0, UP, { swap: { totalBytes: 0, freeBytes: 0 } }), ''],
    ['nothing where it is not known', vitals(0, UP, { swap: { totalBytes: null, freeBytes: null } }), ''],
    [
      'nothing of compressed memory, which is no way out',
      vitals(0, UP, { swap: { totalBytes: GIB, freeBytes: GIB, zram: { totalBytes: GIB, usedBytes: 0 } } }),
      '',
    ],
    ['that swap is full', vitals(0.05), ' Swap is full (4.0 GiB): it gains no time.'],
    ['what is left of it', vitals(1.2), ' Swap has 1.2 GiB left.'],
    [
      'that tasks wait for memory',
      vitals(0, UP, {
        swap: { totalBytes: 0, freeBytes: 0 },
        memoryPressure: { someAvg10: 9, fullAvg10: 3.1 },
      }),
      ' Every task already waited for memory 3.1 % of the last 10 s: memory is short already.',
    ],
    [
      'nothing of a wait by chance',
      vitals(0, UP, {
        swap: { totalBytes: 0, freeBytes: 0 },
        memoryPressure: { someAvg10: 9, fullAvg10: 0.9 },
      }),
      '',
    ],
  ])('says %s', (_what, now, text) => {
    expect(said(null, now)).toBe(text);
  });

  it('says how fast swap fills, by the earliest check of the past hour', () => {
    const seen = left(vitals(2, UP - 1800), vitals(1.95, UP - 900), vitals(1.92, UP - 300));
    expect(said(seen, vitals(1.9))).toBe(' Swap has 1.9 GiB left, filling 205 MiB an hour: full in about 10 h.');
  });

  it('says that it is not filling where less is used than before, or hardly more', () => {
    expect(said(left(vitals(1.5, UP - 1800), vitals(2, UP - 900)), vitals(2))).toContain('left and is not filling');
    expect(said(left(vitals(2, UP - 1800)), vitals(1.99))).toContain('left and is not filling');
  });

  it.each([
    ['in another boot', { ...left(vitals(2, UP - 1800)), boot: '00000000' } as Seen],
    ['seconds ago', left(vitals(2, UP - 60))],
    ['long ago', left(vitals(2, UP - 9000))],
  ])('gives no rate where swap was last read %s', (_when, seen) => {
    expect(said(seen, vitals(1.9))).toBe(' Swap has 1.9 GiB left.');
  });

  it('is not kept of a host with plenty of memory, nor of one without swap', () => {
    expect(left(vitals(2))).toHaveProperty('swap');
    const plenty = { ...vitals(2).memory, availableBytes: vitals(2).memory.totalBytes / 2 };
    expect(left(vitals(2, UP, { memory: plenty }))).not.toHaveProperty('swap');
    expect(left(vitals(0, UP, { swap: { totalBytes: 0, freeBytes: 0 } }))).not.toHaveProperty('swap');
  });
});
