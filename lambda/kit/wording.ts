/** How numbers, times and names are worded for people. ASCII only: mails and terminals share it. */

export const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

/** `2.2 %`, `75 %`: one decimal where it matters. */
export const percent = (value: number): string => `${Number(value.toFixed(value < 20 ? 1 : 0))} %`;

/** `14.9 GiB`, `305 MiB`. */
export const gib = (bytes: number): string =>
  bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${Math.round(bytes / MIB)} MiB`;

/** `40 min`, `3 h`, `2 days`: rough on purpose. */
export function duration(minutes: number): string {
  if (minutes < 90) return `${Math.max(1, Math.round(minutes))} min`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 1440)} days`;
}

/** The same in words: `1 minute`, `40 minutes`, `3 hours`, `2 days`. */
export function inWords(minutes: number): string {
  if (minutes < 90) return plural(Math.max(1, Math.round(minutes)), 'minute');
  if (minutes < 48 * 60) return plural(Math.round(minutes / 60), 'hour');
  return plural(Math.round(minutes / 1440), 'day');
}

/** `08:05 UTC`, with the date when it isn't the day of `now` there. */
export function clockTime(at: Date, now: Date, zone = 'UTC'): string {
  const local = localTime(at, zone);
  const isToday = local.slice(0, 10) === localTime(now, zone).slice(0, 10);
  return `${isToday ? local.slice(11) : local} ${zoneName(at, zone)}`;
}

/** `2026-11-22`. */
export const calendarDay = (at: Date, zone = 'UTC'): string => localTime(at, zone).slice(0, 10);

/** Making a format takes far longer than using it. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(locale: string, timeZone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${timeZone} ${Object.keys(options).join()}`;
  const known = formats.get(key);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat(locale, { timeZone, ...options });
  formats.set(key, made);
  return made;
}

/** `2026-11-22 08:05`, which is how Swedish writes it. */
const localTime = (at: Date, zone: string): string =>
  zone === 'UTC'
    ? at.toISOString().slice(0, 16).replace('T', ' ')
    : formatOf('sv-SE', zone, { dateStyle: 'short', timeStyle: 'short' }).format(at);

/** Each knows the short names of its own part of the world alone (CLDR), and writes `GMT+2` for the others. */
const LOCALES = ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA'] as const;

/** `CET`, or `GMT+9` where no locale has a name. */
function zoneName(at: Date, zone: string): string {
  if (zone === 'UTC') return zone;
  const names = LOCALES.map(
    (locale) =>
      formatOf(locale, zone, { timeZoneName: 'short' })
        .formatToParts(at)
        .find(({ type }) => type === 'timeZoneName')?.value ?? zone,
  );
  return names.find((name) => !/^GMT[+-]/.test(name)) ?? names[0] ?? zone;
}

/**
 * Times in sentences, as {@link clockTime} writes them in UTC, and as ISO 8601 writes them. Not what is to be typed as it
 * is: `until=2026-11-23T06:00:00Z`, `Sat 02:00-06:00 UTC`.
 */
const UTC_TIMES =
  /(?<![=\d-])\b(?:(?:(\d{4}-\d\d-\d\d) )?(\d\d:\d\d) UTC\b|(\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\d(?:\.\d+)?Z)/g;
const DAY_MS = 86_400_000;

/** A sentence that was written around `now` with times in UTC, with the times of another zone. */
export function timesIn(text: string, now: Date, zone: string): string {
  return text.replace(UTC_TIMES, (said: string, day?: string, time?: string, isoDay?: string, isoTime?: string) => {
    const date = day ?? isoDay ?? calendarDay(now);
    const at = new Date(`${date}T${time ?? isoTime}:00Z`);
    if (Number.isNaN(at.getTime())) return said;
    // Without a date it was the day of the sentence, which may have been the day before.
    const isTomorrow = day === undefined && isoDay === undefined && at.getTime() - now.getTime() > DAY_MS / 2;
    return clockTime(isTomorrow ? new Date(at.getTime() - DAY_MS) : at, now, zone);
  });
}

export const minutesBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 60_000;

/** `1 host`, `3 hosts`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A name as it reads within a sentence: in quotes where it holds spaces or quotes. */
export const quoted = (name: string): string => (/^[\w./:@-]+$/.test(name) ? name : JSON.stringify(name));

/** `10.0.1.7:22`, `[2001:db8::1]:22`. */
export const endpointOf = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
