/** Replays recorded memory and disks through the forecast and its rivals, and scores them. */
export { forecastUnder, newHistory, type Predictor, replay, score, type Trace } from './replay.ts';
export { RIVALS } from './rivals.ts';
export { alarmsLine, type BacktestResult, backtestJson, backtestTable } from './scores.ts';
export { type Observation, readBacktestLine, tracesOf } from './traces.ts';
