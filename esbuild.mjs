// Builds dist/ from TypeScript: the command line (ES modules, split so that a command loads only what it uses)
// the CDK app and the benchmark. Dependencies but zod stay in node_modules; the Lambda bundles are made by CDK at synth.
import { readFileSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
// zod whole takes a third of the start-up; of what is bundled only the part in use is left.
const external = Object.keys({ ...dependencies, ...devDependencies })
  .filter((name) => name !== 'zod')
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
  loader: { '.sh': 'text' },
  sourcemap: true,
  logLevel: 'warning',
});
