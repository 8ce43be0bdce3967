import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ignoreOtherHostKeys, type Protocol, padQuickly, speakFirst } from '../../../lambda/ssh/inside-ssh2.ts';
import { fingerprint } from '../../../lambda/ssh/known-hosts.ts';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { type Answer, probeAll, type RunOptions, sshInstance } from '../../support/probe-run.ts';
import { keyPair, rawServer, type SshServerOptions, sshServer, type TestServer } from '../../support/ssh-server.ts';

const PINNED = '1.17.0';
const LOGIN = keyPair();
const HOST = keyPair();
const PIN = fingerprint((ssh2.utils.parseKey(HOST.public) as ssh2.ParsedKey).getPublicSSH());

const TOO_MANY_CONNECTIONS = 12;
const disconnect = (client: unknown, reason: number) =>
  (client as { readonly _protocol: { disconnect(reason: number): void } })._protocol.disconnect(reason);

describe('the inside of ssh2', () => {
  it(`is that of ${PINNED}: look at each use in inside-ssh2.ts before this is raised`, () => {
    expect(createRequire(import.meta.url)('ssh2/package.json').version).toBe(PINNED);
    expect(readFileSync('package.json', 'utf8')).toContain(`"ssh2": "${PINNED}"`);
  });
});

describe('a login with nothing to wait for', () => {
  const servers: TestServer[] = [];
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  /** The reply of a host that counts login requests: signed ones, and by their method those that only ask. */
  async function ask(
    given: Partial<SshServerOptions>,
    hostKey: string | null,
    privateKey = LOGIN.private,
    options: RunOptions = {},
  ) {
    const requests: string[] = [];
    const server = await sshServer({
      authorized: [LOGIN.public],
      hostKeys: [HOST.private],
      output: 'vitals',
      ...given,
      authenticate(context, client) {
        const isSigned = context.method === 'publickey' && context.signature !== undefined;
        requests.push(isSigned ? 'signed' : context.method);
        if (given.authenticate) return given.authenticate(context, client);
        const key = ssh2.utils.parseKey(LOGIN.public) as ssh2.ParsedKey;
        if (context.method !== 'publickey' || !key.getPublicSSH().equals(context.key.data)) {
          return context.reject(['publickey']);
        }
        const { signature, blob = Buffer.alloc(0) } = context;
        return signature === undefined || key.verify(blob, signature) === true
          ? context.accept()
          : context.reject(['publickey']);
      },
    });
    servers.push(server);
    const transport = sshTransport({ privateKey, hostKeys: { kind: 'pin' } });
    const answers = await probeAll(transport, [sshInstance(server.address, server.port, { hostKey })], options);
    return { reply: [...answers.values()][0]?.reply, requests, accepted: server.accepted };
  }

  it.each([
    ['known', PIN],
    ['new', null],
  ])('signs at once with the only key, at a %s host', async (_which, pin) => {
    const { reply, requests, accepted } = await ask({}, pin);
    expect(reply).toMatchObject({ kind: 'output', output: 'vitals', hostKey: PIN });
    expect({ requests, accepted }).toEqual({ requests: ['signed'], accepted: 1 });
  });

  it('is refused where the key does not fit, by one request in the one connection', async () => {
    const { reply, requests, accepted } = await ask({}, PIN, keyPair().private);
    expect(reply).toMatchObject({ kind: 'failed', reason: 'AuthenticationFailed' });
    expect({ requests, accepted }).toEqual({ requests: ['signed'], accepted: 1 });
  });

  it('tries an RSA key with the other hash, too', async () => {
    const rsa = keyPair('rsa');
    const { requests } = await ask({ authenticate: (context) => context.reject(['publickey']) }, PIN, rsa.private);
    expect(requests).toEqual(['signed', 'publickey']);
  });

  it('is made again step by step where the host ends it, which may then say why', async () => {
    const closing: SshServerOptions['authenticate'] = (context, client) => {
      if (context.method === 'publickey' && context.signature === undefined) context.accept();
      else client.end();
    };
    const { reply, requests, accepted } = await ask({ authenticate: closing }, PIN);
    expect(reply).toMatchObject({
      reason: 'ConnectionLost',
      text: expect.stringMatching(/after it had accepted our key/),
    });
    expect({ requests, accepted }).toEqual({ requests: ['signed', 'publickey', 'signed'], accepted: 2 });
  });

  const OPENSSH = { ident: 'OpenSSH_9.2p1 Debian-2' };

  it('is made again step by step where the host refuses the channel before it has judged the login', async () => {
    const judges = vi.fn<NonNullable<SshServerOptions['authenticate']>>((context) => {
      // ssh2's server refuses a channel meanwhile.
      setTimeout(() => context.accept(), 200);
    });
    const { reply, accepted } = await ask({ config: OPENSSH, authenticate: judges }, PIN);
    expect(reply).toMatchObject({ kind: 'output', output: 'vitals', hostKey: PIN });
    expect(accepted).toBe(2);
  });

  it('is not made again at once where the host says that it has too many connections', async () => {
    // A pause of two seconds, for which there is no time.
    const dice = vi.spyOn(Math, 'random').mockReturnValue(1);
    const full: SshServerOptions['authenticate'] = (_context, client) => disconnect(client, TOO_MANY_CONNECTIONS);
    const { reply, accepted } = await ask({ authenticate: full }, PIN, LOGIN.private, { hostDeadlineMs: 1900 });
    dice.mockRestore();
    expect(reply).toMatchObject({ reason: 'SshThrottled' });
    expect(accepted).toBe(1);
  });

  it('counts an RSA key that is tried with both hashes as one', async () => {
    const { reply } = await ask(
      { authenticate: (context) => context.reject(['publickey']) },
      PIN,
      keyPair('rsa').private,
    );
    expect(reply).toHaveProperty('text', expect.stringContaining('with the one key tried'));
  });

  it('sends no login at all to a host with another key than the known one', async () => {
    const { reply, requests } = await ask({}, 'SHA256:another');
    expect(reply).toMatchObject({ kind: 'failed', reason: 'HostKeyMismatch' });
    expect(requests).toEqual([]);
  });
});

