/** Notes on what people have decided about an instance: its mute, and that its incident is acknowledged. Pure. */
import { clockTime, printableAscii } from '../kit/index.ts';
import { muteWords } from '../memory/index.ts';
import { type Ack, type Instance, type InstanceState, MUTE_ALLOWED, TAG } from '../model/index.ts';

/** `acknowledged by ann@laptop since 08:10 UTC: disk is ordered`. */
export const ackWords = ({ by, at, why }: Ack, now: Date): string =>
  printableAscii(`acknowledged by ${by} since ${clockTime(at, now)}${why === null ? '' : `: ${why}`}`);

/** Says that the tag is unreadable, and what follows from it. */
export const UNREADABLE_MUTE = `its tag ${TAG.mute} can't be read, so it is not muted, and nothing acts on it; allowed: ${MUTE_ALLOWED}`;

/** A sentence each, with its full stop. */
export function peoplesNotes(
  one: Pick<Instance, 'mute'>,
  { incident }: Pick<InstanceState, 'incident'>,
  now: Date,
): string[] {
  const muted = muteWords(one, now);
  const { mute } = one;
  const because = mute === null || mute === 'unreadable' || mute.why === null ? '' : ` (${printableAscii(mute.why)})`;
  return [
    ...(mute === 'unreadable' ? [`${capital(UNREADABLE_MUTE)}.`] : []),
    ...(muted === null ? [] : [`It is ${muted}${because}: no mail, no flag and no act.`]),
    ...(incident?.ack === undefined
      ? []
      : [`Its incident is ${ackWords(incident.ack, now)}; no reminder until it changes.`]),
  ];
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
