/** The band in which memory ends, as characters behind a line of the past. */

import { RANGE } from '../../lambda/forecast/index.ts';
import type { Glyphs } from './sparkline.ts';

const GLYPHS = {
  unicode: { now: '│', before: '·', within: '▒', more: '›' },
  ascii: { now: '|', before: '.', within: '%', more: '>' },
} as const satisfies Record<Glyphs, object>;

/** What one character stands for. */
const MINUTES_EACH = 30;

/**
 * `│·▒▒▒`: now, a dot for each half hour in which it lasts by any estimate, then those in which it may end; the last is `›`
 * where there are more of them than fit.
 * @param minutes the estimate, as in the forecast
 * @param width of all of it, two at least
 */
export function endBand(minutes: number, width: number, glyphs: Glyphs): string {
  const { now, before, within, more } = GLYPHS[glyphs];
  const cell = (factor: number) => Math.floor((factor * minutes) / MINUTES_EACH);
  const [earliest, latest] = [cell(RANGE.least), cell(RANGE.most)];
  const room = Math.max(1, width - 1);
  const cells: string[] = Array.from({ length: Math.min(room, latest + 1) }, (_, n) =>
    n < earliest ? before : within,
  );
  if (latest >= room) cells[room - 1] = more;
  return `${now}${cells.join('')}`;
}
