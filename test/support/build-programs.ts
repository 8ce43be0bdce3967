/** Builds the command line and the CDK app as dist/ is built, once for all test files that run them as a process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { programOptions } from '../../tools/build/options.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    programs: {
      /** Absolute; holds crawlwatch.js and app.js. */
      readonly folder: string;
      readonly metafile: Metafile;
    };
  }
}

let folder: string | undefined;

export async function setup(project: TestProject): Promise<void> {
  // Within the project: the programs find their dependencies from where they lie, as those of dist/ do.
  folder = mkdtempSync(join(process.cwd(), 'node_modules', '.crawlwatch-test-'));
  const entryPoints = { crawlwatch: 'bin/crawlwatch.ts', app: 'bin/app.ts' };
  const { metafile } = await build({ ...programOptions(entryPoints, folder), metafile: true });
  project.provide('programs', { folder, metafile });
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
