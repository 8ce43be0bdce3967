/** How long a pause or a mute lasts, as typed: 30m, 2h, 1d, or until when. */
import * as z from 'zod';
import { isoSeconds } from '../../lambda/kit/index.ts';
import { UsageError } from '../terminal/index.ts';

const MINUTES = { m: 1, h: 60, d: 24 * 60 } as const;
const MOST_DAYS = 365;

/** @returns when it ends. @throws UsageError naming the flag. */
export function endOf(flag: string, text: string, now: Date): Date {
  const [, count = '', unit] = /^(\d{1,6})(m|h|d)$/.exec(text) ?? [];
  const minutes = Number(count) * MINUTES[(unit ?? 'm') as keyof typeof MINUTES];
  if (minutes < 1 || minutes > MOST_DAYS * MINUTES.d) {
    throw new UsageError(
      `${flag}: got ${JSON.stringify(text)}; allowed: a time like 30m, 2h or 1d, at most ${MOST_DAYS}d`,
    );
  }
  return new Date(now.getTime() + minutes * 60_000);
}

/** With its day checked, and an offset if it isn't UTC. */
const isoTime = z.iso.datetime({ offset: true });

/** @returns a time that is typed as such. @throws UsageError naming the flag. */
export function instantOf(flag: string, text: string, now: Date): Date {
  const { data } = isoTime.safeParse(text.replace(/(T\d\d:\d\d)(?=Z|[+-])/, '$1:00'));
  const at = new Date(data ?? Number.NaN);
  if (at > now && at.getTime() - now.getTime() <= MOST_DAYS * MINUTES.d * 60_000) return at;
  const example = new Date(now.getTime() + 2 * 3_600_000);
  throw new UsageError(
    `${flag}: got ${JSON.stringify(text)}; allowed: a time later than now, within ${MOST_DAYS} days, like ${isoSeconds(example)} or with an offset, ${isoSeconds(example).replace('Z', '+00:00')}`,
  );
}
