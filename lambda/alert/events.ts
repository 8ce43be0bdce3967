/** EventBridge events of what changed, on the default bus of the stack's account and Region. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { chunks, type EventBridge, errorText, plural, printableAscii } from '../kit/index.ts';
import { type Alert, EVENT_SOURCE } from '../model/index.ts';
import { type CrawlwatchEvent, eventsOf, type Origin } from './details.ts';

/** API_PutEvents.html: entries a request. They may have 256 KB together; ten of ours have 160 at most. */
const ENTRIES_MAX = 10;
const ATTEMPTS = 3;
const PAUSE_MS = 200;
/** For all of them: the mail waits. */
const DEADLINE_MS = 10_000;
/** What may pass; any other code is about the entry itself (API_PutEventsResultEntry.html). */
const PASSING = /^(ThrottlingException|InternalFailure|InternalException)$/;

/**
 * Puts the events of an alert on the bus. Never rejects: the mail goes out all the same.
 *
 * @returns what was not sent and why, as a sentence without a full stop; empty where all was
 */
export async function putEvents(
  client: EventBridge,
  alert: Pick<Alert, 'entries' | 'acts'>,
  origin: Origin,
  deadlineMs = DEADLINE_MS,
): Promise<readonly string[]> {
  const entries = eventsOf(alert, origin).map((event) => entryOf(event, origin));
  const signal = AbortSignal.timeout(deadlineMs);
  let lost = 0;
  let why = '';
  for (const batch of chunks(entries, ENTRIES_MAX)) {
    const failed = await put(client, batch, signal);
    lost += failed.count;
    if (failed.why !== '') why = failed.why;
  }
  if (lost === 0) return [];
  return [`${lost} of ${plural(entries.length, 'event')} could not be sent to EventBridge: ${why}`];
}

interface Lost {
  readonly count: number;
  readonly why: string;
}

async function put(client: EventBridge, batch: readonly PutEventsRequestEntry[], signal: AbortSignal): Promise<Lost> {
  let left = [...batch];
  let refused = 0;
  let why = '';
  try {
    for (let attempt = 1; ; attempt++) {
      const { Entries = [], FailedEntryCount = 0 } = await client.send(new PutEventsCommand({ Entries: left }), {
        abortSignal: signal,
      });
      if (FailedEntryCount === 0) return { count: refused, why };
      // Answers are in the order of the entries.
      const again = left.filter((_, n) => PASSING.test(Entries[n]?.ErrorCode ?? ''));
      refused += left.filter((_, n) => Entries[n]?.ErrorCode !== undefined).length - again.length;
      const first = Entries.find(({ ErrorCode }) => ErrorCode !== undefined);
      if (first !== undefined)
        why = printableAscii(`${first.ErrorCode}: ${first.ErrorMessage ?? 'no message'}`).slice(0, 300);
      left = again;
      if (left.length === 0 || attempt === ATTEMPTS) return { count: refused + left.length, why };
      await sleep(PAUSE_MS * 2 ** attempt, undefined, { signal });
    }
  } catch (error) {
    return { count: refused + left.length, why: errorText(error) };
  }
}

function entryOf({ detailType, detail }: CrawlwatchEvent, { partition }: Origin): PutEventsRequestEntry {
  const { id, region, account } = detail.instance;
  return {
    Source: EVENT_SOURCE,
    DetailType: detailType,
    Detail: JSON.stringify(detail),
    Resources: [`arn:${partition}:ec2:${region}:${account}:instance/${id}`],
  };
}
