/**
 * An esbuild plugin: packages that measure text read ICU's tables (`Intl.Segmenter`, `\p{RGI_Emoji}` and its like) when
 * they first need them, not when they are loaded. That takes 20 ms of CPU and more, and text of printable ASCII never
 * needs them.
 */
import { readFile } from 'node:fs/promises';

const PACKAGES = /node_modules[\\/](?:string-width|slice-ansi|wrap-ansi)[\\/](?:index|tokenize-ansi)\.js$/;
/** What a module makes once, at its top. */
const AT_LOAD = /^const (\w+) = (new Intl\.Segmenter\(.*\)|\/.*\\p\{.*\/[a-z]+);$/gm;

/** @returns the module with each such constant made a function that makes it once */
export function madeLate(source) {
  const names = [...source.matchAll(AT_LOAD)].map(([, name]) => name);
  const parts = source.split(AT_LOAD);
  const inUse = (text) =>
    names.reduce((sum, name) => sum.replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `${name}()`), text);
  return parts
    .map((part, nth) => {
      if (nth % 3 === 0) return inUse(part);
      if (nth % 3 === 1) return `let made_${part};\nconst ${part} = () => (made_${part} ??= `;
      return `${part});`;
    })
    .join('');
}

export const lateUnicode = {
  name: 'late-unicode',
  setup(build) {
    build.onLoad({ filter: PACKAGES }, async ({ path }) => ({ contents: madeLate(await readFile(path, 'utf8')) }));
  },
};
