import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ProbeOutcome } from '../../../lambda/model/index.ts';
import { parseVitals } from '../../../lambda/probe/parse-vitals.ts';
import { MEM, report } from '../../support/probe-report.ts';

const LINES = [
  MEM,
  'mem MemTotal=8000000 MemFree=1 MemAvailable=7 Shmem=3 SwapTotal=9 SwapFree=2 HugePages_Total=4 Hugepagesize=2048',
  'mem MemTotal=4000 MemFree=10 Active(file)=5 Inactive(file)=7 SReclaimable=9 min_free=4',
  'vm oom_kill=3',
  'psi some=1.00 full=0.50',
  'psi some=1.00 full=0.50 some_total=90 full_total=40',
  'load 0.25',
  'up 12.00',
  'boot 0a1b2c3d-4e5f-6789-abcd-ef0123456789',
  'os 6.1.0 debian 12',
  'proc 812 5000 ruby',
  'unit w.service active 0',
  'units process',
  'sshd 22 up',
  'part 60',
  'disk 4096 1000 300 200 80 20 rw /',
  'disk 512 900000000000000000 1 1 0 0 ro /srv/a\\040b',
  'disk 4096 1000 10 -97 80 18446744073709551000 rw /data',
  'disk 4096 1000 0 0 0 0 rd /snap',
  'unread denied /y',
  'late /x',
  'more 4',
  'arc 4096000 1024000',
  'zram 7 2',
  'mount ro /z',
  'fork 0',
];
/** What a broken or hostile host might put in the place of a figure. */
const HOSTILE = [
  '-1',
  'NaN',
  'Infinity',
  '1e308',
  '99999999999999999999',
  '0x10',
  '',
  ' ',
  '\0',
  '\r',
  '\u001b[2J',
  '=',
  '%',
];

const line = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...LINES) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
);
/** A line of which one word, or one character, is something else. */
const spoiled = fc.tuple(line, fc.nat(), fc.constantFrom(...HOSTILE), fc.boolean()).map(([text, at, other, word]) => {
  const parts = text.split(word ? /(?<=[ =])|(?=[ =])/ : '');
  return parts.length === 0 ? other : parts.with(at % parts.length, other).join('');
});
/** No line twice: what a sound host prints, but for one line now and then. */
const sound = fc
  .tuple(fc.constantFrom(...LINES.slice(0, 3)), fc.subarray(LINES.slice(3)), fc.option(spoiled))
  .map(([memory, others, odd]) => [memory, ...others, ...(odd === null ? [] : [odd])]);
const lines = fc.array(fc.oneof({ weight: 3, arbitrary: line }, { weight: 1, arbitrary: spoiled }), { maxLength: 12 });
const cut = fc.tuple(lines, fc.nat(), fc.nat()).map(([some, from, length]) => {
  const whole = report(...some);
  const begin = from % whole.length;
  return whole.slice(0, begin) + whole.slice(begin + (length % 8));
});
const output = fc.oneof(
  { weight: 3, arbitrary: sound.map((some) => report(...some)) },
  { weight: 3, arbitrary: lines.map((some) => report(...some)) },
  { weight: 2, arbitrary: cut },
  { weight: 1, arbitrary: fc.tuple(cut, cut).map(([a, b]) => a + b) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 500 }) },
);

const within = (value: number | null, low: number, high = Number.MAX_SAFE_INTEGER) => {
  if (value === null) return;
  expect(value).toBeGreaterThanOrEqual(low);
  expect(value).toBeLessThanOrEqual(high);
};

function expectInDomain(outcome: ProbeOutcome): void {
  if (outcome.kind === 'failed') {
    expect(['Unparsable', 'ForkFailed']).toContain(outcome.reason);
    expect(outcome.text).toMatch(/^[ -~]{10,200}\.$/);
    return;
  }
  const { memory, swap, disks, memoryPressure, processes, worker, ...rest } = outcome.vitals;
  for (const figure of [memory.availableBytes, memory.freeBytes, memory.usedBytes])
    within(figure, 0, memory.totalBytes);
  within(memory.totalBytes, 1024);
  expect(memory.usedBytes).toBe(memory.totalBytes - memory.availableBytes);
  within(swap.freeBytes, 0, swap.totalBytes ?? 0);
  within(swap.zram?.usedBytes ?? null, 0, swap.zram?.totalBytes);
  within(swap.zswap?.poolBytes ?? null, 0, memory.totalBytes);
  for (const { mount, why } of rest.unreadDisks ?? []) {
    expect(mount).toMatch(/^(\/|0x)[^\p{C}]*$/u);
    expect(why).toMatch(/^[a-z ]+$/);
  }
  for (const disk of disks) {
    expect(disk.mount).toMatch(/^(\/|0x)/);
    expect(disk.mount).not.toMatch(/\p{C}/u);
    within(disk.totalBytes, 1);
    within(disk.availableBytes, 0, disk.totalBytes);
    within(disk.usedPercent, 0, 100);
    within(disk.inodesUsedPercent, 0, 100);
  }
  for (const percent of [memoryPressure?.someAvg10 ?? 0, memoryPressure?.fullAvg10 ?? 0]) within(percent, 0, 100);
  for (const process of processes) {
    within(process.pid, 1);
    within(process.residentBytes, 0);
    expect(process.name).toMatch(/^[ -~]+$/);
  }
  within(worker?.restarts ?? null, 0);
  for (const figure of [rest.oomKills, rest.uptimeSeconds, rest.load1]) within(figure, 0);
}

