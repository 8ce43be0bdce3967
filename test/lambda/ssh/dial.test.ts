import type { LookupAddress, lookup } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { dialName } from '../../../lambda/ssh/connect.ts';
import { fullBacklog } from '../../support/full-backlog.ts';

const found = (...addresses: string[]) =>
  ((_name: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as typeof lookup;

const listening = async (address: string, port = 0) => {
  const server = createServer((socket) => socket.on('error', () => {})).listen(port, address);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
};
const deaf = async (forMs?: number) => {
  const host = await fullBacklog(forMs);
  onTestFinished(() => host.close());
  return host.port;
};

const dial = (port: number, find: typeof lookup) =>
  new Promise<{ address: string | undefined; ms: number } | Error>((resolve) => {
    const began = performance.now();
    dialName(
      'web1.example',
      port,
      {
        resolved() {},
        connected(socket: Socket) {
          resolve({ address: socket.remoteAddress, ms: performance.now() - began });
          socket.destroy();
        },
        failed: resolve,
      },
      find,
    );
  });

describe('a name with several addresses', () => {
  it('is connected to at the second, a moment after the first has not answered', async () => {
    const port = await deaf();
    await listening('127.0.0.2', port);
    const got = await dial(port, found('127.0.0.1', '127.0.0.2'));
    expect(got).toMatchObject({ address: '127.0.0.2' });
    expect((got as { ms: number }).ms).toBeGreaterThan(200);
  });

  it('is connected to at the first all the same where that needs long, and the others lead nowhere', async () => {
    // It misses the first packet, and takes that which the kernel sends a second later: four times what Node would wait.
    const port = await deaf(300);
    expect(await dial(port, found('127.0.0.1', '127.0.0.9'))).toMatchObject({ address: '127.0.0.1' });
  });

  // A minute, since it would wait for ever for a time that does not pass.
  it('is connected to at the next at once where one refuses', { timeout: 60_000 }, async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const port = await listening('127.0.0.3');
    const got = await dial(port, found('::1', '127.0.0.2', '127.0.0.3'));
    expect(got).toMatchObject({ address: '127.0.0.3' });
  });

  it('is tried in both families by turns', async () => {
    const port = await deaf();
    await listening('::1', port);
    const six = Array.from({ length: 6 }, () => '127.0.0.1');
    expect(await dial(port, found(...six, '::1'))).toMatchObject({ address: '::1' });
  });

  it('has failed when all of them have, with every error', async () => {
    const port = await listening('127.0.0.5');
    const error = await dial(port, found('127.0.0.2', '127.0.0.3'));
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as AggregateError).errors.map(({ code }) => code)).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
  });

  it('has failed with its one error where it has one address, or none', async () => {
    const port = await listening('127.0.0.5');
    expect(await dial(port, found('127.0.0.2'))).toMatchObject({ code: 'ECONNREFUSED' });
    expect(await dial(port, found())).toBeInstanceOf(AggregateError);
  });

  it('is left alone once it is given up', async () => {
    const port = await deaf();
    let called = false;
    const note = () => {
      called = true;
    };
    const dialing = dialName(
      'x',
      port,
      { resolved() {}, connected: note, failed: note },
      found('127.0.0.1', '127.0.0.2'),
    );
    dialing.cancel();
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(called).toBe(false);
  });
});
