/** The small charts of the fleet table: a bar for now, a line for the last three hours. SVG without scripts or ids. */

import { type Html, html, minutesBetween, percent } from '../kit/index.ts';
import type { Settings } from '../settings/index.ts';
import { BAND, type Ending, endBand, endWords } from './band.ts';
import { type Gauge, isOld, TREND_HOURS } from './rows.ts';
import type { Times } from './times.ts';

/** Colour class of a figure. */
export type Tone = 'calm' | 'warning' | 'critical';

/** Available percent under which a figure is a warning, and critical. */
export interface Limits {
  readonly warningPercent: number;
  readonly criticalPercent: number;
}

const BAR = { width: 56, height: 8 };
const LINE = { width: 96, height: 26 };

export function toneOf(available: number, { warningPercent, criticalPercent }: Limits): Tone {
  if (available * 100 < criticalPercent) return 'critical';
  return available * 100 < warningPercent ? 'warning' : 'calm';
}

/** How a gauge is drawn: the limits of its resource, its colour, and a word beneath it. */
export interface GaugeLook {
  readonly limits: Limits;
  readonly tone: Tone;
  /** In red beneath the bar, e.g. why so little is used; null: nothing. */
  readonly alarm?: string | null;
  /** Null: nothing is forecast to run out. */
  readonly ends?: Ending | null;
  readonly settings: Settings;
  readonly times: Times;
}

/** `97 %`, its bar and its trend; pale, and with its age, where it is old. */
export function gaugeCell(gauge: Gauge | null, look: GaugeLook): Html {
  const { limits, tone, alarm = null, ends = null, settings, times } = look;
  if (gauge === null) return html`<span class="cw-dim">not known</span>`;
  const { latest } = gauge;
  const used = Math.round(100 * (1 - latest.available));
  const old = isOld(latest.at, times.now, settings);
  const when = old
    ? html`<div class="cw-small cw-dim">${times.ago(latest.at)}, at ${times.clock(latest.at)}</div>`
    : null;
  const why = alarm === null ? null : html`<div class="cw-small cw-critical-text"><b>${alarm}</b></div>`;
  return html`<div class="cw-gauge cw-tone-${tone}${old ? ' cw-old' : ''}${alarm === null ? '' : ' cw-alarm'}" title="${percent(100 * latest.available)} available at ${times.clock(latest.at)}"><b>${used} %</b>${bar(used)}${trend(gauge, limits, times.now, settings, ends)}</div>${why}${when}`;
}

function bar(used: number): Html {
  const width = round((Math.min(100, Math.max(0, used)) / 100) * BAR.width);
  return html`<svg class="cw-bar" width="${BAR.width}" height="${BAR.height}"><rect class="cw-rail" width="${BAR.width}" height="${BAR.height}" rx="2"/><rect class="cw-ink" width="${width}" height="${BAR.height}" rx="2"/></svg>`;
}

/** Percent used, 0 at the bottom; the dashed line is the warning limit, and a gap is a time without an answer. */
function trend({ samples, latest }: Gauge, limits: Limits, now: Date, settings: Settings, ends: Ending | null): Html {
  const gapMinutes = 2.5 * Math.max(5, settings.schedule.everyMinutes);
  const past = LINE.width - (ends === null ? 0 : BAND.width);
  const x = (at: Date) => round(past * (1 - minutesBetween(at, now) / (TREND_HOURS * 60)));
  const y = (available: number) => round(1 + (LINE.height - 2) * Math.min(1, Math.max(0, available)));
  const pieces: string[][] = [];
  for (const [i, { at, available }] of samples.entries()) {
    const before = samples[i - 1];
    if (before === undefined || minutesBetween(before.at, at) > gapMinutes) pieces.push([]);
    pieces.at(-1)?.push(`${x(at)},${y(available)}`);
  }
  const limit = y(limits.warningPercent / 100);
  // A piece of one point is drawn as well: twice the same point with round ends is a dot.
  const lines = pieces.map(
    (points) =>
      html`<polyline class="cw-line" points="${(points.length === 1 ? [...points, ...points] : points).join(' ')}"/>`,
  );
  const words = ends === null ? null : endWords(ends);
  const label = words === null ? null : html` role="img" aria-label="${words}"`;
  const title = words === null ? null : html`<title>${words}</title>`;
  const band = ends === null ? null : endBand(ends, { x: past, y: y(latest.available) }, LINE.height);
  return html`<svg class="cw-trend" width="${LINE.width}" height="${LINE.height}"${label}>${title}<line class="cw-limit" x1="0" x2="${LINE.width}" y1="${limit}" y2="${limit}"/>${band}${lines}</svg>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
