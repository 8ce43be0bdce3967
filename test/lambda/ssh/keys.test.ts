import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SshOptions, sshTransport } from '../../../lambda/ssh/transport.ts';
import { probeAll, sshInstance } from '../../support/probe-run.ts';
import { keyPair, sshServer, type TestServer } from '../../support/ssh-server.ts';

const login = keyPair();
const locked = keyPair('ed25519', 'open sesame');

describe('logging in', () => {
  let server: TestServer;
  let hungAgent: Server;
  const hungAgentPath = join(tmpdir(), `crawlwatch-agent-${process.pid}`);
  beforeAll(async () => {
    server = await sshServer({ authorized: [login.public, locked.public], output: 'vitals' });
    hungAgent = createServer((socket) => socket.resume()).listen(hungAgentPath);
  });
  afterAll(async () => {
    await server.close();
    await new Promise((resolve) => hungAgent.close(resolve));
  });

  const ask = async (
    options: Partial<SshOptions>,
    privateKeyPath: string | null = null,
    run: { readonly hostDeadlineMs?: number } = {},
  ) => {
    const transport = sshTransport({ hostKeys: { kind: 'pin' }, ...options });
    const instance = sshInstance(server.address, server.port, {
      login: { user: 'crawler', port: server.port, privateKeyPath },
    });
    return (await probeAll(transport, [instance], run)).get(instance.id)?.reply;
  };
  const readKey = (files: Record<string, string>) => async (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  };

  it.each<[string, Partial<SshOptions>, string | null, RegExp]>([
    ['there is no key at all', {}, null, /no key to log in with/],
    ['the key is none', { privateKey: 'hunter2' }, null, /the private key given can't be used: "/],
    ['the key is a public one', { privateKey: login.public }, null, /it is a public key/],
    ['the key wants a passphrase', { privateKey: locked.private }, null, /can't be used: ".*no passphrase given/],
    [
      'the passphrase is wrong',
      { privateKey: locked.private, passphrase: 'x' },
      null,
      /can't be used: ".*bad passphrase/,
    ],
    [
      'the key file is missing',
      { readKey: readKey({}) },
      '/keys/a',
      /the private key "\/keys\/a" can't be used: "ENOENT/,
    ],
    ['the key file is none', { readKey: readKey({ '/keys/a': 'x' }) }, '/keys/a', /"\/keys\/a" can't be used/],
    ['key files are not read here', { privateKey: login.private }, '/keys/a', /key files are not read here/],
  ])('fails without a connection where %s', async (_what, options, path, says) => {
    const before = server.accepted;
    expect(await ask(options, path)).toMatchObject({
      reason: 'AuthenticationFailed',
      text: expect.stringMatching(says),
    });
    expect(server.accepted).toBe(before);
  });

  it.each<[string, Partial<SshOptions>, RegExp, hostDeadlineMs?: number]>([
    ['the ssh-agent is not there', { agentSocket: '/no/such/socket' }, /Failed to connect to agent/],
    ['the ssh-agent never answers', { agentSocket: hungAgentPath }, /the ssh-agent did not answer/, 3000],
    [
      'neither the key nor the ssh-agent is of use',
      { privateKey: 'hunter2', agentSocket: '/no/such/socket' },
      /the private key given can't be used.*Failed to connect to agent/,
    ],
  ])('blames our own keys and not the host where %s', async (_what, options, says, hostDeadlineMs = 60_000) => {
    const reply = await ask(options, null, { hostDeadlineMs });
    expect(reply).toMatchObject({ reason: 'AuthenticationFailed', text: expect.stringMatching(says) });
  });

  it.each<[string, Partial<SshOptions>, string | null, string]>([
    ['the key file that was tried', { readKey: readKey({ '/keys/a': login.private }) }, '/keys/a', ' -i /keys/a.pub'],
    [
      'the first that can be',
      {
        readKey: readKey({ '/keys/a': locked.private, '/keys/b': login.private }),
        identities: { files: ['/keys/a', '/keys/b'], only: true, agent: null },
      },
      null,
      ' -i /keys/b.pub',
    ],
    ['no file of a key that was given', { privateKey: login.private }, null, ''],
  ])('names in its command to add a key %s', async (_what, options, privateKeyPath, named) => {
    const strict = await sshServer({
      authorized: [],
      authenticate: (context) => context.reject(['publickey', 'password']),
    });
    const transport = sshTransport({ hostKeys: { kind: 'pin' }, ...options });
    const instance = sshInstance(strict.address, strict.port, {
      login: { user: 'crawler', port: strict.port, privateKeyPath },
    });
    const reply = (await probeAll(transport, [instance])).get(instance.id)?.reply;
    await strict.close();
    expect(reply).toMatchObject({
      text: expect.stringContaining(
        `passwords aren't used; to add a key: ssh-copy-id${named} -p ${strict.port} crawler@${strict.address}.`,
      ),
    });
  });

  it('never quotes a key, not even a broken one', async () => {
    expect(JSON.stringify(await ask({ privateKey: 'hunter2' }))).not.toContain('hunter2');
  });

  it.each<[string, Partial<SshOptions>, string | null]>([
    ['the key given', { privateKey: login.private }, null],
    ['the key given and its passphrase', { privateKey: locked.private, passphrase: 'open sesame' }, null],
    ['the key given as bytes', { privateKey: Buffer.from(login.private) }, null],
    ['the key file of the host', { privateKey: keyPair().private, readKey: readKey({ '/k': login.private }) }, '/k'],
    [
      'the key given, though the ssh-agent is gone',
      { privateKey: login.private, agentSocket: '/no/such/socket' },
      null,
    ],
  ])('works with %s', async (_what, options, path) => {
    expect(await ask(options, path)).toMatchObject({ kind: 'output', output: 'vitals' });
  });

  it.each(['ecdsa', 'rsa'] as const)('works with an %s key', async (type) => {
    const pair = keyPair(type);
    const other = await sshServer({ authorized: [pair.public], output: 'vitals' });
    const transport = sshTransport({ privateKey: pair.private, hostKeys: { kind: 'pin' } });
    const answers = await probeAll(transport, [sshInstance(other.address, other.port)]);
    await other.close();
    expect([...answers.values()][0]?.reply).toMatchObject({ output: 'vitals' });
  });

  it('reads a key file once, however many hosts use it', async () => {
    const paths: string[] = [];
    const transport = sshTransport({
      hostKeys: { kind: 'pin' },
      readKey: async (path) => {
        paths.push(path);
        return login.private;
      },
    });
    const hosts = Array.from({ length: 5 }, (_, n) =>
      sshInstance(server.address, server.port, {
        id: `${n}`,
        login: { user: 'crawler', port: server.port, privateKeyPath: '/k' },
      }),
    );
    const answers = await probeAll(transport, hosts);
    expect([...answers.values()].map(({ reply }) => reply.output)).toEqual(Array(5).fill('vitals'));
    expect(paths).toEqual(['/k']);
  });
});
