import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { addScores, forecastUnder, type Predictor, replay, score, type Trace } from '../../../bin/backtest/replay.ts';
import { RIVALS } from '../../../bin/backtest/rivals.ts';
import { backtest } from '../../../bin/commands/backtest.ts';
import type { Sample } from '../../../lambda/model/index.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 15);
const at = (minutes: number) => new Date(START + minutes * MINUTE);
const ours = forecastUnder(40);
const alarm = (from: number, to: number) => ({ from: at(from), to: at(to) });

function trace(available: readonly (number | null)[], more: Partial<Trace> = {}): Trace {
  const samples = available.map((share, i) => ({ at: at(i * 5), available: share }));
  return { family: 'f', resource: 'memory', everyMinutes: 5, samples, exhaustedAt: [], ...more };
}
/** Shares of `days` days, sampled every five minutes. */
const days = (count: number, level: (minutes: number) => number) =>
  Array.from({ length: count * 288 }, (_, i) => level(i * 5));
/** The same small waves in every run: neither random nor regular. */
const noise = (minutes: number) => 0.01 * Math.sin(minutes / 7) + 0.008 * Math.sin(minutes / 3.1);
const low: Predictor = (_trace, _history, now) => now.available < 0.5;

describe('a replay', () => {
  it('keeps the last answer while samples are missing', () => {
    expect(replay(trace([null, 0.9, 0.1, null, 0.1, null, 0.9, null, 0.1, null]), low)).toEqual([
      alarm(10, 25),
      alarm(40, 45),
    ]);
  });

  it('finds nothing in a trace without samples', () => {
    expect(replay(trace([null, null]), low)).toEqual([]);
    expect(replay(trace([]), low)).toEqual([]);
  });

  it('shows nothing of what comes later: the last three hours sample by sample, hourly minima before them', () => {
    const seen: (readonly Sample[])[] = [];
    replay(trace(days(1, (minutes) => 1 - minutes / 2000)), (_trace, history) => seen.push(history) < 0);
    const last = seen.at(-1)!;
    const minutesOf = (sample: Sample | undefined) => (+sample!.at - START) / MINUTE;
    // At 23:55: 20 minima, and the samples from 20:00.
    expect(last.slice(0, 20).map(minutesOf)).toEqual(Array.from({ length: 20 }, (_, hour) => hour * 60));
    expect(last[0]?.available).toBeCloseTo(1 - 55 / 2000, 9);
    expect(last).toHaveLength(20 + 47);
    expect(minutesOf(last.at(-1))).toBe(23 * 60 + 50);
  });

  it('lets the predictor know whether it speaks', () => {
    const speaking: boolean[] = [];
    replay(trace([0.9, 0.1, 0.1, null, 0.9]), (_trace, _history, now, before) => {
      speaking.push(before);
      return now.available < 0.5;
    });
    expect(speaking).toEqual([false, false, true, true]);
  });
});

