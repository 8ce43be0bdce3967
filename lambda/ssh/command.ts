/** The command on a connection after the login: its input, its bounded output, and how it ended. */
import type { Client } from 'ssh2';
import type { Reply } from '../model/index.ts';
import { hasBegun, refusalIn, refusedSentence, wordsOf } from '../probe/index.ts';
import { type ExecError, execute } from './command-channel.ts';
import { failure, quote, type Where } from './failures.ts';
import type { Use } from './session.ts';

/** What a reply may hold (Reply in model/outcome.ts), and how much of the error stream is worth keeping. */
const OUTPUT_MAX = 64 * 1024;
const STDERR_MAX = 4 * 1024;
/** Of a longer output, what is kept of its beginning. */
const HEAD = 2 * 1024;

/** What shells and libc say when the host can start no process: dash, bash, busybox, mksh. */
const FORK_FAILED = /\bv?fork\b|cannot allocate memory|resource temporarily unavailable|out of memory/i;

/** Bytes up to a limit: the first, or where no script of ours has begun in those the very first and the last. */
export class Bounded {
  #chunks: Buffer[] = [];
  #head: Buffer | null = null;
  #length = 0;
  constructor(private readonly max: number) {}

  /** False once it is full of what counts. */
  push(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.max) return true;
    const all = Buffer.concat(this.#chunks);
    if (this.#head === null && hasBegun(all.toString('latin1'))) {
      this.#chunks = [all.subarray(0, this.max)];
      return false;
    }
    // A start file that talks without end: the report comes after it.
    this.#head ??= all.subarray(0, HEAD);
    const tail = all.subarray(HEAD - this.max);
    this.#chunks = [tail];
    this.#length = tail.length;
    return true;
  }

  text(): string {
    const kept = Buffer.concat(this.#chunks);
    if (this.#head === null) return kept.toString('utf8');
    return Buffer.concat([this.#head, kept.subarray(HEAD - this.max)]).toString('utf8');
  }
}

/**
 * Runs `command` with `stdin`; `done` is called with how it ended, unless the connection ends first.
 * A flood is cut: what had come by then is the reply. Where standard output is empty, the error stream is the output.
 */
export function runCommand(
  client: Client,
  { command, stdin }: { readonly command: string; readonly stdin: Buffer },
  where: Where,
  banner: string,
  done: (reply: Reply) => void,
): Use {
  const stdout = new Bounded(OUTPUT_MAX);
  const stderr = new Bounded(STDERR_MAX);
  const output = () => stdout.text() || stderr.text();
  const errors = () => (stdout.text() === '' ? '' : stderr.text());
  let signal: string | undefined;
  let exitStatus: number | null = null;
  const patience = refusalWatch(where, { output, errors }, done);
  execute(client, command, stdin, {
    refused: (error) => done(execRefused(where, banner, error)),
    output(chunk) {
      if (!stdout.push(chunk)) done({ kind: 'output', output: output(), ...errorsOf(errors()) });
      patience.heard();
    },
    errors(chunk) {
      stderr.push(chunk);
      patience.heard();
    },
    exited(status, name) {
      exitStatus = status;
      signal = name;
    },
    closed() {
      patience.stop();
      done(commandEnded(where, { exitStatus, signal, stdout: stdout.text(), stderr: stderr.text() }));
    },
  });
  return { output, errors };
}

const errorsOf = (errors: string): { readonly errors?: string } => (errors === '' ? {} : { errors });

/** So long a start file that only talks may take until it has started the probe, or a command that refuses has ended. */
const PATIENCE_MS = 2500;
const WATCHED = 8 * 1024;

/**
 * Ends a session that says in known words that it runs no command, and goes on: the disabled root of a cloud's image sleeps
 * for ten seconds after them. On a host whose start files say such words the probe begins right after them.
 */
export function refusalWatch(
  { endpoint }: Where,
  said: { output(): string; errors(): string },
  done: (reply: Reply) => void,
): { heard(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const expire = () => {
    const [output, errors] = [said.output(), said.errors()];
    const refusal = refusalIn(`${errors}\n${output}`);
    if (refusal === null || hasBegun(output)) return;
    done({
      ...failure('ExecRefused', refusedSentence(endpoint, wordsOf(output, errors, refusal), refusal, null)),
      output,
    });
  };
  return {
    heard() {
      if (isOver || timer !== undefined) return;
      // A refusal is short; a start file that talks at length is heard to its end.
      isOver = said.output().length > WATCHED || hasBegun(said.output());
      if (!isOver && refusalIn(`${said.errors()}\n${said.output()}`) !== null)
        timer = setTimeout(expire, PATIENCE_MS).unref();
    },
    stop() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

/** What a command that has ended comes to. `exitStatus` is null where it did not exit by itself. */
export function commandEnded(
  { endpoint }: Where,
  end: {
    readonly exitStatus: number | null;
    readonly signal: string | undefined;
    readonly stdout: string;
    readonly stderr: string;
  },
): Reply {
  const { exitStatus, signal, stdout, stderr } = end;
  const output = stdout || stderr;
  const errors = errorsOf(stdout === '' ? '' : stderr);
  if (!hasBegun(stdout) && FORK_FAILED.test(stderr)) {
    return {
      ...failure('ForkFailed', `${endpoint} accepted the login but could start no process, ${quote(stderr.trim())}.`),
      output,
    };
  }
  if (signal !== undefined) {
    return {
      ...failure('ConnectionLost', `The probe on ${endpoint} was killed by ${quote(signal)} before it had ended.`),
      output,
      ...errors,
    };
  }
  if (exitStatus === null) {
    return {
      ...failure('ConnectionLost', `${endpoint} closed the session before the probe had ended.`),
      output,
      ...errors,
    };
  }
  return { kind: 'output', output, ...errors, exitStatus };
}

/**
 * OpenSSH fails an exec request on a session that it has opened for one cause only: it could make no pipe or process
 * (session.c, do_exec_no_pty). Other servers refuse by policy, and any server may refuse the session itself.
 */
export function execRefused({ endpoint }: Where, banner: string, error: ExecError): Reply {
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
