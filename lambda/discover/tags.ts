/** Reads the tags that crawlwatch itself writes: a display for people and IAM, which anybody may change or strip. */
import { parseInstant, parseStamp } from '../kit/index.ts';
import { isReasonCode, type OwnTagKey, type Status, TAG, type Tagged } from '../model/index.ts';

const STATUSES: readonly string[] = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'] satisfies Status[];

/** What can't be read counts as absent and is named in `unreadable`. */
export function readTags(tags: Readonly<Record<string, string>>): {
  readonly tagged: Tagged;
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
  const flag = read(TAG.flag, (text) => {
    const stamp = parseStamp(text);
    return stamp !== null && isReasonCode(stamp.what) ? { reason: stamp.what, at: stamp.at } : null;
  });
  const acted = read(TAG.acted, parseStamp);
  return { tagged: { status: status?.status ?? null, reasons: status?.reasons ?? [], flag, acted }, unreadable };
}

/** `CRITICAL:BannerTimeout,DiskLow`. */
function parseStatus(text: string): (Pick<Tagged, 'reasons'> & { readonly status: Status }) | null {
  const [word = '', list = ''] = text.split(':');
  if (!STATUSES.includes(word)) return null;
  return { status: word as Status, reasons: list.split(',').filter(isReasonCode) };
}

/** `SHA256:...` pins a key by hand, `renew` takes the next one seen. */
export function readHostKey(text: string | undefined): string | null | 'unreadable' {
  if (text === undefined) return null;
  return text === 'renew' || /^SHA256:[A-Za-z0-9+/]{43}=?$/.test(text) ? text : 'unreadable';
}

/** `until=2026-11-23T06:00:00Z`, with an optional `;why=...` for people. */
export function readMute(text: string | undefined): Date | 'unreadable' | null {
  if (text === undefined) return null;
  const [, until = ''] = /^until=([^;]*)(?:;why=.*)?$/s.exec(text) ?? [];
  return parseInstant(until.trim()) ?? 'unreadable';
}
