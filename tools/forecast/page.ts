/** docs/forecast.md: the forecast beside its rivals, on synthetic hosts of every family. */
import { type BacktestResult, backtestTable, forecastUnder, RIVALS, replay, score } from '../../bin/backtest/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { syntheticTraces } from './hosts.ts';

/** As many hosts of each family as the page is made from: below forty, chance weighs more than the rules do. */
export const PER_FAMILY = 40;
const SEED = 7;

const PREDICTORS = { crawlwatch: forecastUnder(parseSettings().forecast.lookBelowPercent), ...RIVALS };
/** The forecast first, then its rivals. */
export const RULE_NAMES: readonly string[] = Object.keys(PREDICTORS);

export function scoredHosts(perFamily: number): BacktestResult[] {
  return [...syntheticTraces(SEED, perFamily)].flatMap((trace) =>
    Object.entries(PREDICTORS).map(([rule, predictor]) => {
      const { family, resource } = trace;
      return { rule, family, resource, score: score(trace, replay(trace, predictor)) };
    }),
  );
}

export const forecastTables = (results: readonly BacktestResult[]): string => backtestTable(results, RULE_NAMES);

export const forecastPage = (tables: string): string => `# The forecast, measured

Synthetic hosts, seeded: ${PER_FAMILY} of each family, a week of memory or two weeks of disk, a sample every five minutes. Made by \`npm run docs:forecast\`; the forecast is the code that the scheduled check runs, fed sample by sample. Your own recordings count for more: \`npx crawlwatch backtest FILE\` scores them in the same way.

A rule is on while it says "soon"; stretches closer than 30 minutes (disk: 2 h) are one alarm. The first line of each resource is the forecast, below it a threshold of 10 % and Prometheus' \`predict_linear\` on the same hosts.

\`\`\`
${tables.trimEnd()}
\`\`\`

The estimate of the minutes is rough: in half of the cases it took between 0.9 and 3 times as long. So mails and tables show a range.
`;
