/** What crawlwatch remembers of an instance, written to that instance's own tags. */

import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import pLimit from 'p-limit';
import { byTarget, type Target } from '../discover/index.ts';
import type { Ec2 } from '../kit/index.ts';
import { bisect, chunks, deniesAnInstance, errorCode, errorText } from '../kit/index.ts';
import type { Instance, TagFailure, TagWrite } from '../model/index.ts';

/** EC2 takes 1,000 and asks for smaller batches (API_CreateTags.html). */
const IDS_PER_CALL = 500;
/** CreateTags and DeleteTags each refill ten calls a second for the whole account. */
const CALLS_AT_ONCE = 4;

/** An id that is gone or malformed, or an instance that has its fifty tags: the others in the call are good. */
const isSpoilt = (error: unknown): boolean => /^Invalid(InstanceID|ID)\b|^TagLimitExceeded$/.test(errorCode(error));

/**
 * Writes tags, in as few calls as it can. One instance's failure doesn't cost another's write.
 *
 * @returns each instance that lacks a write, once, with the first reason why. Never rejects.
 */
export async function writeTags(ec2: Ec2, writes: readonly TagWrite[]): Promise<TagFailure[]> {
  const limit = pLimit(CALLS_AT_ONCE);
  const isDenied = deniesAnInstance();
  const blamesAnId = (error: unknown) => isSpoilt(error) || isDenied(error);
  const results = await Promise.all(
    writes.flatMap((write) => {
      const send = sender(ec2, write);
      if (send === null) return [];
      return chunks(write.ids, IDS_PER_CALL).map((ids) => bisect(ids, (some) => limit(send, some), blamesAnId));
    }),
  );
  const failures = new Map<string, TagFailure>();
  for (const { id, error } of results.flatMap((result) => result.failed)) {
    if (!failures.has(id)) failures.set(id, { id, text: errorText(error) });
  }
  return [...failures.values()];
}

/** Null where nothing is to be written: a DeleteTags call without keys would delete every tag there is. */
function sender(ec2: Ec2, write: TagWrite): ((ids: readonly string[]) => Promise<unknown>) | null {
  switch (write.action) {
    case 'create': {
      const tags = Object.entries(write.tags).map(([Key, Value]) => ({ Key, Value }));
      if (tags.length === 0) return null;
      return (ids) => ec2.send(new CreateTagsCommand({ Resources: [...ids], Tags: tags }));
    }
    case 'delete': {
      // A key without a value deletes the tag whatever it holds.
      const tags = write.keys.map((Key) => ({ Key }));
      if (tags.length === 0) return null;
      return (ids) => ec2.send(new DeleteTagsCommand({ Resources: [...ids], Tags: tags }));
    }
    default:
      return write satisfies never;
  }
}

/**
 * Each write where its instances are. Never rejects: what a place refuses is its instances' failure.
 * @param described where they are
 */
export async function writeTagsIn(
  targets: readonly Target[],
  writes: readonly TagWrite[],
  described: readonly Instance[],
): Promise<TagFailure[]> {
  const known = new Map(described.map((one) => [one.id, one]));
  const places = byTarget(
    targets,
    [...new Set(writes.flatMap(({ ids }) => ids))].map((id) => {
      const { region = null, account = null } = known.get(id) ?? {};
      return { id, region, account };
    }),
  );
  const failed = await Promise.all(
    [...places].map(([{ ec2 }, some]) => {
      const here = new Set(some.map(({ id }) => id));
      const own = writes.map((write) => ({ ...write, ids: write.ids.filter((id) => here.has(id)) }));
      return writeTags(
        ec2,
        own.filter(({ ids }) => ids.length > 0),
      );
    }),
  );
  return failed.flat();
}
