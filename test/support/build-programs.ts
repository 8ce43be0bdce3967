/** Builds the command line and the CDK app as dist/ is built, once for all test files that run them as a process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { buildCdkParts, buildCommandLine, buildFunctions, type CommandLineFiles } from '../../tools/build/build.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    programs: {
      /** Absolute; holds crawlwatch.js and app.cjs. */
      readonly folder: string;
      readonly files: CommandLineFiles;
    };
  }
}

let folder: string | undefined;

export async function setup(project: TestProject): Promise<void> {
  // Within the project: the programs find their dependencies from where they lie, as those of dist/ do.
  folder = mkdtempSync(join(process.cwd(), 'node_modules', '.crawlwatch-test-'));
  const [files] = await Promise.all([buildCommandLine(folder), buildCdkParts(folder), buildFunctions(folder)]);
  project.provide('programs', { folder, files });
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
