/** What is done to a connection around ssh2, which writes each packet in three pieces and by itself. */
import type { Duplex } from 'node:stream';

/**
 * What is written until this turn of the event loop ends leaves together: a login takes a third of the system calls, and
 * fewer packets.
 */
export function gatherWrites(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  setImmediate(() => socket.uncork());
}

/** ssh2 begins by sending our identification; where that is on the wire already, its copy must not follow. */
export function dropNextWrite(socket: Duplex): void {
  socket.write = () => {
    Reflect.deleteProperty(socket, 'write');
    return true;
  };
}