describe('what is sent before the host has sent anything', () => {
  const first = async (hostKey: string | null): Promise<string> => {
    let got = '';
    const heard = (socket: Socket) =>
      socket.on('data', (chunk: Buffer) => {
        got += chunk.toString('latin1');
      });
    const server = await rawServer(heard);
    const transport = sshTransport({ privateKey: LOGIN.private, hostKeys: { kind: 'pin' } });
    const answers: Map<string, Answer> = await probeAll(
      transport,
      [sshInstance(server.address, server.port, { hostKey })],
      { hostDeadlineMs: 700 },
    );
    await server.close();
    expect([...answers.values()][0]?.reply).toMatchObject({ reason: 'BannerTimeout' });
    return got;
  };

  it('is the identification and the key exchange where the host is known', async () => {
    const sent = Buffer.from(await first(PIN), 'latin1');
    const line = 'SSH-2.0-crawlwatch\r\n';
    expect(sent.toString('latin1')).toMatch(/^SSH-2\.0-crawlwatch\r\n/);
    // Its length, the padding's, and SSH_MSG_KEXINIT; nothing comes behind it.
    const packet = sent.subarray(line.length);
    expect(packet.readUInt32BE(0) + 4).toBe(packet.length);
    expect(packet[5]).toBe(20);
  });

  it('is nothing where it is new, so that how it fails says all there is to know', async () => {
    expect(await first(null)).toBe('');
  });
});

describe('an identification with a carriage return within it, and nothing behind it', () => {
  it.each([
    ['known', PIN],
    ['new', null],
  ])('is no SSH at a %s host, and no hang', async (_which, hostKey) => {
    const server = await rawServer((socket) => socket.write('SSH-2.0-Open\rSSH\r\n'));
    const transport = sshTransport({ privateKey: LOGIN.private, hostKeys: { kind: 'pin' } });
    const instance = sshInstance(server.address, server.port, { hostKey });
    const answers = await probeAll(transport, [instance], { hostDeadlineMs: 2000 });
    await server.close();
    expect([...answers.values()][0]?.reply).toMatchObject({
      reason: 'ProtocolError',
      text: expect.stringMatching(/not SSH 2, "SSH-2\.0-Open\\x0dSSH"/),
    });
  });
});

describe("what is known of a host's faults by its identification", () => {
  it.each([
    ['OpenSSH_7.4', 'SSH-2.0-OpenSSH_7.4'],
    ['OpenSSH_9.6', 'SSH-2.0-OpenSSH_9.6 Ubuntu-3'],
  ])('is the same for %s where this side spoke first', async (_which, line) => {
    const flagsOf = async (isFirst: boolean): Promise<unknown> => {
      const server = await rawServer((socket) => socket.write(`${line}\r\n`));
      const sock = connect(server.port, server.address);
      await once(sock, 'connect');
      const client = new ssh2.Client().on('error', () => {});
      client.connect({ sock, username: 'crawler' });
      const protocol = (client as unknown as { readonly _protocol: { _compatFlags: number; _remoteIdentRaw?: Buffer } })
        ._protocol;
      if (isFirst) speakFirst(client, () => ({ line, rest: Buffer.alloc(0) }));
      await expect.poll(() => String(protocol._remoteIdentRaw)).toBe(line);
      sock.destroy();
      await server.close();
      return protocol._compatFlags;
    };
    expect(await flagsOf(true)).toBe(await flagsOf(false));
  });
});

