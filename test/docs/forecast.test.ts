import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { backtestJson } from '../../bin/backtest/scores.ts';
import { hardTraces, syntheticTraces } from '../../tools/forecast/hosts.ts';
import { beside, RULE_NAMES } from '../../tools/forecast/measure.ts';
import { forecastPage, MADE, tablesIn } from '../../tools/forecast/page.ts';

/** Hosts of each family: too few to compare rules closely, enough to see that the forecast works. */
const FEW = 3;

describe('docs/forecast.md', () => {
  it('has the forecast ahead of a threshold and of rates, on hosts of every family', async () => {
    const { overall, rivals } = JSON.parse(backtestJson(await beside(syntheticTraces(7, FEW)), RULE_NAMES));
    expect(overall.memory.caughtShare).toBeGreaterThan(0.85);
    expect(overall.disk.caughtShare).toBeGreaterThan(0.95);
    for (const [rule, figures] of Object.entries<typeof overall>(rivals)) {
      expect([rule, figures.memory.falsePerHostWeek > 2 * overall.memory.falsePerHostWeek]).toEqual([rule, true]);
    }
  });

  it('catches what dipped once before, and leaves alone what lives low', async () => {
    const { families } = JSON.parse(backtestJson(await beside(hardTraces(7, FEW)), RULE_NAMES));
    const of = (name: string) => families.find(({ family }: { family: string }) => family === name);
    expect(of('survived_dip').caught).toBe(FEW);
    expect(of('lives_low').falsePerHostWeek).toBeLessThan(1);
  });

  it('is what npm run docs:forecast writes around its tables', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/forecast.md'), 'utf8');
    const tables = tablesIn(page);
    expect([...tables.keys()]).toEqual(expect.arrayContaining([...MADE]));
    expect(tables.get('base')).toMatch(/RESOURCE {2}RULE.*crawlwatch.*RESOURCE {2}FAMILY/s);
    expect(page).toBe(forecastPage(tables));
  });
});
