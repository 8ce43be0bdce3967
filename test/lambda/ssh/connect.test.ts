import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { probeAll } from '../../support/probe-run.ts';
import { at, host, pinning, replyOf, started } from '../../support/ssh-hosts.ts';
import { rawServer } from '../../support/ssh-server.ts';

describe('a host that turns away the first connection', () => {
  it.each([
    ['in words', 'Exceeded MaxStartups\r\n'],
    ['in words of a newer sshd', 'Not allowed at this time\r\n'],
    ['without a word', ''],
  ])('%s is read at the second', async (_how, line) => {
    const sound = await host();
    const door = await started(
      rawServer((socket, nth) => {
        if (nth === 1) socket.end(line);
        else socket.pipe(connect(sound.port, sound.address)).pipe(socket);
      }),
    );
    expect(await replyOf(pinning, at(door))).toMatchObject({ kind: 'output', output: 'vitals' });
    expect(door.accepted).toBe(2);
  });

  it('gets no second one where the deadline leaves no time for the pause', async () => {
    // A pause of two seconds.
    const dice = vi.spyOn(Math, 'random').mockReturnValue(1);
    const door = await started(rawServer((socket) => socket.end('Exceeded MaxStartups\r\n')));
    const answers = await probeAll(pinning, [at(door)], { hostDeadlineMs: 1_900 });
    dice.mockRestore();
    expect([...answers.values()][0]?.reply).toMatchObject({ reason: 'SshThrottled' });
    expect(door.accepted).toBe(1);
  });
});

describe('a host whose banner comes', () => {
  it.each<[string, (socket: Socket, banner: Buffer) => Promise<void>]>([
    [
      'late',
      async (socket, banner) => {
        await sleep(1300);
        socket.write(banner);
      },
    ],
    [
      'in single bytes',
      async (socket, banner) => {
        for (const byte of banner) {
          socket.write(Buffer.from([byte]));
          await sleep(5);
        }
      },
    ],
    [
      'after lines of text',
      async (socket, banner) => {
        socket.write('Authorized use only.\r\n\r\nSSH is not ');
        await sleep(50);
        socket.write('for you.\n');
        socket.write(banner);
      },
    ],
  ])('%s is read all the same', async (_how, send) => {
    const sound = await host();
    const door = await started(
      rawServer((socket) => {
        const inner = connect(sound.port, sound.address);
        socket.pipe(inner);
        inner.once('data', async (banner) => {
          inner.pause();
          await send(socket, banner);
          inner.pipe(socket);
        });
      }),
    );
    expect(await replyOf(pinning, at(door))).toMatchObject({ kind: 'output', output: 'vitals' });
  });
});
