import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeOutput } from '../../support/probe-output.ts';
import { keyPair, rawServer, type SshServerOptions, sshServer, type TestServer } from '../../support/ssh-server.ts';
import { crawlwatch } from '../command-line.ts';

const login = keyPair();
const hostKey = keyPair();
const another = keyPair();
let folder = '';
const servers: TestServer[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-doctor-'));
  writeFileSync(join(folder, 'key'), login.private, { mode: 0o600 });
});
afterAll(async () => {
  await Promise.all(servers.map((one) => one.close()));
  rmSync(folder, { recursive: true });
});

const kept = async (server: Promise<TestServer>): Promise<TestServer> => {
  servers.push(await server);
  return server;
};
const host = (options: Partial<SshServerOptions> = {}) =>
  kept(sshServer({ authorized: [login.public], hostKeys: [hostKey.private], output: probeOutput(), ...options }));
/** A line of known_hosts: `ssh-ed25519 AAAA...`, without its comment. */
const asKnown = ({ port }: TestServer, key: { readonly public: string }) =>
  `[127.0.0.1]:${port} ${key.public.split(' ').slice(0, 2).join(' ')}\n`;

async function doctor(server: TestServer, knownHosts: string, ...words: string[]) {
  const file = join(folder, `known_hosts-${server.port}`);
  writeFileSync(file, knownHosts);
  return crawlwatch([
    ...['doctor', '-u', 'ubuntu', '--private-key', join(folder, 'key'), '--known-hosts', file, '--timeout', '60'],
    ...[...words, '--host', `127.0.0.1:${server.port}`],
  ]);
}

/** For hosts that say nothing: they are given up soon. The others have as long as a busy machine may take. */
const IMPATIENT = ['--timeout', '2'];

/** The marks of key, address, connection, sshd, host key, login and probe. */
const marksOf = (stdout: string): string =>
  stdout
    .match(/^ {2}[✓✗?](?= )/gm)
    ?.join('')
    .replaceAll(' ', '') ?? '';

