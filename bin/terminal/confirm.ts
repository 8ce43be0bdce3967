/** The question before something is done. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { UsageError } from './errors.ts';
import type { CommandIo } from './io.ts';

/**
 * Asks on the terminal, and accepts only a plain yes.
 * @param question says what would be done, and to which instances
 * @throws UsageError where there is no terminal to ask on
 */
export async function confirm(question: string, yes: boolean | undefined, io: CommandIo): Promise<boolean> {
  if (yes === true) return true;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError(
      'there is no terminal to confirm on: give --yes to do it without asking, or --dry-run to see what would be done',
    );
  }
  io.stderr.write(`${question} [y/N] `);
  const answer = await readAnswer(io);
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) return true;
  io.stderr.write(`${answer === null ? '\n' : ''}Nothing was done.\n`);
  return false;
}

/** One line; null where the input ends without one, or at Ctrl-C. */
async function readAnswer({ stdin, signal }: CommandIo): Promise<string | null> {
  const { createInterface } = await import('node:readline/promises');
  const input = Readable.from(stdin);
  const lines = createInterface({ input, terminal: false });
  try {
    return await Promise.race([lines.question('', { signal }), once(lines, 'close').then(() => null)]);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    lines.close();
    input.destroy();
  }
}

/** Resolves with null at Ctrl-C. */
export function interrupted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
