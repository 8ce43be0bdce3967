/** How often and how close to each other acts may be. Pure. An act of the future counts as one just now. */
import type { Act, DescribedInstance, Remedy } from '../model.ts';
import type { Settings } from '../settings.ts';
import { isOpenAct, REMEDY_WORDS, trialMinutes } from './remedy-ladder.ts';
import { clockTime, minutesBetween, plural } from './wording.ts';

interface Limited {
  readonly one: DescribedInstance;
  readonly remedy: Remedy;
  readonly known: { readonly acts: readonly Act[]; readonly now: Date };
  readonly settings: Settings;
}

/** Between any two reboots in the fleet. */
const APART_MINUTES = 15;
const HOUR = { minutes: 60, says: 'an hour' };
const DAY = { minutes: 24 * 60, says: 'a day' };
/** For each host. */
const BUDGET: Readonly<Record<Remedy, readonly { minutes: number; says: string; most: number }[]>> = {
  'restart-worker': [{ ...HOUR, most: 2 }],
  'restart-sshd': [{ ...HOUR, most: 2 }],
  reboot: [
    { ...HOUR, most: 1 },
    { ...DAY, most: 3 },
  ],
};
const ITS: Readonly<Record<Remedy, string>> = {
  'restart-worker': 'its worker was restarted',
  'restart-sshd': 'its sshd was restarted',
  reboot: 'it was rebooted',
};

const within = (acts: readonly Act[], minutes: number, now: Date): readonly Act[] =>
  acts.filter((act) => !(minutesBetween(act.at, now) >= minutes));

/** An act on this host has its time to prove itself, and of reboots there is one at a time in the whole fleet. */
export function inFlight({ one, remedy, known: { acts, now }, settings }: Limited): string | null {
  const open = acts.filter(isOpenAct);
  const own = open.find((act) => act.instanceId === one.id);
  if (own !== undefined) {
    const until = new Date(own.at.getTime() + trialMinutes(own.remedy, settings) * 60_000);
    const proof = until > now ? `has until ${clockTime(until, now)} to prove itself` : 'is still to be verified';
    return `its ${REMEDY_WORDS[own.remedy]} of ${clockTime(own.at, now)} ${proof}`;
  }
  const other = remedy === 'reboot' ? open.find((act) => act.remedy === 'reboot') : undefined;
  if (other === undefined) return null;
  return `the reboot of ${other.instanceId} at ${clockTime(other.at, now)} is neither verified nor given up yet`;
}

export function tooClose({ known: { acts, now } }: Limited): string | null {
  const reboots = acts.filter((act) => act.remedy === 'reboot');
  const last = within(reboots, APART_MINUTES, now).at(-1);
  if (last === undefined) return null;
  return `crawlwatch rebooted ${last.instanceId} at ${clockTime(last.at, now)}, and reboots are ${APART_MINUTES} minutes apart`;
}

export function budgetSpent({ one, remedy, known: { acts, now } }: Limited): string | null {
  const own = acts.filter((act) => act.instanceId === one.id && act.remedy === remedy);
  for (const { minutes, says, most } of BUDGET[remedy]) {
    const count = within(own, minutes, now).length;
    if (count >= most) return `${ITS[remedy]} ${plural(count, 'time')} within ${says} already: have a look at it`;
  }
  return null;
}