describe('the doctor of a host over SSH', () => {
  it.each<[string, () => Promise<TestServer>, string, RegExp, words?: string[]]>([
    [
      'resets',
      () => kept(rawServer((socket) => socket.resetAndDestroy())),
      '✓✓✓✗???',
      /✗ sshd +ConnectionReset: .*\n +fix: sshd serves no login/,
    ],
    ['says nothing', () => kept(rawServer(() => {})), '✓✓✓✗???', /✗ sshd +BannerTimeout: /, IMPATIENT],
    [
      'speaks HTTP',
      () => kept(rawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
      '✓✓✓✗???',
      /✗ sshd +ProtocolError: /,
    ],
    [
      'takes another key',
      () => host({ authorized: [another.public] }),
      '✓✓✓✓✓✗?',
      /✗ login +AuthenticationFailed: .*\n +fix: do as the reason says, or log in as another user \(-u USER\) or with another key \(--private-key FILE/,
    ],
    ['runs no command', () => host({ exec: (_accept, reject) => reject() }), '✓✓✓✓✓✓✗', /✗ probe +ExecRefused: /],
    ['prints something else', () => host({ output: 'hello\n' }), '✓✓✓✓✓✓✗', /✗ probe +ExecRefused: .*"hello/],
  ])('ends at the step at which a host %s', async (_, start, marks, says, words = []) => {
    const server = await start();
    const { stdout, exitCode } = await doctor(server, asKnown(server, hostKey), ...words);
    expect(marksOf(stdout)).toBe(marks);
    expect(stdout).toMatch(says);
    expect(exitCode).toBe(2);
  });

  it('ends at the connection where nothing listens', async () => {
    const server = await kept(rawServer(() => {}));
    await server.close();
    const { stdout } = await doctor(server, '');
    expect(marksOf(stdout)).toBe('✓✓✗????');
    expect(stdout).toMatch(/✗ connection +ConnectionRefused: .*\n +fix: start sshd on it, or correct the port/);
  });

  it.each([
    ['that nobody knows', () => '', 'HostKeyUnknown'],
    ['other than the one that is known', (server: TestServer) => asKnown(server, another), 'HostKeyMismatch'],
  ])('ends at a host key %s, and trusts none by itself', async (_, known, reason) => {
    const server = await host();
    const { stdout } = await doctor(server, known(server));
    expect(marksOf(stdout)).toBe('✓✓✓✓✗??');
    expect(stdout).toMatch(new RegExp(`✗ host key +${reason}: `));
  });

  it('says that a key cannot be used before it connects', async () => {
    const server = await host();
    writeFileSync(join(folder, 'locked'), keyPair('ed25519', 'secret').private);
    const ran = await doctor(server, asKnown(server, hostKey), '--private-key', join(folder, 'locked'));
    expect(marksOf(ran.stdout)).toBe('✗');
    expect(ran.stdout).toMatch(/✗ key +the private key .* can't be used: .*\n +fix: give --private-key FILE/);
    expect(server.accepted).toBe(0);
  });

  it('finds nothing where all is OK, exit code 0, without colours in a pipe', async () => {
    const server = await host();
    const { stdout, stderr, exitCode } = await doctor(server, asKnown(server, hostKey));
    expect(marksOf(stdout)).toBe('✓✓✓✓✓✓✓');
    expect(stdout).toContain('trusted, SHA256:');
    expect(stdout).toContain('7.6 GiB (50 %) of its memory is available');
    expect(stdout).toMatch(/\nAll 7 steps are OK\.\n$/);
    expect(stdout).not.toContain('\u001b');
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  });

  it('prints the same as JSON', async () => {
    const server = await kept(rawServer(() => {}));
    const { stdout, exitCode } = await doctor(server, '', '-o', 'json', ...IMPATIENT);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      exitCode: 2,
      diagnoses: [
        {
          kind: 'host',
          name: '127.0.0.1',
          steps: expect.arrayContaining([
            { name: 'address', finding: 'ok', text: '127.0.0.1', fix: null },
            {
              name: 'sshd',
              finding: 'failed',
              text: expect.stringMatching(/^BannerTimeout: /),
              fix: expect.any(String),
            },
            { name: 'probe', finding: 'unknown', text: 'not reached: the step "sshd" comes first', fix: null },
          ]),
        },
      ],
    });
  });

  it('escapes what a host sends', async () => {
    const server = await kept(rawServer((socket) => socket.end('\u001b]0;owned\u0007\r\n')));
    const { stdout } = await doctor(server, '');
    expect(stdout).toContain('\\x1b');
    for (const control of ['\u001b', '\u0007', '\r']) expect(stdout).not.toContain(control);
  });

  it('diagnoses one host of an inventory', async () => {
    const server = await host();
    const known = join(folder, 'known_hosts-inventory');
    writeFileSync(known, asKnown(server, hostKey));
    const inventory = join(folder, 'hosts.ini');
    writeFileSync(inventory, `web1 ansible_host=127.0.0.1 ansible_port=${server.port}\nweb2 ansible_host=127.0.0.1\n`);
    const words = [
      'doctor',
      '-i',
      inventory,
      '-l',
      'web1',
      '--private-key',
      join(folder, 'key'),
      '--known-hosts',
      known,
    ];
    const { stdout, exitCode } = await crawlwatch(words);
    expect(stdout).toMatch(/^web1\n/);
    expect(stdout).not.toContain('web2');
    expect(exitCode).toBe(0);
  });

  it('names the variable of an inventory that cannot be used, and takes localhost for this machine', async () => {
    const file = join(folder, 'inventory-of-others');
    writeFileSync(file, 'localhost ansible_connection=local\nbox ansible_connection=docker\n');
    const ran = await crawlwatch(['doctor', '-i', file]);
    expect(ran.exitCode).toBe(2);
    expect(ran.stdout).toMatch(/^localhost\n {2}✓ inventory +it is this machine: no login is needed\n {2}✓ probe /m);
    expect(ran.stdout).toMatch(
      /^box\n {2}✗ inventory +ansible_connection is "docker" .*\n +fix: correct the variable/m,
    );
  });

  it('names what ssh would do with a host, and no variable, where that cannot be followed', async () => {
    const file = join(folder, 'jumps-nowhere');
    writeFileSync(file, 'web1 ansible_ssh_common_args="-J %x@other"\n');
    expect((await crawlwatch(['doctor', '-i', file])).stdout).toMatch(
      /^web1\n {2}✗ ssh +web1 was not asked: .*\n +fix: put that right here, in ssh's configuration/m,
    );
  });

  it('says in one line that it takes either instances or hosts', async () => {
    const { stderr, exitCode } = await crawlwatch(['doctor', 'i-0123456789abcdef0', '--host', 'web1']);
    expect(stderr).toMatch(/^crawlwatch: give either instances \(i-0123456789abcdef0\) or --host or -i, not both\n$/);
    expect(exitCode).toBe(3);
  });
});
