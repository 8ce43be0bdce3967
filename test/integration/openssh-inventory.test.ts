/** Inventories whose hosts only OpenSSH's own client can reach, through the whole command. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { crawlwatch as runWith } from '../bin/command-line.ts';
import { rawServer } from '../support/ssh-server.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const work = mkdtempSync(join(tmpdir(), 'crawlwatch-ways-'));
afterAll(() => rmSync(work, { recursive: true }));
const { PATH, HOME } = process.env;
const crawlwatch = (words: readonly string[]) => runWith(words, { env: { PATH, HOME } });
let files = 0;
const fileWith = (text: string): string => {
  const path = join(work, String(files++));
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};
const keygen = (...words: string[]) => execFileSync('ssh-keygen', ['-q', ...words]);

let gate: Sshd;
let inner: Sshd;
let known: string;
beforeAll(async () => {
  [gate, inner] = await Promise.all([startSshd({ addresses: ['127.0.0.2'] }), startSshd()]);
  known = fileWith(
    [gate, inner]
      .flatMap(({ address, port, hostKeys }) => Object.values(hostKeys).map((key) => `[${address}]:${port} ${key}\n`))
      .join(''),
  );
});
afterAll(() => Promise.all([gate.close(), inner.close()]));

/** Words of ssh to the jump host, which know nothing of this account's configuration. */
const toGate = () => `-F none -i ${gate.privateKeyPath} -o UserKnownHostsFile=${known} -p ${gate.port}`;

interface Checked {
  readonly status: string;
  readonly reasons: readonly { readonly code: string; readonly text: string }[];
}

/** One host of an inventory with these words as `ansible_ssh_common_args`; `-F none` where they name no configuration. */
async function check(args: string, line = '', flags: readonly string[] = []) {
  const words = args.includes('-F ') ? args : `-F none ${args}`;
  const host = `web1 ansible_host=127.0.0.1 ansible_port=${inner.port} ansible_user=${inner.user}`;
  const key = `ansible_ssh_private_key_file=${inner.privateKeyPath}`;
  const inventory = fileWith(`${host} ${key} ${line} ansible_ssh_common_args='${words}'\n`);
  const { stdout, stderr } = await crawlwatch([
    ...['check', '-i', inventory, '--known-hosts', known, '-o', 'json', '--timeout', '20', ...flags],
  ]);
  const [checked] = (JSON.parse(stdout) as { instances: readonly Checked[] }).instances;
  return { ...(checked as Checked), stderr };
}

describe('an inventory’s ProxyCommand', () => {
  it.each<[string, () => string]>([
    ['with socat', () => '-o ProxyCommand="socat - TCP:%h:%p"'],
    ['with nc on the jump host', () => `-o ProxyCommand="ssh ${toGate()} ${gate.user}@127.0.0.2 nc %h %p"`],
    ['with an environment', () => `-o ProxyCommand="env WAY=x ssh ${toGate()} -W %h:%p ${gate.user}@127.0.0.2"`],
    ['in a file of its own, for a Match', () => `-F ${fileWith('Match exec true\n  ProxyCommand nc %h %p\n')}`],
    ['with the login’s name', () => '-o ProxyCommand="sh -c \\"test %r = $(id -un) && exec nc %h %p\\""'],
    [
      'with the name, host and port of the login',
      () => `-o ProxyCommand="ssh ${toGate()} -l %r 127.0.0.2 exec nc %h %p"`,
    ],
  ])('is followed %s', async (_what, args) => {
    expect(await check(args())).toMatchObject({ status: expect.not.stringMatching(/UNKNOWN|CRITICAL/) });
  });

  it.each<[string, string, RegExp]>([
    ['fails', '-o ProxyCommand="sh -c \\"echo no session >&2; exit 1\\""', /its ProxyCommand ended .*"no session"/],
    ['is not installed', '-o ProxyCommand="session-tool %h"', /"[^"]*session-tool: not found"/],
    [
      'names a host that is not there',
      '-o ProxyCommand="ssh -F none -p 1 127.0.0.2 -W %h:%p -v"',
      /ProxyCommand ended/,
    ],
  ])('that %s leaves the host UNKNOWN', async (_what, args, says) => {
    const { status, reasons } = await check(args);
    expect(status).toBe('UNKNOWN');
    expect(reasons).toMatchObject([{ text: expect.stringMatching(says) }]);
  });

  it('is named by -v as the way to the host', async () => {
    const { stderr } = await check('-o ProxyCommand="nc %h %p"', '', ['-v']);
    expect(stderr).toBe('crawlwatch: web1: through ssh (ProxyCommand)\n');
  });

  it('that is silent leaves the host UNKNOWN', async () => {
    const silent = await rawServer(() => {});
    const { status, reasons } = await check(`-o ProxyCommand="nc 127.0.0.1 ${silent.port}"`, '', ['--timeout', '3']);
    await silent.close();
    expect({ status, reasons }).toMatchObject({ status: 'UNKNOWN', reasons: [{ code: 'HostUnreachable' }] });
  });
});

