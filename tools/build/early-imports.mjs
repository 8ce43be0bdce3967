/**
 * An esbuild plugin for a program of one file: imports at the start what its sources import when they need it.
 *
 * In one file nothing is loaded later, and esbuild, which must keep the order of loading, leaves nothing out of what a
 * dynamic import names: all of an SDK's client in place of a few calls.
 */
import { readFile } from 'node:fs/promises';

const DESTRUCTURED = /const \{([^}]*)\} =\s+await import\(\s*('\.[^']*\/index\.ts')\s*\);/g;
const MEMBER = /\(await import\(('\.[^']*\/index\.ts')\)\)\.(\w+)/g;

/** @throws Error at a dynamic import that is written in another way */
export function withEarlyImports(source, path) {
  const imports = new Set();
  const early = (name, from) => {
    imports.add(`import { ${name} as early_${name} } from ${from};`);
    return `early_${name}`;
  };
  const made = source
    .replace(DESTRUCTURED, (_, list, from) => {
      const names = list.split(',').flatMap((name) => name.trim() || []);
      return names.map((name) => `const ${name} = ${early(name, from)};`).join(' ');
    })
    .replace(MEMBER, (_, from, name) => early(name, from));
  const left = /\bimport\(\s*'\.[^\n]*/.exec(made)?.[0];
  if (left !== undefined) {
    throw new Error(
      `${path}: expected const { NAMES } = await import('FEATURE/index.ts') or (await import('FEATURE/index.ts')).NAME, got ${left}`,
    );
  }
  return `${[...imports].join(' ')}${made}`;
}

export const earlyImports = {
  name: 'early-imports',
  setup(build) {
    build.onLoad({ filter: /[\\/]lambda[\\/].*\.ts$/ }, async ({ path }) => ({
      contents: withEarlyImports(await readFile(path, 'utf8'), path),
      loader: 'ts',
    }));
  },
};
