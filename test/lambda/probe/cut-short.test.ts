import { describe, expect, it } from 'vitest';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { parseCutShort } from '../../../lambda/probe/cut-short.ts';
import { parseSettings } from '../../../lambda/settings/index.ts';
import { report } from '../../support/probe-report.ts';

const SETTINGS = parseSettings();
const mem = (percent: number) => `mem MemTotal=1000000 MemFree=1000 MemAvailable=${percent * 10_000}`;
/** As far as a host gets without another process. */
const begun = (...lines: readonly string[]) => {
  const text = ['crawlwatch 1', ...lines].map((line) => `${line}\n`).join('');
  return `${text}part ${text.length}\n`;
};
const cut = (output: string, reason: FailureReason = 'CommandTimeout') =>
  parseCutShort({ kind: 'failed', reason, text: 'It was cut.', output }, null, SETTINGS);

describe('a probe that failed after it had begun to answer', () => {
  it('is slow where memory is there, with its figures as a note', () => {
    expect(cut(begun(mem(33), 'psi some=4.00 full=1.50', 'load 9.50'))).toEqual({
      kind: 'failed',
      reason: 'CommandTimeout',
      text: 'It was cut.',
      notes: [
        'It had said: memory 33 % available (322 MiB of 977 MiB), every task waited for memory 1.5 % of 10 s, load 9.5.',
      ],
    });
  });

  it.each<[string, string]>([
    ['at the limit', begun(mem(3))],
    ['waited for by every task', begun(mem(33), 'psi some=60.00 full=45.00')],
  ])('has its vitals where the figures say that memory is exhausted: %s', (_what, output) => {
    expect(cut(output)).toMatchObject({ kind: 'vitals', couldFork: true, isSlow: true, notes: ['It was cut.'] });
  });

  it.each<[number, string]>([
    [33, 'failed'],
    [14, 'vitals'],
  ])('whose connection was lost may have ended those waits: with %d %% available it is %s', (percent, kind) => {
    const output = begun(mem(percent), 'psi some=60.00 full=45.00');
    expect(cut(output, 'ConnectionLost')).toMatchObject({ kind });
    expect(cut(output, 'ConnectionLost')).not.toHaveProperty('isSlow');
  });

  it.each(['sh: 12: Cannot fork', "sh: can't fork: Resource temporarily unavailable", 'bash: fork: retry: x'])(
    'could start no process where the host says so: %s',
    (words) => {
      expect(cut(`${words}\n${begun(mem(33))}`)).toMatchObject({ kind: 'vitals', couldFork: false });
    },
  );

  it('keeps its failure where the connection was lost', () => {
    expect(cut(begun(mem(33)), 'ConnectionLost')).toMatchObject({ kind: 'failed', reason: 'ConnectionLost' });
  });

  it('has its vitals where the report was whole', () => {
    expect(cut(report(mem(33)))).toMatchObject({ kind: 'vitals', couldFork: true, notes: [] });
  });

  it.each(['', 'Welcome', `crawlwatch 1\n${mem(33)}\n`, begun('load 1.00'), begun('mem MemTotal=0 MemFree=0')])(
    'keeps its failure alone where %j was all',
    (output) => {
      expect(cut(output)).toEqual({ kind: 'failed', reason: 'CommandTimeout', text: 'It was cut.' });
    },
  );
});
