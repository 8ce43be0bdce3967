/**
 * A sign of life for a watchdog outside AWS (healthchecks.io and its kin), which raises the alarm when no more come. It
 * carries no data, and whatever becomes of it, the check is as good as it was.
 */

import type { Log } from '../model/index.ts';

/** A watchdog that takes longer is down; the check is not to wait for it. */
const DEADLINE_MS = 5_000;

/** The part of `fetch` that is used. */
export type Get = (
  url: string,
  options: Pick<RequestInit, 'redirect' | 'signal' | 'headers'>,
) => Promise<Pick<Response, 'status' | 'body'>>;

/**
 * Fetches the address, and never rejects. Of a failure the log names the host alone: the rest of the address is the
 * secret by which the watchdog knows the sender.
 *
 * @param url null: there is no watchdog
 */
export async function beat(url: string | null, log: Log, get: Get = fetch, deadlineMs = DEADLINE_MS): Promise<void> {
  if (url === null) return;
  const failed = (text: string) => log.warn('heartbeat.failed', { host: new URL(url).host, text });
  try {
    const { status, body } = await get(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(deadlineMs),
      // Lambda freezes the process between checks: a connection that is kept would be dead at the next one.
      headers: { connection: 'close' },
    });
    await body?.cancel();
    if (status >= 300 && status < 400)
      failed(`HTTP ${status}: it redirects, which is not followed; give the new address`);
    else if (status < 200 || status >= 300) failed(`HTTP ${status}`);
  } catch (error) {
    failed(whatFailed(error, deadlineMs));
  }
}

/** Codes only: the messages of `fetch` may quote the address. */
function whatFailed(error: unknown, deadlineMs: number): string {
  if (!(error instanceof Error)) return typeof error;
  if (error.name === 'TimeoutError') return `no answer within ${deadlineMs / 1000} s`;
  const { cause } = error;
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
}
