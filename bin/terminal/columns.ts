/** The table of hosts: its columns, and what a narrow terminal leaves out. */

import { roughly } from '../../lambda/forecast/index.ts';
import type { LoginCommand } from '../../lambda/judge/index.ts';
import { clockTime, forTerminal, gib } from '../../lambda/kit/index.ts';
import type { Disk, InstanceReport, Status } from '../../lambda/model/index.ts';
import { fullestDisk } from '../../lambda/model/index.ts';
import { endBand } from './band.ts';
import { bar, cutMark, type Glyphs, sparkline } from './sparkline.ts';
import { cutMiddle, cutText, padText, textWidth } from './text-width.ts';

export interface TableStyle {
  /** Columns of the terminal; null: no limit. */
  readonly width: number | null;
  readonly colour: boolean;
  readonly now: Date;
  /** The characters of bars; absent or null: no bars. */
  readonly glyphs?: Glyphs | null;
  /** How the next step logs in. @default `ssh ADDRESS` */
  readonly login?: LoginCommand;
  /** The used shares over time, 0 to 1, where they have been watched. */
  readonly trends?: (instance: InstanceReport) => Trends;
}

export interface Trends {
  readonly memory: readonly (number | null)[];
  readonly disk: readonly (number | null)[];
}

/** SGR colours, of the sixteen that every terminal theme has. */
const COLOUR: Readonly<Record<Status, number>> = { OK: 32, WARNING: 33, CRITICAL: 31, UNKNOWN: 35 };
const BOLD = 1;
const sgr = (code: number, text: string, { colour }: Pick<TableStyle, 'colour'>) =>
  colour ? `\u001b[${code}m${text}\u001b[0m` : text;
export const painted = (status: Status, text: string, style: Pick<TableStyle, 'colour'>): string =>
  sgr(COLOUR[status], text, style);
export const bold = (text: string, style: Pick<TableStyle, 'colour'>): string => sgr(BOLD, text, style);

/** Which columns are shown, and how much of each. */
interface Layout {
  /** Columns of the longest name. */
  readonly name: number;
  readonly allReasons: boolean;
  readonly since: boolean;
  readonly memorySize: boolean;
  readonly mount: boolean;
  readonly place: boolean;
  readonly worker: boolean;
  readonly forecast: boolean;
  /** Blocks of a bar, and of a trend. */
  readonly bar: number;
  readonly trend: number;
}

const WIDEST: Layout = {
  name: Number.POSITIVE_INFINITY,
  allReasons: true,
  since: true,
  memorySize: true,
  mount: true,
  place: true,
  worker: true,
  forecast: true,
  bar: 10,
  trend: 16,
};
/** What a narrow terminal leaves out, in this order. */
const NARROWER: readonly Partial<Layout>[] = [
  { allReasons: false },
  { name: 32 },
  { trend: 8 },
  { since: false },
  { memorySize: false },
  { bar: 6 },
  { name: 24 },
  { bar: 0 },
  { mount: false },
  { place: false },
  { worker: false },
  { trend: 0 },
  { forecast: false },
];
const NAME_WIDTH_MIN = 12;
const GAP = '  ';

interface Column {
  readonly title: string;
  cell(instance: InstanceReport): string;
  paint?(instance: InstanceReport): Status | null;
}

function columnsOf(layout: Layout, style: TableStyle, place: Column['cell'] | null): readonly Column[] {
  const { now, glyphs, trends } = style;
  const drawn = (used: number) => (glyphs && layout.bar > 0 ? `${bar(used / 100, layout.bar, glyphs)} ` : '');
  const trend = (of: keyof Trends): Column => ({
    title: 'TREND',
    cell: (one) => {
      if (!glyphs || !trends || layout.trend === 0) return '';
      const past = sparkline(trends(one)[of], layout.trend, glyphs);
      const minutes = of === 'memory' ? one.forecast.memoryMinutes : null;
      return minutes === null || past === '' ? past : `${past}${endBand(minutes, layout.trend / 2, glyphs)}`;
    },
  });
  const ifAbout = (about: RegExp) => (one: InstanceReport) =>
    one.reasons.some(({ code }) => about.test(code)) ? one.status : null;
  const all: readonly (Column | false)[] = [
    { title: 'HOST', cell: ({ name }) => cutMiddle(forTerminal(name), layout.name, markOf(style)) },
    layout.place && place !== null && { title: 'WHERE', cell: place },
    { title: 'STATUS', cell: ({ status }) => status, paint: ({ status }) => status },
    { title: 'REASONS', cell: layout.allReasons ? everyReason : worstReason },
    {
      title: layout.mount ? 'MEMORY USED' : 'MEM',
      cell: ({ vitals }) => {
        if (vitals === null) return '';
        const { usedBytes, totalBytes } = vitals.memory;
        const used = (usedBytes / totalBytes) * 100;
        return `${drawn(used)}${share(used)}${layout.memorySize ? ` of ${gib(totalBytes)}` : ''}`;
      },
      paint: ifAbout(/^(Memory|OomKill)/),
    },
    trend('memory'),
    {
      title: layout.mount ? 'FULLEST DISK' : 'DISK',
      cell: ({ vitals }) => {
        const disks = vitals?.disks ?? [];
        const fullest = shownDisk(disks);
        if (fullest === undefined) return '';
        const mount = layout.mount ? ` ${forTerminal(fullest.mount.slice(0, 24))}` : '';
        return `${drawn(fullest.usedPercent)}${share(fullest.usedPercent)}${mount}`;
      },
      paint: ifAbout(/^(Disk|Inodes|ReadOnly)/),
    },
    trend('disk'),
    layout.worker && {
      title: 'WORKER',
      cell: ({ vitals }) => forTerminal(vitals?.worker?.state ?? ''),
      paint: ifAbout(/^Worker/),
    },
    layout.forecast && { title: 'RUNS OUT IN', cell: runsOut },
    layout.since && { title: 'SINCE', cell: ({ since }) => (since === null ? '' : clockTime(new Date(since), now)) },
  ];
  return all.filter((column) => column !== false);
}

