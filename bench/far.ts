/** A far host: passes bytes on to one that is near, late, and counts how often their direction changes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Far {
  readonly port: number;
  /**
   * Flights so far, over all connections: bytes that one side sends without waiting for the other. TCP's own handshake and
   * the end of a connection are none.
   */
  readonly flights: number;
  /** Connections so far. */
  readonly connections: number;
  close(): Promise<unknown>;
}

/**
 * `exact`: each byte is late by half the round trip, as on a real road: for times.
 * `convoy`: what one side sends within that time after its first byte arrives with it, so that a flight stays one however
 * busy the machine is: for counts, which are then the same every time.
 */
export type Road = 'exact' | 'convoy';

export async function startFar(nearPort: number, roundTripMs: number, road: Road): Promise<Far> {
  let flights = 0;
  let connections = 0;
  const half = roundTripMs / 2;
  const server = createServer({ allowHalfOpen: true }, async (client) => {
    connections += 1;
    let last: Socket | null = null;
    const counts = (from: Socket) => {
      if (last !== from) flights += 1;
      last = from;
    };
    client.setNoDelay(true).on('error', () => {});
    // This kernel has accepted at once; a far one is connected to after a round trip, and hears of it half a one later.
    const opened = sleep(roundTripMs + half);
    const waiting = roadFrom(client, road, half, opened, counts);
    await opened;
    const host = connect({ port: nearPort, host: '127.0.0.1', allowHalfOpen: true });
    host.setNoDelay(true).on('error', () => {});
    waiting(host);
    roadFrom(host, road, half, Promise.resolve(), counts)(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get flights() {
      return flights;
    },
    get connections() {
      return connections;
    },
    close: () => once(server.close(), 'close'),
  };
}

/** @returns what is to be called with the other end, once that is there. */
function roadFrom(
  from: Socket,
  road: Road,
  half: number,
  opened: Promise<unknown>,
  counts: (from: Socket) => void,
): (to: Socket) => void {
  let gone: Buffer[] = [];
  let to: Socket | undefined;
  let setOff: (end: Socket) => void = () => {};
  const end = new Promise<Socket>((resolve) => {
    setOff = resolve;
  });
  const later = async (act: (to: Socket) => void) => {
    await Promise.all([sleep(half), opened]);
    act(to ?? (await end));
  };
  from.on('data', (chunk: Buffer) => {
    counts(from);
    gone.push(chunk);
    if (road === 'convoy' && gone.length > 1) return;
    later((other) => {
      const [first, ...rest] = gone;
      gone = road === 'exact' ? rest : [];
      if (first !== undefined) other.write(road === 'exact' ? first : Buffer.concat([first, ...rest]));
    });
  });
  from.on('end', () => later((other) => other.end()));
  from.on('close', () => later((other) => other.destroy()));
  return (other) => {
    to = other;
    setOff(other);
  };
}
