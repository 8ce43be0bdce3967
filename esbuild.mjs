// Builds dist/ from TypeScript: the command line, the CDK app, the benchmark, the simulator and the forecast lab.
// CDK makes the Lambda bundles at synth.
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { programOptions } from './tools/build/options.mjs';

rmSync('dist', { recursive: true, force: true });
await build(
  programOptions(
    {
      crawlwatch: 'bin/crawlwatch.ts',
      app: 'bin/app.ts',
      bench: 'bench/bench.ts',
      simulate: 'tools/simulate/main.ts',
      forecast: 'tools/forecast/main.ts',
    },
    'dist',
  ),
);
