import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureReason } from '../../lambda/model/index.ts';
import { parseKnownHosts } from '../../lambda/ssh/known-hosts.ts';
import { type SshOptions, sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, type SshdOptions, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';
import { keyPair, rawServer } from '../support/ssh-server.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const ask = async (sshd: Sshd, options: Partial<SshOptions>, script = 'echo vitals') => {
  const instance = sshInstance(sshd.address, sshd.port, {
    login: { user: sshd.user, port: sshd.port, privateKeyPath: null },
    worker: 'sidekiq@1.service',
  });
  const transport = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' }, ...options });
  return (await probeAll(transport, [instance], { script })).get(instance.id)?.reply;
};

describe('logging in to OpenSSH', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] });
  });
  afterAll(() => sshd.close());

  it('runs the script with the unit as its one argument', async () => {
    expect(await ask(sshd, {}, 'echo "$# $1"')).toMatchObject({ kind: 'output', output: '1 sidekiq@1.service\n' });
  });

  it('says farewell, so that sshd logs a disconnect and no error', async () => {
    const before = sshd.log().length;
    await ask(sshd, {});
    await expect.poll(() => sshd.log().slice(before)).toMatch(/Received disconnect from .*: ?11:/);
  });

  const line = (type: string) => `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[type]}`;
  const stranger = (type: 'ed25519' | 'ecdsa' | 'rsa') => `[127.0.0.1]:${sshd.port} ${keyPair(type).public}`;
  const judged = (text: string) =>
    ask(sshd, { hostKeys: { kind: 'known-hosts', known: parseKnownHosts(text), acceptNew: false } });

  it.each<[string, () => string, FailureReason]>([
    ['no host', () => '', 'HostKeyUnknown'],
    ['another key of the preferred type', () => stranger('ed25519'), 'HostKeyMismatch'],
    ['another key of another type', () => stranger('ecdsa'), 'HostKeyMismatch'],
    ['its key as revoked', () => `${line('ed25519')}\n@revoked * ${sshd.hostKeys.ed25519}`, 'HostKeyMismatch'],
  ])('runs nothing where known_hosts has %s', async (_what, text, reason) => {
    expect(await judged(text())).toMatchObject({ kind: 'failed', reason });
  });

  it.each(['ed25519', 'ecdsa', 'rsa'])('trusts a host of which known_hosts has only the %s key', async (type) => {
    expect(await judged(line(type))).toMatchObject({ kind: 'output', output: 'vitals\n' });
  });

  it('trusts what ssh-keyscan printed, hashed', async () => {
    const scanned = execFileSync('ssh-keyscan', ['-H', '-p', String(sshd.port), sshd.address], { stdio: 'pipe' });
    expect(scanned.toString()).toContain('|1|');
    expect(await judged(scanned.toString())).toMatchObject({ kind: 'output' });
  });

  it('uses the keys of an ssh-agent, past those that the host does not know, and at a second attempt too', async () => {
    const agentSocket = join(sshd.directory, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', agentSocket], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(agent.stdout, 'data');
    const env = { ...process.env, SSH_AUTH_SOCK: agentSocket };
    const add = (path: string) => execFileSync('ssh-add', ['-q', path], { env });
    const viaAgent = (port = sshd.port) =>
      probeAll(
        sshTransport({ agentSocket, hostKeys: { kind: 'pin' } }),
        [sshInstance(sshd.address, port, { login: { user: sshd.user, port, privateKeyPath: null } })],
        { script: 'echo vitals' },
      );
    const stranger = join(sshd.directory, 'stranger');
    writeFileSync(stranger, keyPair('ecdsa').private, { mode: 0o600 });
    add(stranger);
    expect([...(await viaAgent()).values()][0]?.reply).toMatchObject({ reason: 'AuthenticationFailed' });
    add(sshd.privateKeyPath);
    expect([...(await viaAgent()).values()][0]?.reply).toMatchObject({ kind: 'output', output: 'vitals\n' });
    const door = await rawServer((socket, nth) => {
      if (nth === 1) socket.end();
      else socket.pipe(connect(sshd.port, sshd.address)).pipe(socket);
    });
    expect([...(await viaAgent(door.port)).values()][0]?.reply).toMatchObject({ kind: 'output', output: 'vitals\n' });
    await door.close();
    agent.kill();
    await once(agent, 'exit');
  });
});

describe('OpenSSH on the way', () => {
  it('is read by IPv6, and its key is known by that address', async () => {
    const sshd = await startSshd({ addresses: ['::1'] });
    const known = parseKnownHosts(`[::1]:${sshd.port} ${sshd.hostKeys.ed25519}`);
    const reply = await ask(sshd, { hostKeys: { kind: 'known-hosts', known, acceptNew: false } });
    await sshd.close();
    expect(reply).toMatchObject({ kind: 'output', output: 'vitals\n' });
  });

  type Target = Pick<Sshd, 'address' | 'port' | 'user' | 'privateKey'>;
  const through = async (jump: Sshd, { address, port, user, privateKey }: Target) => {
    const jumps = [{ address: jump.address, port: jump.port, user: jump.user, privateKeyPath: jump.privateKeyPath }];
    const instance = sshInstance(address, port, { login: { user, port, privateKeyPath: null, jumps } });
    const transport = sshTransport({ privateKey, readKey: (path) => readFile(path), hostKeys: { kind: 'pin' } });
    return [...(await probeAll(transport, [instance], { script: 'echo vitals' })).values()][0]?.reply;
  };

  it('is read through another OpenSSH as its jump host', async () => {
    const [jump, target] = await Promise.all([startSshd(), startSshd()]);
    const reply = await through(jump, target);
    await Promise.all([jump.close(), target.close()]);
    expect(reply).toMatchObject({ kind: 'output', output: 'vitals\n' });
  });

  it.each<[string, SshdOptions, string, FailureReason, RegExp]>([
    [
      'which forwards nothing',
      { config: ['AllowTcpForwarding no'] },
      '127.0.0.1',
      'HostUnreachable',
      /allow TCP forwarding/,
    ],
    ['to a port where nothing listens', {}, '127.0.0.1', 'ConnectionRefused', /Connection refused/],
    ['to a name that nobody knows', {}, 'no-such-host.invalid', 'NameNotResolved', /jump host .* says/],
  ])('as a jump host %s gives the host its reason', async (_what, options, address, reason, says) => {
    const jump = await startSshd(options);
    const nobody = await rawServer(() => {});
    await nobody.close();
    const reply = await through(jump, { ...jump, address, port: nobody.port });
    await jump.close();
    expect(reply).toMatchObject({ kind: 'failed', reason, text: expect.stringMatching(says) });
  });
});

describe('an RSA key', () => {
  const rsa = keyPair('rsa');
  const withConfig = async (config: readonly string[]) => {
    const sshd = await startSshd({ config });
    writeFileSync(`${sshd.privateKeyPath}.pub`, `${rsa.public}\n`);
    const reply = await ask(sshd, { privateKey: rsa.private });
    await sshd.close();
    return reply;
  };

  it('is not used with SHA-1, even where the host takes nothing else', async () => {
    expect(await withConfig(['PubkeyAcceptedAlgorithms ssh-rsa'])).toMatchObject({
      reason: 'AuthenticationFailed',
      text: expect.stringContaining('the RSA key is used with SHA-2 only'),
    });
  });

  it.each(['rsa-sha2-256', 'rsa-sha2-512'])('is used with %s', async (algorithm) => {
    expect(await withConfig([`PubkeyAcceptedAlgorithms ${algorithm}`])).toMatchObject({ output: 'vitals\n' });
  });
});
