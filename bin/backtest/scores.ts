/** A backtest's scores as tables and as JSON. */
import Table from 'cli-table3';
import type { Resource } from '../../lambda/forecast/index.ts';
import { duration, forTerminal, inertJson } from '../../lambda/kit/index.ts';
import { addNamed, type Named } from './culprits.ts';
import { type Alarm, addScores, type Score, type Trace } from './replay.ts';

/** Ballooning within minutes, which can't be forecast: shown, but not in the sum. */
const APART: readonly string[] = ['sudden_balloon'];

/** The score of one rule on one trace. */
export interface BacktestResult {
  readonly rule: string;
  readonly family: string;
  readonly resource: Resource;
  readonly score: Score;
  /** Whom its alarms named; absent where that isn't known, or isn't asked of the rule. */
  readonly named?: Named | null;
}

export interface Figures extends Omit<Score, 'leads'> {
  /** Null where nothing ran out. */
  readonly caughtShare: number | null;
  /** Of the alarms that were on when it ran out, however late they began; null where there was none. */
  readonly medianLeadMinutes: number | null;
  readonly falsePerHostWeek: number | null;
  readonly earlyPerHostWeek: number | null;
}

/** The sum of results; null where there are none. */
export function figuresOf(results: readonly BacktestResult[]): Figures | null {
  if (results.length === 0) return null;
  const { leads, ...score } = addScores(results.map((result) => result.score));
  const inTime = leads.filter((lead) => lead > 0).sort((a, b) => a - b);
  return {
    ...score,
    caughtShare: score.exhaustions === 0 ? null : score.caught / score.exhaustions,
    medianLeadMinutes: inTime[inTime.length >> 1] ?? null,
    falsePerHostWeek: score.hostWeeks === 0 ? null : score.falseEpisodes / score.hostWeeks,
    earlyPerHostWeek: score.hostWeeks === 0 ? null : score.early / score.hostWeeks,
  };
}

function over(results: readonly BacktestResult[], rule: string): Readonly<Record<Resource, Figures | null>> {
  const counted = results.filter((result) => result.rule === rule && !APART.includes(result.family));
  return {
    memory: figuresOf(counted.filter(({ resource }) => resource === 'memory')),
    disk: figuresOf(counted.filter(({ resource }) => resource === 'disk')),
  };
}

function byFamily(results: readonly BacktestResult[], rule: string) {
  const own = results.filter((result) => result.rule === rule);
  const keys = new Set(own.map(({ family, resource }) => JSON.stringify([family, resource])));
  return [...keys].flatMap((key) => {
    const of = own.filter(({ family, resource }) => JSON.stringify([family, resource]) === key);
    const [first] = of;
    const figures = figuresOf(of);
    return first && figures ? [{ family: first.family, resource: first.resource, ...figures }] : [];
  });
}

const namedBy = (results: readonly BacktestResult[]): readonly Named[] =>
  results.flatMap(({ named }) => (named ? [named] : []));

/**
 * `{version, overall: {memory, disk}, families: [{family, resource, ...}], rivals: {RULE: {memory, disk}}, named: {right,
 * none, wrong}}`; memory and disk are null where there is none, and `named` where no processes are recorded. `overall`
 * leaves out the family that can't be forecast.
 *
 * @param rules The forecast's name first, then those it is compared with.
 */
export function backtestJson(results: readonly BacktestResult[], [own = '', ...rivals]: readonly string[]): string {
  const report = {
    version: 1,
    overall: over(results, own),
    families: byFamily(results, own),
    rivals: Object.fromEntries(rivals.map((rule) => [rule, over(results, rule)])),
    named: namedBy(results).length === 0 ? null : addNamed(namedBy(results)),
  };
  return `${inertJson(JSON.stringify(report, null, 2))}\n`;
}

const EXPLAINED =
  'CAUGHT: an alarm was on when it ran out, and had begun 15 minutes before. FALSE: nothing ran out within 12 h (disk: 72 h). EARLY: of those, the ones after which memory ran out within 24 h.';
const NAMED_EXPLAINED =
  'WHO GREW: whom an alarm names as it begins. RIGHT: by hindsight that name, or shared memory, took half of the loss or more, and most of all. WRONG: it did not.';

/** Empty where no processes are recorded, or no alarm was on. */
function namedTable(results: readonly BacktestResult[]): string {
  const rows = [...new Set(results.map(({ family }) => family))].flatMap((family) => {
    const sum = addNamed(namedBy(results.filter((one) => one.family === family)));
    return alarmsOf(sum) === 0 ? [] : [namedCells(family, sum)];
  });
  if (rows.length === 0) return '';
  return `\n${grid(['WHO GREW', 'ALARMS', 'RIGHT', 'NONE NAMED', 'WRONG'], [...rows, namedCells('all', addNamed(namedBy(results)))])}\n\n${NAMED_EXPLAINED}\n`;
}

const alarmsOf = ({ right, none, wrong }: Named): number => right + none + wrong;
const namedCells = (family: string, named: Named): string[] => [
  forTerminal(family),
  ...[alarmsOf(named), named.right, named.none, named.wrong].map(String),
];

/** Tables: the rules over all, the forecast by family, and whom it named where processes are recorded. The parameters are those of {@link backtestJson}. */
export function backtestTable(results: readonly BacktestResult[], rules: readonly string[]): string {
  const overall = (['memory', 'disk'] as const).flatMap((resource) =>
    rules.flatMap((rule) => {
      const figures = over(results, rule)[resource];
      return figures === null ? [] : [[resource, rule, ...cells(figures)]];
    }),
  );
  const families = byFamily(results, rules[0] ?? '').map((row) => [
    row.resource,
    `${forTerminal(row.family)}${APART.includes(row.family) ? ' (not in the sum)' : ''}`,
    ...cells(row),
  ]);
  return `${table('RULE', overall)}\n\n${table('FAMILY', families)}\n\n${EXPLAINED}\n${namedTable(results)}`;
}

const TITLES = ['CAUGHT', '', 'MEDIAN LEAD', 'FALSE', 'A HOST-WEEK', 'EARLY', 'WITHOUT EARLY'];

function cells(figures: Figures): string[] {
  const { exhaustions, caught, caughtShare, medianLeadMinutes, falseEpisodes, early, hostWeeks } = figures;
  const aWeek = (episodes: number) => (hostWeeks === 0 ? '' : (episodes / hostWeeks).toFixed(3));
  return [
    exhaustions === 0 ? '' : `${caught} of ${exhaustions}`,
    caughtShare?.toFixed(3) ?? '',
    medianLeadMinutes === null ? '' : duration(medianLeadMinutes),
    `${falseEpisodes}`,
    aWeek(falseEpisodes),
    `${early}`,
    aWeek(falseEpisodes - early),
  ];
}

const table = (what: string, rows: readonly (readonly string[])[]): string => grid(['RESOURCE', what, ...TITLES], rows);

function grid(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const frame = 'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid';
  const made = new Table({
    head: [...head],
    chars: Object.fromEntries([...frame.split(' '), 'right', 'right-mid', 'middle'].map((part) => [part, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
  });
  made.push(...rows.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

/** One line for one trace: seconds of the epoch, of the first and the last sample at which the rule speaks. */
export function alarmsLine(index: number, { family, id }: Trace, alarms: readonly Alarm[]): string {
  const seconds = (at: Date) => Math.round(at.getTime() / 1000);
  const stretches = alarms.map(({ from, to }) => ({ from: seconds(from), to: seconds(to) }));
  return `${inertJson(JSON.stringify({ index, family, alarms: stretches, id }))}\n`;
}
