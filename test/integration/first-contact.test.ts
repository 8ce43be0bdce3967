/** The questions of a first contact in a real terminal: host keys and passphrases, with real OpenSSH servers. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type BuiltProgram, builtProgram } from '../bin/built-program.ts';
import { openTerminal, type Terminal } from '../support/tmux.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const PROMPT = '$ ';
const QUESTION = 'Are you sure you want to continue connecting (yes/no/[fingerprint])?';

let program: BuiltProgram;
let sshds: readonly Sshd[];
let home: string;
let terminal: Terminal;
beforeAll(async () => {
  program = builtProgram();
  sshds = [await startSshd({ hostKeyTypes: ['ed25519'] }), await startSshd({ hostKeyTypes: ['ecdsa'] })];
});
afterAll(async () => {
  await Promise.all((sshds ?? []).map((sshd) => sshd.close()));
  program?.remove();
});
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'crawlwatch-contact-'));
  for (const folder of ['.ssh', 'bin']) mkdirSync(join(home, folder), { mode: 0o700 });
  writeFileSync(join(home, 'bin', 'crawlwatch'), `#!/bin/sh\nexec '${process.execPath}' '${program.path}' "$@"\n`);
  chmodSync(join(home, 'bin', 'crawlwatch'), 0o755);
  const [one, two] = sshds;
  writeFileSync(join(home, '.ssh', 'id_ed25519'), one?.privateKey ?? '', { mode: 0o600 });
  // The second server takes the same key.
  execFileSync('cp', [`${one?.privateKeyPath}.pub`, `${two?.privateKeyPath}.pub`]);
  const hosts = sshds.map(({ address, port }, n) => `web${n + 1} ansible_host=${address} ansible_port=${port}`);
  writeFileSync(join(home, 'hosts.ini'), `${hosts.join('\n')}\n`);
  const path = `${join(home, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin`;
  const env = { HOME: home, PATH: path, LANG: 'C.UTF-8', PS1: PROMPT, PWD: home };
  terminal = openTerminal({ columns: 160, rows: 50 }, { cwd: home, env });
  await terminal.until((screen) => screen.endsWith(PROMPT.trim()));
});
afterEach(() => {
  terminal.close();
  rmSync(home, { recursive: true, force: true });
});

const check = (more = '') => terminal.type(`clear; crawlwatch check -u root ${more}; echo "exit code $?"`, 'Enter');
const answer = (text: string) => terminal.type(text, 'Enter');
const isBack = (screen: string) => screen.split('\n').at(-1) === PROMPT.trim();
const until = (text: string) => terminal.until((screen) => screen.endsWith(text));
const knownHosts = () => {
  const file = join(home, '.ssh', 'known_hosts');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
};
/** Both hosts are asked again at the same time. */
const inOrder = (lines: string) => lines.split('\n').toSorted().join('\n');
const fingerprint = (sshd: Sshd | undefined) =>
  /SHA256:\S+/.exec(
    execFileSync('ssh-keygen', ['-l', '-f', '-'], { input: Object.values(sshd?.hostKeys ?? {})[0] }).toString(),
  )?.[0] ?? '';