describe('whatever a host sends', () => {
  it('never throws and never yields a vital outside its domain', () => {
    let read = 0;
    fc.assert(
      fc.property(output, fc.constantFrom(null, 'w.service', '__proto__'), (sent, worker) => {
        const outcome = parseVitals(sent, worker);
        read += outcome.kind === 'vitals' ? 1 : 0;
        expectInDomain(outcome);
      }),
    );
    // A generator whose reports are all refused would prove nothing of vitals.
    expect(read).toBeGreaterThan(fc.readConfigureGlobal().numRuns! / 10);
  });

  it('is read the same between banners', () => {
    const banner = fc.string({ unit: 'binary', maxLength: 200 }).filter((text) => !text.includes('crawlwatch'));
    fc.assert(
      fc.property(banner, banner, (before, after) => {
        const whole = report(MEM, 'load 0.25');
        expect(parseVitals(before + whole + after, null)).toEqual(parseVitals(whole, null));
      }),
    );
  });
});

describe('one line of a sound report that is damaged', () => {
  const SOUND = [
    'mem MemTotal=8000000 MemFree=100 MemAvailable=700 Shmem=3 SwapTotal=9 SwapFree=2 HugePages_Total=4 Hugepagesize=20',
    'vm oom_kill=3',
    'psi some=1.00 full=0.50 some_total=90 full_total=40',
    'load 0.25',
    'up 12.00',
    'boot 0a1b2c3d-4e5f-6789-abcd-ef0123456789',
    'os 6.1.0 debian 12',
    'arc 4096000 1024000',
    'zram 7 2',
    'proc 812 5000 ruby',
    'proc 9 40 sh',
    'unit w.service active 0',
    'unit v.service failed 2',
    'units process',
    'sshd 22 up',
    'disk 4096 1000 300 200 80 20 rw /',
    'disk 4096 1000 10 5 0 0 rd /snap',
    'disk 512 9000 30 20 800 20 ro /data',
    'unread denied /x',
    'late /y',
    'more 4',
    'unasked 2',
  ];
  /** None of these is a figure that the kernel could have meant. Below zero only what is left of a disk can be. */
  const NO_FIGURE = ['-', 'NaN', 'Infinity', '1e308', '99999999999999999999', '0x', '=', '%', '1,5', '()', '7=', '+1'];

  const damage = fc
    .tuple(fc.nat(SOUND.length - 1), fc.nat(), fc.constantFrom(...NO_FIGURE), fc.nat(5))
    .map(([at, n, text, kind]) => {
      const line = SOUND[at] ?? '';
      const words = line.split(' ');
      const word = n % words.length;
      // Most words are a unit's name as well, but then of another unit.
      const odd = words[0] === 'unit' ? '%' : text;
      const [name = '', value] = (words[word] ?? '').split('=');
      const damaged = [
        [words.with(word, odd).join(' ')],
        [words.with(word, value === undefined ? odd : `${name}=${odd}`).join(' ')],
        [words.toSpliced(word, 1).join(' ')],
        [words.slice(0, Math.max(1, word)).join(' ')],
        [words.toSpliced(word, 0, odd).join(' ')],
        [line, words.with(words.length > 1 ? 1 : 0, odd).join(' ')],
      ][kind] ?? [line];
      return { key: words[0] ?? '', lines: SOUND.toSpliced(at, 1, ...damaged.filter((one) => one !== '')) };
    });

  /** Every figure by its path: of lists by mount, pid or unit, so that one that is missing moves no other. */
  function figuresOf(value: unknown, path = ''): [string, unknown][] {
    if (Array.isArray(value)) {
      return value.flatMap((one) => figuresOf(one, `${path}[${one.mount ?? one.pid ?? one.unit}]`));
    }
    if (typeof value !== 'object' || value === null) return [[path, value]];
    return Object.entries(value).flatMap(([key, one]) => figuresOf(one, `${path}.${key}`));
  }

  /** What a line's damage may cost; each of it is then null or missing. */
  const COSTS: Readonly<Record<string, RegExp>> = {
    mem: /^\.(memory\.(freeBytes|sharedBytes)|swap)/,
    vm: /^\.oomKills/,
    psi: /^\.memoryPressure/,
    load: /^\.load1/,
    up: /^\.uptimeSeconds/,
    boot: /^\.bootId/,
    os: /^\.system/,
    arc: /^\.memory\.(available|used)Bytes/,
    zram: /^\.swap\.zram/,
    proc: /^\.processes/,
    unit: /^\.worker/,
    units: /^\.worker/,
    sshd: /^\.sshd/,
    disk: /^\.(unreadD|d)isks/,
    unread: /^\.unreadDisks/,
    late: /^\.unreadDisks/,
  };
  /** Words rather than figures: what is damaged there is another word. */
  const WORDS = /\.system|\.name|\.why|\.unit|\.mount|unreadDisks/;

  it('costs that figure alone, and never makes a wrong one', () => {
    const sound = parseVitals(report(...SOUND), 'w.service');
    if (sound.kind !== 'vitals') throw new Error(sound.text);
    const figures = new Map(figuresOf(sound.vitals));
    expect(sound.notes).toHaveLength(6);
    let readable = 0;
    fc.assert(
      fc.property(damage, ({ key, lines }) => {
        const outcome = parseVitals(report(...lines), 'w.service');
        expectInDomain(outcome);
        if (outcome.kind === 'failed') {
          expect([outcome.reason, key]).toEqual(['Unparsable', 'mem']);
          return;
        }
        readable += 1;
        // A word that is missing altogether is what the length at the end is for; here an estimate takes its place.
        const isEstimated = outcome.notes.some((note) => note.includes('estimated'));
        if (isEstimated) expect([key, outcome.vitals.memory.estimated]).toEqual(['mem', true]);
        const now = new Map(figuresOf(outcome.vitals));
        for (const [path, figure] of figures) {
          if (isEstimated && /^\.memory/.test(path)) continue;
          const isCost = COSTS[key]?.test(path) ?? false;
          if (!isCost) expect([path, now.get(path)]).toEqual([path, figure]);
          else if (key !== 'arc' && !WORDS.test(path)) expect([figure, null, undefined]).toContain(now.get(path));
        }
        for (const [path, figure] of now) {
          if (figures.has(path) || WORDS.test(path) || path === '.memory.estimated') continue;
          expect([path, figure, COSTS[key]?.test(path)]).toEqual([path, figure, true]);
        }
        // Without the ARC it is the kernel's own figure.
        const { availableBytes } = outcome.vitals.memory;
        if (!isEstimated) expect([sound.vitals.memory.availableBytes, 700 * 1024]).toContain(availableBytes);
      }),
      { numRuns: 3000 },
    );
    expect(readable).toBeGreaterThan(2000);
  });
});

