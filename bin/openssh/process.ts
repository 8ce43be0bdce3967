/** One process of ssh in a group of its own: bounded output, one deadline, and nothing left of it afterwards. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Bounded, refusalWatch } from '../../lambda/ssh/index.ts';
import type { Ended } from './reasons.ts';

export interface Run {
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: string;
  /** The file that ssh logs to. */
  readonly log: string;
  readonly leftMs: number;
  /** For the connection alone; null: all of the time that is left. */
  readonly connectMs: number | null;
  /** Whether the log shows a connection, and whether it shows a login. */
  readonly isConnected: (log: string) => boolean;
  readonly isIn: (log: string) => boolean;
  readonly signal: AbortSignal;
}

/** Bytes kept of the output (see Reply in lambda/model), of the error stream, and of the log: its beginning and its end. */
const OUTPUT_MAX = 64 * 1024;
const STDERR_MAX = 128 * 1024;
const LOG_HEAD = 256 * 1024;
const LOG_TAIL = 64 * 1024;
/** A log that grows beyond that is a host's doing, which can make ssh log what it sends. */
const LOG_MAX = 4 * 1024 * 1024;
const LOG_LOOK_MS = 250;
/** A ProxyCommand can hold the pipe open after ssh has ended; all output has arrived by then. */
const DRAIN_MS = 250;
/** From the request to end until the kill: a ProxyCommand may have a session of its own to end. */
const GRACE_MS = 300;

export type RunResult =
  | ({ readonly kind: 'ended' } & Ended)
  /** The system started no process. */
  | { readonly kind: 'not-started'; readonly error: NodeJS.ErrnoException }
  | { readonly kind: 'aborted' };

/**
 * Starts ssh and gives its result; `gone` is fulfilled once nothing of it is left. No shell is involved: `words` reach ssh as
 * they are.
 */
export function runSsh(run: Run): { readonly result: Promise<RunResult>; readonly gone: Promise<void> } {
  let leave: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const result = new Promise<RunResult>((resolve) => {
    const notStarted = (error: unknown) => {
      leave();
      resolve({ kind: 'not-started', error: error as NodeJS.ErrnoException });
    };
    if (run.signal.aborted) {
      leave();
      return resolve({ kind: 'aborted' });
    }
    let child: ChildProcessWithoutNullStreams;
    try {
      // A session of its own, without a terminal: nothing that ssh starts can ask a question there.
      child = spawn('ssh', [...run.words], { env: run.env, detached: true, shell: false });
    } catch (error) {
      return notStarted(error);
    }
    // Where no pipe can be opened, Node returns a process without streams, and its error follows.
    if (child.stdin === undefined) return void child.once('error', notStarted);

    const stdout = new Bounded(OUTPUT_MAX);
    const stderr = new Bounded(STDERR_MAX);
    const timers: NodeJS.Timeout[] = [];
    let finished = false;
    const finish = (done: () => RunResult, isOver: boolean) => {
      // Once only: a later kill could reach a group that has been given the same number since.
      if (finished) return;
      finished = true;
      for (const timer of timers) clearTimeout(timer);
      watch.stop();
      run.signal.removeEventListener('abort', abort);
      const now = done();
      endGroup(child, isOver ? 0 : GRACE_MS, leave);
      resolve(now);
    };
    const end = (by: Ended['by'], code: number | null, signal: string | null) =>
      finish(
        () => ({
          kind: 'ended',
          ...{ by, code, signal, log: readBounded(run.log), stdout: stdout.text(), stderr: stderr.text() },
        }),
        by === 'exit',
      );
    let isIn = false;
    let beforeLogin = 0;
    const said = { output: () => stdout.text(), errors: () => stderr.text().slice(beforeLogin) };
    const watch = refusalWatch({ endpoint: '', deadlineMs: 0 }, said, () => end('refused', null, null));
    const heard = () => {
      isIn ||= run.isIn(readBounded(run.log));
      // What comes before the login is a notice, or of a ProxyCommand.
      if (isIn) watch.heard();
      else beforeLogin = stderr.text().length;
    };
    const abort = () => finish(() => ({ kind: 'aborted' }), false);
    const at = (ms: number, act: () => void) => timers.push(setTimeout(act, ms));
    // What had arrived while this process was busy is read before the host is blamed for being late.
    at(run.leftMs, () => setImmediate(() => end('deadline', null, null)));
    if (run.connectMs !== null && run.connectMs < run.leftMs) {
      at(run.connectMs, () => !run.isConnected(readBounded(run.log)) && end('connecting', null, null));
    }
    timers.push(setInterval(() => sizeOf(run.log) > LOG_MAX && end('flood', null, null), LOG_LOOK_MS));
    run.signal.addEventListener('abort', abort, { once: true });
    child.on('error', (error) => {
      if (child.pid === undefined) finish(() => ({ kind: 'not-started', error }), true);
    });
    child.on('exit', (code, signal) => at(DRAIN_MS, () => end('exit', code, signal)));
    child.on('close', (code, signal) => end('exit', code, signal));
    child.stdin.on('error', () => {}); // An ssh that ends before it has read everything: its log says why.
    child.stdout.on('data', (chunk: Buffer) => {
      if (!stdout.push(chunk)) end('flood', null, null);
      heard();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr.push(chunk);
      heard();
    });
    child.stdin.end(run.stdin);
  });
  return { result, gone };
}

/** Asks the group to end, kills what is left of it, and closes its pipes: nothing of it keeps this process alive. */
function endGroup(child: ChildProcessWithoutNullStreams, graceMs: number, leave: () => void): void {
  const send = (signal: NodeJS.Signals) => {
    try {
      // A negative id means the group; without an id there was never a process.
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone already.
    }
  };
  child.stdin.destroy();
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
  if (graceMs > 0) send('SIGTERM');
  const kill = () => {
    send('SIGKILL');
    leave();
  };
  if (graceMs > 0) setTimeout(kill, graceMs);
  else kill();
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** The beginning and the end of a file; empty where there is none: ssh had not come so far as to open it. */
function readBounded(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return '';
  }
  try {
    const size = sizeOf(path);
    const read = (from: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.toString('utf8', 0, readSync(file, bytes, 0, length, from));
    };
    if (size <= LOG_HEAD + LOG_TAIL) return read(0, size);
    return `${read(0, LOG_HEAD)}\n${read(size - LOG_TAIL, LOG_TAIL)}`;
  } finally {
    closeSync(file);
  }
}
