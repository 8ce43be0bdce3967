/** The band in which memory ends, behind the line of the past, and who took it: what the fleet table shows of a forecast. */

import { RANGE, roughly } from '../forecast/index.ts';
import { grewText } from '../judge/index.ts';
import { type Html, html } from '../kit/index.ts';
import type { FleetRow } from './rows.ts';

/** What of a line's picture the time to come takes, and the hours that it shows of it. */
export const BAND = { width: 36, hours: 3 } as const;
/** So narrow a band would not be seen. */
const LEAST_WIDTH = 2;

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
 * The time to come behind a line: when it ends as a band of the picture's whole height, from the earliest to the latest by
 * the estimate, and a cone that leads there from the latest figure. What is later than the hours shown is cut off.
 * @param from the latest figure
 * @param height of the picture; nothing is left at its top
 */
export function endBand({ minutes }: Ending, from: Point, height: number): Html {
  const right = from.x + BAND.width;
  const at = (factor: number) => from.x + (BAND.width * factor * minutes) / (60 * BAND.hours);
  const earliest = Math.min(at(RANGE.least), right - LEAST_WIDTH);
  const latest = Math.min(Math.max(at(RANGE.most), earliest + LEAST_WIDTH), right);
  const cone = [from, { x: earliest, y: 0 }, { x: latest, y: 0 }].map(({ x, y }) => `${tenths(x)},${tenths(y)}`);
  const now = html`<line class="cw-limit" x1="${tenths(from.x)}" x2="${tenths(from.x)}" y1="0" y2="${height}"/>`;
  const band = html`<rect class="cw-ink" fill-opacity=".35" x="${tenths(earliest)}" y="0" width="${tenths(latest - earliest)}" height="${height}"/>`;
  return html`${now}${band}<polygon class="cw-ink" fill-opacity=".35" points="${cone.join(' ')}"/>`;
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** Who took the memory, where that is clear. */
export const grewLine = ({ grew }: FleetRow): Html | null =>
  grew === null ? null : html`<div class="cw-small">${grewText(grew)}</div>`;
