/** Recorded memory replayed through the forecast, and scored. */
export { forecastUnder, newHistory, type Predictor, replay, score, type Trace } from './replay.ts';
export { RIVALS } from './rivals.ts';
export { alarmsLine, type BacktestResult, backtestJson, backtestTable } from './scores.ts';
export { type Observation, readBacktestLine, tracesOf } from './traces.ts';
