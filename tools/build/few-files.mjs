/**
 * Joins esbuild's chunks into few files, by what a command needs them for.
 *
 * With code splitting esbuild makes a chunk of every part that two dynamic imports share: 170 of them, most of a few
 * lines, which a package would carry and a command would open one by one. Here the targets of dynamic imports are put
 * into groups, and a second pass splits by group. What no entry reaches is left out: esbuild keeps the target of each dynamic
 * import, also where the code that imports it was dropped.
 */
import { basename } from 'node:path';
import { build } from 'esbuild';

/** Of the command line, the first that fits: where a chunk, or anything that it imports at once, comes from. */
const BY_CONTENT = [
  ['demo', /^(sandbox|bin\/demo)\//],
  ['aws', /node_modules\/(@aws-sdk|@smithy|@aws)\//],
  ['yaml', /node_modules\/yaml\//],
  ['ssh', /node_modules\/ssh2\//],
];
/** Of the others: what a check of any source needs, and nothing that only other commands do. */
const FOR_A_CHECK =
  /^(bin\/(check|settings|sources)\/|bin\/inventory\/(files|open|pattern)|bin\/terminal\/(io|kept-rows|progress|report-table|text-width)\.|lambda\/(judge|kit|probe)\/|lambda\/report\/json)/;

/** The group of a part of the command line. */
export const forTheCommandLine = (entryPoint, inputs) =>
  BY_CONTENT.find(([, from]) => inputs.some((input) => from.test(input)))?.[0] ??
  (FOR_A_CHECK.test(entryPoint) ? 'check' : 'rest');

const OF_A_FUNCTION = [
  ['ssh', /^lambda\/(ssh\/|kit\/clients\/(secrets|instance-connect)\.)/],
  ['mail', /^lambda\/(alert\/|kit\/clients\/(sns|events)\.)/],
];
/** The group of a part of a function. */
export const forAFunction = (entryPoint) => OF_A_FUNCTION.find(([, from]) => from.test(entryPoint))?.[0] ?? 'rest';

/**
 * @param first the result of the first pass, with `write: false` and a metafile
 * @param entries the names of its entries
 * @param options esbuild's, for the second
 * @param groupFor the name of the group of a dynamic import's target, by its file and all the files that it loads
 * @returns the result of the second, which wrote the files
 */
export async function fewFiles(first, entries, options, groupFor) {
  const outputs = new Map(Object.entries(first.metafile.outputs).map(([path, output]) => [basename(path), output]));
  const texts = new Map(first.outputFiles.map(({ path, text }) => [basename(path), text]));
  const isChunk = (name) => texts.has(name) && /\.m?js$/.test(name);

  const closureOf = (name, kinds, seen = new Set()) => {
    if (seen.has(name) || !isChunk(name)) return seen;
    seen.add(name);
    for (const { kind, path } of outputs.get(name).imports) {
      if (kinds.includes(kind)) closureOf(basename(path), kinds, seen);
    }
    return seen;
  };
  const inputsOf = (name) =>
    [...closureOf(name, ['import-statement'])].flatMap((chunk) => Object.keys(outputs.get(chunk).inputs));
  const reached = entries.flatMap((name) => [...closureOf(name, ['import-statement', 'dynamic-import'])]);
  const targets = [...new Set(reached)]
    .flatMap((name) => outputs.get(name).imports)
    .flatMap(({ kind, path }) => (kind === 'dynamic-import' && isChunk(basename(path)) ? [basename(path)] : []));
  const groupOf = new Map(
    [...new Set(targets)].map((name) => {
      return [name, groupFor(outputs.get(name).entryPoint, inputsOf(name))];
    }),
  );
  const aliasOf = new Map([...groupOf.keys()].map((name, n) => [name, `part${n}`]));

  const joined = {
    name: 'few-files',
    setup(pass) {
      pass.onResolve({ filter: /^group:/ }, ({ path }) => ({ path: path.slice(6), namespace: 'group' }));
      pass.onResolve({ filter: /^(\.\/)?[\w.-]+\.m?js$/ }, ({ path }) =>
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
    ...options,
    entryPoints: entries,
    bundle: true,
    splitting: true,
    format: 'esm',
    plugins: [joined],
    metafile: true,
  });
}
