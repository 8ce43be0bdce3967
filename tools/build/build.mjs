/** Builds a folder like dist/: what the package holds, and for developers the tools beside it. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { fewFiles, forAFunction, forTheCommandLine } from './few-files.mjs';
import { billOf, bundledPackages, noticesOf } from './notices.mjs';
import {
  cdkApp,
  commandLine,
  commandLineFiles,
  construct,
  functionFiles,
  functionInParts,
  functions,
  grammar,
  starter,
  tools,
} from './options.mjs';
import { writeScripts } from './scripts.mjs';

/** The command line alone. @returns the metafiles of both passes: the first names the sources, the second the files */
export async function buildCommandLine(outdir) {
  const first = await build({ ...commandLine({ crawlwatch: 'bin/crawlwatch.ts' }, outdir), write: false });
  const second = await fewFiles(first, ['crawlwatch.js'], commandLineFiles(outdir), forTheCommandLine);
  const id = await writeScripts(second);
  await build(starter(outdir, { first: './crawlwatch.js', build: id }));
  // Else those files would be ES modules, as the rest of the package is.
  await writeFile(resolve(outdir, 'package.json'), '{"type":"commonjs"}\n');
  await writeHelpTexts(outdir);
  return { sources: first.metafile, files: second.metafile };
}

/** What --help prints, so that printing it needs no parser. */
async function writeHelpTexts(outdir) {
  const { helpTexts } = await importOnce('tools/build/help-texts.ts', outdir, grammar);
  await writeFile(resolve(outdir, 'chunks', 'help.json'), JSON.stringify(await helpTexts()));
}

/** @returns what a module of ours exports, built with `options` for this alone */
async function importOnce(source, outdir, options) {
  const name = basename(source, '.ts');
  const made = resolve(outdir, `${name}.mjs`);
  await build(options({ [name]: source }, outdir));
  const exported = await import(pathToFileURL(made).href);
  await rm(made);
  return exported;
}

/** The construct and the app. @returns the result of the construct: of packages the app holds no other */
export async function buildCdkParts(outdir) {
  const [made] = await Promise.all([
    build(construct({ cdk: 'lib/index.ts' }, outdir)),
    build(cdkApp({ app: 'bin/app.ts' }, outdir)),
  ]);
  return made;
}

/** The remedy function, into a folder of its own. @returns as {@link buildCommandLine} does */
export async function buildRemedy(outdir) {
  const first = await build({ ...functionInParts('lambda/remedy-handler.ts', outdir), write: false });
  const second = await fewFiles(first, ['index.mjs'], functionFiles(outdir), forAFunction);
  return { sources: first.metafile, files: second.metafile };
}

/** @returns the metafiles that name the sources */
export async function buildFunctions(outdir) {
  const [whole, remedy] = await Promise.all([
    build(
      functions(
        {
          'functions/check/index': 'lambda/check-handler.ts',
          'functions/widget/index': 'lambda/widget-handler.ts',
        },
        outdir,
      ),
    ),
    buildRemedy(resolve(outdir, 'functions/remedy')),
  ]);
  return [whole.metafile, remedy.sources];
}

export const buildTools = (outdir) =>
  build(
    tools({ bench: 'bench/bench.ts', simulate: 'tools/simulate/main.ts', forecast: 'tools/forecast/main.ts' }, outdir),
  );

/** The types of `crawlwatch/cdk`, which are made from the settings' schema. */
export async function writeCdkTypes(outdir) {
  const { cdkTypes } = await importOnce('tools/build/cdk-types.ts', outdir, construct);
  await writeFile(resolve(outdir, 'cdk.d.mts'), cdkTypes());
}

/** Licences and bill of materials of what the other steps have bundled. */
export async function writeNotices(outdir, metafiles) {
  const packages = await bundledPackages(metafiles);
  const manifest = JSON.parse(await readFile('package.json', 'utf8'));
  await writeFile(resolve(outdir, 'THIRD-PARTY-NOTICES'), noticesOf(packages));
  await writeFile(resolve(outdir, 'sbom.cdx.json'), billOf(packages, manifest));
}
