/** `crawlwatch completion`: the script that a shell completes by. */
import type { Command } from 'commander';
import type { CommandIo } from '../terminal/index.ts';
import { completionScript, type Shell } from '../terminal/index.ts';

export async function completion(shell: Shell, program: Command, io: CommandIo): Promise<number> {
  io.stdout.write(completionScript(shell, program));
  return 0;
}
