import type { BuildOptions } from 'esbuild';

type EntryPoints = Readonly<Record<string, string>>;

export declare function commandLine(entryPoints: EntryPoints, outdir: string): BuildOptions;
export declare function construct(entryPoints: EntryPoints, outdir: string): BuildOptions;
export declare function tools(entryPoints: EntryPoints, outdir: string): BuildOptions;
export declare function functionInParts(entry: string, outdir: string): BuildOptions;
export declare function functions(entryPoints: EntryPoints, outdir: string): BuildOptions;
export declare function plainFunction(entry: string, outfile: string): BuildOptions;
