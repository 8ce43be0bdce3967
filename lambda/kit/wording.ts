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

/** `08:05 UTC`, with the date when it isn't the day of `now`. */
export function clockTime(at: Date, now: Date): string {
  const [date, time] = [at.toISOString().slice(0, 10), at.toISOString().slice(11, 16)];
  return date === now.toISOString().slice(0, 10) ? `${time} UTC` : `${date} ${time} UTC`;
}

export const minutesBetween = (from: Date, to: Date): number => (to.getTime() - from.getTime()) / 60_000;

/** `1 host`, `3 hosts`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** A name as it reads within a sentence: in quotes where it holds spaces or quotes. */
export const quoted = (name: string): string => (/^[\w./:@-]+$/.test(name) ? name : JSON.stringify(name));

/** `10.0.1.7:22`, `[2001:db8::1]:22`. */
export const endpointOf = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
