/** A report for a person at a terminal: a table, worst first, then each trouble in full and what to do about it. */
import Table from 'cli-table3';
import type { InstanceReport, Report, Status } from '../model.ts';
import { forTerminal } from './escape.ts';
import { inOrder } from './fleet-report.ts';
import { type LoginCommand, nextStep } from './next-step.ts';
import { clockTime, gib, percent, plural, roughly } from './wording.ts';

export interface TableStyle {
  /** Columns of the terminal; null: as wide as it gets. */
  readonly width: number | null;
  readonly colour: boolean;
  readonly now: Date;
  /** How the next step logs in. @default `ssh ADDRESS` */
  readonly login?: LoginCommand;
}

/** SGR colours, of the sixteen that every terminal theme has. */
const COLOUR: Readonly<Record<Status, number>> = { OK: 32, WARNING: 33, CRITICAL: 31, UNKNOWN: 35 };
const painted = (status: Status, text: string, { colour }: TableStyle) =>
  colour ? `\u001b[${COLOUR[status]}m${text}\u001b[0m` : text;

interface Column {
  readonly title: string;
  cell(instance: InstanceReport, style: TableStyle): string;
}

const HOST: Column = { title: 'HOST', cell: ({ name }) => forTerminal(name) };
const REASONS: Column = { title: 'REASONS', cell: ({ reasons }) => reasons.map(({ code }) => code).join(', ') };
const WORST_REASON: Column = {
  title: 'REASONS',
  cell: ({ reasons }) => `${reasons[0]?.code ?? ''}${reasons.length > 1 ? ` +${reasons.length - 1}` : ''}`,
};
const MEMORY_USED: Column = { title: 'MEMORY USED', cell: memoryUsed };
const WORKER: Column = { title: 'WORKER', cell: ({ vitals }) => forTerminal(vitals?.worker?.state ?? '') };
const FORECAST: Column = { title: 'RUNS OUT IN', cell: runsOut };
const SINCE: Column = {
  title: 'SINCE',
  cell: ({ since }, { now }) => (since === null ? '' : clockTime(new Date(since), now)),
};
const COLUMNS: readonly Column[] = [
  HOST,
  { title: 'STATUS', cell: ({ status }, style) => painted(status, status, style) },
  REASONS,
  { title: 'AVAILABLE', cell: available },
  MEMORY_USED,
  { title: 'FULLEST DISK', cell: fullestDisk },
  WORKER,
  FORECAST,
  SINCE,
];
/** What a narrow terminal goes without, the first one first. */
const DISPENSABLE: readonly Column[] = [SINCE, MEMORY_USED, WORKER, FORECAST];
const NAME_WIDTH_MIN = 12;

function available({ vitals }: InstanceReport): string {
  return vitals === null ? '' : percent((vitals.memory.availableBytes / vitals.memory.totalBytes) * 100);
}

function memoryUsed({ vitals }: InstanceReport): string {
  return vitals === null ? '' : `${gib(vitals.memory.usedBytes)} of ${gib(vitals.memory.totalBytes)}`;
}

function fullestDisk({ vitals }: InstanceReport): string {
  const [fullest] = [...(vitals?.disks ?? [])].sort((a, b) => b.usedPercent - a.usedPercent);
  return fullest === undefined ? '' : `${percent(fullest.usedPercent)} ${forTerminal(fullest.mount.slice(0, 24))}`;
}

function runsOut({ forecast }: InstanceReport): string {
  const told = (what: string, minutes: number | null) => (minutes === null ? [] : [`${what} ${roughly(minutes)}`]);
  return [...told('memory', forecast.memoryMinutes), ...told('disk', forecast.diskMinutes)].join(', ');
}

function render(columns: readonly Column[], rows: readonly InstanceReport[], style: TableStyle, nameWidth?: number) {
  const frame = 'top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid';
  const table = new Table({
    head: columns.map((column) => column.title),
    chars: Object.fromEntries([...frame.split(' '), 'right', 'right-mid', 'middle'].map((part) => [part, ''])),
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2, compact: true },
    colWidths: columns.map((column) => (column === HOST ? (nameWidth ?? null) : null)),
  });
  table.push(...rows.map((row) => columns.map((column) => column.cell(row, style))));
  const lines = table.toString().split('\n');
  // The header is ASCII without colour and padded to the full width, so its length is the table's width.
  return { text: lines.map((line) => line.trimEnd()).join('\n'), width: (lines[0]?.length ?? 0) - 2 };
}

function fittingTable(rows: readonly InstanceReport[], style: TableStyle): string {
  let columns = COLUMNS.filter((column) => rows.some((row) => column.cell(row, style) !== ''));
  const narrower = [
    () => columns.map((column) => (column === REASONS ? WORST_REASON : column)),
    ...DISPENSABLE.map((column) => () => columns.filter((kept) => kept !== column)),
  ];
  let table = render(columns, rows, style);
  if (style.width === null) return table.text;
  for (const step of narrower) {
    if (table.width <= style.width) return table.text;
    columns = step();
    table = render(columns, rows, style);
  }
  if (table.width <= style.width) return table.text;
  const rest = table.width - Math.max(4, ...rows.map((row) => HOST.cell(row, style).length));
  return render(columns, rows, style, Math.max(NAME_WIDTH_MIN, style.width - rest) + 2).text;
}

/** Each host that is not OK, or that left a note: its sentences, the evidence, and the next step. */
function details(instance: InstanceReport, style: TableStyle): string[] {
  const next = nextStep(instance, style.login);
  const lines = [
    ...instance.reasons.map(({ code, text }) => `${code}: ${text}`),
    ...instance.evidence.map((text) => `evidence: ${text}`),
    ...instance.notes.map((text) => `note: ${text}`),
  ].map(forTerminal);
  if (lines.length === 0) return [];
  const flag = instance.flagged ? ', flagged for reboot' : '';
  const head = `${forTerminal(instance.name)}: ${painted(instance.status, instance.status, style)}${flag}`;
  return ['', head, ...lines.map((line) => `  ${line}`), ...(next === null ? [] : [`  next: ${next}`])];
}

/** `10 hosts in 0.8 s: 2 CRITICAL, 8 OK; 1 skipped` */
export function summaryLine(report: Report, style: TableStyle): string {
  const { checked, ok, warning, critical, unknown } = report.summary;
  const counts = { CRITICAL: critical, UNKNOWN: unknown, WARNING: warning, OK: ok };
  const told = Object.entries(counts).filter(([, count]) => count > 0);
  const list = told.map(([status, count]) => painted(status as Status, `${count} ${status}`, style)).join(', ');
  const skipped = report.skipped.length === 0 ? '' : `; ${report.skipped.length} skipped`;
  return `${plural(checked, 'host')} in ${(report.durationMs / 1000).toFixed(1)} s${list === '' ? '' : `: ${list}`}${skipped}`;
}

export function reportTable(report: Report, style: TableStyle): string {
  const rows = inOrder(report.instances);
  const skipped = report.skipped.map(({ name, why }) => `skipped ${forTerminal(name)}: ${forTerminal(why)}`);
  return [
    ...(rows.length === 0 ? [] : [fittingTable(rows, style), ...rows.flatMap((row) => details(row, style)), '']),
    ...skipped,
    summaryLine(report, style),
  ].join('\n');
}
