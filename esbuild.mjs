// Builds dist/ from TypeScript: the command line (ES modules, split so that a command loads only what it uses)
// the CDK app and the benchmark. Dependencies but two stay in node_modules; the Lambda bundles are made by CDK at synth.
import { readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
// What every start loads: of what is bundled only the part in use is left, in one file instead of a dozen.
const BUNDLED = ['zod', 'commander'];
const external = Object.keys({ ...dependencies, ...devDependencies })
  .filter((name) => !BUNDLED.includes(name))
  .flatMap((name) => [name, `${name}/*`]);

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: {
    crawlwatch: 'bin/crawlwatch.ts',
    app: 'bin/app.ts',
    bench: 'bench/bench.ts',
    simulate: 'bin/simulate.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external,
  // commander is CommonJS, which asks Node for its modules by require().
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  loader: { '.sh': 'text' },
  sourcemap: true,
  // A third less to parse; errors are told without stack traces, and those of faults have the source maps.
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
});
