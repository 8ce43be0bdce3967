/** The probe on this machine: the same script, the same shell, no network. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { ownLimit } from '../../lambda/kit/index.ts';
import type { FailureReason, Instance, ProbeRun, ProbeTransport, Reply } from '../../lambda/model/index.ts';

/** Bytes kept of the output (see Reply in lambda/model) and of the error stream. */
const OUTPUT_MAX = 64 * 1024;
const STDERR_MAX = 4 * 1024;
/** A child stuck on a dead mount can hold the pipe open after the shell has ended; all output has arrived by then. */
const DRAIN_MS = 250;

/** What shells and libc print when no process can be started: dash, bash, busybox, mksh. */
const FORK_FAILED = /\bv?fork\b|cannot allocate memory|resource temporarily unavailable|out of memory/i;
/** Of the machine that is asked, which is this one; the other limits are this process's own. */
const NO_PROCESS: readonly (string | undefined)[] = ['EAGAIN', 'ENOMEM'];

/** Why no shell was started. */
function notStarted(shell: string, error: NodeJS.ErrnoException): Reply {
  const failed = (reason: FailureReason, text: string): Reply => ({ kind: 'failed', reason, text });
  if (NO_PROCESS.includes(error.code)) {
    return failed('ForkFailed', `This machine could start no process (${error.code}).`);
  }
  const limit = ownLimit(error.code);
  return limit === null
    ? failed('ExecRefused', `This machine could not run ${shell} (${error.code ?? error.message}).`)
    : failed('NotChecked', `This machine was not asked: ${limit}.`);
}

export interface LocalOptions {
  /** @default `sh`, found by PATH */
  readonly shell?: string;
}

/** Runs `sh -s -- UNIT` with the script on its input, in a process group of its own that the deadline kills as a whole. */
export function localTransport({ shell = 'sh' }: LocalOptions = {}): ProbeTransport {
  return async (instances, run) => {
    await Promise.all(
      instances.map(async (instance) => {
        const began = performance.now();
        const reply = await runShell(shell, instance, run);
        if (reply !== null) run.reply(instance.id, reply, performance.now() - began);
      }),
    );
  };
}

/** @returns null when the run was aborted. */
function runShell(shell: string, { worker }: Instance, run: ProbeRun): Promise<Reply | null> {
  return new Promise((resolve) => {
    if (run.signal.aborted) return resolve(null);
    let child: ChildProcessWithoutNullStreams;
    try {
      child = spawn(shell, worker === null ? ['-s'] : ['-s', '--', worker], {
        cwd: '/',
        env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
        detached: true,
      });
    } catch (error) {
      return resolve(notStarted(shell, error as NodeJS.ErrnoException));
    }
    // Where no pipe can be opened, Node returns a process without streams, and its error follows.
    if (child.stdin === undefined) {
      child.once('error', (error) => resolve(notStarted(shell, error)));
      return;
    }
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const output = () => text(stdout, OUTPUT_MAX) || text(stderr, STDERR_MAX);
    let drain: NodeJS.Timeout | undefined;
    let finished = false;
    const finish = (reply: Reply | null) => {
      // Once only: a second kill could reach a group that has been given the same number since.
      if (finished) return;
      finished = true;
      clearTimeout(deadline);
      clearTimeout(drain);
      run.signal.removeEventListener('abort', abort);
      endGroup(child);
      resolve(reply);
    };
    const fail = (reason: FailureReason, sentence: string) =>
      finish({ kind: 'failed', reason, text: sentence, output: output() });
    const abort = () => finish(null);
    const ended = (signal: NodeJS.Signals | null) => {
      const complaint = text(stderr, STDERR_MAX).trim();
      if (stdout.length === 0 && FORK_FAILED.test(complaint)) {
        fail('ForkFailed', `This machine could start no process: ${JSON.stringify(complaint.slice(0, 200))}.`);
      } else if (signal !== null) {
        fail('ConnectionLost', `The probe on this machine was killed by ${signal} before it had ended.`);
      } else {
        finish({ kind: 'output', output: output() });
      }
    };
    const seconds = Number((run.hostDeadlineMs / 1000).toFixed(1));
    const deadline = setTimeout(
      () => fail('CommandTimeout', `The probe on this machine did not end within ${seconds} s.`),
      run.hostDeadlineMs,
    );
    run.signal.addEventListener('abort', abort, { once: true });
    child.on('error', (error) => finish(notStarted(shell, error)));
    child.on('exit', (_code, signal) => {
      drain = setTimeout(() => ended(signal), DRAIN_MS);
    });
    child.on('close', (_code, signal) => ended(signal));
    child.stdin.on('error', () => {}); // A shell that ends before it has read everything: its output says why.
    child.stdout.on('data', (chunk: Buffer) => {
      stdout.push(chunk);
      if (size(stdout) >= OUTPUT_MAX) finish({ kind: 'output', output: output() });
    });
    child.stderr.on('data', (chunk: Buffer) => {
      if (size(stderr) < STDERR_MAX) stderr.push(chunk);
    });
    child.stdin.end(run.script);
  });
}

const size = (chunks: readonly Buffer[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0);
const text = (chunks: readonly Buffer[], max: number) => Buffer.concat(chunks).subarray(0, max).toString('utf8');

/** Kills everything that the probe has started, and closes its pipes, so that nothing left of it keeps this process alive. */
function endGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    // A negative id means the group; without an id there was never a process.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
  child.stdin.destroy();
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
}
