/** The tags that people and IAM see, as they should be; only what differs is written. Pure. */
import { isoSeconds } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import type { Instance, OwnTagKey, ReasonCode, RebootFlag, Stamp, Status, TagWrite } from '../model/index.ts';
import { TAG, TAG_VALUE_MAX } from '../model/index.ts';

type Changes = Partial<Record<OwnTagKey, string | null>>;

/**
 * What has to change for this instance's tags to say what the check found.
 * @param stack whose instance it is
 */
export function tagChanges(t: Transition, stack: string): Changes {
  const { tags } = t.instance;
  const { status, reasons, flag } = t.after;
  // OK is no news: it is written over other words only.
  const isPlain = status === null || (status === 'OK' && tags[TAG.status] === undefined);
  const wanted: Changes = {
    ...(isPlain ? {} : { [TAG.status]: statusValue(status, reasons) }),
    [TAG.flag]: flagValue(flag),
    [TAG.stack]: stack,
    // One that can't be read would hold back every act until a person repairs it.
    ...(t.instance.unreadable.includes(TAG.acted) ? { [TAG.acted]: actedValue(t.after.acted) } : {}),
  };
  return differing(tags, wanted);
}

/** An instance that was stopped or terminated: its status and flag say nothing any more. */
export const clearedTags = ({ tags }: Instance): Changes => differing(tags, { [TAG.status]: null, [TAG.flag]: null });

const differing = (tags: Instance['tags'], wanted: Changes): Changes =>
  Object.fromEntries(Object.entries(wanted).filter(([key, value]) => (tags[key] ?? null) !== value));

const flagValue = (flag: RebootFlag | null): string | null =>
  flag === null ? null : `${flag.reason}@${isoSeconds(flag.at)}`;

const actedValue = (acted: Stamp | null): string | null =>
  acted === null ? null : `${acted.what}@${isoSeconds(acted.at)}`;

/** `CRITICAL:BannerTimeout,DiskLow`, whole codes only, within a tag's length. */
function statusValue(status: Status, reasons: readonly ReasonCode[]): string {
  let value: string = status;
  for (const [i, code] of reasons.entries()) {
    const longer = `${value}${i === 0 ? ':' : ','}${code}`;
    if (longer.length > TAG_VALUE_MAX) break;
    value = longer;
  }
  return value;
}

/** Groups equal changes, since one call gives every resource in it the same tags. */
export function groupTagWrites(changes: readonly { readonly id: string; readonly tags: Changes }[]): TagWrite[] {
  const idsByPair = new Map<string, { key: OwnTagKey; value: string | null; ids: string[] }>();
  for (const { id, tags } of changes) {
    for (const [key, value] of Object.entries(tags) as [OwnTagKey, string | null][]) {
      const pair = JSON.stringify([key, value]);
      const entry = idsByPair.get(pair) ?? { key, value, ids: [] };
      idsByPair.set(pair, entry);
      entry.ids.push(id);
    }
  }
  const writes = new Map<
    string,
    { ids: readonly string[]; tags: Partial<Record<OwnTagKey, string>>; gone: OwnTagKey[] }
  >();
  for (const { key, value, ids } of idsByPair.values()) {
    const group = JSON.stringify([value === null, ids]);
    const write = writes.get(group) ?? { ids, tags: {}, gone: [] };
    writes.set(group, write);
    if (value === null) write.gone.push(key);
    else write.tags[key] = value;
  }
  return [...writes.values()].map(({ ids, tags, gone }) =>
    gone.length > 0 ? { action: 'delete', ids, keys: gone } : { action: 'create', ids, tags },
  );
}