describe('a key of a host', () => {
  const data = Buffer.from('what both sides have hashed');
  const types = ['ed25519', 'ecdsa', 'rsa'] as const;
  const pairs = types.map((type) => ({ type, ...keyPair(type) }));
  const read = (text: string) => ssh2.utils.parseKey(text) as ssh2.ParsedKey;

  it.each(pairs)('of type $type is proved by its own signature of the same bytes alone', (pair) => {
    const signature = read(pair.private).sign(data) as unknown as Buffer;
    const key = read(pair.public);
    const flipped = Buffer.from(signature);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    expect(key.verify(data, signature)).toBe(true);
    expect(key.verify(Buffer.from('other bytes'), signature)).toBe(false);
    expect(key.verify(data, flipped)).not.toBe(true);
    expect(key.verify(data, signature.subarray(1))).not.toBe(true);
    expect(key.verify(data, Buffer.alloc(0))).not.toBe(true);
    expect(read(keyPair(pair.type).public).verify(data, signature)).toBe(false);
  });

  it('is not proved by anything where it is no point of the curve', () => {
    const blob = Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), Buffer.alloc(32, 0xff)]);
    const key = read(`ssh-ed25519 ${blob.toString('base64')}`);
    expect(key.verify(data, Buffer.alloc(64))).not.toBe(true);
  });
});

const clientOf = (protocol: Partial<Protocol>) => ({ _protocol: protocol }) as unknown as ssh2.Client;

describe('the list of all its keys that a host sends after a login', () => {
  function received(payload: Buffer) {
    const seen: string[] = [];
    const protocol: Partial<Protocol> = {
      _onPayload: () => void seen.push('read'),
      requestSuccess: () => void seen.push('confirmed'),
    };
    ignoreOtherHostKeys(clientOf(protocol));
    protocol._onPayload?.(payload);
    return seen;
  }
  const request = (name: string, wantsReply: number) =>
    Buffer.from(`\x50\0\0\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(wantsReply)}keys`, 'latin1');

  it.each([
    ['is not read', request('hostkeys-00@openssh.com', 0), []],
    ['is confirmed unread where the host asks for that', request('hostkeys-00@openssh.com', 1), ['confirmed']],
    ['is not taken for another request', request('keepalive@openssh.com', 1), ['read']],
    ['is not taken for one with a longer name', request('hostkeys-00@openssh.com2', 0), ['read']],
    ['is not taken for an empty message', Buffer.alloc(0), ['read']],
    [
      'is not taken for another kind of message',
      Buffer.concat([Buffer.of(81), request('hostkeys-00@openssh.com', 0).subarray(1)]),
      ['read'],
    ],
  ])('%s', (_, payload, expected) => {
    expect(received(payload)).toEqual(expected);
  });
});

describe('the padding of a packet', () => {
  const asUsual = () => Buffer.alloc(0);
  const protocol = { _cipher: { allocPacket: asUsual } } as unknown as Protocol;
  padQuickly(clientOf(protocol));
  const inClear = protocol._cipher;
  const gcm = { _encSSLName: 'aes-256-gcm', allocPacket: asUsual };
  protocol._cipher = gcm;

  it.each([
    ['in the clear', inClear, 8, 0],
    ['of AES-GCM, without the length', gcm, 16, 4],
  ])('fills it up to whole blocks by 4 bytes or more: %s', (_, cipher, block, uncounted) => {
    expect(protocol._cipher).toBe(gcm);
    for (let length = 0; length < 600; length += 1) {
      const packet = cipher.allocPacket(length);
      const fill = packet[4] ?? 0;
      expect(packet.readUInt32BE(0)).toBe(packet.length - 4);
      expect((packet.length - uncounted) % block).toBe(0);
      expect(packet.length - 5 - fill).toBe(length);
      expect(fill).toBeGreaterThanOrEqual(4);
      expect(fill).toBeLessThan(4 + block);
    }
  });

  it('is never the same twice', () => {
    const seen = new Set(Array.from({ length: 1000 }, () => inClear.allocPacket(0).toString('hex', 5)));
    expect(seen.size).toBe(1000);
  });

  it('is left to ciphers of other kinds', () => {
    const other = { allocPacket: asUsual };
    protocol._cipher = other;
    expect(protocol._cipher.allocPacket).toBe(asUsual);
  });
});
