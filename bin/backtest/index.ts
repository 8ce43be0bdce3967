/** Replays recorded memory and disks through the forecast and its rivals, and scores them. */
export { type Named, namedIn } from './culprits.ts';
export { linesOf } from './lines.ts';
export { forecastUnder, newHistory, type Predictor, replay, score, type Trace } from './replay.ts';
export { RIVALS, RIVALS_SEE_HOURS } from './rivals.ts';
export { alarmsLine, type BacktestResult, backtestJson, backtestTable, type Figures, figuresOf } from './scores.ts';
export { type Observation, readBacktestLine, tracesOf } from './traces.ts';
