import { spawnSync } from 'node:child_process';

/** Why processes can't be traced here; null where they can. Continuous integration installs strace. */
export const straceMissing = missing();

function missing(): string | null {
  const { status, error, stderr } = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true'], { encoding: 'utf8' });
  return status === 0 ? null : `strace can't be used: ${error?.message ?? stderr.trim()}`;
}
