/** The packed past of every instance: what forecasts, sparklines and last good figures read. */
export { type FleetSamples, fleetSamples, pastSamples } from './figures.ts';
export { KeptProcesses } from './kept-processes.ts';
export { type Histories, NOTHING_KNOWN, type PastFigures, type ProcessesById } from './samples.ts';
export { snapshotOf, snapshotsOf, withSnapshot } from './snapshots.ts';
