/** Times as the fleet table words them: how long ago, in the time zone of `alerts.timeZone`. Pure. */

import { duration, minutesBetween } from '../kit/index.ts';

export interface Times {
  readonly now: Date;
  readonly zone: string;
  /** `08:05`, with the day where it isn't today's: `21 Nov 08:05`. */
  clock(at: Date): string;
  /** `12 min ago`. */
  ago(at: Date): string;
  /** `since 08:05, 25 min`. */
  since(at: Date): string;
}

/** @param zone of the tz database */
export function widgetTimes(zone: string, now: Date): Times {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options });
  const day = format({ day: 'numeric', month: 'short' });
  const time = format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const clock = (at: Date) => {
    const date = day.format(at);
    return date === day.format(now) ? time.format(at) : `${date} ${time.format(at)}`;
  };
  const lasting = (at: Date) => duration(minutesBetween(at, now));
  return { now, zone, clock, ago: (at) => `${lasting(at)} ago`, since: (at) => `since ${clock(at)}, ${lasting(at)}` };
}
