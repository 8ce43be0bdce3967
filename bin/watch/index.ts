/** A repeated check: its loop, the live table, trends and changes. */
export { type RepeatFlags, repetitionOf, runWatch } from './loop.ts';
export { WatchState } from './state.ts';
export { newNotices, type WatchView, watchView } from './view.ts';
