import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSamples, encodeSamples } from '../../../../lambda/memory/samples/codec.ts';
import { extraOf, withExtra } from '../../../../lambda/memory/samples/extras.ts';
import { MOST_SNAPSHOTS, packProcesses, unpackProcesses } from '../../../../lambda/memory/samples/packed-processes.ts';
import { EMPTY, historyOf, type Samples, withSamples } from '../../../../lambda/memory/samples/samples.ts';
import { snapshotOf, withSnapshot } from '../../../../lambda/memory/samples/snapshots.ts';
import type { CurrentProcesses, ProcessSnapshot, Vitals } from '../../../../lambda/model/index.ts';
import { vitals } from '../../../support/fleet.ts';

const BEGIN = Date.parse('2026-11-26T08:00:00Z');
const at = (minute: number) => new Date(BEGIN + minute * 60_000);
const GIB = 1024 * 1024;
const ID = 'i-0a';

const snapshot = (minute: number, kib = 4 * GIB, over: Partial<CurrentProcesses> = {}): CurrentProcesses => ({
  at: at(minute),
  totalKib: 16 * GIB,
  availableKib: 3 * GIB,
  sharedKib: 1024,
  uptimeSeconds: 864_000 + minute * 60,
  processes: [{ pid: 2213, name: 'sidekiq', kib, startedSeconds: 1000, parentPid: 1 }],
  ...over,
});
const kept = ({ at, availableKib, sharedKib, processes }: CurrentProcesses): ProcessSnapshot => ({
  ...{ at, availableKib, sharedKib, processes },
});

describe('the largest processes as bytes', () => {
  const units = fc.integer({ min: 0, max: 2 ** 24 }).map((n) => n * 64);
  const process = fc.record({
    pid: fc.integer({ min: 1, max: 2 ** 31 }),
    name: fc.string({ maxLength: 20, unit: 'grapheme-ascii' }),
    kib: units,
    startedSeconds: fc.option(fc.integer({ min: 0, max: 10 ** 9 })),
    parentPid: fc.option(fc.integer({ min: 0, max: 2 ** 31 })),
  });
  const snapshots = fc
    .array(
      fc.record({
        minute: fc.integer({ min: 0, max: 400 }),
        availableKib: units,
        sharedKib: fc.option(units),
        processes: fc.array(process, { maxLength: 5 }),
      }),
      { maxLength: MOST_SNAPSHOTS },
    )
    .map((all) => all.sort((a, b) => a.minute - b.minute).map(({ minute, ...one }) => ({ at: at(minute), ...one })));

  it('come back as they were, to 64 KiB', () => {
    fc.assert(
      fc.property(snapshots, (all) => {
        expect(unpackProcesses(packProcesses(all))).toEqual(all);
      }),
    );
    expect(unpackProcesses(packProcesses([snapshot(0, 100)]))[0]?.processes[0]?.kib).toBe(128);
  });

  it('are nothing where bytes were changed, cut or added, or are as large as any list allows', () => {
    fc.assert(
      fc.property(snapshots, fc.nat(), fc.nat(255), (all, place, byte) => {
        const bytes = packProcesses(all);
        const odd = Uint8Array.from(bytes);
        if (odd.length > 0) odd[place % odd.length] = byte;
        for (const one of [odd, bytes.subarray(0, place % (bytes.length + 1)), Uint8Array.from([...bytes, byte])]) {
          const read = unpackProcesses(one);
          expect(read.length).toBeLessThanOrEqual(MOST_SNAPSHOTS);
          for (const { processes } of read) {
            expect(processes.length).toBeLessThanOrEqual(5);
            for (const { name } of processes) expect(name.length).toBeLessThanOrEqual(20);
          }
        }
      }),
    );
    expect(unpackProcesses(Uint8Array.from([0xff, 0xff, 0xff, 0xff, 0x7f]))).toEqual([]);
  });

  it('take at most 6 KiB whatever a host sends, and a name 20 printable characters', () => {
    const hostile = (n: number): CurrentProcesses =>
      snapshot(n * 20, 0, {
        processes: Array.from({ length: 9 }, (_, i) => ({
          ...{ pid: 2 ** 31 + n * 9 + i, name: `${n}-${i}-${'\u202e<b>'.repeat(40)}` },
          ...{ kib: 2 ** 39 * (i % 2), startedSeconds: 10 ** 9 + i, parentPid: 2 ** 31 },
        })),
      });
    const bytes = packProcesses(Array.from({ length: 50 }, (_, n) => hostile(n)));
    expect(bytes.length).toBeLessThan(6 * 1024);
    const read = unpackProcesses(bytes);
    expect(read).toHaveLength(MOST_SNAPSHOTS);
    expect(read[0]?.processes).toHaveLength(5);
    expect(read[0]?.processes[0]?.name).toMatch(/^[ -~]{20}$/);
  });
});

