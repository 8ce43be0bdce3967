/** What the benchmark prints: tables and targets. */

export interface Target {
  readonly what: string;
  readonly got: string;
  readonly target: string;
  /** Null where it could not be measured. */
  readonly met: boolean | null;
}

/** One measure as data. */
export interface Figure {
  readonly what: string;
  readonly ours: number;
  /** By name. */
  readonly rivals: Readonly<Record<string, number>>;
  /** Ours divided by that of the rival that `what` names. */
  readonly ratio: number;
  readonly target: string;
}

/** What one part of the benchmark found. */
export interface Section {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** What a reader has to know about the figures. */
  readonly notes: readonly string[];
  readonly targets: readonly Target[];
  readonly figures?: readonly Figure[];
}

export function renderSection({ title, columns, rows, notes, targets }: Section): string {
  const verdicts = targets.map(({ what, got, target, met }) => [what, got, target, verdict(met)]);
  return [
    `## ${title}`,
    table(columns, rows),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
    ...(targets.length === 0 ? [] : [table(['target', 'got', 'wanted', ''], verdicts)]),
  ].join('\n\n');
}

const verdict = (met: boolean | null) => (met === null ? 'not measured' : met ? 'met' : 'MISSED');

/** Makes a Markdown table whose columns line up in a terminal too: the first to the left, the others to the right. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, i) => Math.max(3, column.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, i) => (i === 0 ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
}

export const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
export const times = (ratio: number) => (Number.isFinite(ratio) ? `${ratio.toFixed(1)}×` : '-');
export const fixed = (value: number) => value.toFixed(1);
