/**
 * What crawlwatch remembers of an instance between checks, read from and written to its tags.
 *
 * `since` is the only place for two small counts that the mail rules need, so its milliseconds carry them: hundreds
 * are the checks an UNKNOWN has stood beyond its first, the rest is what has been told. A reader of dates sees the
 * right second either way.
 */

import { isoSeconds, minutesBetween, parseInstant, parseStamp } from '../kit/index.ts';
import type { Instance, ReasonCode, RememberedState, Status, Vitals } from '../model/index.ts';
import { isReasonCode, kindOf, type OwnTagKey, shortBoot, TAG, TAG_VALUE_MAX } from '../model/index.ts';

const STATUSES: readonly string[] = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] satisfies Status[];
/** Past these a count says nothing new; they also keep within the three digits. */
const STOOD_MAX = 9;
const TOLD_MAX = 99;

/** After so long without an answer a reboot has not helped: none of crawlwatch's acts would do more. */
const REBOOT_PROVES_MINUTES = 15;

/** When it was rebooted in vain: the flag of before still stands, and the reboot's time is over. Null: it was not. */
export function rebootedInVain({ flag, acted }: Pick<RememberedState, 'flag' | 'acted'>, now: Date): Date | null {
  if (flag === null || acted?.what !== 'reboot' || acted.at < flag.at) return null;
  return minutesBetween(acted.at, now) > REBOOT_PROVES_MINUTES ? acted.at : null;
}

/** Reads the tags; what can't be read counts as absent and is named in `unreadable`. */
export function readState(tags: Readonly<Record<string, string>>): {
  readonly state: RememberedState;
  readonly unreadable: readonly string[];
} {
  const unreadable: string[] = [];
  const read = <T>(key: OwnTagKey, parse: (text: string) => T | null): T | null => {
    const text = tags[key];
    if (text === undefined) return null;
    const value = parse(text);
    if (value === null) unreadable.push(key);
    return value;
  };
  const status = read(TAG.status, parseStatus);
  const since = read(TAG.since, parseInstant);
  const marks = since?.getUTCMilliseconds() ?? 0;
  const flag = read(TAG.flag, (text) => {
    const stamp = parseStamp(text);
    return stamp !== null && isReasonCode(stamp.what) ? { reason: stamp.what, at: stamp.at } : null;
  });
  const state: RememberedState = {
    status: status?.status ?? null,
    reasons: status?.reasons ?? [],
    kept: status?.kept ?? [],
    events: status?.events ?? [],
    told: marks % 100,
    stood: 1 + Math.floor(marks / 100),
    since: since === null ? null : new Date(since.getTime() - marks),
    failures: read(TAG.failures, (text) => (/^\d{1,6}$/.test(text) ? Number(text) : null)) ?? 0,
    flag,
    hostKey: read(TAG.hostKey, (text) => (/^SHA256:[A-Za-z0-9+/]{43}=?$/.test(text) ? text : null)),
    seen: read(TAG.seen, parseSeen),
    acted: read(TAG.acted, parseStamp),
  };
  return { state, unreadable };
}

/** The first code says of what kind the status is; codes of another kind behind it are kept from before. */
function parseStatus(text: string): (Pick<RememberedState, 'reasons' | 'kept' | 'events'> & { status: Status }) | null {
  const [word = '', list = ''] = text.split(':');
  if (!STATUSES.includes(word)) return null;
  const codes = list.split(',').filter(isReasonCode);
  const standing = codes.filter((code) => kindOf(code) !== 'event');
  const ofFirst = (code: ReasonCode) => standing[0] !== undefined && kindOf(code) === kindOf(standing[0]);
  return {
    status: word as Status,
    reasons: standing.filter(ofFirst),
    kept: standing.filter((code) => !ofFirst(code)),
    events: codes.filter((code) => kindOf(code) === 'event'),
  };
}

function parseSeen(text: string): RememberedState['seen'] {
  const match = /^([0-9a-f-]{8})\/(\d{1,15})?$/.exec(text);
  if (match?.[1] === undefined) return null;
  return { boot: match[1], oomKills: match[2] === undefined ? null : Number(match[2]) };
}

/** The tags that say this state; a tag that should not be there is null. */
export function writeState(state: RememberedState): Readonly<Record<OwnTagKey, string | null>> {
  const marks = (Math.min(state.stood, STOOD_MAX) - 1) * 100 + Math.min(state.told, TOLD_MAX);
  const since = state.since === null ? null : new Date(Math.floor(state.since.getTime() / 1000) * 1000 + marks);
  return {
    [TAG.status]:
      state.status === null ? null : statusValue(state.status, [...state.reasons, ...state.kept, ...state.events]),
    [TAG.since]: since === null ? null : marks === 0 ? isoSeconds(since) : since.toISOString(),
    [TAG.failures]: state.failures === 0 ? null : String(state.failures),
    [TAG.flag]: state.flag === null ? null : `${state.flag.reason}@${isoSeconds(state.flag.at)}`,
    [TAG.hostKey]: state.hostKey,
    [TAG.seen]: state.seen === null ? null : `${state.seen.boot}/${state.seen.oomKills ?? ''}`,
    [TAG.acted]: state.acted === null ? null : `${state.acted.what}@${isoSeconds(state.acted.at)}`,
  };
}

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

/** Kills since the last check; 0 where it can't be told. */
export function newOomKills(seen: Instance['memory']['seen'], vitals: Vitals): number {
  if (seen === null || seen.oomKills === null || vitals.oomKills === null) return 0;
  if (vitals.bootId === null || shortBoot(vitals.bootId) !== seen.boot) return 0;
  return Math.max(0, vitals.oomKills - seen.oomKills);
}
