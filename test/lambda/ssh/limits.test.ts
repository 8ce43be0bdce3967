import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { NO_PHASE_LIMITS, type PhaseLimits } from '../../../lambda/ssh/limits.ts';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { fullBacklog } from '../../support/full-backlog.ts';
import { probeAll, sshInstance } from '../../support/probe-run.ts';
import { at, host, login, pinning, started } from '../../support/ssh-hosts.ts';
import { rawServer, type TestServer } from '../../support/ssh-server.ts';

const limited = (limits: Partial<PhaseLimits>) =>
  sshTransport({
    privateKey: login.private,
    hostKeys: { kind: 'pin' },
    phases: { ...NO_PHASE_LIMITS, ...limits },
  });
const ask = async (limits: Partial<PhaseLimits>, server: { readonly port: number }) => {
  const instance = sshInstance('127.0.0.1', server.port);
  return [...(await probeAll(limited(limits), [instance], { hostDeadlineMs: 60_000 })).values()][0];
};

describe('a phase with a limit of its own', () => {
  it.each<[FailureReason, keyof PhaseLimits, () => Promise<{ readonly port: number; close(): Promise<void> }>]>([
    ['ConnectTimeout', 'connectMs', fullBacklog],
    ['BannerTimeout', 'bannerMs', () => rawServer(() => {})],
    ['HandshakeTimeout', 'loginMs', () => rawServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'))],
    ['HandshakeTimeout', 'loginMs', () => host({ authenticate: () => {} })],
    ['CommandTimeout', 'commandMs', () => host({ exec: (accept) => void accept() })],
  ])('ends with %s after %s, long before the deadline of the host', async (reason, phase, start) => {
    const server = await start();
    const answer = await ask({ [phase]: 700 }, server);
    expect(answer?.reply).toMatchObject({ reason, text: expect.stringContaining('within 0.7 s') });
    await server.close().catch(() => {});
  });

  it('leaves the others their time', async () => {
    const slow = await host({
      exec(accept) {
        const channel = accept();
        setTimeout(() => {
          channel.write('late');
          channel.exit(0);
          channel.end();
        }, 2_500);
      },
    });
    expect((await ask({ connectMs: 2_000, bannerMs: 2_000 }, slow))?.reply).toMatchObject({ output: 'late' });
  });

  it('never lasts longer than the deadline of the host', async () => {
    const quiet = await started(rawServer(() => {}));
    const answers = await probeAll(limited({ bannerMs: 60_000 }), [at(quiet)], { hostDeadlineMs: 500 });
    expect([...answers.values()][0]?.reply).toMatchObject({
      reason: 'BannerTimeout',
      text: expect.stringContaining('within 0.5 s'),
    });
  });
});

describe('an sshd that drops us twice without a word', () => {
  /** A door to `sound` that drops some connections, counted from 1, but keeps the last of them until one was served. */
  const dropping = (sound: TestServer, drops: (nth: number) => boolean, last: number) => {
    let serve: () => void = () => {};
    const served = new Promise<void>((resolve) => {
      serve = resolve;
    });
    return started(
      rawServer((socket, nth) => {
        if (nth === last) void served.then(() => socket.end());
        else if (drops(nth)) socket.end();
        else
          socket
            .on('close', serve)
            .pipe(connect(sound.port, sound.address).on('error', () => {}))
            .pipe(socket);
      }),
    );
  };

  it('is SshThrottled where it let another in meanwhile: it can fork', async () => {
    const door = await dropping(await host(), (nth) => nth === 1, 3);
    // At the door one after the other: dropped, let in, dropped again after its pause.
    const hosts = [at(door, { id: 'dropped' }), at(door, { id: 'let in' })];
    const answers = await probeAll(pinning, hosts, { hostDeadlineMs: 20_000 });
    expect(answers.get('let in')?.reply).toMatchObject({ output: 'vitals' });
    expect(answers.get('dropped')?.reply).toMatchObject({
      reason: 'SshThrottled',
      text: expect.stringContaining('while it let others in'),
    });
  });

  it('stays hung where it let nobody in, though other hosts are well', async () => {
    const sound = await host();
    const door = await dropping(sound, () => true, Number.NaN);
    const answers = await probeAll(pinning, [at(door), at(sound)]);
    expect(answers.get(at(door).id)?.reply).toMatchObject({ reason: 'ClosedBeforeBanner' });
  });
});
