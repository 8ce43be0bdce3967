/** The band in which memory ends, behind the line of the past, and who took it: what the fleet table shows of a forecast. */

import { RANGE, roughly } from '../forecast/index.ts';
import { grewText } from '../judge/index.ts';
import { type Html, html } from '../kit/index.ts';
import type { FleetRow } from './rows.ts';

/** What the band adds to the width of a line, and the hours that it shows of the time to come. */
export const BAND = { width: 48, hours: 3 } as const;

interface Point {
  readonly x: number;
  readonly y: number;
}

/** What is forecast to run out, in about how many minutes. */
export interface Ending {
  readonly what: string;
  readonly minutes: number;
}

export const memoryEnd = ({ forecast: { memoryMinutes } }: FleetRow): Ending | null =>
  memoryMinutes === null ? null : { what: 'memory', minutes: memoryMinutes };

/** `memory runs out in 40 min to 2 h`: the band in words. */
export const endWords = ({ what, minutes }: Ending): string => `${what} runs out in ${roughly(minutes)}`;

/**
 * A cone from the latest figure to where nothing is left, as wide as the estimate is rough; what is later than the hours
 * that it shows is cut off.
 * @param from the latest figure
 * @param end the y of nothing left
 */
export function endBand({ minutes }: Ending, from: Point, end: number): Html {
  const right = from.x + BAND.width;
  const at = (factor: number) => from.x + (BAND.width * factor * minutes) / (60 * BAND.hours);
  const [earliest, latest] = [at(RANGE.least), at(RANGE.most)];
  // What is later than the right side is cut off, the corner included where the cone is that wide.
  const corner = earliest <= right && latest > right ? [{ x: right, y: end }] : [];
  const points = [from, cut(from, earliest, end, right), ...corner, cut(from, latest, end, right)];
  const shape = points.map(({ x, y }) => `${tenths(x)},${tenths(y)}`).join(' ');
  const now = html`<line class="cw-limit" x1="${tenths(from.x)}" x2="${tenths(from.x)}" y1="0" y2="26"/>`;
  return html`${now}<polygon class="cw-ink" fill-opacity=".3" points="${shape}"/>`;
}

/** Where an edge of the cone ends: with nothing left, or at the right side of the picture. */
const cut = (from: Point, x: number, end: number, right: number): Point =>
  x <= right ? { x, y: end } : { x: right, y: from.y + ((end - from.y) * (right - from.x)) / (x - from.x) };

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** Who took the memory, where that is clear. */
export const grewLine = ({ grew }: FleetRow): Html | null =>
  grew === null ? null : html`<div class="cw-small">${grewText(grew)}</div>`;
