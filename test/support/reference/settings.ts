/** docs/reference/settings.md, from the settings' schema. */
import { type SettingRow, settingRows } from '../../../lambda/settings/settings.ts';
import { markdownTable } from '../readme-tables.ts';
import { code, page } from './text.ts';

const tableOf = (rows: readonly SettingRow[]): string =>
  markdownTable(
    ['setting', 'default', 'allowed', 'what it does'],
    rows.map((row) => [
      code(row.key),
      row.default === null ? 'none' : code(String(row.default)),
      row.allowed,
      row.description,
    ]),
  );

export function settingsPage(): string {
  const groups = new Map<string, SettingRow[]>();
  for (const row of settingRows()) {
    const group = row.key.includes('.') ? (row.key.split('.')[0] ?? '') : 'general';
    groups.set(group, [...(groups.get(group) ?? []), row]);
  }
  return page(
    'Settings',
    'For the person who deploys or tunes crawlwatch: every setting, its default, what it takes and what it does.',
    'Settings go into `cdk.json`, under the key `crawlwatch` of its `context`. A dot in a name means nesting:',
    '```json\n{ "context": { "crawlwatch": { "alertEmail": "you@example.com", "memory": { "warningPercent": 12 } } } }\n```',
    [
      'Of several places the first that names a setting decides:',
      '',
      '1. a flag of the command, such as `--forks`; or `-c crawlwatch=\'{"memory":{"warningPercent":8}}\'` for one deploy: `crawlwatch deploy -- -c ...`, `cdk deploy -c ...`',
      '2. the environment variable `CRAWLWATCH_SETTINGS`, in JSON (the command line only)',
      '3. `cdk.json` in the current directory',
      '4. the default',
    ].join('\n'),
    'A setting that cannot be used fails `cdk synth` and the command. The message names the key, the value and what is allowed. One instance gets thresholds of its own by the tag [`crawlwatch:limits`](tags.md).',
    ...[...groups].map(([name, rows]) => `## ${name}\n\n${tableOf(rows)}`),
  );
}