describe('the forecast, replayed', () => {
  it.each<[string, (minutes: number) => number]>([
    ['that lives just above a tenth', (m) => 0.13 + noise(m)],
    ['whose worker is restarted every six hours', (m) => 0.75 - (0.6 * (m % 360)) / 360 + noise(m)],
    ['with a daily wave', (m) => 0.45 + 0.35 * Math.sin((m / 1440) * 2 * Math.PI) + noise(m)],
    ['that collects its garbage every half an hour', (m) => 0.3 - (0.12 * (m % 30)) / 30 + noise(m)],
  ])('stays silent for a week on a host %s', (_what, level) => {
    expect(replay(trace(days(7, level)), ours)).toEqual([]);
  });

  it.each<[string, number, (minutes: number) => number]>([
    ['a leak from one level', 4 * 1440, (m) => 0.5 - Math.max(0, m - 3 * 1440) / 2880],
    [
      'a sawtooth whose restarter stops',
      4 * 1440 + 480,
      (m) => 0.8 - (0.6 * (m < 4 * 1440 ? m % 360 : m - 4 * 1440)) / 360,
    ],
    ['a sawtooth on a leak', 4 * 1440, (m) => 0.6 - m / 11520 - (0.1 * (m % 60)) / 60],
  ])('warns of %s half an hour ahead or more', (_what, _end, level) => {
    const shares = days(5, (minutes) => level(minutes) + noise(minutes));
    const end = shares.findIndex((share) => share < 0.02);
    const leaking = trace(shares.slice(0, end), { exhaustedAt: [at(end * 5)] });
    const { leads } = score(leaking, replay(leaking, ours));
    expect(leads[0]).toBeGreaterThanOrEqual(30);
  });

  it('does not begin where jobs took it, by the processes known so far', () => {
    const fall = Array.from({ length: 354 }, (_, i) => (i < 340 ? 0.5 : 0.5 - (i - 339) * 0.028));
    const leaking = trace(fall);
    const snapshots = (isLasting: boolean) =>
      leaking.samples.map(({ at: when, available }, i) => ({
        at: when,
        availableKib: (available ?? 0) * 1000,
        sharedKib: 0,
        processes: [
          {
            pid: isLasting || i < 340 ? 1 : 2,
            name: 'a',
            kib: 1000 - (available ?? 0) * 1000,
            startedSeconds: null,
            parentPid: null,
          },
        ],
        totalKib: 1000,
        uptimeSeconds: null,
      }));
    const spoken = (processes: Trace['processes']) =>
      replay({ ...leaking, ...(processes && { processes }) }, ours).length;
    expect([spoken(undefined), spoken(snapshots(true)), spoken(snapshots(false))]).toEqual([1, 1, 0]);
  });

  it('does not run while plenty is available, as in the scheduled check', () => {
    const dropping = trace([...days(2, () => 0.9), ...Array.from({ length: 40 }, (_, i) => 0.9 - i * 0.02)]);
    const [first] = replay(dropping, forecastUnder(100));
    const [second] = replay(dropping, forecastUnder(20));
    expect([first?.from, second?.from].map((from) => +from!)).toSatisfy(([a, b]: number[]) => a! < b!);
  });
});

describe('a score', () => {
  const week = trace(Array(2017).fill(0.5));
  it.each([
    ['no alarm', [], [0], 0, 0],
    ['an alarm that ended before', [alarm(800, 960)], [0], 0, 0],
    ['an alarm 14 minutes before', [alarm(986, 1010)], [14], 0, 0],
    ['an alarm 15 minutes before', [alarm(985, 1010)], [15], 1, 0],
    ['two stretches less than half an hour apart', [alarm(900, 940), alarm(965, 1010)], [100], 1, 0],
    ['two stretches half an hour apart', [alarm(900, 940), alarm(970, 1010)], [30], 1, 0],
    ['an alarm that ended 12 hours before', [alarm(200, 280)], [0], 0, 0],
    ['an alarm that ended longer before', [alarm(200, 275)], [0], 0, 1],
    ['an alarm after it', [alarm(1005, 1010)], [0], 0, 1],
  ])('of %s', (_what, alarms, leads, caught, falseEpisodes) => {
    const scored = score({ ...week, exhaustedAt: [at(1000)] }, alarms);
    expect(scored).toMatchObject({ leads, caught, falseEpisodes, exhaustions: 1, hostWeeks: 1 });
  });

  it.each([
    ['12 hours and 5 minutes before', 2000, 2000 + 725, 1, 1],
    ['24 hours before', 2000, 2000 + 1440, 1, 1],
    ['longer before', 2000, 2000 + 1445, 1, 0],
    ['less than 12 hours before, which is none', 2000, 2000 + 700, 0, 0],
  ])('counts as early, among the false, an alarm that ended %s', (_what, to, end, falseEpisodes, early) => {
    const scored = score({ ...week, exhaustedAt: [at(end)] }, [alarm(1900, to)]);
    expect(scored).toMatchObject({ falseEpisodes, early });
  });

  it('merges the stretches of a disk within two hours, and waits three days', () => {
    const disk: Trace = { ...week, resource: 'disk', exhaustedAt: [at(6000)] };
    expect(score(disk, [alarm(1000, 1100), alarm(1215, 1680)])).toMatchObject({ episodes: 1, falseEpisodes: 0 });
    expect(score(disk, [alarm(1000, 1100), alarm(1220, 1675)])).toMatchObject({ episodes: 2, falseEpisodes: 2 });
  });

  it('adds up', () => {
    const one = score({ ...week, exhaustedAt: [at(1000)] }, [alarm(900, 1010)]);
    expect(addScores([one, one])).toEqual({
      ...one,
      traces: 2,
      hostWeeks: 2,
      exhaustions: 2,
      caught: 2,
      episodes: 2,
      leads: [100, 100],
    });
    expect(addScores([])).toMatchObject({ traces: 0, hostWeeks: 0, leads: [] });
  });
});

