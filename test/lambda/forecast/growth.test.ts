import { describe, expect, it } from 'vitest';
import { explainedBy, whoGrew } from '../../../lambda/forecast/growth.ts';
import type { CurrentProcesses, ProcessSnapshot, SeenProcess } from '../../../lambda/model/index.ts';

const MIB = 1024;
const GIB = 1024 * MIB;
const NOW = new Date('2026-11-26T12:00:00Z');
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
/** Ten days up, in seconds. */
const UP = 864_000;

type Entry = readonly [pid: number, name: string, gib: number, over?: Partial<SeenProcess>];
const seen = (entries: readonly Entry[]): SeenProcess[] =>
  entries.map(([pid, name, gib, over = {}]) => ({
    ...{ pid, name, kib: gib * GIB, startedSeconds: 1000 + pid, parentPid: 1 },
    ...over,
  }));
const past = (minutes: number, availableGib: number, entries: readonly Entry[], sharedGib = 0.1): ProcessSnapshot => ({
  at: ago(minutes),
  availableKib: availableGib * GIB,
  sharedKib: sharedGib * GIB,
  processes: seen(entries),
});
const now = (
  availableGib: number,
  entries: readonly Entry[],
  over: Partial<CurrentProcesses> = {},
): CurrentProcesses => ({
  at: NOW,
  totalKib: 16 * GIB,
  availableKib: availableGib * GIB,
  sharedKib: 0.1 * GIB,
  uptimeSeconds: UP,
  processes: seen(entries),
  ...over,
});
/** Began so many minutes ago. */
const young = (minutes: number) => ({ startedSeconds: UP - 60 * minutes });

const SIDEKIQ: Entry = [2213, 'sidekiq', 4];
const NGINX: Entry = [80, 'nginx', 0.2];

