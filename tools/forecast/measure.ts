/** Scores the forecast, its rivals, and the forecast without each of its rules. */
import {
  type BacktestResult,
  backtestTable,
  type Figures,
  figuresOf,
  forecastUnder,
  namedIn,
  type Predictor,
  RIVALS,
  RIVALS_SEE_HOURS,
  replay,
  score,
  type Trace,
} from '../../bin/backtest/index.ts';
import { FORECAST_RULES, type Rule } from '../../lambda/forecast/index.ts';
import { duration } from '../../lambda/kit/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';

type Traces = Iterable<Trace> | AsyncIterable<Trace>;

const { lookBelowPercent } = parseSettings().forecast;
const OWN = forecastUnder(lookBelowPercent);
const PREDICTORS: Readonly<Record<string, Predictor>> = { crawlwatch: OWN, ...RIVALS };
/** The forecast first, then its rivals. */
export const RULE_NAMES: readonly string[] = Object.keys(PREDICTORS);

const HOUR = 3_600_000;

const { livesLow: LIVES_LOW } = FORECAST_RULES.memory;
/** The forecast with less: one rule of its own out of force in each, at last all of them. */
const LESS: Readonly<Record<string, Partial<Rule>>> = {
  'all rules': {},
  'drops count at once': { drop: null },
  'one low counts like two': { again: 0, once: 1 },
  'it begins at any sample': { fallsFor: 0 },
  'an end wipes out what was survived': { runUp: Number.POSITIVE_INFINITY },
  'no lower envelope': { envelope: null },
  'it stops after one hour': { hold: HOUR },
  'processes not looked at': { passing: null },
  'two samples where it lives low': { livesLow: LIVES_LOW && { ...LIVES_LOW, atOnce: 0 } },
  'no host lives low': { livesLow: null },
  'none of these': {
    drop: null,
    again: 0,
    once: 1,
    fallsFor: 0,
    runUp: Number.POSITIVE_INFINITY,
    envelope: null,
    passing: null,
    hold: HOUR,
    livesLow: null,
  },
};

async function scored(traces: Traces, predictors: Readonly<Record<string, Predictor>>): Promise<BacktestResult[]> {
  const results: BacktestResult[] = [];
  for await (const trace of traces) {
    const { family, resource } = trace;
    for (const [rule, predictor] of Object.entries(predictors)) {
      const alarms = replay(trace, predictor, rule in RIVALS ? RIVALS_SEE_HOURS : undefined);
      const named = predictor === OWN ? namedIn(trace, alarms) : null;
      results.push({ rule, family, resource, score: score(trace, alarms), named });
    }
  }
  return results;
}

/** The forecast beside its rivals. */
export const beside = (traces: Traces): Promise<BacktestResult[]> => scored(traces, PREDICTORS);

/** The forecast alone. */
export const alone = (traces: Traces): Promise<BacktestResult[]> => scored(traces, { crawlwatch: OWN });

export const tables = (results: readonly BacktestResult[]): string => backtestTable(results, RULE_NAMES).trimEnd();

/** What memory is forecast by, each rule left out in turn. */
export async function withLess(traces: Traces): Promise<ReadonlyMap<string, Figures>> {
  const variants = Object.entries(LESS).map(([name, less]) => {
    const rules = { ...FORECAST_RULES, memory: { ...FORECAST_RULES.memory, ...less } };
    return [name, forecastUnder(lookBelowPercent, rules)] as const;
  });
  const ordinary = memoryOnly(traces);
  const results = await scored(ordinary, Object.fromEntries(variants));
  return new Map(
    variants.flatMap(([name]) => {
      const figures = figuresOf(results.filter(({ rule }) => rule === name));
      return figures === null ? [] : [[name, figures] as const];
    }),
  );
}

async function* memoryOnly(traces: Traces): AsyncGenerator<Trace> {
  for await (const trace of traces) {
    if (trace.resource === 'memory' && trace.family !== 'sudden_balloon') yield trace;
  }
}

/** A Markdown table: a line for each variant, a column for each set of hosts. */
export function lessTable(sets: Readonly<Record<string, ReadonlyMap<string, Figures>>>): string {
  const names = Object.keys(LESS);
  const cell = (figures: Figures | undefined): string => {
    if (figures === undefined) return '';
    const { caughtShare, medianLeadMinutes, falsePerHostWeek, falseHours, hostWeeks } = figures;
    const caught = caughtShare === null ? [] : [`${caughtShare.toFixed(3)} caught`];
    const lead = medianLeadMinutes === null ? [] : [duration(medianLeadMinutes)];
    const hours = hostWeeks === 0 ? 0 : falseHours / hostWeeks;
    return [...caught, ...lead, `${(falsePerHostWeek ?? 0).toFixed(3)} false (${hours.toFixed(1)} h)`].join(', ');
  };
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(['', ...Object.keys(sets)]),
    line(['', ...Object.keys(sets)].map(() => '---')),
    ...names.map((name) => line([name, ...Object.values(sets).map((figures) => cell(figures.get(name)))])),
  ].join('\n');
}