it.each(Object.entries(RIVALS))('the rule "%s" speaks of a straight fall and not of a flat line', (_name, rule) => {
  const fall = replay(trace(Array.from({ length: 95 }, (_, i) => 0.95 - i * 0.01)), rule);
  expect([fall.length, +fall[0]!.to]).toEqual([1, +at(94 * 5)]);
  expect(replay(trace(Array(95).fill(0.5)), rule)).toEqual([]);
});

describe('crawlwatch backtest', () => {
  const fixture = (name: string) => new URL(`../../fixtures/traces/${name}`, import.meta.url);
  async function run(
    file: string,
    flags: Partial<Parameters<typeof backtest>[1]> = {},
    stdin: string | Uint8Array[] = '',
  ) {
    let out = '';
    const stdout = { write: (text: string) => (out += text) };
    const io = {
      stdin: Readable.from(typeof stdin === 'string' ? [stdin] : stdin),
      stdout,
      stderr: stdout,
      env: {},
      cwd: fixture('').pathname,
      signal: new AbortController().signal,
    };
    return { code: await backtest(file, { output: 'table', ...flags }, io), out };
  }

  it.each([
    ['absent.jsonl', '', "can't read absent.jsonl: no such file"],
    ['.', '', "can't read .: it is a directory"],
    ['-', '', '-: nothing to replay: no line in it'],
    ['-', '\n{"samples":[}\n', '-:2: not JSON: '],
    ['-', '{"samples":[]}', '-:1: family: '],
  ])('on %s with %j names in one line what is wrong', async (file, stdin, message) => {
    await expect(run(file, {}, stdin)).rejects.toMatchObject({
      name: 'UsageError',
      message: expect.stringContaining(message),
    });
  });

  it('prints when it speaks, one line a trace in the order of the file', async () => {
    const { out } = await run('small.jsonl', { alarms: true });
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ index, family, alarms }) => [index, family, alarms.length])).toEqual([
      [0, 'leak', 1],
      [1, 'flat', 0],
      [2, 'disk_fill', 1],
    ]);
  });

  it('reads gzip, whatever its name, from a file and from a pipe in small pieces', async () => {
    const packed = gzipSync(await readFile(fixture('small.jsonl')));
    const dir = await mkdtemp(join(tmpdir(), 'backtest-'));
    const file = join(dir, 'small');
    await writeFile(file, packed);
    const plain = await run('small.jsonl', { alarms: true });
    expect((await run(file, { alarms: true })).out).toBe(plain.out);
    const pieces = Array.from({ length: Math.ceil(packed.length / 1000) + 1 }, (_, i) =>
      i === 0 ? packed.subarray(0, 1) : packed.subarray(1 + (i - 1) * 1000, 1 + i * 1000),
    );
    expect((await run('-', { alarms: true }, pieces)).out).toBe(plain.out);
    await rm(dir, { recursive: true });
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['damaged', (bytes: Buffer) => bytes.fill(0xff, 10, 200)],
  ])('names gzip data that is %s', async (what, spoil) => {
    const packed = spoil(gzipSync(await readFile(fixture('small.jsonl'))));
    await expect(run('-', {}, [packed])).rejects.toMatchObject({
      name: 'UsageError',
      message: `can't read -: its gzip data is ${what}`,
    });
  });

  it('prints the scores over all and by family, from a pipe as from a file', async () => {
    const { out, code } = await run('-', { output: 'json' }, await readFile(fixture('small.jsonl'), 'utf8'));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      overall: { memory: { caught: 1, caughtShare: 1, falseEpisodes: 0, traces: 2 }, disk: { caught: 1, traces: 1 } },
      families: [{ family: 'leak', early: 0 }, { family: 'flat', caughtShare: null }, { family: 'disk_fill' }],
      rivals: { 'predict_linear, 1 h': { disk: { exhaustions: 1 } } },
    });
    expect((await run('small.jsonl')).out).toMatch(/^memory +crawlwatch +1 of 1 +1\.000/m);
  });

  it('reads what checks recorded', async () => {
    const { out } = await run('recorded.ndjson', { alarms: true });
    const ids = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    expect(ids).toEqual(['i-1', 'i-1', 'web1', 'web1', 'web1']);
  });
});
