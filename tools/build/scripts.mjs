/**
 * Writes ES modules as scripts that require each other, for bin/loading: Node takes what V8 has compiled before for scripts
 * alone, and loads ES modules one promise after another, which is 20 ms of CPU for the dozen files of a check.
 *
 * Beside each is its source map, which is not packed. Node maps no trace of such a script by itself, but a line and column
 * of a bug report can be looked up in the map that the same version's build makes.
 */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { transform } from 'esbuild';

/** What each script is a function of. */
const PARAMETERS = 'require,module,exports,__dirname,__moduleUrl';

/**
 * @param module the text of an ES module, with its source map in it or without
 * @returns the source of a script that evaluates to a function, to be called with {@link PARAMETERS}, and its source map
 */
export async function scriptOf(module) {
  const { code, map } = await transform(module, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'none',
    define: { 'import.meta.url': '__moduleUrl', 'import.meta.dirname': '__dirname' },
    supported: { 'dynamic-import': false },
    banner: `(function(${PARAMETERS}){`,
    footer: '})',
    sourcemap: 'external',
    sourcesContent: false,
  });
  return { code, map };
}

/**
 * Writes them.
 * @param made the files that a pass with `write: false` has made
 * @returns a hash of all of them
 */
export async function writeScripts({ outputFiles }) {
  const hash = createHash('sha256');
  for (const { path, text } of outputFiles) {
    const { code, map } = await scriptOf(text);
    hash.update(`${basename(path)}\n${code}`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, code);
    await writeFile(`${path}.map`, map);
  }
  return hash.digest('base64url');
}
