/** OpenSSH's client on this machine: where it is, and what it says of a host (`ssh -G`). No shell is involved. */
import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { SEVERAL, type SshOptions, type Unread } from './ssh-config.ts';

/** It reads a few files; a `Match exec` may take as long as its command. */
const DEADLINE_MS = 10_000;
const OUTPUT_MAX = 1024 * 1024;

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

/** At most a few at a time, since each is a process. */
export function sshClient(path: string, env: NodeJS.ProcessEnv): SshClient {
  const waiting: (() => void)[] = [];
  let free = Math.max(2, availableParallelism());
  return {
    async ask(words, host) {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await run(path, ['-G', ...words, '--', host], env);
      } finally {
        const next = waiting.shift();
        if (next === undefined) free++;
        else next();
      }
    },
  };
}

function run(path: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<SshOptions | Unread> {
  return new Promise((resolve) => {
    const options = {
      ...{ env: { ...env, LC_ALL: 'C' }, timeout: DEADLINE_MS, killSignal: 'SIGKILL' as const },
      maxBuffer: OUTPUT_MAX,
    };
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(readAnswer(stdout));
      else if (error.killed === true) resolve(refused(`it did not end within ${DEADLINE_MS / 1000} s`));
      else resolve(refused(lastWords(stderr) || error.message));
    });
    child.stdin?.end();
  });
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
