import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exporterText } from '../../lambda/report/prometheus.ts';
import { fullHost } from '../lambda/report/metrics-fixtures.ts';
import { reportOf } from '../lambda/report/report-fixtures.ts';
import { markdownTable, withTables } from '../support/readme-tables.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs');
const PAGE = join(FOLDER, 'prometheus.md');

/** Every family that there is, from a host that has every figure. */
const unread = { mount: '/data', why: 'permission denied' };
const document = exporterText(reportOf({ ...fullHost, vitals: { ...fullHost.vitals!, unreadDisks: [unread] } }), {
  isSuccess: true,
  endedAt: new Date(0),
});
const families = [...document.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)\n\S+?(?:\{(.*)\})? \S+$/gm)].map(
  ([, name = '', help = '', type = '', labels = '']) => ({
    name,
    row: [
      `\`${name}\``,
      type,
      [...labels.matchAll(/([a-z_]+)="/g)]
        .flatMap(([, label]) => (/^(?:id|name)$/.test(label ?? '') ? [] : `\`${label}\``))
        .join(', '),
      help,
    ],
  }),
);

describe('docs/prometheus.md', () => {
  it('has every metric that there is (npm run docs)', () => {
    expect(families).toHaveLength(document.match(/^# TYPE/gm)?.length ?? 0);
    const table = markdownTable(
      ['metric', 'type', 'more labels', 'meaning'],
      families.map(({ row }) => row),
    );
    const page = readFileSync(PAGE, 'utf8');
    const made = withTables(page, { metrics: table });
    if (process.env.UPDATE_DOCS === '1') writeFileSync(PAGE, made);
    else expect(page).toBe(made);
    expect(made).toContain(table);
  });

  it('comes with alerts on metrics that there are', () => {
    const { groups } = parse(readFileSync(join(FOLDER, 'prometheus', 'rules.yml'), 'utf8')) as {
      groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
    };
    const used = groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => expr.match(/crawlwatch_\w+/g) ?? []));
    expect(used.length).toBeGreaterThan(8);
    const names = new Set(families.map(({ name }) => name));
    expect(used.filter((name) => !names.has(name))).toEqual([]);
  });
});
