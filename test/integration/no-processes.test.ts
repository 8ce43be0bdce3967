/** A plain configuration is read without OpenSSH's client: a fleet of a thousand hosts starts no process. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type BuiltProgram, builtProgram, finish } from '../bin/built-program.ts';
import { straceMissing } from '../support/strace.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const HOSTS = 1000;
/** So many of them answer; nothing listens where the others are. */
const ANSWER = 10;
const TRACED = 'execve,execveat,fork,vfork,clone,clone3';

if (straceMissing !== null)
  process.stderr.write(`\n!!!! processes are counted by a stand-in for ssh alone: ${straceMissing}\n`);

let sshd: Sshd;
let program: BuiltProgram;
beforeAll(async () => {
  sshd = await startSshd({ config: ['MaxStartups 100'] });
});
afterAll(() => sshd.close());
beforeEach(() => {
  program = builtProgram();
});
afterEach(() => program.remove());

const put = (path: string, text: string, mode = 0o600): string => {
  const whole = join(program.home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, text, { mode });
  return whole;
};

interface Counted {
  readonly answered: number;
  readonly reported: number;
  /** System calls that start a process or a program, but for the program itself. */
  readonly started: readonly string[];
  /** What `ssh` was called with. */
  readonly ssh: string;
}

async function check(...words: readonly string[]): Promise<Counted> {
  const log = join(program.home, 'called');
  const trace = join(program.home, 'trace');
  for (const file of [log, trace]) rmSync(file, { force: true });
  for (const name of ['ssh', 'ssh-add', 'ssh-keygen']) {
    put(`bin/${name}`, `#!/bin/sh\necho ${name} "$@" >>'${log}'\nexit 255\n`, 0o755);
  }
  const own = [process.execPath, program.path, 'check', ...words, '--timeout', '60', '-o', 'json'];
  const under = straceMissing === null ? ['strace', '-f', '-qq', '-e', `trace=${TRACED}`, '-o', trace] : [];
  const [first = '', ...rest] = [...under, ...own];
  const env = { ...program.env, PATH: `${join(program.home, 'bin')}:${program.env.PATH}` };
  const { stdout, stderr } = await finish(spawn(first, rest, { cwd: program.home, env }));
  expect(stdout, stderr).toMatch(/^\{/);
  const report = JSON.parse(stdout) as { instances: readonly { vitals: unknown }[] };
  const calls = existsSync(trace) ? readFileSync(trace, 'utf8').split('\n') : [];
  return {
    reported: report.instances.length,
    answered: report.instances.filter(({ vitals }) => vitals !== null).length,
    started: calls
      .filter((line) => /\b(?:execve(?:at)?|fork|vfork|clone3?)\(/.test(line) && !line.includes('CLONE_THREAD'))
      .slice(1), // The first is the program.
    ssh: existsSync(log) ? readFileSync(log, 'utf8') : '',
  };
}

const addressOf = (n: number) => ({ port: n < ANSWER ? sshd.port : 1, address: '127.0.0.1' });
const all = Array.from({ length: HOSTS }, (_, n) => n);

describe('a thousand hosts start no process', () => {
  beforeEach(() => {
    put('.ssh/known_hosts', `[127.0.0.1]:${sshd.port} ${sshd.hostKeys.ed25519}\nfleet-key ${sshd.hostKeys.ed25519}\n`);
    put('.ssh/fleet', sshd.privateKey);
  });

  it('with a configuration that names each of them', async () => {
    const hosts = all.flatMap((n) => {
      const { address, port } = addressOf(n);
      return [`Host crawler${n}`, `  HostName ${address}`, `  Port ${port}`];
    });
    put('.ssh/conf.d/hosts', `${hosts.join('\n')}\n`);
    put(
      '.ssh/config',
      [
        'Include conf.d/*',
        'Host crawler* !crawler',
        `  User ${sshd.user}`,
        '  IdentityFile ~/.ssh/none-such',
        '  IdentityFile %d/.ssh/fleet',
        '  IdentitiesOnly yes',
        '  UserKnownHostsFile ~/.ssh/known_hosts ~/.ssh/known_hosts2',
        '  HostKeyAlias fleet-key',
        '  StrictHostKeyChecking yes',
        'Host *',
        '  SendEnv LANG LC_*',
        '  HashKnownHosts yes',
        '  GSSAPIAuthentication yes',
        '  ServerAliveInterval 30',
        '  ControlMaster auto',
        '  ControlPath ~/.ssh/control-%C',
        '  ControlPersist 60',
        '  ForwardAgent no',
        '  Compression yes',
        '  LogLevel ERROR',
        '  AddKeysToAgent no',
        '  ConnectTimeout 10',
        '',
      ].join('\n'),
    );
    const inventory = put('hosts', `${all.map((n) => `crawler${n}`).join('\n')}\n`);
    expect(await check('-i', inventory)).toEqual({ reported: HOSTS, answered: ANSWER, started: [], ssh: '' });
  });

  it('with an inventory that names all, and no configuration', async () => {
    const lines = all.map((n) => {
      const { address, port } = addressOf(n);
      return `crawler${n} ansible_host=${address} ansible_port=${port}`;
    });
    const vars = `ansible_user=${sshd.user}\nansible_ssh_private_key_file=${join(program.home, '.ssh/fleet')}`;
    const inventory = put('hosts.ini', `[fleet]\n${lines.join('\n')}\n[fleet:vars]\n${vars}\n`);
    expect(await check('-i', inventory)).toEqual({ reported: HOSTS, answered: ANSWER, started: [], ssh: '' });
  });

  it('with a jump host', async () => {
    put(
      '.ssh/config',
      [
        'Host gate',
        `  HostName 127.0.0.1\n  Port ${sshd.port}\n  User ${sshd.user}\n  IdentityFile ~/.ssh/fleet`,
        'Host crawler*',
        `  ProxyJump gate\n  HostName 127.0.0.1\n  User ${sshd.user}\n  IdentityFile ~/.ssh/fleet`,
        '',
      ].join('\n'),
    );
    // Each goes through the jump host: as many as answer are enough to see, since none may start a process.
    const lines = all.slice(0, 2 * ANSWER).map((n) => `crawler${n} ansible_port=${addressOf(n).port}`);
    const inventory = put('hosts.ini', `${lines.join('\n')}\n`);
    expect(await check('-i', inventory)).toEqual({ reported: 2 * ANSWER, answered: ANSWER, started: [], ssh: '' });
  });
});

it('counts a process where there is one: the probe of this machine', async (context) => {
  if (straceMissing !== null) context.skip(straceMissing);
  const { started } = await check('--local');
  expect(started.join('\n')).toMatch(/execve\("[^"]*sh"/);
});
