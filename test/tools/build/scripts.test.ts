/** ES modules as scripts that bin/loading loads. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { scriptLoader } from '../../../bin/loading/index.ts';
import { scriptOf } from '../../../tools/build/scripts.mjs';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-scripts-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const NONE = { of: () => undefined, loaded() {}, save() {} };
const write = async (name: string, source: string) => writeFileSync(join(folder, name), (await scriptOf(source)).code);

it('loads each script once, with what it imports at once and later, and knows its own place', async () => {
  await write('one.js', 'export const at = import.meta.url; export let n = 0; export const more = () => ++n;');
  await write('later.js', "import { n } from './one.js'; export const seen = n;");
  await write(
    'first.js',
    `import { at, more, n } from './one.js'; import { sep } from 'node:path'; more();
     export { at, sep }; export const now = n; export const later = () => import('./later.js');`,
  );
  const names: string[] = [];
  const cache = { ...NONE, loaded: (name: string) => void names.push(name) };
  const first = scriptLoader(folder, cache, createRequire(import.meta.url))('./first.js') as {
    readonly now: number;
    readonly later: () => Promise<{ readonly seen: number }>;
  };
  expect(first).toMatchObject({ now: 1, sep: '/', at: pathToFileURL(join(folder, 'one.js')).href });
  expect(await first.later()).toMatchObject({ seen: 1 });
  await first.later();
  expect(names).toEqual(['first.js', 'one.js', 'later.js']);
});

it('names the file in the stack of an error', async () => {
  await write('first.js', "throw new Error('here');");
  const load = () => scriptLoader(folder, NONE, createRequire(import.meta.url))('./first.js');
  expect(load).toThrow(expect.objectContaining({ stack: expect.stringContaining('first.js:2') }));
});

it('makes a map in which a line of a trace can be looked up', async () => {
  const module = await transform("const unused = 1;\n\nthrow new Error('here');", {
    sourcefile: 'bin/first.ts',
    sourcemap: 'inline',
    minify: true,
  });
  const { code, map } = await scriptOf(module.code);
  const [, second = ''] = code.split('\n');
  const found = new SourceMap(JSON.parse(map)).findEntry(1, second.indexOf('throw'));
  expect(found).toMatchObject({ originalSource: 'bin/first.ts', originalLine: 2 });
});
