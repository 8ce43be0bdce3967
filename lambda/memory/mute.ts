/** Whether an instance is muted: until a time, or in a window that recurs. Pure. */

import { clockTime, isOpen, nextClosing, nextOpening, parseWindow, type RecurringWindow } from '../kit/index.ts';
import type { Instance, InstanceState } from '../model/index.ts';

type Muteable = Pick<Instance, 'mute'>;

/**
 * Muted: checked and measured, neither mailed nor flagged, and nothing acts on it. A tag that can't be read silences
 * nothing, and keeps everything from acting.
 */
export function isMuted({ mute }: Muteable, at: Date): boolean {
  if (mute === null || mute === 'unreadable') return false;
  return mute.kind === 'until' ? mute.until > at : windowsOf(mute.windows).some((window) => isIn(window, at));
}

/**
 * Completes `it is ...`: `muted until 06:00 UTC`, `muted in the window Sat 02:00-06:00 UTC, until 06:00 UTC`. Null: it isn't.
 * @param zone of the end; a window is in the zone that its tag names
 */
export function muteWords(one: Muteable, at: Date, zone = 'UTC'): string | null {
  const { mute } = one;
  if (mute === null || mute === 'unreadable' || !isMuted(one, at)) return null;
  if (mute.kind === 'until') return `muted until ${clockTime(mute.until, at, zone)}`;
  const open = windowsOf(mute.windows).find((window) => isIn(window, at));
  const end = muteEnd(one, at);
  return `muted in the window ${open?.text}, ${end === null ? 'which never closes' : `until ${clockTime(end, at, zone)}`}`;
}

/** When the mute of this moment ends, to the minute; null where it isn't muted, or its windows leave no gap. */
export function muteEnd(one: Muteable, at: Date): Date | null {
  const { mute } = one;
  if (mute === null || mute === 'unreadable' || !isMuted(one, at)) return null;
  if (mute.kind === 'until') return mute.until;
  return closingOf(mute.windows, at);
}

/** Of one minute: a fleet shares its windows, and to find the end of a long one takes milliseconds. */
const closings = { minute: Number.NaN, known: new Map<string, Date | null>() };

function closingOf(texts: readonly string[], at: Date): Date | null {
  const minute = Math.floor(at.getTime() / 60_000);
  if (closings.minute !== minute) {
    closings.minute = minute;
    closings.known.clear();
  }
  const key = texts.join();
  const known = closings.known.get(key);
  if (known !== undefined) return known;
  const windows = windowsOf(texts).map(({ window }) => window);
  const end = nextClosing(windows, at);
  closings.known.set(key, end);
  return end;
}

/** When it is muted next; null where it is muted now, or isn't to be. */
export function nextMute(one: Muteable, at: Date): Date | null {
  const { mute } = one;
  if (mute === null || mute === 'unreadable' || mute.kind === 'until' || isMuted(one, at)) return null;
  const openings = windowsOf(mute.windows).flatMap(({ window }) => nextOpening(window, at) ?? []);
  return openings.reduce<Date | null>((first, one) => (first === null || one < first ? one : first), null);
}

/**
 * Whether an incident that has just ended was over while its host was muted: then nobody hears of it. The first good check
 * counts: those that confirm it may come after the window.
 */
export function endedMuted(
  one: Muteable,
  { isOver, after }: { readonly isOver: boolean; readonly after: Pick<InstanceState, 'incident' | 'since'> },
  at: Date,
): boolean {
  if (!isOver) return false;
  const { incident, since } = after;
  return isMuted(one, at) || (incident?.mailed === null && since !== null && isMuted(one, since));
}

interface Read {
  readonly text: string;
  readonly window: RecurringWindow;
}

/** The tag's reader has read each of them before. */
const windowsOf = (texts: readonly string[]): Read[] =>
  texts.flatMap((text) => {
    const window = parseWindow(text);
    return window === null ? [] : [{ text, window }];
  });

const isIn = ({ window }: Read, at: Date): boolean => isOpen(window, at);
