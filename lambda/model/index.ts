/** The nouns that every feature speaks, and the ports through which it reaches the world. No code here decides. */
export * from './acts.ts';
export * from './evidence.ts';
export * from './growth.ts';
export * from './instance.ts';
export * from './names.ts';
export * from './outcome.ts';
export * from './outlets.ts';
export * from './partitions.ts';
export * from './ports.ts';
export * from './reasons.ts';
export * from './report.ts';
export * from './state.ts';
export * from './vitals.ts';
