/** The one setting whose text has a grammar of its own: the maintenance window. remedy/window.ts holds acts to it. */
import * as z from 'zod';

const WINDOW =
  /^((Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? )?([01]\d|2[0-3]):[0-5]\d-(([01]\d|2[0-3]):[0-5]\d|24:00) [A-Za-z][A-Za-z0-9_+/-]*$/;

/** `Mon-Fri 02:00-05:00 Europe/Berlin`; every day where none is named; over midnight where it ends before it begins. */
export const maintenanceWindow = z
  .string()
  .regex(WINDOW, { abort: true })
  .superRefine((got, context) => {
    const [hours = '', zone = ''] = got.split(' ').slice(-2);
    const [from, to] = hours.split('-');
    const refuse = (message: string) => context.addIssue({ code: 'custom', message, params: { got } });
    if (from === to) refuse('an end that is not the beginning; the whole day is 00:00-24:00');
    if (!isTimeZone(zone)) refuse('a time zone of the tz database at its end, like Europe/Berlin or UTC');
  });

/** Intl's list of zones leaves out the aliases, UTC among them, so this tries the zone. */
export function isTimeZone(timeZone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone }) !== undefined;
  } catch {
    return false;
  }
}
