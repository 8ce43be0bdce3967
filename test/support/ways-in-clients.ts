/** Asks ssh, Ansible and crawlwatch to take each way, and puts who gets in into a table. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { finish } from '../bin/built-program.ts';
import { type Account, hasProgram, type Rig } from './ways-in-rig.ts';
import type { Target, Way } from './ways-in-way.ts';

/** The whole deadline that crawlwatch has for a host. */
export const DEADLINE_SECONDS = 8;
/** For ssh, which has none. */
const PATIENCE_SECONDS = 12;
/** In the environment of whatever a client starts. */
const MARK = 'WAYS_IN_CLIENT';
/** Runs of crawlwatch, each on a copy of the home. */
const CRAWLWATCH = ['host', 'inventory', 'without-ssh'];
/** How many ways are taken at the same time. */
const AT_ONCE = 6;

export interface Checked {
  readonly exitCode: number | null;
  readonly stderr: string;
  /** Null: nothing was reported. */
  readonly instance: {
    readonly status: string;
    readonly reasons: readonly { readonly code: string; readonly text: string }[];
    readonly durationMs: number;
    readonly vitals: unknown;
  } | null;
}

/** Who gets in by one way. Null: a client that has no such way, or isn't installed. */
export interface Row {
  readonly way: Way;
  readonly ssh: boolean;
  /** What ssh printed. */
  readonly sshSaid: string;
  readonly ansible: boolean | null;
  readonly ansibleSaid: string;
  /** By `--host`, by `-i`, or by both. */
  readonly host: Checked | null;
  readonly inventory: Checked | null;
  /** Where no `ssh` is installed. */
  readonly withoutSsh: Checked | null;
}

export const isIn = ({ instance }: Checked): boolean => instance?.vitals != null;

export const checksOf = ({ host, inventory }: Row): readonly Checked[] =>
  [host, inventory].filter((checked) => checked !== null);

/** @param program the path of the built crawlwatch. */
export async function takeAll(rig: Rig, ways: readonly Way[], program: string): Promise<readonly Row[]> {
  const prepared: { way: Way; account: Account; target: Target }[] = [];
  for (const [n, way] of ways.entries()) {
    const account = rig.account(`w${String(n).padStart(2, '0')}`);
    const target = await way.prepare(rig, account);
    writeFileSync(join(account.folder, 'hosts.ini'), `${account.name} ${target.inventory}\n`);
    prepared.push({ way, account, target });
  }
  const ansible = askAnsible(rig, prepared);
  const rows: Row[] = [];
  const queue = [...prepared.entries()];
  const take = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const [n, { way, account, target }] = next;
      const patience = ['timeout', '-k', '1', String(PATIENCE_SECONDS)];
      const ssh = await run(account, 'ssh', [...patience, 'ssh', '-o', 'BatchMode=yes', ...target.ssh, 'echo in']);
      const check = (client: string, ...words: readonly string[]) =>
        askCrawlwatch(account, client, [program, 'check', ...words]);
      const host = target.host === null ? null : await check('host', '--host', target.host);
      const isInventoryAsked = host === null || way.byInventoryToo === true;
      const inventory = isInventoryAsked ? await check('inventory', '-i', join(account.folder, 'hosts.ini')) : null;
      const given = target.host === null ? ['-i', join(account.folder, 'hosts.ini')] : ['--host', target.host];
      const withoutSsh = way.withoutSsh === undefined ? null : await check('without-ssh', ...given);
      rows[n] = {
        ...{ way, host, inventory, withoutSsh },
        ssh: ssh.exitCode === 0 && ssh.stdout === 'in\n',
        sshSaid: ssh.stderr.trim(),
        ...{ ansible: null, ansibleSaid: '' },
      };
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  const answers = await ansible;
  return rows.map((row, n) => {
    const answer = answers?.get(prepared[n]?.account.name ?? '');
    return answer === undefined ? row : { ...row, ansible: / \| rc=0 \| .*\bin\b/.test(answer), ansibleSaid: answer };
  });
}

