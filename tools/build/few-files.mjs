/**
 * Joins esbuild's chunks into few files, by what a command needs them for.
 *
 * With code splitting esbuild makes a chunk of every part that two dynamic imports share: 170 of them, most of a few
 * lines, which a package would carry and a command would open one by one. Here the targets of dynamic imports are put
 * into groups, and a second pass splits by group.
 */
import { basename } from 'node:path';
import { build } from 'esbuild';
import { REQUIRE } from './options.mjs';

/** The first that fits: where a chunk, or anything that it imports at once, comes from. */
const BY_CONTENT = [
  ['demo', /^(sandbox|bin\/demo)\//],
  ['aws', /node_modules\/(@aws-sdk|@smithy|@aws)\//],
  ['yaml', /node_modules\/yaml\//],
  ['ssh', /node_modules\/ssh2\//],
];
/** Of the others: what a check of any source needs, and nothing that only other commands do. */
const FOR_A_CHECK =
  /^(bin\/(check|settings|sources)\/|bin\/inventory\/(files|open|pattern)|bin\/terminal\/(io|progress|report-table|text-width)\.|lambda\/(judge|kit|probe)\/|lambda\/report\/json)/;

/**
 * @param first the result of the first pass, with `write: false` and a metafile
 * @returns the result of the second, which wrote the files into `outdir`
 */
export async function fewFiles(first, entries, outdir) {
  const outputs = new Map(Object.entries(first.metafile.outputs).map(([path, output]) => [basename(path), output]));
  const texts = new Map(first.outputFiles.map(({ path, text }) => [basename(path), text]));
  const isChunk = (name) => texts.has(name) && name.endsWith('.js');

  const closureOf = (name, seen = new Set()) => {
    if (seen.has(name) || !isChunk(name)) return seen;
    seen.add(name);
    for (const { kind, path } of outputs.get(name).imports) {
      if (kind === 'import-statement') closureOf(basename(path), seen);
    }
    return seen;
  };
  const inputsOf = (name) => [...closureOf(name)].flatMap((chunk) => Object.keys(outputs.get(chunk).inputs));
  const targets = [...outputs.values()]
    .flatMap(({ imports }) => imports)
    .flatMap(({ kind, path }) => (kind === 'dynamic-import' && isChunk(basename(path)) ? [basename(path)] : []));
  const groupOf = new Map(
    [...new Set(targets)].map((name) => {
      const inputs = inputsOf(name);
      const [byContent] = BY_CONTENT.find(([, from]) => inputs.some((input) => from.test(input))) ?? [];
      return [name, byContent ?? (FOR_A_CHECK.test(outputs.get(name).entryPoint) ? 'check' : 'rest')];
    }),
  );
  const aliasOf = new Map([...groupOf.keys()].map((name, n) => [name, `part${n}`]));

  const joined = {
    name: 'few-files',
    setup(pass) {
      pass.onResolve({ filter: /^group:/ }, ({ path }) => ({ path: path.slice(6), namespace: 'group' }));
      pass.onResolve({ filter: /^(\.\/)?[\w.-]+\.js$/ }, ({ path }) =>
        isChunk(basename(path)) ? { path: basename(path), namespace: 'chunk' } : undefined,
      );
      pass.onLoad({ filter: /.*/, namespace: 'group' }, ({ path }) => ({
        contents: [...groupOf]
          .filter(([, group]) => group === path)
          .map(([name]) => `export * as ${aliasOf.get(name)} from './${name}';`)
          .join('\n'),
      }));
      pass.onLoad({ filter: /.*/, namespace: 'chunk' }, ({ path }) => ({
        contents: texts
          .get(path)
          .replace(/import\("\.\/([^"]+)"\)/g, (whole, name) =>
            groupOf.has(name) ? `import("group:${groupOf.get(name)}").then((all) => all.${aliasOf.get(name)})` : whole,
          ),
        resolveDir: process.cwd(),
      }));
    },
  };
  return build({
    entryPoints: entries.map((name) => `${name}.js`),
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['cpu-features', '*.node'],
    banner: REQUIRE,
    plugins: [joined],
    minify: true,
    sourcemap: true,
    sourcesContent: false,
    chunkNames: 'chunks/[name]-[hash]',
    legalComments: 'none',
    logLevel: 'error',
    metafile: true,
  });
}
