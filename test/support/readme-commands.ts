/** The README's commands, and a terminal in which somebody who has only the README types them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { signalIfThere } from './signals.ts';

const PROGRAMS = 'npx|npm|aws|moto_server|pip|export|crawlwatch';
const IN_PROSE = new RegExp(`^(?:${PROGRAMS}) \\S`);

/**
 * Every command of a page, once, in its order, without comments: the lines of its ```sh blocks, and what prose has in
 * backticks that begins with a program.
 */
export function commandsOf(markdown: string): string[] {
  const commands = markdown.split(/^```/m).flatMap((text, n) => {
    const isBlock = n % 2 === 1;
    if (isBlock && !/^sh\n/.test(text)) return [];
    const lines = isBlock ? text.split('\n').slice(1) : [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
    return lines
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => (isBlock ? line !== '' : IN_PROSE.test(line)));
  });
  return [...new Set(commands)];
}

/** The working tree, as a clone of it would be: what git ignores stays behind. */
export function cloneTree(from: string, to: string): void {
  const listed = execFileSync('git', ['ls-files', '-coz', '--exclude-standard'], { cwd: from, encoding: 'utf8' });
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(join(from, name)))) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    copyFileSync(join(from, file), join(to, file));
  }
}

/** This process's environment without what npm, a test run or an account put there; packages come from npm's cache. */
export function plainEnvironment(home: string): Record<string, string> {
  const ours = /^(npm_|AWS_(?!CA_BUNDLE)|CRAWLWATCH_|VITEST|NODE_(ENV|OPTIONS)$|SSH_|CI$|(NO|FORCE)_COLOR$|INIT_CWD$)/;
  const kept = Object.entries(process.env).filter(([key]) => !ours.test(key)) as [string, string][];
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const npm = (key: string) => execFileSync('npm', ['config', 'get', key], { encoding: 'utf8' }).trim();
  return {
    ...Object.fromEntries(kept),
    ...{ PATH: path.join(delimiter), HOME: home, SHELL: '/bin/bash', TERM: 'xterm', AWS_EC2_METADATA_DISABLED: 'true' },
    ...{ npm_config_cache: npm('cache'), npm_config_userconfig: npm('userconfig') },
  };
}

/** A command that has been started. */
export class Typed {
  #written = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<number>;

  /** @param terminal whether it finds itself on a terminal, which `script` of util-linux makes */
  constructor(command: string, options: { cwd: string; env: Record<string, string>; terminal: boolean }) {
    const { cwd, env, terminal } = options;
    const sized = `stty cols 120 rows 40; ${command}`;
    const words = terminal ? ['script', '-qefc', sized, '/dev/null'] : ['bash', '-c', command];
    const [program = '', ...args] = words;
    // A group of its own, as a shell gives each command: Ctrl-C reaches all of it.
    this.#child = spawn(program, args, {
      cwd,
      env,
      detached: true,
      stdio: [terminal ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#written += text;
        this.#child.emit('seen');
      });
    }
    running.add(this);
    this.#ended = once(this.#child, 'close').then(([code, signal]) => {
      running.delete(this);
      this.#child.emit('seen');
      return (code as number | null) ?? (signal as string as never);
    });
  }

  /** What it has written so far, without colours and cursor moves. */
  get output(): string {
    return stripVTControlCharacters(this.#written);
  }

  /** Resolves once its output has this. @throws where it ends without */
  async shows(wanted: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = wanted.exec(this.output);
      if (found !== null) return found;
      if (!running.has(this)) throw new Error(`it ended and never showed ${wanted}:\n${this.output}`);
      await once(this.#child, 'seen');
    }
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  signal(name: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): void {
    if (this.#child.pid !== undefined && running.has(this)) signalIfThere(-this.#child.pid, name);
  }

  /** Its exit code. */
  ended(): Promise<number> {
    return this.#ended;
  }
}

const running = new Set<Typed>();
process.once('exit', () => {
  for (const typed of running) typed.signal('SIGKILL');
});

/** Ends what still runs. */
export async function endAll(): Promise<void> {
  const all = [...running];
  for (const typed of all) typed.signal('SIGTERM');
  await Promise.all(all.map((typed) => typed.ended()));
}

/** What `export ...` leaves in the environment of the commands after it. */
export function exported(command: string, env: Record<string, string>): Record<string, string> {
  const text = execFileSync('bash', ['-c', `${command} && env -0`], { env, encoding: 'utf8' });
  return Object.fromEntries(
    text
      .split('\0')
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}
