/**
 * The window in which crawlwatch may act by itself: `Mon-Fri 02:00-05:00 Europe/Berlin`. Pure. It follows the wall clock
 * of its zone: where summer time skips an hour the window is that much shorter, where it repeats one that much longer. A
 * window that ends before it begins lasts over midnight, and its days are those on which it begins.
 */

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const DAY_MINUTES = 24 * 60;
const WINDOW = /^(?:([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? )?(\d\d):(\d\d)-(\d\d):(\d\d) (\S+)$/;

export interface MaintenanceWindow {
  /** Days on which it begins, 0 is Monday. */
  readonly days: readonly number[];
  /** Minutes of the day: it begins with the one and ends right before the other. */
  readonly from: number;
  readonly to: number;
  /** The wall clock of its zone. */
  readonly clock: Intl.DateTimeFormat;
}

/** Null where it can't be read. The settings have made sure that this machine knows the time zone. */
export function parseWindow(text: string): MaintenanceWindow | null {
  const [match, first, last = first, h1, m1, h2, m2, timeZone] = WINDOW.exec(text) ?? [];
  const [begin, end] = first === undefined ? [0, 6] : [DAYS.indexOf(first), DAYS.indexOf(last ?? '')];
  if (match === undefined || begin < 0 || end < 0) return null;
  const length = ((end - begin + 7) % 7) + 1;
  return {
    days: Array.from({ length }, (_, n) => (begin + n) % 7),
    from: Number(h1) * 60 + Number(m1),
    to: Number(h2) * 60 + Number(m2),
    clock: new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    }),
  };
}

export function isOpen(window: MaintenanceWindow, at: Date): boolean {
  const { days, from, to } = window;
  const { day, minute } = wallClock(window, at);
  if (from < to) return days.includes(day) && minute >= from && minute < to;
  return (days.includes(day) && minute >= from) || (days.includes((day + 6) % 7) && minute < to);
}

/** When it opens next, to the minute; null where it does not within a fortnight. */
export function nextOpening(window: MaintenanceWindow, now: Date): Date | null {
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

function wallClock({ clock }: MaintenanceWindow, at: Date): { day: number; minute: number } {
  const parts = new Map(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: DAYS.indexOf(parts.get('weekday') ?? ''),
    minute: Number(parts.get('hour')) * 60 + Number(parts.get('minute')),
  };
}
