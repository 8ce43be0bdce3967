/** `crawlwatch probe`: what runs on the hosts, to read it, or to run it where we can't. */
import { PROBE_SCRIPT } from '../../lambda/probe/index.ts';
import type { CommandIo } from '../terminal/index.ts';

export async function probe(io: CommandIo): Promise<number> {
  io.stdout.write(PROBE_SCRIPT);
  return 0;
}
