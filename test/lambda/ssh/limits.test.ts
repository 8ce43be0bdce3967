import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { fullBacklog } from '../../support/full-backlog.ts';
import { probeAll, sshInstance } from '../../support/probe-run.ts';
import { at, host, login, pinning, started } from '../../support/ssh-hosts.ts';
import { rawServer, type TestServer } from '../../support/ssh-server.ts';

const ask = async (connectSeconds: number, server: { readonly port: number }, hostDeadlineMs = 60_000) => {
  const transport = sshTransport({ privateKey: login.private, hostKeys: { kind: 'pin' }, connectSeconds });
  const instance = sshInstance('127.0.0.1', server.port);
  return [...(await probeAll(transport, [instance], { hostDeadlineMs })).values()][0];
};
const within = (seconds: number) => expect.stringContaining(`within ${seconds} s`);

describe('the limit of the connection', () => {
  it('ends an attempt that never connects with ConnectTimeout, long before the deadline of the host', async () => {
    const deaf = await fullBacklog();
    expect((await ask(0.7, deaf))?.reply).toMatchObject({ reason: 'ConnectTimeout', text: within(0.7) });
    await deaf.close();
  });

  it('leaves all that follows the connection the whole deadline', async () => {
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
    expect((await ask(0.5, slow))?.reply).toMatchObject({ output: 'late' });
  });

  it.each([
    ['BannerTimeout', () => started(rawServer(() => {}))],
    ['HandshakeTimeout', () => started(rawServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')))],
    ['HandshakeTimeout', () => host({ authenticate: () => {} })],
    ['CommandTimeout', () => host({ exec: (accept) => void accept() })],
  ])('is over once connected: the deadline of the host falls with %s', async (reason, start) => {
    expect((await ask(0.5, await start(), 1500))?.reply).toMatchObject({ reason, text: within(1.5) });
  });

  it('never lasts longer than the deadline of the host', async () => {
    const deaf = await fullBacklog();
    expect((await ask(60, deaf, 500))?.reply).toMatchObject({ reason: 'ConnectTimeout', text: within(0.5) });
    await deaf.close();
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

  it('is SshThrottled where it accepted another login meanwhile: it can fork', async () => {
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

  it('stays hung where it accepted no login, though other hosts are well', async () => {
    const sound = await host();
    const door = await dropping(sound, () => true, Number.NaN);
    const answers = await probeAll(pinning, [at(door), at(sound)]);
    expect(answers.get(at(door).id)?.reply).toMatchObject({ reason: 'ClosedBeforeBanner' });
  });
});
