/** Tables in Markdown, made from the code that they describe, and pages that hold some between other text. */
import { billRows, monthlyBill } from '../../lambda/cost/cost.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';

/** A table in Markdown; pipes in cells are escaped. */
export const markdownTable = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');

const FLEETS = [10, 100, 1_000, 10_000];
/** The monthly bill of fleets of several sizes, with the default settings over SSM. */
export const costTable = (): string =>
  markdownTable(
    ['USD a month', ...FLEETS.map((instances) => `${instances.toLocaleString('en')} instances`)],
    billRows(FLEETS.map((instances) => monthlyBill(instances, parseSettings()))),
  );

/** Those of the README. The others are pages of docs/reference. */
export const README_TABLES = { cost: costTable() } as const;

/** The README with its tables as the code has them. */
export function withTables(readme: string, tables: Readonly<Record<string, string>> = README_TABLES): string {
  return Object.entries(tables).reduce(
    (text, [name, made]) =>
      text.replace(
        new RegExp(`<!-- ${name}:begin -->[\\s\\S]*?<!-- ${name}:end -->`),
        () => `<!-- ${name}:begin -->\n${made}\n<!-- ${name}:end -->`,
      ),
    readme,
  );
}
