/** The usual rules, replayed beside the forecast for comparison, with its floors and horizons. */
import { FORECAST_RULES } from '../../lambda/forecast/index.ts';
import type { Sample } from '../../lambda/model/index.ts';
import type { Predictor } from './replay.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Rivals see so much of the past sample by sample: the widest window, and the hour for which it must last. */
export const RIVALS_SEE_HOURS = 8;

/** Available below a share of the total. */
const below =
  (share: number): Predictor =>
  (_trace, _history, now) =>
    now.available < share;

/** Prometheus' predict_linear: least squares over a window reach the floor within the horizon. */
const predictLinear =
  (windowMs: number): Predictor =>
  ({ resource }, history, now) => {
    const { floor, horizon } = FORECAST_RULES[resource];
    return predicted(history, now, windowMs, horizon) < floor;
  };

/**
 * Netdata's `disk_fill_rate` and `out_of_disk_space_time`: what was lost since the least of the ten minutes of an hour
 * ago, and how long the rest lasts at that rate.
 * https://github.com/netdata/netdata/blob/master/src/health/health.d/disks.conf
 */
const fillRate: Predictor = ({ resource }, history, now) => {
  let then = Number.POSITIVE_INFINITY;
  for (let i = history.length - 1; i >= 0; i--) {
    const sample = history[i];
    const age = sample ? now.at.getTime() - sample.at.getTime() : Number.POSITIVE_INFINITY;
    if (!sample || age > HOUR) break;
    if (age >= 50 * MINUTE) then = Math.min(then, sample.available);
  }
  const { floor, horizon } = FORECAST_RULES[resource];
  const lost = then - now.available;
  return Number.isFinite(lost) && lost > 0 && ((now.available - floor) / lost) * HOUR < horizon;
};

/**
 * node_exporter's mixin, NodeFilesystemSpaceFillingUp: under 40 % and a line through six hours reaches nothing within a
 * day, for one hour. https://github.com/prometheus/node_exporter/blob/master/docs/node-mixin/alerts/alerts.libsonnet
 */
const mixin: Predictor = (_trace, history, now, speaking) => {
  const holds = (past: readonly Sample[], at: Sample) =>
    at.available < 0.4 && predicted(past, at, 6 * HOUR, 24 * HOUR) < 0;
  if (!holds(history, now)) return false;
  if (speaking) return true;
  for (let i = history.length - 1; i >= 0; i--) {
    const sample = history[i];
    if (!sample || !holds(history.slice(0, i), sample)) return false;
    if (now.at.getTime() - sample.at.getTime() >= HOUR) return true;
  }
  return false;
};

/** What least squares over a window make of the share available after the horizon; infinite where that is no line. */
function predicted(history: readonly Sample[], now: Sample, windowMs: number, horizonMs: number): number {
  let [count, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  const add = (x: number, y: number) => {
    count += 1;
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
  };
  add(0, now.available);
  for (let i = history.length - 1; i >= 0; i--) {
    const sample = history[i];
    const x = sample ? sample.at.getTime() - now.at.getTime() : Number.NEGATIVE_INFINITY;
    if (!sample || x < -windowMs) break;
    add(x, sample.available);
  }
  const spread = count * sumXX - sumX * sumX;
  if (spread <= 0) return Number.POSITIVE_INFINITY;
  const perMs = (count * sumXY - sumX * sumY) / spread;
  return (sumY - perMs * sumX) / count + perMs * horizonMs;
}

export const RIVALS: Readonly<Record<string, Predictor>> = {
  'available below 10 %': below(0.1),
  'predict_linear, 1 h': predictLinear(HOUR),
  'predict_linear, 3 h': predictLinear(3 * HOUR),
  "Netdata's hourly rate": fillRate,
  "node_exporter's mixin": mixin,
};
