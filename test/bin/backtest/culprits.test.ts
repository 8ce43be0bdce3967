import { describe, expect, it } from 'vitest';
import { namedIn } from '../../../bin/backtest/culprits.ts';
import type { Trace } from '../../../bin/backtest/replay.ts';
import { score } from '../../../bin/backtest/replay.ts';
import { backtestJson, backtestTable } from '../../../bin/backtest/scores.ts';

const MIB = 1024;
const at = (minutes: number) => new Date(Date.UTC(2026, 10, 15) + minutes * 60_000);

type Listed = readonly [pid: number, name: string, mib: number];
const seen = (minutes: number, availableMib: number, listed: readonly Listed[], sharedMib = 0) => ({
  at: at(minutes),
  totalKib: 1000 * MIB,
  availableKib: availableMib * MIB,
  sharedKib: sharedMib * MIB,
  uptimeSeconds: null,
  processes: listed.map(([pid, name, mib]) => ({ pid, name, kib: mib * MIB, startedSeconds: null, parentPid: null })),
});
const trace = (processes: NonNullable<Trace['processes']>): Trace => ({
  family: 'f',
  resource: 'memory',
  everyMinutes: 5,
  samples: [
    { at: at(0), available: 0.5 },
    { at: at(300), available: 0.01 },
  ],
  exhaustedAt: [at(300)],
  processes,
});
const alarm = [{ from: at(200), to: at(300) }];
const before = seen(0, 500, [
  [7, 'ruby', 300],
  [8, 'node', 100],
]);

describe('what an alarm names', () => {
  it.each([
    [
      'right where that name goes on to take most',
      [
        before,
        seen(200, 200, [
          [7, 'ruby', 580],
          [8, 'node', 110],
        ]),
        seen(300, 10, [
          [7, 'ruby', 770],
          [8, 'node', 110],
        ]),
      ],
      { right: 1, none: 0, wrong: 0 },
    ],
    [
      'wrong where another one does',
      [
        before,
        seen(200, 400, [
          [7, 'ruby', 390],
          [8, 'node', 105],
        ]),
        seen(300, 10, [
          [7, 'ruby', 300],
          [8, 'node', 590],
        ]),
      ],
      { right: 0, none: 0, wrong: 1 },
    ],
    [
      'wrong where nobody takes half of it',
      [before, seen(200, 400, [[7, 'ruby', 390]]), seen(300, 10, [[7, 'ruby', 400]])],
      { right: 0, none: 0, wrong: 1 },
    ],
    [
      'nobody where none is clear as it begins',
      [
        before,
        seen(200, 200, [
          [7, 'ruby', 450],
          [8, 'node', 250],
        ]),
        seen(300, 10, [
          [7, 'ruby', 790],
          [8, 'node', 100],
        ]),
      ],
      { right: 0, none: 1, wrong: 0 },
    ],
    [
      'right where shared memory takes it',
      [
        before,
        seen(
          200,
          200,
          [
            [7, 'ruby', 300],
            [8, 'node', 100],
          ],
          300,
        ),
        seen(
          300,
          10,
          [
            [7, 'ruby', 300],
            [8, 'node', 100],
          ],
          490,
        ),
      ],
      { right: 1, none: 0, wrong: 0 },
    ],
  ])('is %s', (_what, processes, named) => {
    expect(namedIn(trace(processes), alarm)).toEqual(named);
  });

  it('is right of a parent whose forks count its pages as their own', () => {
    const forked = (minutes: number, available: number, parent: number, child: number) =>
      seen(minutes, available, [
        [9, 'job', child],
        [7, 'ruby', parent],
      ]);
    const processes = [seen(0, 500, [[7, 'ruby', 490]]), forked(200, 200, 650, 790), forked(300, 10, 700, 985)];
    expect(namedIn(trace(processes), alarm)).toEqual({ right: 1, none: 0, wrong: 0 });
  });

  it('is unknown without processes, and of an alarm before which none were recorded', () => {
    expect(namedIn(trace([]), alarm)).toBeNull();
    expect(namedIn({ ...trace([before]), resource: 'disk' }, alarm)).toBeNull();
    expect(namedIn(trace([before]), [{ from: at(0), to: at(10) }])).toEqual({ right: 0, none: 0, wrong: 0 });
  });
});

describe('scores', () => {
  const one = trace([]);
  const result = (family: string, named?: { right: number; none: number; wrong: number }) => ({
    rule: 'crawlwatch',
    family,
    resource: one.resource,
    score: score(one, alarm),
    ...(named !== undefined && { named }),
  });

  it('have a line for each family whose alarms name somebody, and their sum', () => {
    const results = [
      result('a', { right: 2, none: 1, wrong: 0 }),
      result('a', { right: 1, none: 0, wrong: 1 }),
      result('\u001b[31mb', { right: 0, none: 1, wrong: 0 }),
      result('c'),
    ];
    const text = backtestTable(results, ['crawlwatch']);
    expect(text).toMatch(
      /WHO GREW +ALARMS +RIGHT +NONE NAMED +WRONG\na +5 +3 +1 +1\n.*b +1 +0 +1 +0\nall +6 +3 +2 +1\n/,
    );
    expect(text).not.toContain('\u001b');
    expect(JSON.parse(backtestJson(results, ['crawlwatch'])).named).toEqual({ right: 3, none: 2, wrong: 1 });
  });

  it('have none where no processes are recorded', () => {
    expect(backtestTable([result('c')], ['crawlwatch'])).not.toContain('WHO GREW');
    expect(JSON.parse(backtestJson([result('c')], ['crawlwatch'])).named).toBeNull();
  });
});
