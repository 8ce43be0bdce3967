/** What `--verbose` says of the way to a host. */
import { forTerminal } from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import type { CommandIo } from '../terminal/index.ts';

/** @param how what was left to `ssh -G`; empty where our own reader of ssh_config had the answer */
export function wayText({ address, login, problem }: Instance, how: string): string {
  if (problem !== null) return `not asked: ${problem.text}`;
  const { user, port, jumps = [], openssh } = login;
  const named = how === '' ? '' : `; ssh -G resolved it, for ${how}`;
  if (openssh !== undefined) return `through ssh (${openssh.because})${named}`;
  const via = jumps.map((jump) => `${jump.user}@${jump.address}:${jump.port}`);
  const through = via.length === 0 ? '' : `, through ${via.join(', ')}`;
  return `directly, ${user}@${address?.includes(':') ? `[${address}]` : address}:${port}${through}${named}`;
}

export function printWay(name: string, way: string, io: Pick<CommandIo, 'stderr'>): void {
  io.stderr.write(`crawlwatch: ${forTerminal(`${name}: ${way}`)}\n`);
}
