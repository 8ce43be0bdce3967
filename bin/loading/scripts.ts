/** The files that the program is built as: scripts that require each other (tools/build/scripts.mjs). */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import type { CodeCache } from './code-cache.ts';

type Require = (name: string) => unknown;
/** What a file evaluates to. */
type Wrapper = (
  require: Require,
  module: { exports: unknown },
  exports: unknown,
  __dirname: string,
  __moduleUrl: string,
) => void;

/**
 * Returns what loads a file of `folder`, as `./NAME`, once; everything else is left to `require`.
 * By `require` alone each file would be compiled again in every run.
 */
export function scriptLoader(folder: string, cache: CodeCache, require: Require): Require {
  const loaded = new Map<string, { exports: unknown }>();
  const load: Require = (id) => {
    if (!id.startsWith('./')) return require(id);
    const name = id.slice(2);
    const known = loaded.get(name);
    if (known !== undefined) return known.exports;
    const path = join(folder, name);
    const filename = pathToFileURL(path).href;
    // esbuild writes ASCII, which V8 keeps in one byte each.
    const source = readFileSync(path, 'latin1');
    const { mtimeMs } = statSync(path);
    const cachedData = cache.of(name, mtimeMs);
    const script = new Script(source, { filename, ...(cachedData !== undefined && { cachedData }) });
    cache.loaded(name, mtimeMs, script);
    const module: { exports: unknown } = { exports: {} };
    loaded.set(name, module);
    (script.runInThisContext() as Wrapper)(load, module, module.exports, folder, filename);
    return module.exports;
  };
  return load;
}
