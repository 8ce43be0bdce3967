/** The simulator's tables, in Markdown: the same on a terminal and in docs. */
import type { Limit } from './limits.ts';
import type { Measured } from './measure.ts';

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join(' | ')} |`;
  const rule = `| ${widths.map((width, n) => (n === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
};

const count = (value: number): string => Math.round(value).toLocaleString('en');
const seconds = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(1)} s`);
const mebibytes = (value: number | undefined): string =>
  value === undefined ? '-' : `${(value / 1024 / 1024).toFixed(1)} MiB`;
const dollars = (value: number): string => `$${value.toFixed(2)}`;
const each = (value: number, { instances }: Measured, digits: number): string => (value / instances).toFixed(digits);

/** One column for each size; the rows are what was measured. */
export function growthTable(all: readonly Measured[]): string {
  const commands = [...new Set(all.flatMap(({ calls }) => Object.keys(calls)))].sort();
  const steps = [...new Set(all.flatMap(({ stepSeconds }) => Object.keys(stepSeconds)))];
  const row = (what: string, of: (one: Measured) => string): string[] => [what, ...all.map(of)];
  const calls = (one: Measured) => Object.values(one.calls).reduce((sum, value) => sum + value, 0);
  return table(
    [
      `over ${all[0]?.transport.toUpperCase() ?? ''}, ${all[0]?.scale ?? ''}`,
      ...all.map((one) => count(one.instances)),
    ],
    [
      row('judged', (one) => count(one.judged)),
      row('not checked', (one) => count(one.notChecked)),
      row('run time', (one) => seconds(one.seconds)),
      row('run time an instance, ms', (one) => each(one.seconds * 1000, one, 1)),
      ...steps.map((step) => row(`longest ${step}`, (one) => seconds(one.stepSeconds[step]))),
      row('shards', (one) => count(one.shards)),
      ...commands.map((command) => row(command.replace(/Command$/, ''), (one) => count(one.calls[command] ?? 0))),
      row('calls an instance', (one) => each(calls(one), one, 4)),
      row('throttled', (one) => count(one.throttled)),
      row('given up', (one) => count(one.lost)),
      ...steps.map((step) => row(`heap of a ${step}`, (one) => mebibytes(one.stepHeap[step]))),
      row('Lambda GB-seconds', (one) => one.gbSeconds.toFixed(1)),
      row('Lambda, Step Functions and S3 a month', (one) => dollars(one.runDollars)),
      row('all of it a month', (one) => dollars(one.monthlyDollars)),
      row('an instance a month', (one) => `$${each(one.monthlyDollars, one, 4)}`),
    ],
  );
}

export const limitsTable = (instances: number, limits: readonly Limit[]): string =>
  table(
    [`at ${count(instances)} instances`, 'needs', 'has', 'used'],
    limits.map(({ what, needs, has, share }) => [what, needs, has, `${Math.round(share * 100)} %`]),
  );

/** Names what does not fit, or that all does. */
export function limitsVerdict(limits: readonly Limit[]): string {
  const over = limits.filter(({ share }) => share > 1).map(({ what }) => what);
  return over.length === 0 ? 'All of it fits.' : `What limits it: ${over.join('; ')}.`;
}
