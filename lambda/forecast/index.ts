/** When memory or a disk runs out. */
export { forecast, type Resource, type ResourceForecast } from './forecast.ts';
export { type Forecasts, forecastsOf, NO_FORECASTS, needsHistory } from './instance.ts';