describe('who grew', () => {
  it('is nobody without a past, without one of this boot, and where little was lost', () => {
    const later = now(2, [[2213, 'sidekiq', 9]]);
    expect(whoGrew([], later)).toBeNull();
    expect(whoGrew([past(10, 7, [SIDEKIQ])], later)).toBeNull();
    expect(whoGrew([past(120, 7, [SIDEKIQ])], { ...later, uptimeSeconds: 3600 })).toBeNull();
    expect(whoGrew([past(120, 2.1, [SIDEKIQ])], later)).toBeNull();
    expect(whoGrew([past(120, 1, [SIDEKIQ])], later)).toBeNull();
  });

  it('is a process that took nearly all that was lost', () => {
    const grew = whoGrew([past(120, 5.2, [SIDEKIQ, NGINX])], now(2, [[2213, 'sidekiq', 7.1], NGINX]));
    expect(grew).toMatchObject({ kind: 'process', name: 'sidekiq', pid: 2213, count: 1, atLeast: false, minutes: 120 });
    expect(grew?.grewBytes).toBeCloseTo(3.1 * GIB * 1024, -4);
    expect(grew?.share).toBeCloseTo(3.1 / 3.2, 2);
  });

  it('is nobody where no process took half of it, or two took about as much', () => {
    const then = past(120, 6, [SIDEKIQ, [90, 'postgres', 2], NGINX]);
    expect(whoGrew([then], now(2, [[2213, 'sidekiq', 5.9], NGINX, [90, 'postgres', 2]]))).toBeNull();
    expect(whoGrew([then], now(2, [[2213, 'sidekiq', 6.2], [90, 'postgres', 3.8], NGINX]))).toBeNull();
    // What no list shows: slab, page tables, many small ones.
    expect(whoGrew([then], now(2, [SIDEKIQ, [90, 'postgres', 2], NGINX]))).toBeNull();
  });

  it('counts a process that is new from nothing, and one of a reused pid as new', () => {
    const then = past(120, 6, [SIDEKIQ, NGINX]);
    const report: Entry = [9000, 'report', 3, young(60)];
    expect(whoGrew([then], now(2.9, [SIDEKIQ, report, NGINX]))).toMatchObject({ name: 'report', pid: 9000 });
    const reused: Entry = [80, 'nginx', 3, young(30)];
    const grew = whoGrew([then], now(2.9, [SIDEKIQ, reused]));
    // Its namesake of before gave its share back.
    expect(grew).toMatchObject({ name: 'nginx', pid: 80, grewBytes: 3 * GIB * 1024 });
  });

  it('matches by name where the host gives no starts, as earlier probes did', () => {
    const bare = { startedSeconds: null, parentPid: null };
    const then = past(120, 6, [[2213, 'sidekiq', 4, bare]]);
    expect(whoGrew([then], now(2.9, [[2213, 'sidekiq', 7, bare]]))).toMatchObject({ grewBytes: 3 * GIB * 1024 });
    expect(whoGrew([then], now(2.9, [[2213, 'java', 7, bare]]))).toMatchObject({ grewBytes: 7 * GIB * 1024 });
  });

  it('names no worker that was merely restarted', () => {
    const then = past(120, 6, [SIDEKIQ, [90, 'postgres', 1]]);
    const restarted: Entry = [7000, 'sidekiq', 4.1, young(60)];
    expect(whoGrew([then], now(4, [restarted, [90, 'postgres', 1.2]]))).toBeNull();
  });

  it('puts forked jobs down to their parent, with whose pages they count', () => {
    const rails: Entry = [500, 'rails', 7];
    const then = past(120, 8, [rails]);
    const job = (pid: number): Entry => [pid, 'job', 8.5, { parentPid: 500, ...young(20) }];
    const grew = whoGrew([then], now(5, [job(901), job(902), [500, 'rails', 8]]));
    expect(grew).toMatchObject({ kind: 'process', name: 'rails', pid: 500, count: 3 });
    // What it holds itself, and what each has beyond it: never two whole copies.
    expect(grew?.grewBytes).toBe(2 * GIB * 1024);
  });

  it('puts them down to the one older process they can share with where no parent is known', () => {
    const bare = { startedSeconds: null, parentPid: null };
    const then = past(120, 5, [[500, 'rails', 10, bare]]);
    const forked: Entry[] = [
      [901, 'job', 12, bare],
      [500, 'rails', 11, bare],
    ];
    expect(whoGrew([then], now(2, forked))).toMatchObject({ name: 'rails', pid: 500, count: 2 });
  });

  it('does not put a child down to its parent where both fit into memory', () => {
    const then = past(120, 10, [[500, 'cron', 0.5]]);
    const child: Entry = [901, 'import', 5, { parentPid: 500, ...young(20) }];
    expect(whoGrew([then], now(5, [child, [500, 'cron', 0.5]]))).toMatchObject({ name: 'import', pid: 901, count: 1 });
  });

  it('counts what a worker took since it was forked as its own, whatever its parent holds', () => {
    const worker = (pid: number, gib: number): Entry => [pid, 'puma', gib, { parentPid: 500 }];
    const then = past(120, 8, [[500, 'puma', 1.5], worker(501, 1.5), worker(502, 1.5)]);
    const grew = whoGrew([then], now(4, [worker(501, 3.5), worker(502, 3.4), [500, 'puma', 1.5]]));
    expect(grew?.grewBytes).toBeCloseTo(3.9 * GIB * 1024, -4);
    expect(grew).toMatchObject({ name: 'puma', pid: 500, count: 3 });
    const alone = whoGrew([then], now(4, [worker(501, 5.4), worker(502, 1.5), [500, 'puma', 1.5]]));
    expect(alone).toMatchObject({ name: 'puma', pid: 501, count: 1 });
  });

  it('names several of one name together', () => {
    const chrome = (pid: number, gib: number): Entry => [pid, 'chrome', gib];
    const then = past(180, 8, [chrome(21, 1), chrome(22, 1), chrome(23, 1), NGINX]);
    const grew = whoGrew([then], now(2, [chrome(21, 2.9), chrome(22, 3), chrome(23, 3.1), NGINX]));
    expect(grew).toMatchObject({ kind: 'processes', name: 'chrome', pid: null, count: 3, minutes: 180 });
    expect(grew?.grewBytes).toBeCloseTo(6 * GIB * 1024, -4);
  });

  it('names shared memory and tmpfs', () => {
    const grew = whoGrew([past(120, 6, [SIDEKIQ], 0.5)], now(2, [SIDEKIQ], { sharedKib: 4.4 * GIB }));
    expect(grew).toMatchObject({ kind: 'shared memory', name: null, pid: null, count: 0 });
    expect(grew?.grewBytes).toBeCloseTo(3.9 * GIB * 1024, -4);
  });

  it('is nobody where shared memory and the process that maps it grew alike: older kernels count its pages twice', () => {
    const later = now(2, [[2213, 'sidekiq', 8]], { sharedKib: 4.1 * GIB });
    expect(whoGrew([past(120, 6, [SIDEKIQ], 0.1)], later)).toBeNull();
  });

  it('takes what was not among the five largest for no more than it certainly took', () => {
    const five: Entry[] = [10, 11, 12, 13, 14].map((pid): Entry => [pid, `app-${pid}`, 1.5]);
    const later = (over: Partial<SeenProcess>) => now(2, [[99, 'leak', 4, over], ...five.slice(0, 4)]);
    const grew = whoGrew([past(120, 5, five)], later({}));
    expect(grew).toMatchObject({ name: 'leak', atLeast: true, grewBytes: 2.5 * GIB * 1024 });
    expect(whoGrew([past(120, 5, five)], later(young(60)))).toMatchObject({
      atLeast: false,
      grewBytes: 4 * GIB * 1024,
    });
    // May have taken all of 1.6, and may have had 1.5 of it before.
    expect(whoGrew([past(120, 5, five)], now(2, [[99, 'leak', 1.6], ...five.slice(0, 4)]))).toBeNull();
  });

  it('is not misled by an uptime that is a container’s, beside starts that are the kernel’s', () => {
    const five: Entry[] = [10, 11, 12, 13, 14].map((pid): Entry => [pid, `app-${pid}`, 1.5]);
    const contained = now(2, [[99, 'leak', 4], ...five.slice(0, 4)], { uptimeSeconds: 4 * 3600 });
    const shifted = {
      ...contained,
      processes: contained.processes.map((one) => ({ ...one, startedSeconds: 900_000 })),
    };
    expect(whoGrew([past(120, 5, five)], shifted)).not.toMatchObject({ atLeast: false });
  });

  it('compares with the time of one to six hours before at which most was available, the latest of several', () => {
    const times = [
      past(420, 15, [[2213, 'sidekiq', 1]]),
      past(300, 8, [[2213, 'sidekiq', 3]]),
      past(180, 8, [[2213, 'sidekiq', 3.1]]),
      past(60, 4, [[2213, 'sidekiq', 7]]),
      past(20, 16, [[2213, 'sidekiq', 0.1]]),
    ];
    expect(whoGrew(times, now(2, [[2213, 'sidekiq', 9]]))).toMatchObject({ minutes: 180 });
  });

  it('compares with less where there is no hour yet', () => {
    expect(whoGrew([past(25, 6, [SIDEKIQ])], now(2, [[2213, 'sidekiq', 8]]))).toMatchObject({ minutes: 25 });
  });
});

describe('what explains a loss', () => {
  it('is how much of it went to one that was there before, to shared memory, and to new ones', () => {
    const then = past(120, 8, [SIDEKIQ, NGINX]);
    const job: Entry = [9000, 'job', 3, young(30)];
    expect(explainedBy([then], now(3, [[2213, 'sidekiq', 6], job]))).toEqual({ old: 0.4, shared: 0, fresh: 0.6 });
    expect(explainedBy([then], now(4, [SIDEKIQ], { sharedKib: 3.1 * GIB }))).toEqual({
      old: 0,
      shared: 0.75,
      fresh: 0,
    });
  });

  it('counts what it has forked since as new', () => {
    const then = past(120, 8, [[500, 'rails', 7]]);
    const job: Entry = [901, 'job', 9, { parentPid: 500, ...young(20) }];
    expect(explainedBy([then], now(4, [job, [500, 'rails', 8]]))).toEqual({ old: 0.25, shared: 0, fresh: 1 });
  });

  it('is not known without a past or a loss', () => {
    expect(explainedBy([], now(3, [SIDEKIQ]))).toBeNull();
    expect(explainedBy([past(120, 3, [SIDEKIQ])], now(3, [SIDEKIQ]))).toBeNull();
  });
});
