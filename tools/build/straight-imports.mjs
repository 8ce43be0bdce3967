/**
 * An esbuild plugin: resolves imports through a feature's index.ts to the file that defines the name.
 *
 * With code splitting esbuild puts all that an index re-exports into one chunk, so that a command which needs one pure
 * function of a feature would load the AWS SDK that its neighbour uses (https://esbuild.github.io/api/#splitting).
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, relative, resolve } from 'node:path';

const STATIC = /^(import|export) (type )?\{([^}]*)\} from '(\.[^']*\/index\.ts)';$/gm;
const DESTRUCTURED = /const \{([^}]*)\} =\s+await import\(\s*'(\.[^']*\/index\.ts)'\s*\);/g;
const MEMBER = /\(await import\('(\.[^']*\/index\.ts)'\)\)\.(\w+)/g;
const PUBLIC = /^export (type )?\{([^}]*)\} from '(\.[^']*)';$/gm;

/** Each name of `{ a, type B, c as d }`, with the name it is known by outside. */
const namesIn = (list) =>
  list
    .split(',')
    .map((part) => part.trim().replace(/^type /, ''))
    .filter((part) => part !== '')
    .map((part) => part.split(' as '))
    .map(([name, outer = name]) => ({ name, outer }));

const faces = new Map();
/** The file that defines each name of an index, of a folder below too; null for an index that exports whole files. */
function faceOf(index) {
  if (!faces.has(index)) {
    const source = readFileSync(index, 'utf8');
    const found = [...source.matchAll(PUBLIC)].flatMap(([, , list, from]) =>
      namesIn(list).map(({ name, outer }) => [outer, definedIn(resolve(dirname(index), from), name)]),
    );
    faces.set(index, /^export \*/m.test(source) ? null : new Map(found));
  }
  return faces.get(index);
}

function definedIn(file, name) {
  const below = basename(file) === 'index.ts' ? faceOf(file)?.get(name) : undefined;
  return below ?? { name, file };
}

export const straightImports = {
  name: 'straight-imports',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (path.includes('node_modules') || path.endsWith('/index.ts')) return undefined;
      const here = dirname(path);
      const to = (file) => `./${relative(here, file)}`;
      const byFile = (list, index) => {
        const face = faceOf(resolve(here, index));
        if (face === null) return null;
        const groups = new Map();
        for (const { name, outer } of namesIn(list)) {
          const from = face.get(name);
          if (from === undefined) throw new Error(`${path}: ${index} exports no ${name}`);
          groups.set(from.file, [...(groups.get(from.file) ?? []), { name: from.name, outer }]);
        }
        return [...groups];
      };
      const contents = readFileSync(path, 'utf8')
        .replace(
          STATIC,
          (whole, verb, type = '', list, index) =>
            (type !== '' ? null : byFile(list.replace(/\btype \w+( as \w+)?,?/g, ''), index))
              ?.map(
                ([file, names]) =>
                  `${verb} { ${names.map((n) => `${n.name} as ${n.outer}`).join(', ')} } from '${to(file)}';`,
              )
              .join(' ') ?? whole,
        )
        .replace(
          DESTRUCTURED,
          (whole, list, index) =>
            byFile(list.replaceAll(':', ' as '), index)
              ?.map(
                ([file, names]) =>
                  `const { ${names.map((n) => `${n.name}: ${n.outer}`).join(', ')} } = await import('${to(file)}');`,
              )
              .join(' ') ?? whole,
        )
        .replace(MEMBER, (whole, index, name) => {
          const from = faceOf(resolve(here, index))?.get(name);
          return from === undefined ? whole : `(await import('${to(from.file)}')).${from.name}`;
        });
      return { contents, loader: 'ts' };
    });
  },
};
