/** What `--verbose` says of the way of a host that the fast path takes; the others name theirs when they are asked. */
import { forTerminal } from '../../lambda/kit/index.ts';
import type { Instance } from '../../lambda/model/index.ts';
import type { CommandIo } from '../terminal/index.ts';

/** @param how what was left to `ssh -G`; empty where our own reader of ssh_config had the answer */
export function wayText({ address, login, problem }: Instance, how: string): string {
  if (problem !== null) return problem.text;
  const { user, port, jumps = [] } = login;
  const named = how === '' ? '' : `; resolved by ssh -G, for ${how}`;
  const via = jumps.map((jump) => endpoint(jump.user, jump.address, jump.port));
  const through = via.length === 0 ? 'directly' : `through ${via.join(', ')}`;
  return `${endpoint(user, address ?? '', port)}, ${through}${named}`;
}

const endpoint = (user: string, address: string, port: number): string =>
  `${user}@${address.includes(':') ? `[${address}]` : address}:${port}`;

export function printWay(name: string, way: string, io: Pick<CommandIo, 'stderr'>): void {
  io.stderr.write(`crawlwatch: ${forTerminal(`${name}: ${way}`)}\n`);
}
