/** The check's dealings with the remedy function: it asks before it mails, and acknowledges once the mail is out. */
import type { ActsSaid } from '../alert/index.ts';
import { errorText } from '../kit/index.ts';
import type { RemedyOutlet } from './ports.ts';
import type { Run } from './run.ts';

/** The wait begins even where hosts have taken all the time: what it finds is then mailed by the next check. */
const LEAST_WAIT_MS = 5_000;
/** Table and metrics, by a function that is awake. */
const ACKNOWLEDGE_MS = 10_000;

/**
 * Asks, and waits at the longest as hosts may be waited for: what is kept back from a check's time is for its mail and
 * the last write.
 */
export async function askRemedy(remedy: RemedyOutlet, run: Run): Promise<ActsSaid> {
  const waitMs = Math.max(LEAST_WAIT_MS, run.limits().deadlineMs);
  try {
    const { news = null, receipt = null, problems = [] } = await within(waitMs, (signal) => remedy.act(run.at, signal));
    for (const text of problems) run.failed('remedy', text);
    return { news, receipt, unknown: null };
  } catch (error) {
    const text = errorText(error);
    run.failed('remedy', text);
    return { news: null, receipt: null, unknown: text };
  }
}

/** What is not acknowledged is mailed once more by the next check. */
export async function acknowledge(remedy: RemedyOutlet, receipt: string, run: Run): Promise<void> {
  try {
    const { done, why, problems = [] } = await within(ACKNOWLEDGE_MS, (signal) => remedy.mailed(receipt, signal));
    for (const text of problems) run.failed('remedy', text);
    if (!done && problems.length === 0) run.problems.push(`that acts were mailed is not on record: ${why}`);
  } catch (error) {
    run.failed('remedy', `that acts were mailed could not be put on record: ${errorText(error)}`);
  }
}

/** @throws after that time, whatever becomes of the work */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const over = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const text = `the remedy function has not answered within ${Math.round(ms / 1000)} s, and may still be acting`;
    timer = setTimeout(() => {
      reject(new Error(text));
      over.abort();
    }, ms);
  });
  try {
    return await Promise.race([work(over.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}
