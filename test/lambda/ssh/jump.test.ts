import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FailureReason, Instance, JumpHost } from '../../../lambda/model/index.ts';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { probeAll } from '../../support/probe-run.ts';
import { at, host, login, pinning, replyOf, started } from '../../support/ssh-hosts.ts';
import { forwards, keyPair, rawServer, type TestServer } from '../../support/ssh-server.ts';

const hop = ({ address, port }: TestServer): JumpHost => ({ address, port, user: 'jumper', privateKeyPath: null });
const behind = (server: TestServer, jumps: readonly TestServer[], given: Partial<Instance> = {}): Instance =>
  at(server, { login: { user: 'crawler', port: server.port, privateKeyPath: null, jumps: jumps.map(hop) }, ...given });
const connectTo = ({ address, port }: TestServer) => connect(port, address).on('error', () => {});
/** A port where nothing listens any more. */
const closed = async (server: TestServer): Promise<TestServer> => {
  await server.close();
  return { ...server, close: async () => {} };
};
const bastion = () => host({ output: 'the bastion', forward: forwards });

describe('a host behind a jump host', () => {
  it('is read through it', async () => {
    const [jump, target] = [await bastion(), await host()];
    expect(await replyOf(pinning, behind(target, [jump]))).toMatchObject({ kind: 'output', output: 'vitals' });
  });

  it('is read through two of them', async () => {
    const [near, far, target] = [await bastion(), await bastion(), await host()];
    expect(await replyOf(pinning, behind(target, [near, far]))).toMatchObject({ kind: 'output', output: 'vitals' });
    expect([near.accepted, far.accepted, target.accepted]).toEqual([1, 1, 1]);
  });

  it('shares one connection to it with all others, and none is left open', async () => {
    const [jump, target] = [await bastion(), await host()];
    const hosts = Array.from({ length: 20 }, (_, n) => behind(target, [jump], { id: `${n}` }));
    const answers = await probeAll(pinning, hosts, { forks: 5 });
    expect([...answers.values()].map(({ reply }) => reply.output)).toEqual(Array(20).fill('vitals'));
    expect(jump.accepted).toBe(1);
    await expect.poll(() => [jump.open, target.open]).toEqual([0, 0]);
  });

  it.each<[string, FailureReason, () => Promise<TestServer>, RegExp, hostDeadlineMs?: number]>([
    ['refuses connections', 'HostUnreachable', () => rawServer(() => {}).then(closed), /\(ConnectionRefused\)/],
    ['is silent', 'HostUnreachable', () => rawServer(() => {}), /\((BannerTimeout|HandshakeTimeout)\)/, 3000],
    [
      'closes before its banner',
      'HostUnreachable',
      () => rawServer((socket) => socket.end()),
      /\(ClosedBeforeBanner\)/,
    ],
    ['does not know our key', 'HostUnreachable', () => host({ authorized: [] }), /\(AuthenticationFailed\)/],
    ['forwards nothing', 'HostUnreachable', () => host(), /says "\(SSH\) Channel open failure/],
    [
      'never gets an answer from there',
      'ConnectTimeout',
      () => host({ forward: () => {} }),
      /from the jump host .* within 3 s/,
      3000,
    ],
  ])('through one that %s is %s', async (_what, reason, start, says, hostDeadlineMs = 60_000) => {
    const [jump, target] = [await started(start()), await host()];
    const answers = await probeAll(pinning, [behind(target, [jump])], { hostDeadlineMs });
    const reply = [...answers.values()][0]?.reply;
    expect(reply).toMatchObject({ kind: 'failed', reason, text: expect.stringMatching(says) });
    expect(reply).toHaveProperty('text', expect.stringContaining(`${jump.address}:${jump.port}`));
    expect(target.accepted).toBe(0);
  });

  it('is not blamed where its jump host goes away in the middle, and later ones are read by a new connection', async () => {
    let nth = 0;
    const jump = await host({
      forward: (accept, reject, to) => (++nth === 1 ? end() : forwards(accept, reject, to)),
      authenticate: (context, client) => {
        end = () => client.end();
        context.accept();
      },
    });
    let end: () => void = () => {};
    const target = await host();
    const hosts = [behind(target, [jump], { id: 'first' }), behind(target, [jump], { id: 'second' })];
    const answers = await probeAll(pinning, hosts, { forks: 1 });
    expect(answers.get('first')?.reply).toMatchObject({ reason: 'HostUnreachable' });
    expect(answers.get('second')?.reply).toMatchObject({ output: 'vitals' });
  });

  it('is not blamed where its jump host freezes', async () => {
    let freeze: () => void = () => {};
    const target = await started(rawServer(() => freeze()));
    const jump = await host({ forward: forwards });
    const frozen = await started(
      rawServer((socket) => {
        const inner = connectTo(jump);
        socket.pipe(inner).pipe(socket);
        freeze = () => inner.pause().unpipe(socket);
      }),
    );
    const answers = await probeAll(pinning, [behind(target, [frozen])], { hostDeadlineMs: 3000 });
    expect([...answers.values()][0]?.reply).toMatchObject({
      reason: 'HostUnreachable',
      text: expect.stringMatching(/Keepalive timeout/),
    });
  });

  it('fails by itself where it refuses, and its reason is its own', async () => {
    const jump = await host({ forward: forwards });
    const silent = await started(rawServer(() => {}));
    const answers = await probeAll(pinning, [behind(silent, [jump])], { hostDeadlineMs: 1500 });
    expect([...answers.values()][0]?.reply).toMatchObject({ reason: 'BannerTimeout' });
    expect([...answers.values()][0]?.reply).not.toHaveProperty('reached');
  });

  it.each(['OpenSSH_9.6', 'dropbear_2022.83'])(
    'counts as reached where %s has opened a channel to it, which waits for the accept',
    async (ident) => {
      const jump = await host({ forward: forwards, config: { ident } });
      for (const [raw, reason] of [
        [rawServer(() => {}), 'BannerTimeout'],
        [rawServer((socket) => socket.end()), 'ClosedBeforeBanner'],
      ] as const) {
        const answers = await probeAll(pinning, [behind(await started(raw), [jump])], { hostDeadlineMs: 1500 });
        expect([...answers.values()][0]?.reply).toMatchObject({ reason, reached: true });
      }
    },
  );

  it('is not asked through a jump host whose key is not the known one', async () => {
    const [jump, target] = [await bastion(), await host()];
    const known = [
      { hosts: `[127.0.0.1]:${jump.port}`, type: 'ssh-ed25519', key: keyPair().public.split(' ')[1]!, revoked: false },
    ];
    const strict = sshTransport({
      privateKey: login.private,
      hostKeys: { kind: 'known-hosts', known, acceptNew: false },
    });
    expect(await replyOf(strict, behind(target, [jump]))).toMatchObject({
      reason: 'HostUnreachable',
      text: expect.stringContaining('(HostKeyMismatch)'),
    });
    expect(target.accepted).toBe(0);
  });

  it('stops at once when the run is aborted', async () => {
    const [jump, target] = [await bastion(), await started(rawServer(() => {}))];
    const stop = new AbortController();
    const run = probeAll(pinning, [behind(target, [jump])], { hostDeadlineMs: 100_000, signal: stop.signal });
    await expect.poll(() => target.accepted).toBe(1);
    stop.abort();
    expect(await run).toEqual(new Map());
    await expect.poll(() => jump.open).toBe(0);
  });
});
