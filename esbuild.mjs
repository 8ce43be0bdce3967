// Builds dist/ from TypeScript: the command line (ES modules, split so that a command loads only what it uses)
// the CDK app and the benchmark. Dependencies stay in node_modules; the Lambda bundles are made by CDK at synth.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
await build({
  entryPoints: { crawlwatch: 'bin/crawlwatch.ts', app: 'bin/app.ts', bench: 'bench/bench.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  loader: { '.sh': 'text' },
  sourcemap: true,
  logLevel: 'warning',
});
