import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { BannerReader } from '../../../lambda/ssh/banner.ts';
import { at, host, pinning, replyOf, started } from '../../support/ssh-hosts.ts';
import { rawServer } from '../../support/ssh-server.ts';

/** A sound host that says so much before its identification. */
async function talkative(text: string) {
  const sound = await host();
  return started(
    rawServer((socket) => {
      socket.write(text);
      const behind = connect(sound.port, sound.address);
      behind.on('error', () => socket.destroy());
      socket.on('error', () => behind.destroy());
      socket.pipe(behind).pipe(socket);
    }),
  );
}

describe("what a host says before its identification, by the bounds of OpenSSH's client", () => {
  it.each([
    ['70 KiB in one line each', `${'x'.repeat(1000)}\r\n`.repeat(70)],
    ['1,023 lines of 8 KiB', `${'x'.repeat(8191)}\n`.repeat(1023)],
  ])('is passed over: %s', async (_, text) => {
    const server = await talkative(text);
    expect(await replyOf(pinning, at(server))).toMatchObject({ kind: 'output', output: 'vitals' });
  });

  it.each([
    ['1,024 lines', 'x\n'.repeat(1024)],
    ['a longer line', `${'x'.repeat(8193)}\n`],
    ['a line without an end', 'x'.repeat(100_000)],
  ])('is no SSH: %s', async (_, text) => {
    const server = await talkative(text);
    expect(await replyOf(pinning, at(server))).toMatchObject({ kind: 'failed', reason: 'ProtocolError' });
  });

  it('is read in whatever pieces it comes', () => {
    const reader = new BannerReader({ endpoint: '10.0.0.1:22', deadlineMs: 15_000 });
    const pieces = ['wel', 'come\r', '\nto', ' us\nSS', 'H-2.0-x', '\r', '\nrest'].map((one) => Buffer.from(one));
    const read = pieces.map((piece) => reader.push(piece));
    expect(read.slice(0, -1).every(({ kind }) => kind === 'more')).toBe(true);
    expect(read.at(-1)).toEqual({ kind: 'banner', line: 'SSH-2.0-x', rest: Buffer.from('SSH-2.0-x\r\nrest') });
    expect(reader.received).toBe('wel');
  });
});
