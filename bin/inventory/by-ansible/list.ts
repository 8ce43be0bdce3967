/** Runs `ansible-inventory --list`: only Ansible itself can run its plugins and inventory scripts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { UsageError } from '../../terminal/index.ts';
import type { AnsibleSurroundings } from './config.ts';

/** A plugin may ask an API page by page. */
const DEADLINE_MS = 120_000;
/** A fleet of 50,000 with all that EC2 says of each instance. */
export const LISTED_MAX_BYTES = 256 * 1024 * 1024;
const DRAIN_MS = 1_000;
const STDERR_MAX = 64 * 1024;
const QUOTED_MAX = 600;

export interface AnsibleRun extends AnsibleSurroundings {
  readonly signal: AbortSignal;
  /** @default 2 minutes */
  readonly deadlineMs?: number;
}

export interface AnsibleListed {
  /** What was run, to be quoted. */
  readonly command: string;
  readonly text: string;
  /** What it warned of; empty where it didn't. */
  readonly warnings: string;
}

/** The command whose output `-i -` reads, to be typed. */
export const listCommand = (source: string): string => `ansible-inventory -i ${quoted(source)} --list`;
const quoted = (word: string) => (/^[\w./@%+:,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/**
 * Lists sources as one inventory. A source that can't be read fails it: Ansible's own default is a warning.
 * @returns null where ansible-inventory is not installed; throws UsageError, one line with its words, where it fails.
 */
export async function listWithAnsible(sources: readonly string[], run: AnsibleRun): Promise<AnsibleListed | null> {
  const { deadlineMs = DEADLINE_MS } = run;
  const ended = await spawned(['--list', ...sources.map((source) => `--inventory=${source}`)], run, deadlineMs);
  const command = `ansible-inventory ${sources.map((source) => `-i ${quoted(source)}`).join(' ')} --list`;
  const fail = (what: string) => new UsageError(`${command} ${what}`);
  const said = oneLine(ended.stderr);
  const why = oneLine(firstFailure(ended.stderr));
  switch (ended.kind) {
    case 'missing':
      return null;
    case 'late':
      throw fail(`did not end within ${deadlineMs / 1000} s${said === '' ? '' : `; it wrote: ${said}`}`);
    case 'large':
      throw fail(`wrote more than ${LISTED_MAX_BYTES} bytes`);
    case 'not-run':
      throw fail(`can't be run: ${said}`);
    case 'ended':
      if (ended.code !== 0) throw fail(`failed (${ended.code ?? ended.signal}): ${why || 'it wrote nothing'}`);
      return { command, text: ended.stdout, warnings: said };
  }
}

type Ended = { readonly stderr: string } & (
  | { readonly kind: 'missing' | 'late' | 'large' | 'not-run' }
  | {
      readonly kind: 'ended';
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly stdout: string;
    }
);

/** In a process group of its own, which the deadline and Ctrl-C kill as a whole: a script has children. */
function spawned(args: readonly string[], run: AnsibleRun, deadlineMs: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn('ansible-inventory', args, {
      cwd: run.cwd,
      env: environment(run.env),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stdout: Buffer[] = [];
    let size = 0;
    let stderr = '';
    let drain: NodeJS.Timeout | undefined;
    let isFinished = false;
    const finish = (ended: Ended, isClosed = false) => {
      if (isFinished) return;
      isFinished = true;
      clearTimeout(deadline);
      clearTimeout(drain);
      run.signal.removeEventListener('abort', abort);
      if (!isClosed) endGroup(child);
      resolve(ended);
    };
    const output = () => Buffer.concat(stdout).toString('utf8');
    const abort = () => finish({ kind: 'not-run', stderr: `${stderr}interrupted` });
    const deadline = setTimeout(() => finish({ kind: 'late', stderr }), deadlineMs);
    run.signal.addEventListener('abort', abort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      stdout.push(chunk);
      if (size > LISTED_MAX_BYTES) finish({ kind: 'large', stderr });
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (stderr.length < STDERR_MAX) stderr += chunk;
    });
    child.on('error', (error: NodeJS.ErrnoException) =>
      finish(error.code === 'ENOENT' ? { kind: 'missing', stderr } : { kind: 'not-run', stderr: error.message }),
    );
    // What a script left behind may hold the pipes open.
    child.on('exit', (code, signal) => {
      drain = setTimeout(() => finish({ kind: 'ended', code, signal, stdout: output(), stderr }), DRAIN_MS);
    });
    child.on('close', (code, signal) => finish({ kind: 'ended', code, signal, stdout: output(), stderr }, true));
    if (run.signal.aborted) abort();
  });
}

function environment(env: AnsibleSurroundings['env']): NodeJS.ProcessEnv {
  // Ansible refuses to start under another encoding, cron's C for example.
  const isUtf8 = /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
  return {
    ...env,
    ...(isUtf8 ? {} : { LC_ALL: 'C.UTF-8' }),
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_FORCE_COLOR: '0',
    ANSIBLE_INVENTORY_UNPARSED_FAILED: 'true',
    ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'true',
  };
}

function endGroup(child: ChildProcess): void {
  try {
    // A negative id means the group; without an id there was never a process.
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
  child.stdout?.destroy();
  child.stderr?.destroy();
}

/** What the first plugin said that tried a source: those after it only say that it is no INI or YAML. */
function firstFailure(stderr: string): string {
  const parts = stderr.split(/\[(?:DEPRECATION )?(?:WARNING|ERROR)\]:\s|^ERROR!\s/m);
  return parts.find((part) => /failed to parse/i.test(part)) ?? stderr;
}

/** Ansible breaks its lines at the terminal's width. */
function oneLine(stderr: string): string {
  const line = stderr.replace(/\s+/g, ' ').trim();
  return line.length > QUOTED_MAX ? `${line.slice(0, QUOTED_MAX)}...` : line;
}
