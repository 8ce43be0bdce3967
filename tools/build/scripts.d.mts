import type { OutputFile } from 'esbuild';

/** The source of a script that evaluates to a function of require, module, exports, its folder and its URL. */
export declare function scriptOf(module: string): Promise<{ readonly code: string; readonly map: string }>;
export declare function writeScripts(made: { readonly outputFiles: readonly OutputFile[] }): Promise<string>;
