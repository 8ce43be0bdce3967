/** One picture of a watch: the fleet, worst first, what is wrong and what to do, and what has changed. Pure. */

import { forTerminal, plural } from '../../lambda/kit/index.ts';
import type { InstanceReport, Summary } from '../../lambda/model/index.ts';
import { inOrder } from '../../lambda/report/index.ts';
import {
  bold,
  countsText,
  cutMark,
  cutMiddle,
  cutText,
  isNextStep,
  padText,
  painted,
  type TableStyle,
  tableLines,
  textWidth,
  troubleBlocks,
} from '../terminal/index.ts';
import type { Change } from './changes.ts';

export interface WatchView {
  readonly instances: readonly InstanceReport[];
  readonly summary: Summary;
  /** The newest last. */
  readonly changes: readonly Change[];
  /** What is wrong with the watch itself. */
  readonly notices: readonly string[];
  /** One line: which check this was, and what happens next. */
  readonly status: string;
}

export interface FrameStyle extends TableStyle {
  /** Lines of the terminal; the frame leaves the last one free. */
  readonly rows: number;
}

/** Limits of the parts, so that none takes all of the screen. */
const CHANGES_SHOWN = 6;
const TABLE_MIN = 4;
const NAME_WIDTH = 24;

/** `08:05:12` */
export const timeOfDay = (at: Date): string => at.toISOString().slice(11, 19);

/**
 * Never more rows than the terminal has. No line is wider than it, but for next steps, which are to be copied: the terminal
 * wraps those.
 */
export function watchFrame(view: WatchView, style: FrameStyle): string[] {
  const height = Math.max(TABLE_MIN, style.rows - 1);
  const rows = inOrder(view.instances);
  const head = [
    ...cut([summaryText(view.summary, style)], style),
    ...cut([view.status, ...view.notices.map((text) => `! ${text}`)].map(forTerminal), style),
    '',
  ];
  const troubles = troubleBlocks(rows, style);
  const newest = view.changes.toSorted((a, b) => b.at.getTime() - a.at.getTime());
  const changes = changeLines(newest.slice(0, CHANGES_SHOWN), style);
  // The table comes first, then what is wrong, then the changes: each gets the lines that those before it left.
  let room = height - head.length;
  const take = (lines: readonly string[], most: number): readonly string[] => {
    const taken = fitting(lines, Math.min(most, room), style);
    room -= rowsOf(taken, style);
    return taken;
  };
  const table = take(tableOf(rows, style, Math.max(TABLE_MIN, room - reserve(troubles, changes, room, style))), room);
  const news = changes.length === 0 ? [] : take(['', ...changes], room);
  const wrong = take(
    troubles.flatMap((block) => ['', ...block.flatMap((line) => (isNextStep(line) ? [line] : cut([line], style)))]),
    room,
  );
  return fitting([...head, ...table, ...wrong, ...news], height, style);
}

/** Rows of the terminal, or one more: the style's width leaves a column free. */
const rowsOf = (lines: readonly string[], { width }: TableStyle): number =>
  lines.reduce((rows, line) => rows + Math.max(1, width === null ? 1 : Math.ceil(textWidth(line) / width)), 0);

/** As many of the first lines as have room. */
function fitting(lines: readonly string[], room: number, style: TableStyle): string[] {
  const end = lines.findIndex((_, nth) => rowsOf(lines.slice(0, nth + 1), style) > room);
  return lines.slice(0, end === -1 ? lines.length : end);
}

function summaryText(summary: Summary, style: TableStyle): string {
  // Before the first answer; how many are awaited is in the next line.
  if (summary.checked === 0) return bold('crawlwatch', style);
  const counts = countsText(summary, style);
  return `${bold(`crawlwatch: ${plural(summary.checked, 'host')}`, style)}${counts === '' ? '' : `: ${counts}`}`;
}

/** Reserves up to half of the lines for what is wrong and what has changed. */
function reserve(troubles: readonly string[][], changes: readonly string[], room: number, style: TableStyle): number {
  const wanted =
    troubles.reduce((sum, block) => sum + rowsOf(block, style) + 1, 0) + (changes.length > 0 ? changes.length + 1 : 0);
  return Math.min(wanted, Math.floor(room / 2));
}

/** Hosts that don't fit are counted in the last line. */
function tableOf(rows: readonly InstanceReport[], style: TableStyle, height: number): string[] {
  if (rows.length === 0) return [];
  const lines = [...tableLines(rows, style)];
  if (lines.length <= height) return lines;
  const hidden = rows.slice(height - 2);
  const bad = hidden.filter(({ status }) => status !== 'OK').length;
  const more = `and ${hidden.length} more${bad === 0 ? ', all OK' : `, ${bad} of them not OK`}`;
  return [...lines.slice(0, height - 1), more];
}

function changeLines(changes: readonly Change[], style: TableStyle): string[] {
  const names = changes.map(({ name }) => cutMiddle(forTerminal(name), NAME_WIDTH, cutMark(style.glyphs ?? 'ascii')));
  const width = Math.max(0, ...names.map(textWidth));
  return changes.map(({ at, status, text }, i) => {
    const [line = ''] = cut([`${timeOfDay(at)}  ${padText(names[i] ?? '', width)}  ${forTerminal(text)}`], style);
    return status === null ? line : line.replace(`> ${status}`, `> ${painted(status, status, style)}`);
  });
}

function cut(lines: readonly string[], { width, glyphs }: TableStyle): string[] {
  return width === null ? [...lines] : lines.map((line) => cutText(line, width, cutMark(glyphs ?? 'ascii')));
}

/** One change as a line of a log. */
export function changeLine({ at, name, text }: Change): string {
  return `${at.toISOString().replace(/\.\d+Z$/, 'Z')} ${forTerminal(name)} ${forTerminal(text)}`;
}
