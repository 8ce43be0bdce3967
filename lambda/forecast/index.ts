/** Forecasts when memory or a disk runs out, and holds the thresholds it goes by. */
export { RANGE, roughly } from './estimate.ts';
export { forecast, type ResourceForecast } from './forecast.ts';
export { type Explained, explainedBy, whoGrew } from './growth.ts';
export { type Forecasts, forecastsOf, grewBefore, NO_FORECASTS, needsHistory } from './instance.ts';
export { FORECAST_RULES, type Resource, type Rule } from './rules.ts';
