/** The command on a connection after the login: its input, its bounded output, and how it ended. */
import type { Client } from 'ssh2';
import type { Reply } from '../model/index.ts';
import { failure, quote, type Where } from './failures.ts';
import type { Use } from './session.ts';

/** What a reply may hold (Reply in model/outcome.ts), and how much of the error stream is worth keeping. */
const OUTPUT_MAX = 64 * 1024;
const STDERR_MAX = 4 * 1024;

/** What shells and libc say when the host can start no process: dash, bash, busybox, mksh. */
const FORK_FAILED = /\bv?fork\b|cannot allocate memory|resource temporarily unavailable|out of memory/i;

/** Bytes up to a limit. */
class Bounded {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  constructor(private readonly max: number) {}

  /** False once it is full. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk.subarray(0, this.max - this.#length));
    this.#length = Math.min(this.max, this.#length + chunk.length);
    return this.#length < this.max;
  }
  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8');
  }
}

/**
 * Runs `command` with `stdin`; `done` is called with how it ended, unless the connection ends first.
 * A flood is cut: what had come by then is the reply. Where standard output is empty, the error stream is the output.
 */
export function runCommand(
  client: Client,
  { command, stdin }: { readonly command: string; readonly stdin: string },
  where: Where,
  banner: string,
  done: (reply: Reply) => void,
): Use {
  const stdout = new Bounded(OUTPUT_MAX);
  const stderr = new Bounded(STDERR_MAX);
  const output = () => stdout.text() || stderr.text();
  client.exec(command, (error, channel) => {
    if (error) return done(execRefused(where, banner, error));
    let signal: string | undefined;
    let exited = false;
    channel.on('error', () => {}); // The connection's own error is more precise.
    channel.on('data', (chunk: Buffer) => {
      if (!stdout.push(chunk)) done({ kind: 'output', output: output() });
    });
    channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    channel.on('exit', (_code: number | null, name?: string) => {
      exited = true;
      signal = name;
    });
    channel.on('close', () =>
      done(commandEnded(where, { exited, signal, stdout: stdout.text(), stderr: stderr.text() })),
    );
    channel.end(stdin);
  });
  return { output };
}

export function commandEnded(
  { endpoint }: Where,
  end: {
    readonly exited: boolean;
    readonly signal: string | undefined;
    readonly stdout: string;
    readonly stderr: string;
  },
): Reply {
  const output = end.stdout || end.stderr;
  if (end.stdout === '' && FORK_FAILED.test(end.stderr)) {
    return {
      ...failure(
        'ForkFailed',
        `${endpoint} accepted the login but could start no process, ${quote(end.stderr.trim())}.`,
      ),
      output,
    };
  }
  if (end.signal !== undefined) {
    return {
      ...failure('ConnectionLost', `The probe on ${endpoint} was killed by ${quote(end.signal)} before it had ended.`),
      output,
    };
  }
  if (!end.exited) {
    return { ...failure('ConnectionLost', `${endpoint} closed the session before the probe had ended.`), output };
  }
  return { kind: 'output', output };
}

/**
 * OpenSSH fails an exec request on a session that it has opened for one cause only: it could make no pipe or process
 * (session.c, do_exec_no_pty). Other servers refuse by policy, and any server may refuse the session itself.
 */
export function execRefused({ endpoint }: Where, banner: string, error: Error & { readonly reason?: unknown }): Reply {
  const opened = error.reason === undefined;
  if (opened && banner.startsWith('SSH-2.0-OpenSSH_')) {
    return failure(
      'ForkFailed',
      `${endpoint} accepted the login, but its sshd could not start a shell: no process or memory to spare.`,
    );
  }
  return failure(
    'ExecRefused',
    `${endpoint} accepted the login but refused to run a command, ${quote(error.message)}; allow it for this user.`,
  );
}
