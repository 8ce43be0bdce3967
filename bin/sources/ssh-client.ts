/** OpenSSH's client on this machine: where it is, and what it says of a host (`ssh -G`). No shell is involved. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { messageOf } from '../../lambda/kit/index.ts';
import { SEVERAL, type SshOptions, type Unread } from './ssh-config.ts';

const DEADLINE_MS = 10_000;
const OUTPUT_MAX = 1024 * 1024;
const DRAIN_MS = 250;
/** So many calls in a row that did not end say enough about the next. */
const LATE_MAX = 4;
const NEEDS_COMMAND = /Cannot fork into background without a command/;

/** Asks OpenSSH itself what applies to a host. */
export interface SshClient {
  /** @param words options before the destination; of an inventory, so they are passed on as they are */
  ask(words: readonly string[], host: string): Promise<SshOptions | Unread>;
}

/** @returns the path of `ssh`; null where it isn't installed. */
export function findSsh(env: NodeJS.ProcessEnv): string | null {
  for (const directory of (env.PATH ?? '').split(delimiter)) {
    const path = join(directory, 'ssh');
    try {
      accessSync(path, constants.X_OK);
      if (directory !== '' && statSync(path).isFile()) return path;
    } catch {
      // Not there.
    }
  }
  return null;
}

export interface ClientOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Ends what is running. */
  readonly signal?: AbortSignal;
  /** @default 10 s: it reads a few files; a `Match exec` may take as long as its command */
  readonly deadlineMs?: number;
}

/** At most a few at a time, since each is a process. One that waits for ever for each host is not waited for each time. */
export function sshClient(path: string, options: ClientOptions): SshClient {
  const waiting: (() => void)[] = [];
  let free = Math.max(2, availableParallelism());
  let lateInARow = 0;
  return {
    async ask(words, host) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        if (lateInARow >= LATE_MAX) return refused(`it did not end for ${lateInARow} hosts before`);
        const ask = (more: readonly string[]) => run(path, ['-G', ...more, ...words, '--', host], options);
        const first = await ask([]);
        // A configuration that sends ssh into the background is refused here for want of a command, and only here.
        const isForCommand = first !== 'late' && 'unread' in first && NEEDS_COMMAND.test(first.unread);
        const answer = isForCommand ? await ask(['-o', 'ForkAfterAuthentication=no']) : first;
        lateInARow = answer === 'late' ? lateInARow + 1 : 0;
        return answer === 'late' ? refused(`it did not end within ${deadlineOf(options) / 1000} s`) : answer;
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}

const deadlineOf = ({ deadlineMs = DEADLINE_MS }: ClientOptions): number => deadlineMs;

/** In a process group of its own, which is ended as a whole: a `Match exec` has children. */
function run(path: string, args: readonly string[], options: ClientOptions): Promise<SshOptions | Unread | 'late'> {
  const { env, signal } = options;
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve(refused('it was interrupted'));
    let child: ChildProcessByStdio<null, Readable, Readable>;
    try {
      child = spawn(path, args, {
        ...{ env: { ...env, LC_ALL: 'C' }, detached: true },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      return resolve(refused(messageOf(error)));
    }
    // Where no pipe can be opened, Node returns a process without streams, and its error follows.
    if (child.stdout === undefined) return void child.once('error', (error) => resolve(refused(error.message)));
    let stdout = '';
    let stderr = '';
    let drain: NodeJS.Timeout | undefined;
    let isFinished = false;
    const finish = (answer: () => SshOptions | Unread | 'late') => {
      if (isFinished) return;
      isFinished = true;
      clearTimeout(deadline);
      clearTimeout(drain);
      signal?.removeEventListener('abort', abort);
      endGroup(child);
      resolve(answer());
    };
    const ended = (code: number | null, by: NodeJS.Signals | null) =>
      finish(() => {
        const answer = readAnswer(stdout);
        // Another program of that name may end well, too.
        if (code === 0 && ['hostname', 'port', 'user'].every((key) => answer.values.has(key))) return answer;
        if (code === 0) return refused('nothing of a host name, a port and a user');
        return refused(lastWords(stderr) || (by === null ? `it ended with status ${code}` : `it was killed by ${by}`));
      });
    const abort = () => finish(() => refused('it was interrupted'));
    const deadline = setTimeout(() => finish(() => 'late'), deadlineOf(options));
    signal?.addEventListener('abort', abort, { once: true });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
      if (stdout.length > OUTPUT_MAX) finish(() => refused('more than any configuration, and no end of it'));
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < OUTPUT_MAX) stderr += chunk;
    });
    child.on('error', (error) => finish(() => refused(error.message)));
    // What it has started may hold the pipes open.
    child.on('exit', (code, by) => {
      drain = setTimeout(() => ended(code, by), DRAIN_MS);
    });
    child.on('close', ended);
  });
}

/** Kills what is left, and closes the pipes: nothing of it keeps this process alive. */
function endGroup(child: ChildProcessByStdio<null, Readable, Readable>): void {
  try {
    // A negative id means the group; without an id there was never a process.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
  child.stdout.destroy();
  child.stderr.destroy();
  child.unref();
}

const refused = (words: string): Unread => ({ unread: JSON.stringify(words.slice(0, 300)), isRefused: true });

/** What ssh complained of, without what it says of a terminal, and without its list of options. */
const lastWords = (stderr: string): string =>
  stderr
    .replace(/^usage: [\s\S]*/m, '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('Pseudo-terminal'))
    .map((line) => line.trim())
    .join('; ');

/** Its output has a keyword and its value a line. */
export function readAnswer(output: string): SshOptions {
  const values = new Map<string, string[]>();
  for (const line of output.split('\n')) {
    const [, key, value] = /^(\S+) (.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const name = key.toLowerCase();
    const before = values.get(name);
    if (before === undefined) values.set(name, LISTS.has(name) ? pathsOf(value) : [value]);
    else if (SEVERAL.has(name)) before.push(value);
  }
  return { hostName: values.get('hostname')?.[0] ?? '', values };
}

/** Paths that ssh prints side by side without quotes: one begins where a path can begin, or is `none`. */
const pathsOf = (value: string): string[] => value.split(/ (?=[/~%$]|none$)/);

const LISTS: ReadonlySet<string> = new Set(['userknownhostsfile', 'globalknownhostsfile']);