describe('the checks that are kept', () => {
  const livedThrough = (minutes: readonly number[]) =>
    minutes.reduce<ProcessSnapshot[]>((known, minute) => withSnapshot(known, snapshot(minute)), []);

  it('are the newest, and before it one in twenty minutes, for six hours', () => {
    const known = livedThrough(Array.from({ length: 200 }, (_, n) => n * 5));
    expect(known.map((one) => (one.at.getTime() - BEGIN) / 60_000)).toEqual([
      ...Array.from({ length: 19 }, (_, n) => 620 + n * 20).filter((minute) => minute >= 615),
      995,
    ]);
    expect(livedThrough(Array.from({ length: 1000 }, (_, n) => n)).length).toBeLessThanOrEqual(21);
  });

  it('are none of before a reboot, and none that came late', () => {
    const rebooted = snapshot(60, 0, { uptimeSeconds: 20 * 60 });
    expect(withSnapshot(livedThrough([0, 30, 45]), rebooted)).toEqual([kept(snapshot(45)), kept(rebooted)]);
    expect(withSnapshot(livedThrough([0, 30]), snapshot(20))).toHaveLength(2);
  });

  it('hold what is a process’s own where the kernel says, and never more than five', () => {
    const seen: Vitals['processes'] = Array.from({ length: 7 }, (_, n) => ({
      ...{ pid: 7 + n, name: 'x'.repeat(80), residentBytes: 4096 },
      ...(n === 0 && { anonBytes: 1024, startedSeconds: 5, parentPid: 1 }),
    }));
    const read = snapshotOf({ ...vitals(), processes: seen }, at(0));
    expect(read.processes).toHaveLength(5);
    expect(read.processes[0]).toEqual({ pid: 7, name: 'x'.repeat(20), kib: 1, startedSeconds: 5, parentPid: 1 });
    expect(read.processes[1]).toMatchObject({ kib: 4, startedSeconds: null, parentPid: null });
  });
});

describe('samples', () => {
  const add = (before: Samples, minute: number, memory: number, one = snapshot(minute)) =>
    withSamples(before, new Map([[ID, { at: at(minute), memory, disk: 0.5 }]]), at(minute), new Map([[ID, one]]));
  const read = (samples: Samples, minute: number): Samples => {
    const decoded = decodeSamples(encodeSamples(samples, at(minute)), at(minute));
    if (decoded.kind !== 'samples') throw new Error(decoded.kind);
    return decoded.samples;
  };
  const processesOf = (samples: Samples, minute: number) => historyOf(samples, ID, at(minute))?.processes;

  it('keep them of a host that is low or falling, through a file', () => {
    expect(processesOf(add(EMPTY, 0, 0.6), 0)).toBeUndefined();
    expect(processesOf(read(add(EMPTY, 0, 0.39), 0), 0)).toEqual([kept(snapshot(0))]);
    const falling = add(add(EMPTY, 0, 0.8), 5, 0.74);
    expect(processesOf(read(falling, 5), 5)).toEqual([kept(snapshot(5))]);
    expect(processesOf(add(add(EMPTY, 0, 0.8), 5, 0.76), 5)).toBeUndefined();
  });

  it('let them go after six hours, also of a host that has been well since or is silent', () => {
    let samples = add(add(EMPTY, 0, 0.3), 30, 0.3);
    expect(processesOf(samples, 300)).toHaveLength(2);
    samples = withSamples(samples, new Map(), at(390));
    expect(processesOf(samples, 390)).toHaveLength(1);
    const well = add(samples, 420, 0.6);
    expect(processesOf(well, 420)).toBeUndefined();
    expect(well.hosts.get(ID)?.extras).toHaveLength(0);
  });

  it('keep what a later version has kept beside them', () => {
    const one = add(EMPTY, 0, 0.3);
    const later = Uint8Array.from([7, 3, 1, 2, 3]);
    const both = { hosts: new Map([...one.hosts].map(([id, past]) => [id, { ...past, extras: later }])) };
    const next = add(read(both, 0), 5, 0.3);
    expect(extraOf(read(next, 5).hosts.get(ID)!.extras, 7)).toEqual(Uint8Array.from([1, 2, 3]));
    expect(processesOf(next, 5)).toEqual([kept(snapshot(5))]);
  });
});

describe('the parts of what is kept besides', () => {
  it('are replaced one by one, and what is no part is let go', () => {
    const first = withExtra(new Uint8Array(), 1, Uint8Array.from([9]));
    const both = withExtra(first, 300, Uint8Array.from([8, 8]));
    expect([...extraOf(both, 1), ...extraOf(both, 300)]).toEqual([9, 8, 8]);
    const again = withExtra(both, 1, Uint8Array.from([7]));
    expect([...extraOf(again, 1), ...extraOf(again, 300)]).toEqual([7, 8, 8]);
    const without = withExtra(again, 1, new Uint8Array());
    expect([extraOf(without, 1).length, ...extraOf(without, 300)]).toEqual([0, 8, 8]);
    expect(withExtra(without, 300, new Uint8Array())).toHaveLength(0);
    const broken = Uint8Array.from([...first, 5, 200, 1]);
    expect(withExtra(broken, 2, Uint8Array.from([6]))).toEqual(Uint8Array.from([2, 1, 6, ...first]));
  });
});