describe('an inventory’s certificates', () => {
  let ca: string;
  let certified: Sshd;
  beforeAll(async () => {
    ca = join(work, 'authority');
    keygen('-t', 'ecdsa', '-N', '', '-f', ca);
    const host = join(work, 'host-key');
    keygen('-t', 'ed25519', '-N', '', '-f', host);
    keygen('-s', ca, '-h', '-I', 'host', '-n', 'web1.example', `${host}.pub`);
    certified = await startSshd({
      config: [
        ...[`HostKey ${host}`, `HostCertificate ${host}-cert.pub`, `TrustedUserCAKeys ${ca}.pub`],
        'AuthorizedKeysFile none',
      ],
    });
  });
  afterAll(() => certified.close());

  const certificate = (user: string) => {
    const key = join(work, `user-${files++}`);
    keygen('-t', 'ed25519', '-N', '', '-f', key);
    keygen('-s', ca, '-I', 'user', '-n', user, `${key}.pub`);
    const elsewhere = join(work, `certificate-${files++}`);
    execFileSync('mv', [`${key}-cert.pub`, elsewhere]);
    return { key, elsewhere };
  };
  const trusting = (name: string) => fileWith(`@cert-authority ${name} ${execFileSync('cat', [`${ca}.pub`])}`);
  const checkCertified = async (user: string, name: string) => {
    const { key, elsewhere } = certificate(user);
    const words = `-o CertificateFile=${elsewhere} -o HostKeyAlias=web1.example -o Port=${certified.port}`;
    const line = `web1 ansible_host=127.0.0.1 ansible_user=${certified.user} ansible_ssh_private_key_file=${key}`;
    const inventory = fileWith(`${line} ansible_ssh_extra_args='-F none ${words}'\n`);
    const flags = ['--known-hosts', trusting(name), '-o', 'json', '--timeout', '20'];
    const { stdout } = await crawlwatch(['check', '-i', inventory, ...flags]);
    return (JSON.parse(stdout) as { instances: readonly Checked[] }).instances[0];
  };

  it('of the user and the host count', async () => {
    const checked = await checkCertified(certified.user, '*.example');
    expect(checked).toMatchObject({ status: expect.not.stringMatching(/UNKNOWN|CRITICAL/) });
  });

  it('of a host for another name leave it UNKNOWN', async () => {
    const checked = await checkCertified(certified.user, '*.test');
    expect(checked).toMatchObject({ status: 'UNKNOWN', reasons: [{ code: 'HostKeyUnknown' }] });
  });

  it('of another user leave it UNKNOWN', async () => {
    const checked = await checkCertified('somebody-else', '*.example');
    expect(checked).toMatchObject({ status: 'UNKNOWN', reasons: [{ code: 'AuthenticationFailed' }] });
  });
});

describe('the doctor of a host that only ssh reaches', () => {
  it('names the way', async () => {
    const line = `web1 ansible_host=127.0.0.1 ansible_port=${inner.port} ansible_user=${inner.user}`;
    const key = `ansible_ssh_private_key_file=${inner.privateKeyPath}`;
    const args = '-F none -o ProxyCommand="nc %h %p"';
    const inventory = fileWith(`${line} ${key} ansible_ssh_common_args='${args}'\n`);
    const { stdout } = await crawlwatch(['doctor', '-i', inventory, '--known-hosts', known]);
    expect(stdout).toMatch(
      /✓ key +those of ssh's own configuration, since this host is asked through ssh \(ProxyCommand\)/,
    );
    expect(stdout).toMatch(/✓ connection +127\.0\.0\.1:\d+ accepts, through ssh \(ProxyCommand\)/);
    expect(stdout).toMatch(/✓ host key +trusted, SHA256:/);
  });
});
