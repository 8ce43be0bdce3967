/** The packed past of every instance: what forecasts, sparklines and last good figures read. */
export { type FleetSamples, fleetSamples, pastSamples } from './figures.ts';
export { NOTHING_KNOWN, type PastFigures } from './samples.ts';
export { snapshotOf, snapshotsOf, withSnapshot } from './snapshots.ts';