/** The fullest that can be written, else the first that should be. */
export const shownDisk = (disks: readonly Disk[]): Disk | undefined =>
  fullestDisk(disks) ?? disks.find((disk) => !disk.readOnlyByDesign && !disk.ignored);

const everyReason = ({ reasons }: InstanceReport) => reasons.map(({ code }) => code).join(', ');
const worstReason = ({ reasons }: InstanceReport) =>
  `${reasons[0]?.code ?? ''}${reasons.length > 1 ? ` +${reasons.length - 1}` : ''}`;

/** Whole percents, five characters wide; what isn't quite full must not read 100 %. */
const share = (used: number): string => (used > 99.5 && used < 100 ? '>99 %' : `${Math.round(used)} %`.padStart(5));

function runsOut({ forecast }: InstanceReport): string {
  const part = (what: string, minutes: number | null) => (minutes === null ? [] : [`${what} ${roughly(minutes)}`]);
  return [...part('memory', forecast.memoryMinutes), ...part('disk', forecast.diskMinutes)].join(', ');
}

/** The columns that are shown. Cells are made again for each line: those of a large fleet at once would fill the memory. */
interface Grid {
  readonly columns: readonly Column[];
  readonly widths: readonly number[];
}

/** Where each host is: Region, account or both, as far as hosts differ in them; null where they don't. */
function placesOf(rows: readonly InstanceReport[]): Column['cell'] | null {
  const regions = new Set(rows.map(({ region }) => region));
  const accounts = new Set(rows.map(({ account }) => account));
  if (regions.size < 2 && accounts.size < 2) return null;
  return ({ region, account }) =>
    [...(regions.size < 2 ? [] : [region]), ...(accounts.size < 2 ? [] : [account])]
      .map((part) => forTerminal(part ?? '?'))
      .join(' ');
}

/** Leaves out empty columns. */
function gridOf(layout: Layout, rows: readonly InstanceReport[], style: TableStyle): Grid {
  const shown = columnsOf(layout, style, placesOf(rows)).flatMap((column) => {
    let widest = -1;
    for (const row of rows) {
      const cell = column.cell(row);
      if (cell !== '') widest = Math.max(widest, textWidth(cell));
    }
    return widest === -1 ? [] : [{ column, width: Math.max(widest, column.title.length) }];
  });
  return { columns: shown.map(({ column }) => column), widths: shown.map(({ width }) => width) };
}

const widthOf = ({ widths }: Grid) => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));

function fittingGrid(rows: readonly InstanceReport[], style: TableStyle): Grid {
  let layout = WIDEST;
  let grid = gridOf(layout, rows, style);
  if (style.width === null) return grid;
  for (const less of NARROWER) {
    if (widthOf(grid) <= style.width) return grid;
    layout = { ...layout, ...less };
    grid = gridOf(layout, rows, style);
  }
  const excess = widthOf(grid) - style.width;
  if (excess <= 0) return grid;
  const [name = 0, ...others] = grid.widths;
  const room = Math.max(Math.min(name, NAME_WIDTH_MIN), name - excess);
  const [first, ...rest] = grid.columns;
  if (first === undefined) return grid;
  const shorter = { ...first, cell: (row: InstanceReport) => cutMiddle(first.cell(row), room, markOf(style)) };
  return { columns: [shorter, ...rest], widths: [room, ...others] };
}

const markOf = ({ glyphs }: TableStyle) => cutMark(glyphs ?? 'ascii');

/** The header and a line for each host, in their given order, none wider than the terminal. */
export function* tableLines(rows: readonly InstanceReport[], style: TableStyle): Generator<string> {
  const { columns, widths } = fittingGrid(rows, style);
  const line = (textOf: (column: Column) => string, paint: (text: string, column: Column) => string) => {
    let room = style.width ?? Number.POSITIVE_INFINITY;
    return columns
      .map((column, i) => {
        const width = widths[i] ?? 0;
        // Cuts only where the terminal is too narrow even for the smallest layout.
        const shown = cutText(textOf(column), Math.max(0, room), '');
        const padding = padText(shown, width).slice(shown.length);
        room -= width + GAP.length;
        return shown === '' ? padding : `${paint(shown, column)}${padding}`;
      })
      .join(GAP)
      .trimEnd();
  };
  yield line(
    ({ title }) => title,
    (text) => bold(text, style),
  );
  for (const row of rows) {
    yield line(
      (column) => column.cell(row),
      (text, column) => {
        const status = column.paint?.(row) ?? null;
        return status === null ? text : painted(status, text, style);
      },
    );
  }
}
