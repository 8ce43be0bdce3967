/**
 * Reads the files that a configuration of ssh names. A pipe that nobody writes to would stop this process for ever, and a
 * device may have no end.
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** Far more than any known_hosts. */
const BYTES_MAX = 64 * 1024 * 1024;
const CHUNK = 64 * 1024;

/** @throws where it can't be read, is a pipe, or does not end within 64 MiB. */
export function readBounded(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(file);
    // A device has its uses: /dev/null.
    if (stats.isFIFO() || stats.isSocket()) throw new Error('it is a pipe, not a file');
    const chunks: Buffer[] = [];
    for (let size = 0; size <= BYTES_MAX; ) {
      const chunk = Buffer.alloc(Math.max(CHUNK, Math.min(stats.size + 1, BYTES_MAX)));
      const length = readSync(file, chunk);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
      size += length;
    }
    throw new Error('it does not end within 64 MiB');
  } finally {
    closeSync(file);
  }
}
