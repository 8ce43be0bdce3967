/** Runs a program as its user would, and measures it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  /** From start to the end of its output. */
  readonly wallMs: number;
  /** User and system time of the program and of all it started and waited for. */
  readonly cpuMs: number;
  /** The largest single process's. */
  readonly peakMib: number;
}

export interface Surroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A program that runs longer is killed, since the others wait for it. */
const LIMIT_MS = 15 * 60_000;

/** An interrupted run must leave no program behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const { pid } of running) if (pid !== undefined) killGroup(pid);
});

/** Ignores the exit status: the program's output shows what it read. */
export async function run(command: readonly string[], { cwd, env }: Surroundings): Promise<Ran> {
  const usage = join(tmpdir(), `crawlwatch-bench-${process.pid}-usage`);
  const began = performance.now();
  // A group of its own, so that what it started can be ended with it.
  const child = spawn('/usr/bin/time', ['-q', '-o', usage, '-f', '%U %S %M', ...command], { cwd, env, detached: true });
  running.add(child);
  const late = setTimeout(() => child.pid !== undefined && killGroup(child.pid), LIMIT_MS);
  child.stdin.end();
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  const wallMs = performance.now() - began;
  clearTimeout(late);
  running.delete(child);
  const [user = 0, system = 0, peakKib = 0] = readFileSync(usage, 'utf8').trim().split(' ').map(Number);
  rmSync(usage);
  return { stdout, stderr, wallMs, cpuMs: (user + system) * 1000, peakMib: peakKib / 1024 };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const [below = Number.NaN, above = below] =
    sorted.length % 2 === 1 ? [sorted[half]] : sorted.slice(half - 1, half + 1);
  return (below + above) / 2;
}
