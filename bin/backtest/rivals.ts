/** The usual rules, replayed beside the forecast for comparison, with its floors and horizons. */
import { FORECAST_RULES } from '../../lambda/forecast/index.ts';
import type { Sample } from '../../lambda/model/index.ts';
import type { Predictor } from './replay.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Available below a share of the total. */
const below =
  (share: number): Predictor =>
  (_trace, _history, now) =>
    now.available < share;

/** Prometheus' predict_linear: least squares over a window reach the floor within the horizon. */
const predictLinear =
  (windowMs: number): Predictor =>
  ({ resource }, history, now) => {
    const first = history.findLastIndex((sample) => now.at.getTime() - sample.at.getTime() > windowMs) + 1;
    const { floor, horizon } = FORECAST_RULES[resource];
    const line = leastSquares([...history.slice(first), now], now);
    return line !== null && line.atNow + line.perMs * horizon < floor;
  };

function leastSquares(points: readonly Sample[], now: Sample): { atNow: number; perMs: number } | null {
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  for (const { at, available } of points) {
    const x = at.getTime() - now.at.getTime();
    sumX += x;
    sumY += available;
    sumXX += x * x;
    sumXY += x * available;
  }
  const spread = points.length * sumXX - sumX * sumX;
  if (spread <= 0) return null;
  const perMs = (points.length * sumXY - sumX * sumY) / spread;
  return { perMs, atNow: (sumY - perMs * sumX) / points.length };
}

export const RIVALS: Readonly<Record<string, Predictor>> = {
  'available below 10 %': below(0.1),
  'predict_linear, 1 h': predictLinear(HOUR),
  'predict_linear, 3 h': predictLinear(3 * HOUR),
};
