import type { BuildOptions } from 'esbuild';

export declare function programOptions(
  entryPoints: Readonly<Record<string, string>>,
  outdir: string,
): BuildOptions & { outdir: string };
