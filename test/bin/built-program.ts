/** The command line built as dist/ is, in a folder of its own, to be run as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { programOptions } from '../../tools/build/options.mjs';

export interface BuiltProgram {
  readonly path: string;
  readonly metafile: Metafile;
  /** An empty home, in which it also runs. */
  readonly home: string;
  /** Nothing of the account or the keys of whoever runs the tests. */
  readonly env: NodeJS.ProcessEnv;
  start(words: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  remove(): void;
}

export async function buildProgram(): Promise<BuiltProgram> {
  // Within the project: the program finds its dependencies from where it lies, as dist/ does.
  const built = mkdtempSync(join(process.cwd(), 'node_modules', '.crawlwatch-test-'));
  const home = mkdtempSync(join(tmpdir(), 'crawlwatch-home-'));
  const { metafile } = await build({ ...programOptions({ crawlwatch: 'bin/crawlwatch.ts' }, built), metafile: true });
  const path = join(built, 'crawlwatch.js');
  const env = { PATH: process.env.PATH, HOME: home, AWS_EC2_METADATA_DISABLED: 'true' };
  return {
    path,
    metafile,
    home,
    env,
    start: (words, more = {}) => spawn(process.execPath, [path, ...words], { cwd: home, env: { ...env, ...more } }),
    remove: () => {
      for (const folder of [built, home]) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What a process printed until it ended. */
export async function finish(child: ChildProcess) {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout?.on('data', (chunk) => stdout.push(String(chunk)));
  child.stderr?.on('data', (chunk) => stderr.push(String(chunk)));
  const [exitCode] = await once(child, 'close');
  return { exitCode: exitCode as number | null, stdout: stdout.join(''), stderr: stderr.join('') };
}