describe('hosts whose keys are unknown', () => {
  it('are asked about one by one, as ssh does, and the table has all of them', async () => {
    check('-i hosts.ini');
    const first = await until(QUESTION);
    expect(first).toContain(`The authenticity of host 'web1 ([127.0.0.1]:${sshds[0]?.port})' can't be established.`);
    expect(first).toContain(`ED25519 key fingerprint is ${fingerprint(sshds[0])}.`);
    expect(first).not.toContain('/2 '); // No bar over the question.
    answer('maybe');
    await until("Please type 'yes', 'no' or the fingerprint:");
    answer('yes');
    const second = await until(QUESTION);
    expect(second).toContain(`ECDSA key fingerprint is ${fingerprint(sshds[1])}.`);
    answer(fingerprint(sshds[1]));
    const end = await terminal.until(isBack);
    expect(end).toMatch(/^web1 +OK /m);
    expect(end).toMatch(/^web2 +OK /m);
    expect(end).toMatch(/2 hosts in \d\.\d s: 2 OK\nexit code 0/);
    const lines = sshds.map(
      ({ port, hostKeys }) => `[127.0.0.1]:${port} ${Object.values(hostKeys)[0]?.split(' ').slice(0, 2).join(' ')}\n`,
    );
    expect(inOrder(knownHosts())).toBe(inOrder(lines.join('')));
    expect(statSync(join(home, '.ssh', 'known_hosts')).mode & 0o777).toBe(0o600);

    check('-i hosts.ini');
    expect(await terminal.until(isBack)).not.toContain('authenticity');
    expect(inOrder(knownHosts())).toBe(inOrder(lines.join('')));
  });

  it('stay unknown where the answer is no, and the others are read', async () => {
    check('-i hosts.ini');
    await until(QUESTION);
    answer('no');
    await until(QUESTION);
    answer('YES');
    const end = await terminal.until(isBack);
    expect(end).toMatch(/^web1 +UNKNOWN +HostKeyUnknown/m);
    expect(end).toMatch(/^web2 +OK /m);
    expect(end).toContain(`ssh-keyscan -p ${sshds[0]?.port} 127.0.0.1`);
    expect(end).toContain('exit code 3');
    expect(knownHosts()).not.toContain(`:${sshds[0]?.port} `);
  });

  it('are reported at Ctrl-C', async () => {
    check('-i hosts.ini');
    await until(QUESTION);
    terminal.type('', 'C-c');
    const end = await terminal.until(isBack);
    expect(end).toMatch(/^web1 +UNKNOWN +HostKeyUnknown/m);
    expect(end).toMatch(/^web2 +UNKNOWN +HostKeyUnknown/m);
    expect(end).toContain('exit code 130');
    expect(knownHosts()).toBe('');
  });

  it.each(['-i hosts.ini -o json', '-i hosts.ini -q', '-i hosts.ini </dev/null', '-i hosts.ini 2>/dev/null'])(
    'are not asked about where nobody reads: %s',
    async (words) => {
      check(words);
      const end = await terminal.until(isBack);
      expect(end).toContain('HostKeyUnknown');
      expect(end).not.toContain('Are you sure');
    },
  );

  it('are trusted without a question with --accept-new-host-keys', async () => {
    check('-i hosts.ini --accept-new-host-keys');
    const end = await terminal.until(isBack);
    expect(end).toMatch(/2 OK\nexit code 0/);
    expect(end).not.toContain('Are you sure');
  });

  it.each(['yes', 'true'])('are not asked about where StrictHostKeyChecking is %s', async (strict) => {
    writeFileSync(join(home, '.ssh', 'config'), `Host *\n  StrictHostKeyChecking ${strict}\n`);
    check('-i hosts.ini');
    const end = await terminal.until(isBack);
    expect(end).toMatch(/^web1 +UNKNOWN +HostKeyUnknown/m);
    expect(end).not.toContain('Are you sure');
  });

  it('are a jump host and the host behind it, in this order', async () => {
    const [jump, inner] = sshds;
    writeFileSync(
      join(home, '.ssh', 'config'),
      `Host inner\n  HostName 127.0.0.1\n  Port ${inner?.port}\n  ProxyJump root@127.0.0.1:${jump?.port}\n`,
    );
    check('--host inner');
    expect(await until(QUESTION)).toContain(`host '[127.0.0.1]:${jump?.port}' can't be established`);
    answer('yes');
    await terminal.until((screen) => screen.split(QUESTION).length === 3);
    expect(terminal.screen()).toContain(`host 'inner ([127.0.0.1]:${inner?.port})' can't be established`);
    answer('yes');
    expect(await terminal.until(isBack)).toMatch(/1 OK\nexit code 0/);
    expect(knownHosts().split('\n')).toHaveLength(3);
  });
});

describe('a key with a passphrase', () => {
  const path = () => join(home, '.ssh', 'id_ed25519');
  beforeEach(() => {
    execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'open sesame', '-f', path()]);
    writeFileSync(
      join(home, '.ssh', 'known_hosts'),
      sshds.map(({ port, hostKeys }) => `[127.0.0.1]:${port} ${Object.values(hostKeys)[0]}\n`).join(''),
    );
  });
  const prompt = () => `Enter passphrase for key '${path()}':`;

  it('is opened once for all hosts, and what is typed is not shown', async () => {
    check('-i hosts.ini');
    await until(prompt());
    answer('wrong');
    await terminal.until((screen) => screen.split(prompt()).length === 3);
    // A slip is erased, as anywhere else.
    terminal.type('open sesamy', 'BSpace');
    answer('e');
    const end = await terminal.until(isBack);
    expect(end).toMatch(/2 OK\nexit code 0/);
    expect(end.split(prompt())).toHaveLength(3);
    expect(end).not.toMatch(/sesam|wrong/);
    // The terminal shows again what is typed.
    answer('echo seen again');
    expect(await terminal.until(isBack)).toContain('echo seen again');
  });

  it('is given up after three tries, and the reason says what else there is', async () => {
    check('-i hosts.ini');
    for (let tries = 1; tries <= 3; tries++) {
      await terminal.until((screen) => screen.split(prompt()).length === tries + 1);
      answer(`wrong ${tries}`);
    }
    const end = await terminal.until(isBack);
    expect(end).toMatch(/^web1 +UNKNOWN +AuthenticationFailed/m);
    const words = end.replace(/\s+/g, ' ');
    expect(words).toContain('bad passphrase?"; load it into ssh-agent with ssh-add; put that right, or give another');
    expect(words).not.toContain('no passphrase given');
    expect(end.split(prompt())).toHaveLength(4);
  });

  it('leaves the terminal as it was at Ctrl-C', async () => {
    check('-i hosts.ini');
    await until(prompt());
    terminal.type('', 'C-c');
    expect(await terminal.until(isBack)).toContain('exit code 130');
    answer('stty -a | grep -o " echo "');
    expect(await terminal.until((screen) => /\n echo\s*\n\$$/.test(screen))).toContain(' echo');
  });

  it('is not asked for where nobody reads', async () => {
    check('-i hosts.ini </dev/null');
    const end = await terminal.until(isBack);
    expect(end).not.toContain('Enter passphrase');
    expect(end.replace(/\s+/g, ' ')).toContain('ssh-add');
  });
});

it('says at once that passwords are not used', async () => {
  check('-i hosts.ini -k');
  const end = await terminal.until(isBack);
  expect(end.replace(/\s+/g, ' ')).toMatch(
    /crawlwatch: -k, --ask-pass: passwords aren't used.*ssh-copy-id.*exit code 3/,
  );
});
