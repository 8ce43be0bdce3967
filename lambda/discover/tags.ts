/** Reads the tags that crawlwatch itself writes: a display for people and IAM, which anybody may change or strip. */
import { parseInstant, parseStamp, parseWindow } from '../kit/index.ts';
import { isReasonCode, type Mute, type OwnTagKey, type Status, TAG, type Tagged } from '../model/index.ts';

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

/** `until=2026-11-23T06:00:00Z` or `window=Sat 02:00-06:00 Europe/Berlin,Sun 02:00-06:00 Europe/Berlin`; either with an optional `;why=...`. */
export function readMute(text: string | undefined): Mute | 'unreadable' | null {
  if (text === undefined) return null;
  const [, key, given = '', why = null] = /^(until|window)=([^;]*)(?:;why=(.*))?$/s.exec(text) ?? [];
  if (key === undefined) return 'unreadable';
  if (key === 'until') {
    const until = parseInstant(given.trim());
    return until === null ? 'unreadable' : { kind: 'until', until, why };
  }
  const windows = given.split(',').map((window) => window.trim());
  return windows.every((window) => parseWindow(window) !== null) ? { kind: 'windows', windows, why } : 'unreadable';
}
