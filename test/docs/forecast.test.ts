import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backtestJson } from '../../bin/backtest/scores.ts';
import { forecastPage, RULE_NAMES, scoredHosts } from '../../tools/forecast/page.ts';

/** Hosts of each family: too few to compare rules closely, enough to see that the forecast works. */
const FEW = 3;

describe('docs/forecast.md', () => {
  it('has the forecast ahead of a threshold and of predict_linear, on hosts of every family', () => {
    const { overall, rivals } = JSON.parse(backtestJson(scoredHosts(FEW), RULE_NAMES));
    expect(overall.memory.caughtShare).toBeGreaterThan(0.85);
    expect(overall.disk.caughtShare).toBeGreaterThan(0.95);
    for (const [rule, figures] of Object.entries<typeof overall>(rivals)) {
      expect([rule, figures.memory.falsePerHostWeek > 2 * overall.memory.falsePerHostWeek]).toEqual([rule, true]);
    }
  });

  it('is what npm run docs:forecast writes around its tables', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/forecast.md'), 'utf8');
    const [, tables = ''] = page.split('```\n');
    expect(tables).toMatch(/^RESOURCE {2}RULE.*crawlwatch.*RESOURCE {2}FAMILY/s);
    expect(page).toBe(forecastPage(tables));
  });
});
