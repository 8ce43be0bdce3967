/**
 * A TCP connection to a name with several addresses, as RFC 8305 has it: the next address is tried when one has not
 * answered for a moment, and none is given up before the end. Node's own way gives each address 250 ms, which is less than
 * a round trip to the other side of the world.
 */
import { type LookupAddress, lookup } from 'node:dns';
import { Socket } from 'node:net';

/** RFC 8305, section 8: Connection Attempt Delay. */
const NEXT_AFTER_MS = 250;

export interface Dialing {
  /** Ends what is under way; nothing is called back then. */
  cancel(): void;
}

export interface Dialed {
  resolved(): void;
  /** The first connection that was accepted. */
  connected(socket: Socket): void;
  /** Every address has failed, or there is none. `error` is an AggregateError where there were several. */
  failed(error: Error): void;
}

/** @param find resolves the name, as `lookup` of `node:dns` does */
export function dialName(name: string, port: number, on: Dialed, find: typeof lookup = lookup): Dialing {
  const race = new Race(port, on);
  find(name, { all: true }, (error, addresses) => {
    if (race.isOver) return;
    if (error) return on.failed(error);
    on.resolved();
    race.start(alternated(addresses));
  });
  return race;
}

/** In the order of the resolver, but the families by turns, so that one that leads nowhere delays little. */
function alternated(addresses: readonly LookupAddress[]): LookupAddress[] {
  const [first] = addresses;
  const preferred = addresses.filter(({ family }) => family === first?.family);
  const others = addresses.filter(({ family }) => family !== first?.family);
  return preferred.flatMap((address, n) => [address, ...others.slice(n, n + 1)]).concat(others.slice(preferred.length));
}

class Race implements Dialing {
  readonly #sockets = new Set<Socket>();
  readonly #errors: Error[] = [];
  #untried: LookupAddress[] = [];
  #timer: NodeJS.Timeout | undefined;
  isOver = false;

  constructor(
    private readonly port: number,
    private readonly on: Dialed,
  ) {}

  start(addresses: LookupAddress[]): void {
    this.#untried = addresses;
    this.#tryNext();
  }

  cancel(): void {
    this.#end(null);
  }

  readonly #tryNext = (): void => {
    clearTimeout(this.#timer);
    const next = this.#untried.shift();
    if (next === undefined) {
      if (this.#sockets.size > 0) return;
      this.#end(null);
      const [only] = this.#errors;
      this.on.failed(this.#errors.length === 1 && only ? only : new AggregateError(this.#errors));
      return;
    }
    const socket = new Socket();
    this.#sockets.add(socket);
    const failed = (error: Error) => {
      this.#sockets.delete(socket);
      this.#errors.push(error);
      if (!this.isOver) this.#tryNext();
    };
    socket.once('error', failed).once('connect', () => {
      this.#end(socket);
      socket.off('error', failed);
      this.on.connected(socket);
    });
    socket.connect({ host: next.address, port: this.port, family: next.family });
    if (this.#untried.length > 0) this.#timer = setTimeout(this.#tryNext, NEXT_AFTER_MS);
  };

  #end(winner: Socket | null): void {
    this.isOver = true;
    clearTimeout(this.#timer);
    for (const socket of this.#sockets) if (socket !== winner) socket.destroy();
    this.#sockets.clear();
  }
}
