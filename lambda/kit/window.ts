/**
 * A window that recurs every week: `Mon-Fri 02:00-05:00 Europe/Berlin`. In one crawlwatch may act by itself
 * (remedies.window), in another an instance is muted (its tag). Pure. A window follows the wall clock of its zone: where
 * summer time skips an hour it is that much shorter, where it repeats one that much longer. A window that ends before it
 * begins lasts over midnight, and its days are those on which it begins.
 */

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY_MINUTES = 24 * 60;
/** Every day where none is named. */
export const WINDOW_GRAMMAR =
  /^(?:(Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?:-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? )?([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|(24):(00)) ([A-Za-z][A-Za-z0-9_+/-]*)$/;

export interface RecurringWindow {
  /** Days on which it begins, 0 is Monday. */
  readonly days: readonly number[];
  /** Minutes of the day: it begins with the one and ends right before the other. */
  readonly from: number;
  readonly to: number;
  /** The wall clock of its zone. */
  readonly clock: Intl.DateTimeFormat;
}

export type ReadWindow =
  | { readonly kind: 'window'; readonly window: RecurringWindow }
  /** `expected` completes `allowed: `. */
  | { readonly kind: 'bad'; readonly expected: string };

export function readWindow(text: string): ReadWindow {
  const match = WINDOW_GRAMMAR.exec(text);
  if (match === null) return { kind: 'bad', expected: 'like Mon-Fri 02:00-05:00 Europe/Berlin' };
  const [, first, last = first, h1, m1, h2 = match[7], m2 = match[8], , , timeZone = ''] = match;
  const from = Number(h1) * 60 + Number(m1);
  const to = Number(h2) * 60 + Number(m2);
  if (from === to) {
    return { kind: 'bad', expected: 'an end that is not the beginning; the whole day is 00:00-24:00' };
  }
  const clock = clockOf(timeZone);
  if (clock === null) {
    return { kind: 'bad', expected: 'a time zone of the tz database at its end, like Europe/Berlin or UTC' };
  }
  const [begin, end] = first === undefined ? [0, 6] : [DAYS.indexOf(first), DAYS.indexOf(last ?? first)];
  const days = Array.from({ length: ((end - begin + 7) % 7) + 1 }, (_, n) => (begin + n) % 7);
  return { kind: 'window', window: { days, from, to, clock } };
}

/** Null where it can't be read. */
export function parseWindow(text: string): RecurringWindow | null {
  const read = readWindow(text);
  return read.kind === 'window' ? read.window : null;
}

/** Intl's list of zones leaves out the aliases, UTC among them, so this tries the zone. */
export function isTimeZone(timeZone: string): boolean {
  return clockOf(timeZone) !== null;
}

/** A clock takes tens of microseconds to make, and a fleet asks for the same ones thousands of times. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat | null {
  const known = clocks.get(timeZone);
  if (known !== undefined) return known;
  try {
    const clock = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    });
    clocks.set(timeZone, clock);
    return clock;
  } catch {
    return null;
  }
}

export function isOpen(window: RecurringWindow, at: Date): boolean {
  const { days, from, to } = window;
  const { day, minute } = wallClock(window, at);
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

/** When it opens next, to the minute; null where it does not within a fortnight. */
export function nextOpening(window: RecurringWindow, now: Date): Date | null {
  const start = Math.floor(now.getTime() / 60_000);
  const ahead = (window.from - wallClock(window, now).minute + DAY_MINUTES) % DAY_MINUTES;
  for (let day = 0; day < 14; day += 1) {
    const guess = start + ahead + day * DAY_MINUTES;
    // Between now and then the clocks may be changed: the guess is off by as much.
    const off = window.from - wallClock(window, new Date(guess * 60_000)).minute;
    const shift = ((off + 1.5 * DAY_MINUTES) % DAY_MINUTES) - DAY_MINUTES / 2;
    const opening = [guess + shift, guess].find(
      (minute) => minute > start && isOpen(window, new Date(minute * 60_000)),
    );
    if (opening !== undefined) return new Date(opening * 60_000);
  }
  return null;
}

/** Clocks are changed at quarters of an hour of UTC, in every zone of today. */
const QUARTER_MINUTES = 15;

/**
 * When none of the windows is open any more, from a time in one of them on; those that touch or overlap count as one.
 * To the minute. Null where that doesn't come within a fortnight.
 */
export function nextClosing(windows: readonly RecurringWindow[], at: Date): Date | null {
  const start = Math.floor(at.getTime() / 60_000);
  for (let minute = start; minute < start + 14 * DAY_MINUTES; ) {
    const now = new Date(minute * 60_000);
    if (!windows.some((window) => isOpen(window, now))) return now;
    const ends = windows.map((window) => {
      const left = (window.to - wallClock(window, now).minute + DAY_MINUTES) % DAY_MINUTES;
      return left === 0 ? DAY_MINUTES : left;
    });
    minute += Math.min(QUARTER_MINUTES - (minute % QUARTER_MINUTES), ...ends);
  }
  return null;
}

function wallClock({ clock }: RecurringWindow, at: Date): { day: number; minute: number } {
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}
