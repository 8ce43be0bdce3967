/** Line graphs like the dashboard's, as SVG: a line for each instance, limits dashed, gaps where values are missing. */
import { type Html, html } from '../../lambda/kit/index.ts';

export interface Point {
  readonly at: Date;
  readonly value: number;
}

export interface Series {
  readonly name: string;
  /** Oldest first. */
  readonly points: readonly Point[];
}

export interface Chart {
  readonly title: string;
  readonly series: readonly Series[];
  /** Upper end of the scale, which begins at 0. */
  readonly max: number;
  readonly limits: readonly { readonly value: number; readonly tone: 'warning' | 'critical' }[];
}

export interface Range {
  readonly from: Date;
  readonly to: Date;
  /** A longer time without a value is a gap. */
  readonly gapMinutes: number;
}

/** Colours in the style sheet; further series start again with the first. */
export const COLOURS = 10;

const BOX = { width: 620, height: 190, left: 44, right: 26, top: 10, bottom: 22 };
const TICK_MINUTES = 10;
const MINUTE = 60_000;

export function chartHtml({ title, series, max, limits }: Chart, range: Range): Html {
  const { width, height, left, right, top, bottom } = BOX;
  const span = range.to.getTime() - range.from.getTime();
  const x = (at: Date) => round(left + ((width - left - right) * (at.getTime() - range.from.getTime())) / span);
  const y = (value: number) => round(top + (height - top - bottom) * (1 - Math.min(value, max) / max));
  const scale = [0, max / 2, max].map(
    (value) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/><text x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${value}</text>`,
  );
  const times = ticks(range).map(
    (at) => html`<text x="${x(at)}" y="${height - 6}" text-anchor="middle">${at.toISOString().slice(11, 16)}</text>`,
  );
  const limitLines = limits.map(
    ({ value, tone }) =>
      html`<line class="limit ${tone}" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>`,
  );
  const lines = series.map((one, n) => {
    const drawn = segments(one.points, range).map(([first, ...more]) =>
      first !== undefined && more.length === 0
        ? html`<circle cx="${x(first.at)}" cy="${y(first.value)}" r="4"/>`
        : html`<polyline points="${[...(first === undefined ? [] : [first]), ...more].map(({ at, value }) => `${x(at)},${y(value)}`).join(' ')}"/>`,
    );
    return html`<g class="line colour-${n % COLOURS}"><title>${one.name}</title>${drawn}</g>`;
  });
  return html`<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${scale}${times}${limitLines}${lines}</svg></figure>`;
}

/** One legend for all graphs with the same series. */
export function legendHtml(names: readonly string[]): Html {
  return html`<p class="legend">${names.map((name, n) => html`<span><i class="colour-${n % COLOURS}"></i>${name}</span>`)}</p>`;
}

function segments(points: readonly Point[], { gapMinutes }: Range): Point[][] {
  const found: Point[][] = [];
  for (const [n, point] of points.entries()) {
    const before = points[n - 1];
    if (before === undefined || point.at.getTime() - before.at.getTime() > gapMinutes * MINUTE) found.push([]);
    found.at(-1)?.push(point);
  }
  return found;
}

function ticks({ from, to }: Range): Date[] {
  const step = TICK_MINUTES * MINUTE;
  const first = Math.ceil(from.getTime() / step) * step;
  return Array.from({ length: Math.floor((to.getTime() - first) / step) + 1 }, (_, n) => new Date(first + n * step));
}

const round = (value: number): number => Math.round(value * 10) / 10;
