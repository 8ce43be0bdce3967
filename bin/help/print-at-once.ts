/** Prints before anything else is loaded: a stream of Node's would cost more than the text. */
import { writeSync } from 'node:fs';

/** A pipe that another program has made non-blocking, and that is full. */
const RETRY_MS = 10;

/** @returns false where it can't be written, as where the reader has gone: what is loaded next has to report that. */
export function printAtOnce(text: string, fd: number, write: typeof writeSync = writeSync): boolean {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length; ) {
    try {
      written += write(fd, bytes, written);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return false;
      // There is nothing else to do, and a signal still ends the process.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
  return true;
}