/** Processes that a run of crawlwatch left behind, each as its command line. */
export function leftBehind(rig: Rig): readonly string[] {
  const marks = CRAWLWATCH.map((client) => `${MARK}=${client}`);
  return readdirSync('/proc').flatMap((pid) => {
    const environment = /^\d+$/.test(pid) ? readIfPresent(join('/proc', pid, 'environ')).split('\0') : [];
    const isOfRig = environment.some((entry) => entry.startsWith(`HOME=${rig.folder}/`));
    if (!isOfRig || !environment.some((entry) => marks.includes(entry))) return [];
    return [
      readIfPresent(join('/proc', pid, 'cmdline'))
        .split('\0')
        .join(' '),
    ];
  });
}

function readIfPresent(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // A process may end at any moment.
  }
}

async function run({ enter, env, home }: Account, client: string, words: readonly string[]) {
  const [program = '', ...before] = enter(client);
  return finish(
    spawn(program, [...before, ...words], {
      cwd: home,
      env: { ...env, [MARK]: client },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

async function askCrawlwatch(account: Account, client: string, words: readonly string[]): Promise<Checked> {
  const options = ['--timeout', String(DEADLINE_SECONDS), '-o', 'json'];
  const path = client === 'without-ssh' ? ['env', `PATH=${join(account.folder, 'no-programs')}`] : [];
  // Whatever happens it must end: this long after its deadline it hangs.
  const patience = ['timeout', '-k', '1', String(DEADLINE_SECONDS + 60)];
  const done = await run(account, client, [...patience, ...path, process.execPath, ...words, ...options]);
  return { exitCode: done.exitCode, stderr: done.stderr, instance: instanceOf(done.stdout) };
}

function instanceOf(stdout: string): Checked['instance'] {
  try {
    return JSON.parse(stdout).instances[0] ?? null;
  } catch {
    return null;
  }
}

/** One run for all ways: Ansible takes seconds to start. Its ssh is each way's own. @returns a line a host. */
async function askAnsible(
  rig: Rig,
  ways: readonly { readonly account: Account; readonly target: Target }[],
): Promise<ReadonlyMap<string, string> | null> {
  if (!hasProgram('ansible')) return null;
  const lines = ways.map(({ account, target }) => {
    const ssh = join(account.folder, 'ssh');
    const set = Object.entries(account.env).map(([name, value]) => `${name}='${value}'`);
    const patience = `timeout -k 1 ${PATIENCE_SECONDS}`;
    writeFileSync(
      ssh,
      `#!/bin/sh\nexec env ${set.join(' ')} ${account.enter('ansible').join(' ')} ${patience} ssh "$@"\n`,
      {
        mode: 0o755,
      },
    );
    return `${account.name} ${target.inventory} ansible_ssh_executable=${ssh}\n`;
  });
  const inventory = join(rig.folder, 'all.ini');
  writeFileSync(inventory, lines.join(''));
  const env = {
    ...{ PATH: process.env.PATH, HOME: rig.folder, LC_ALL: 'C.UTF-8' },
    ...{ ANSIBLE_HOST_KEY_CHECKING: 'True', ANSIBLE_SSH_CONTROL_PATH: 'none', ANSIBLE_NOCOLOR: '1' },
  };
  const words = ['-i', inventory, 'all', '-f', String(AT_ONCE), '-o', '-m', 'raw', '-a', 'echo in'];
  const { stdout } = await finish(spawn('ansible', words, { cwd: rig.folder, env, stdio: ['ignore', 'pipe', 'pipe'] }));
  return new Map(stdout.split('\n').map((line) => [line.split(' ', 1)[0] ?? '', line]));
}

/** The matrix, a line a way. */
export function matrix(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ way }) => way.name.length));
  const cell = (value: boolean | null) => (value === null ? '-' : value ? 'in' : 'out').padEnd(9);
  const said = (checked: Checked) =>
    checked.instance === null
      ? `exit ${checked.exitCode}: ${checked.stderr.trim().slice(0, 160)}`
      : checked.instance.reasons.map(({ code, text }) => `${code}: ${text.slice(0, 220)}`).join('; ');
  return [
    `${'way in'.padEnd(width)}  ${['ssh', 'ansible', '--host', '-i'].map((name) => name.padEnd(9)).join('')}`,
    ...rows.map((row) => {
      const own = [row.host, row.inventory].map((checked) => (checked === null ? null : isIn(checked)));
      const cells = [row.ssh, row.ansible, ...own].map(cell).join('');
      const out = checksOf(row).find((checked) => !isIn(checked));
      return `${row.way.name.padEnd(width)}  ${cells}${out === undefined ? '' : said(out)}`.trimEnd();
    }),
  ].join('\n');
}
