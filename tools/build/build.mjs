/** Builds a folder like dist/: what the package holds, and for developers the tools beside it. */
import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { fewFiles } from './few-files.mjs';
import { cdkParts, commandLine, functions, tools } from './options.mjs';

/** The command line alone. @returns the metafiles of both passes: the first names the sources, the second the files */
export async function buildCommandLine(outdir) {
  const first = await build({ ...commandLine({ crawlwatch: 'bin/crawlwatch.ts' }, outdir), write: false });
  const second = await fewFiles(first, ['crawlwatch'], outdir);
  return { sources: first.metafile, files: second.metafile };
}

export const buildCdkParts = (outdir) => build(cdkParts({ app: 'bin/app.ts', cdk: 'lib/index.ts' }, outdir));

export const buildFunctions = (outdir) =>
  build(
    functions(
      {
        'functions/check/index': 'lambda/check-handler.ts',
        'functions/remedy/index': 'lambda/remedy-handler.ts',
        'functions/widget/index': 'lambda/widget-handler.ts',
      },
      outdir,
    ),
  );

export const buildTools = (outdir) =>
  build(
    tools({ bench: 'bench/bench.ts', simulate: 'tools/simulate/main.ts', forecast: 'tools/forecast/main.ts' }, outdir),
  );

/** The types of `crawlwatch/cdk`, which are made from the settings' schema. */
export async function writeCdkTypes(outdir) {
  const made = resolve(outdir, 'cdk-types.js');
  await build(cdkParts({ 'cdk-types': 'tools/build/cdk-types.ts' }, outdir));
  const { cdkTypes } = await import(pathToFileURL(made).href);
  await rm(made);
  await writeFile(resolve(outdir, 'cdk.d.ts'), cdkTypes());
}
