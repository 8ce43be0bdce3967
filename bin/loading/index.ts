/** Loads the built program quickly: its scripts, and what V8 made of them in an earlier run. */
export { type CodeCache, type CodeCacheOptions, openCodeCache } from './code-cache.ts';
export { scriptLoader } from './scripts.ts';
export { optimizeAsUsual, setV8Flags } from './v8-flags.ts';
