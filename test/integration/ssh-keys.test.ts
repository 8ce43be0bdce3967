/** Which keys a real sshd is shown, in which order, and how its own key is judged: as ssh_config says. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Login } from '../../lambda/model/index.ts';
import { agentKeyTypes, OFFERED } from '../../lambda/ssh/index.ts';
import { parseKnownHosts } from '../../lambda/ssh/known-hosts.ts';
import { type SshOptions, sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, type SshdOptions, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { probeAll, type RunOptions, sshInstance } from '../support/probe-run.ts';
import { keyPair, type SshServerOptions, sshServer } from '../support/ssh-server.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crawlwatch-keys-'));
  chmodSync(directory, 0o755);
});
afterAll(() => rmSync(directory, { recursive: true }));

let made = 0;
/** @returns the path of a new key. */
const newKey = (type = 'ed25519', ...more: string[]) => {
  const path = join(directory, `key${made++}`);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', '', '-f', path, ...more]);
  return path;
};
const lock = (path: string, ...more: string[]) =>
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'some words', '-f', path, ...more], { stdio: 'ignore' });

/** @returns the socket of an agent that holds these keys. */
const agentWith = async (...paths: string[]) => {
  const socket = join(directory, `agent${made++}`);
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void agent.kill());
  await once(agent.stdout, 'data');
  for (const path of paths) execFileSync('ssh-add', ['-q', path], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
  return socket;
};

const started = async (options: SshdOptions & { readonly lets?: string } = {}) => {
  const sshd = await startSshd(options);
  onTestFinished(() => sshd.close());
  if (options.lets !== undefined) writeFileSync(`${sshd.privateKeyPath}.pub`, readFileSync(`${options.lets}.pub`));
  return sshd;
};
const ask = async (
  sshd: Pick<Sshd, 'address' | 'port' | 'user'>,
  given: Partial<Login>,
  options: Partial<SshOptions> = {},
  run: RunOptions = {},
) => {
  const login = { user: sshd.user, port: sshd.port, privateKeyPath: null, ...given };
  const instance = sshInstance(sshd.address, sshd.port, { login });
  const transport = sshTransport({
    hostKeys: { kind: 'pin' },
    readKey: (path) => readFile(path),
    none: true,
    ...options,
  });
  return [...(await probeAll(transport, [instance], { script: 'echo vitals', ...run })).values()][0]?.reply;
};
const withKeys = (files: readonly string[], agent: string | null = null, only = false) => ({
  identities: { files, only, agent },
});
const IN = { kind: 'output', output: 'vitals\n' };
const failedTries = (sshd: Sshd) => sshd.log().split('Failed publickey').length - 1;