describe('the work of reading', () => {
  afterEach(() => void vi.restoreAllMocks());

  /** Characters that string methods and regular expressions were given to look at. */
  function visited(sent: string): number {
    let count = 0;
    const { indexOf, slice, replaceAll } = String.prototype;
    const { test } = RegExp.prototype;
    vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, what: string, from = 0) {
      const found = indexOf.call(this, what, from);
      count += (found === -1 ? this.length : found + 1) - from;
      return found;
    });
    vi.spyOn(String.prototype, 'slice').mockImplementation(function (this: string, from?: number, to?: number) {
      const part = slice.call(this, from, to);
      count += part.length;
      return part;
    });
    vi.spyOn(String.prototype, 'replaceAll').mockImplementation(function (
      this: string,
      what: string | RegExp,
      by: unknown,
    ) {
      count += this.length;
      return replaceAll.call(this, what, by as never);
    });
    vi.spyOn(RegExp.prototype, 'test').mockImplementation(function (this: RegExp, text: string) {
      count += text.length;
      return test.call(this, text);
    });
    parseVitals(sent, null);
    vi.restoreAllMocks();
    return count;
  }

  it.each([
    ['one long line', 'A'],
    ['empty lines', '\n'],
    ['carriage returns', '\r'],
    ['beginnings without end', 'crawlwatch 1\n'],
    ['ends without beginning', 'end 13\n'],
    ['beginnings with long lines', `crawlwatch 1\n${'x'.repeat(4000)}\n`],
    ['reports that are cut', `crawlwatch 1\n${MEM}\npart 60\nend 1\n`],
  ])('grows no faster than the output: %s', (_, unit) => {
    const [small = 0, large = 0] = [100_000, 200_000].map((size) =>
      visited(unit.repeat(Math.ceil(size / unit.length))),
    );
    expect(small).toBeGreaterThan(100_000 / 2);
    expect(large).toBeLessThan(small * 2.1);
    expect(large).toBeLessThan(200_000 * 8);
  });
});
