/** The question before something is done. */

import { UsageError } from './errors.ts';
import type { CommandIo } from './io.ts';

const ANSWER_MAX = 1_000;

/**
 * Asks on the terminal, and takes only a plain yes.
 * @param question says what would be done, and to which instances
 * @throws UsageError where nobody can be asked
 */
export async function confirm(question: string, yes: boolean | undefined, io: CommandIo): Promise<boolean> {
  if (yes === true) return true;
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw new UsageError(
      'nobody can be asked here: give --yes to do it unasked, or --dry-run to see what would be done',
    );
  }
  io.stderr.write(`${question} [y/N] `);
  const answer = (await Promise.race([firstLine(io), interrupted(io.signal)])) ?? '';
  if (/^y(es)?$/i.test(answer.trim())) return true;
  io.stderr.write(answer.endsWith('\n') ? 'Nothing was done.\n' : '\nNothing was done.\n');
  return false;
}

/** With its line break; without, the input ended. */
async function firstLine({ stdin }: CommandIo): Promise<string> {
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk);
    if (text.includes('\n') || text.length > ANSWER_MAX) break;
  }
  return text.slice(0, text.indexOf('\n') + 1 || ANSWER_MAX);
}

/** Null, once a person doesn't want to wait any longer. */
export function interrupted(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}