describe('the keys that a host is shown', () => {
  it('are all that are listed, in their order', async () => {
    const right = newKey();
    const sshd = await started({ lets: right });
    expect(await ask(sshd, withKeys([newKey('rsa'), newKey('ecdsa'), join(directory, 'none'), right]))).toEqual(
      expect.objectContaining(IN),
    );
    // The RSA key has not had its second turn yet.
    expect(failedTries(sshd)).toBe(2);
  });

  it.each([
    'a file without a passphrase',
    'a locked file',
    'a locked PEM file with a .pub beside it',
    'a .pub file alone',
  ])('begin with the one of eight in the agent that is named by %s', async (what) => {
    const right = newKey();
    const others = Array.from({ length: 7 }, () => newKey());
    const agent = await agentWith(...others, right);
    if (what === 'a locked file') lock(right);
    if (what === 'a locked PEM file with a .pub beside it') {
      writeFileSync(right, '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n-----END RSA PRIVATE KEY-----\n');
    }
    const named = what === 'a .pub file alone' ? `${right}.pub` : right;
    const sshd = await started({ lets: right });
    for (const only of [true, false]) expect(await ask(sshd, withKeys([named], agent, only))).toMatchObject(IN);
    expect(failedTries(sshd)).toBe(0);
  });

  it('end the login where the agent has too many and none is named, and that says what to do', async () => {
    const right = newKey();
    const agent = await agentWith(...Array.from({ length: 7 }, () => newKey()), right);
    const sshd = await started({ lets: right });
    expect(await ask(sshd, withKeys([], agent))).toMatchObject({
      reason: 'AuthenticationFailed',
      text: expect.stringMatching(/"Too many authentication failures": .* \(8\); name the right one \(IdentityFile/),
    });
  });

  it('are none of the agent but those that are named, with IdentitiesOnly', async () => {
    const right = newKey();
    const agent = await agentWith(right);
    const sshd = await started({ lets: right });
    expect(await ask(sshd, withKeys([newKey()], agent, true))).toMatchObject({
      reason: 'AuthenticationFailed',
      text: expect.stringMatching(/with the one key tried \(it takes "publickey"\)/),
    });
    expect(await ask(sshd, withKeys([newKey()], agent, false))).toMatchObject(IN);
  });

  it.each(['rsa', 'ecdsa'])('may be in PKCS#8: %s', async (type) => {
    const right = newKey(type, '-m', 'PKCS8');
    expect(readFileSync(right, 'utf8')).toContain('BEGIN PRIVATE KEY');
    expect(await ask(await started({ lets: right }), withKeys([right]))).toMatchObject(IN);
  });

  it('are named one by one where they are of no use', async () => {
    const locked = newKey('rsa', '-m', 'PKCS8');
    lock(locked, '-m', 'PKCS8');
    const noKey = join(directory, 'text');
    writeFileSync(noKey, 'hunter2');
    const reply = await ask(await started(), withKeys([locked, noKey, join(directory, 'missing')]));
    expect(reply).toMatchObject({ reason: 'AuthenticationFailed' });
    const text = reply?.kind === 'failed' ? reply.text : '';
    expect(text).toMatch(/there was no key to try.*no passphrase given.*Unsupported key format.*/);
    expect(text).not.toContain('hunter2');
  });
});

describe('a host that asks for no key', () => {
  const open = () =>
    sshServer({
      authorized: [],
      output: 'vitals',
      authenticate: (context) => (context.method === 'none' ? context.accept() : context.reject(['publickey'])),
    });

  it.each([0, 1, 6])('is logged in to with %i keys', async (count) => {
    const server = await open();
    onTestFinished(() => server.close());
    const keys = Array.from({ length: count }, () => newKey());
    const reply = await ask({ ...server, user: 'crawler' }, withKeys(keys));
    expect(reply).toMatchObject({ output: 'vitals' });
  });
});

describe('the key of a host', () => {
  const line = (sshd: Sshd, name: string) => `${name} ${sshd.hostKeys.ed25519}\n`;
  const knownIn = (text: string) => {
    const path = join(directory, `known${made++}`);
    writeFileSync(path, text);
    return path;
  };
  const policy = (accepted: (line: string, file?: string) => void = () => {}): Partial<SshOptions> => ({
    hostKeys: {
      ...{ kind: 'known-hosts', known: [], acceptNew: false, accepted },
      read: (path) => parseKnownHosts(readFileSync(path, 'utf8')),
    },
  });
  const judged = (sshd: Sshd, trust: Partial<NonNullable<Login['trust']>>, options = policy()) => {
    const whole = { alias: null, files: [], addTo: null, acceptNew: false, ...trust };
    return ask(sshd, { ...withKeys([sshd.privateKeyPath]), trust: whole }, options);
  };

  it('is looked up under its alias, whatever the port', async () => {
    const sshd = await started();
    const files = [knownIn(line(sshd, 'web1'))];
    expect(await judged(sshd, { alias: 'web1', files })).toMatchObject(IN);
    expect(await judged(sshd, { alias: 'web2', files })).toMatchObject({ reason: 'HostKeyUnknown' });
    expect(await judged(sshd, { files })).toMatchObject({ reason: 'HostKeyUnknown' });
  });

  it('may be in any of the files, and a revoked one in any of them is refused', async () => {
    const sshd = await started();
    const own = knownIn(line(sshd, `[127.0.0.1]:${sshd.port}`));
    const revoked = knownIn(`@revoked * ${sshd.hostKeys.ed25519}\n`);
    expect(await judged(sshd, { files: [knownIn(''), own] })).toMatchObject(IN);
    expect(await judged(sshd, { files: [own, revoked] })).toMatchObject({ reason: 'HostKeyMismatch' });
  });

  it('is accepted where it is new and that is allowed, and added to the first file; a changed one never', async () => {
    const sshd = await started();
    const file = knownIn('');
    const added = (text: string, to = '') => appendFileSync(to, `${text}\n`);
    const trust = { alias: 'web1', files: [file], addTo: file, acceptNew: true };
    expect(await judged(sshd, trust, policy(added))).toMatchObject(IN);
    expect(readFileSync(file, 'utf8')).toBe(`web1 ${sshd.hostKeys.ed25519?.split(' ').slice(0, 2).join(' ')}\n`);
    const other = await started();
    expect(await judged(other, trust, policy(added))).toMatchObject({ reason: 'HostKeyMismatch' });
  });
});

describe('the algorithms', () => {
  it('of a host that are newer than ours are not called old', async () => {
    const sshd = await started({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    expect(await ask(sshd, withKeys([sshd.privateKeyPath]))).toMatchObject({
      reason: 'NegotiationFailed',
      text: expect.stringMatching(/it offers only "sntrup761[^;]*; this client is older than that: OpenSSH has it\.$/),
    });
  });

  it('are those that ssh_config allows', async () => {
    const sshd = await started({ config: ['Ciphers aes256-ctr'] });
    const keys = withKeys([sshd.privateKeyPath]);
    const with_ = (cipher: string) => ({ ...keys, algorithms: { ...OFFERED, cipher: [cipher] } });
    expect(await ask(sshd, with_('aes256-ctr'))).toMatchObject(IN);
    expect(await ask(sshd, with_('aes128-ctr'))).toMatchObject({ reason: 'NegotiationFailed' });
  });
});

describe('what an agent holds', () => {
  it('is listed with the certificates that ssh2 leaves out', async () => {
    const key = newKey();
    const ca = newKey();
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'me', '-n', 'me', `${key}.pub`]);
    const agent = await agentWith(key, newKey('rsa'));
    expect(await agentKeyTypes(agent, 5000)).toEqual(['ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com', 'ssh-rsa']);
  });

  it('is nothing where nobody answers', async () => {
    expect(await agentKeyTypes(join(directory, 'nobody'), 5000)).toEqual([]);
    expect(await agentKeyTypes(await agentWith(), 5000)).toEqual([]);
  });
});

/** RFC 4253, 11.1: no error. */
const BY_APPLICATION = 11;

/** Where an agent signs, a known host is sent more ahead of its answers. */
describe('a host that is known, asked with the keys of an agent', () => {
  const known = (line: string, { address, port }: Pick<Sshd, 'address' | 'port'>): Partial<SshOptions> => ({
    hostKeys: { kind: 'known-hosts', known: parseKnownHosts(`[${address}]:${port} ${line}`), acceptNew: false },
  });
  const HOST = keyPair();
  const server = async (options: Partial<SshServerOptions>) => {
    const one = await sshServer({ authorized: [], hostKeys: [HOST.private], output: 'vitals\n', ...options });
    onTestFinished(() => one.close());
    return { ...one, address: one.address, port: one.port, user: 'crawler' };
  };

  it('is read where it asks for two keys, one after the other', async () => {
    const [first, second] = [newKey(), newKey('ecdsa')];
    const both = join(directory, 'both');
    writeFileSync(both, `${readFileSync(`${first}.pub`)}${readFileSync(`${second}.pub`)}`);
    const sshd = await started({ config: [`AuthorizedKeysFile ${both}`, 'AuthenticationMethods publickey,publickey'] });
    const agent = await agentWith(first, second);
    expect(await ask(sshd, withKeys([], agent), known(sshd.hostKeys.ed25519 ?? '', sshd))).toMatchObject(IN);
  });

  it('is read by an RSA key, though it lists late which signatures it takes', async () => {
    const rsa = newKey('rsa');
    // ssh2's server lists them once it has our keys.
    const host = await server({ authorized: [readFileSync(`${rsa}.pub`, 'utf8')] });
    const agent = await agentWith(rsa);
    for (const options of [known(HOST.public, host), {}]) {
      expect(await ask(host, withKeys([], agent), { none: false, ...options })).toMatchObject(IN);
    }
  });

  it('is asked no more where it takes a key, and disconnects before the agent has signed', async () => {
    const key = newKey();
    const agent = await agentWith(key);
    const host = await server({
      config: { ident: 'OpenSSH_9.2p1 Debian-2' },
      authenticate(context, client) {
        if (context.method !== 'publickey' || context.signature !== undefined) return context.reject(['publickey']);
        context.accept();
        const { _sock: socket, _protocol: protocol } = client as unknown as {
          readonly _sock: Socket;
          readonly _protocol: { disconnect(reason: number): void };
        };
        // It keeps its side open, so that nothing but the disconnect says that this is over.
        socket.allowHalfOpen = true;
        socket.removeAllListeners('end');
        protocol.disconnect(BY_APPLICATION);
      },
    });
    const options = { none: false, ...known(HOST.public, host) };
    const reply = await ask(host, withKeys([], agent), options, { hostDeadlineMs: 3000 });
    expect(reply).toMatchObject({ kind: 'failed', text: expect.stringContaining('login') });
  });
});

describe('a name', () => {
  it('is resolved, and its host is read', async () => {
    const sshd = await started();
    const reply = await ask({ ...sshd, address: 'localhost' }, withKeys([sshd.privateKeyPath]));
    expect(reply).toMatchObject(IN);
  });
});
