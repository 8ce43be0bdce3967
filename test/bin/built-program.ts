/** The command line built as dist/ is, to be run as a process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inject } from 'vitest';
import type { CommandLineFiles } from '../../tools/build/build.mjs';

export interface BuiltProgram {
  readonly path: string;
  readonly files: CommandLineFiles;
  /** An empty home, in which it also runs. */
  readonly home: string;
  /** Nothing of the account or the keys of the person who runs the tests. */
  readonly env: NodeJS.ProcessEnv;
  start(words: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  /** Removes the home; the program itself is that of all test files (../support/build-programs.ts). */
  remove(): void;
}

export function builtProgram(): BuiltProgram {
  const { folder, files } = inject('programs');
  const home = mkdtempSync(join(tmpdir(), 'crawlwatch-home-'));
  const path = join(folder, 'crawlwatch.js');
  const env = { PATH: process.env.PATH, HOME: home, AWS_EC2_METADATA_DISABLED: 'true' };
  return {
    path,
    files,
    home,
    env,
    start: (words, more = {}) => spawn(process.execPath, [path, ...words], { cwd: home, env: { ...env, ...more } }),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** The source files and packages' files that a built file holds, by its path from here; empty where it is none of them. */
export function sourcesIn({ sources, files }: CommandLineFiles, path: string): string[] {
  const chunks = new Map(Object.entries(sources.outputs).map(([name, output]) => [basename(name), output]));
  const held = Object.keys(files.outputs[path]?.inputs ?? {});
  return held.flatMap((chunk) => Object.keys(chunks.get(chunk.replace(/^chunk:/, ''))?.inputs ?? {}));
}

/** What a process printed until it ended. */
export async function finish(child: ChildProcess) {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout?.on('data', (chunk) => stdout.push(String(chunk)));
  child.stderr?.on('data', (chunk) => stderr.push(String(chunk)));
  const [exitCode] = await once(child, 'close');
  return { exitCode: exitCode as number | null, stdout: stdout.join(''), stderr: stderr.join('') };
}
