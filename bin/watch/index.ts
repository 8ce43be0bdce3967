/** A repeated check: the live table, trends and changes. */
export { timeOfDay } from './frame.ts';
export { WatchState } from './state.ts';
export { watchView } from './view.ts';
