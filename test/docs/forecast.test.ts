import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forecastUnder, replay, score } from '../../bin/backtest/replay.ts';
import { RIVALS } from '../../bin/backtest/rivals.ts';
import { type BacktestResult, backtestJson, backtestTable } from '../../bin/backtest/scores.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { syntheticTraces } from '../support/traces.ts';

const FILE = join(import.meta.dirname, '../../docs/forecast.md');
const isWriting = process.env.UPDATE_FORECAST === '1';
const RULES = { crawlwatch: forecastUnder(parseSettings().forecast.lookBelowPercent), ...RIVALS };
const SEED = 7;
/** Below forty the dice say more than the rules do: good enough to see that the forecast is not broken. */
const PER_FAMILY = isWriting ? 40 : 3;

function results(): BacktestResult[] {
  return [...syntheticTraces(SEED, PER_FAMILY)].flatMap((trace) =>
    Object.entries(RULES).map(([rule, predictor]) => {
      const { family, resource } = trace;
      return { rule, family, resource, score: score(trace, replay(trace, predictor)) };
    }),
  );
}

const page = (tables: string) => `# The forecast, measured

Synthetic hosts, seeded: ${PER_FAMILY} of each family, a week of memory or two weeks of disk, a sample every five minutes. Made by \`npm run docs:forecast\`; the forecast is the code that the scheduled check runs, fed sample by sample. Your own recordings count for more: \`npx crawlwatch backtest FILE\` scores them in the same way.

A rule is on while it says "soon"; stretches closer than 30 minutes (disk: 2 h) are one alarm. The first line of each resource is the forecast, below it a threshold of 10 % and Prometheus' \`predict_linear\` on the same hosts.

\`\`\`
${tables.trimEnd()}
\`\`\`

The estimate of the minutes is rough: in half of the cases it took between 0.9 and 3 times as long. So mails and tables show a range.
`;

describe('docs/forecast.md', () => {
  it('has the forecast ahead of a threshold and of predict_linear, on hosts of every family', () => {
    const all = results();
    const { overall, rivals } = JSON.parse(backtestJson(all, Object.keys(RULES)));
    expect(overall.memory.caughtShare).toBeGreaterThan(0.85);
    expect(overall.disk.caughtShare).toBeGreaterThan(0.95);
    for (const [rule, figures] of Object.entries<typeof overall>(rivals)) {
      expect([rule, figures.memory.falsePerHostWeek > 2 * overall.memory.falsePerHostWeek]).toEqual([rule, true]);
    }
    if (isWriting) writeFileSync(FILE, page(backtestTable(all, Object.keys(RULES))));
    expect(readFileSync(FILE, 'utf8')).toContain('40 of each family');
  });
});
