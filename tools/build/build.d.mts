import type { BuildResult, Metafile } from 'esbuild';

/** Where each file of a built folder comes from. */
export interface CommandLineFiles {
  /** Names the sources of each chunk of the first pass. */
  readonly sources: Metafile;
  /** Names the chunks in each file. */
  readonly files: Metafile;
}
export declare function buildCommandLine(outdir: string): Promise<CommandLineFiles>;
export declare function buildCdkParts(outdir: string): Promise<BuildResult>;
/** The metafiles that name the sources. */
export declare function buildFunctions(outdir: string): Promise<Metafile[]>;
/** The remedy function alone, as {@link buildFunctions} makes it: index.mjs and what it loads later. */
export declare function buildRemedy(outdir: string): Promise<CommandLineFiles>;
export declare function buildTools(outdir: string): Promise<BuildResult>;
export declare function writeCdkTypes(outdir: string): Promise<void>;
