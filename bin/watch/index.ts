/** A check repeated: the live table, trends and changes. */
export { timeOfDay } from './frame.ts';
export { WatchMemory } from './memory.ts';
export { watchView } from './view.ts';
