/** How the command line is built: ES modules, split so that a command loads only what it uses. */
import { readFileSync } from 'node:fs';
import { straightImports } from './straight-imports.mjs';

const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
// Loaded at most starts: bundled, only the used part is left, in one file instead of a dozen.
const BUNDLED = ['zod', 'commander', 'string-width', 'slice-ansi', 'wrap-ansi'];

/** esbuild's options for one or more programs; the other dependencies stay in node_modules. */
export const programOptions = (entryPoints, outdir) => ({
  entryPoints,
  outdir,
  bundle: true,
  plugins: [straightImports],
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: Object.keys({ ...dependencies, ...devDependencies })
    .filter((name) => !BUNDLED.includes(name))
    .flatMap((name) => [name, `${name}/*`]),
  // commander is CommonJS and loads Node's modules by require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  loader: { '.sh': 'text' },
  sourcemap: true,
  // A third less to parse. Usage errors show no stack trace, and those of bugs use the source maps.
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
});
