/**
 * What stands against a remedy, as far as tags, settings and the record of acts tell: each guard with its sentence.
 * Pure. What a guard can't read holds it.
 */

import { clockTime, minutesBetween, plural } from '../kit/index.ts';
import { inGrace } from '../memory/index.ts';
import type { Act, Asker, Guard, Instance, Override, Pause, Remedy } from '../model/index.ts';
import { AUTO_WORDS, type Auto, TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { dueRemedy, exhausted, isOpenAct, REMEDY_WORDS, trialMinutes, troubleIn } from './ladder.ts';

import { isOpen, nextOpening, parseWindow } from './window.ts';

/** What is known beside the instances. */
export interface Known {
  /** Of the last day, in the whole fleet. */
  readonly acts: readonly Act[];
  readonly pause: Pause | null;
  /** Whether the last check's breaker had tripped; null: not known. */
  readonly suppressed: boolean | null;
  readonly now: Date;
}

/** Whether `remedy` may be applied to `one`, if `asker` wishes. */
export interface Question {
  readonly one: Instance;
  readonly remedy: Remedy;
  readonly asker: Asker;
  readonly known: Known;
  readonly settings: Settings;
}

/** Completes `NAME (i-...): reboot: ...`; null: nothing stands against it. */
type Check = (question: Question) => string | null;

const SETTING: Readonly<Record<Remedy, 'restartWorker' | 'restartSshd' | 'reboot'>> = {
  'restart-worker': 'restartWorker',
  'restart-sshd': 'restartSshd',
  reboot: 'reboot',
};
/** What `crawlwatch:auto` may say, and what it then lets crawlwatch do by itself. */
const AUTO: Readonly<Record<Auto, readonly Remedy[]>> = {
  restart: ['restart-worker', 'restart-sshd'],
  reboot: ['reboot'],
  'restart+reboot': ['restart-worker', 'restart-sshd', 'reboot'],
  never: [],
};
/** Holds the schedule; a person may want what crawlwatch doesn't do by itself. */
const byItself =
  (check: Check): Check =>
  (question) =>
    question.asker.kind === 'schedule' ? check(question) : null;
const onReboot =
  (check: Check): Check =>
  (question) =>
    question.remedy === 'reboot' ? check(question) : null;

export const isSetAside = ({ asker }: Pick<Question, 'asker'>, guard: Override): boolean =>
  asker.kind === 'person' && asker.overrides.includes(guard);

const unreadable = (key: string, allowed: string): string => `its tag ${key} is unreadable; allowed: ${allowed}`;

/** In the order in which they are told: first what is wrong with the host, then with the stack, then with the time. */
const GUARDS: readonly (readonly [Guard, Check])[] = [
  ['unreadable', unreadableTag],
  ['opted-out', ({ one }) => (one.auto === 'never' ? `its tag ${TAG.auto} says never` : null)],
  ['muted', muted],
  ['not-flagged', onReboot(notFlagged)],
  ['unknown', ({ one }) => (one.launchedAt === null ? 'EC2 does not tell since when it runs' : null)],
  [
    'no-unit',
    ({ remedy, one }) =>
      remedy === 'restart-worker' && one.worker === null
        ? `no unit is known that could be restarted: tag it ${TAG.worker}=UNIT`
        : null,
  ],
  ['unknown', byItself(lastCheckFailed)],
  ['not-needed', byItself(notCalledFor)],
  ['person', byItself(({ one, remedy, known }) => exhausted(one, remedy, known.acts, known.now))],
  [
    'off',
    byItself(({ one, remedy, settings }) =>
      settings.remedies[SETTING[remedy]]
        ? null
        : `remedies.${SETTING[remedy]} is off in the stack's settings, so a person has to ask for it: crawlwatch ${remedy} ${one.id}`,
    ),
  ],
  ['opted-out', byItself(notOptedIn)],
  ['paused', paused],
  ['breaker', byItself(breakerTripped)],
  ['window', byItself(outsideWindow)],
  [
    'asg',
    onReboot((q) =>
      !q.one.autoScaling || isSetAside(q, 'asg')
        ? null
        : `it belongs to an Auto Scaling group, which may replace it while it boots${orOverride(q, 'asg')}`,
    ),
  ],
  [
    'spot',
    onReboot((q) =>
      !q.one.spot || isSetAside(q, 'spot')
        ? null
        : `it is a Spot instance, which EC2 may be about to take away${orOverride(q, 'spot')}`,
    ),
  ],
  ['grace', youngHost],
  ['in-flight', inFlight],
  ['spacing', onReboot(tooClose)],
  ['budget', budgetSpent],
];

/** The first guard that holds it, with its sentence; null where none does. Asks nothing of the instance itself. */
export function heldBack(question: Question): { readonly heldBy: Guard; readonly why: string } | null {
  const { one, settings } = question;
  const { key, value } = settings.tag;
  if (!one.watched) return { heldBy: 'unwatched', why: `it does not carry the tag ${key}=${value}` };
  if (one.skipped !== null) {
    return { heldBy: one.state === 'running' ? 'unwatched' : 'not-running', why: `it ${one.skipped}` };
  }
  for (const [heldBy, check] of GUARDS) {
    const why = check(question);
    if (why !== null) return { heldBy, why };
  }
  return null;
}

function unreadableTag({ one, known: { now } }: Question): string | null {
  const { flag } = one.remembered;
  if (one.auto === 'unreadable') return unreadable(TAG.auto, AUTO_WORDS.join(', '));
  if (one.mutedUntil === 'unreadable') return unreadable(TAG.mute, 'until=2026-11-23T06:00:00Z');
  if (one.problem !== null) return `one of its tags is unreadable: ${one.problem.text.replace(/\.$/, '')}`;
  if (one.unreadable.includes(TAG.flag)) return unreadable(TAG.flag, 'BannerTimeout@2026-11-22T08:05:00Z');
  if (flag !== null && flag.at > now) return `its tag ${TAG.flag} is of the future`;
  if (one.unreadable.includes(TAG.status)) return unreadable(TAG.status, 'CRITICAL:BannerTimeout');
  if (one.unreadable.includes(TAG.acted)) return unreadable(TAG.acted, 'reboot@2026-11-22T08:05:00Z');
  return null;
}

function muted({ one: { mutedUntil }, known: { now } }: Question): string | null {
  return mutedUntil instanceof Date && mutedUntil > now ? `it is muted until ${clockTime(mutedUntil, now)}` : null;
}

function notFlagged({ one, known: { now } }: Question): string | null {
  const { flag } = one.remembered;
  if (flag === null) return 'it carries no reboot flag';
  if (one.launchedAt === null || one.launchedAt <= flag.at) return null;
  return `it was started anew at ${clockTime(one.launchedAt, now)}, after it was flagged`;
}

/** Tags tell how the last check went: where it could not be made, nothing is known. */
function lastCheckFailed({ one: { remembered: memory } }: Question): string | null {
  if (memory.status !== 'UNKNOWN') return null;
  return `its last check could not be made (${memory.reasons.join(', ') || 'no reason told'})`;
}

function notCalledFor({ one, remedy }: Question): string | null {
  const due = dueRemedy(one);
  if (due === remedy || troubleIn(one.remembered.reasons, remedy).length > 0) return null;
  return due === null ? 'its tags tell of no such trouble' : `its tags call for a ${REMEDY_WORDS[due]} first`;
}

function notOptedIn({ one, remedy }: Question): string | null {
  const { auto } = one;
  if (auto !== null && auto !== 'unreadable' && AUTO[auto].includes(remedy)) return null;
  const wanted = AUTO_WORDS.filter((word) => AUTO[word].includes(remedy));
  const says = auto === null ? 'is missing' : `says only ${auto}`;
  return `its tag ${TAG.auto} ${says}: an automatic ${REMEDY_WORDS[remedy]} takes ${wanted.join(' or ')}`;
}

function paused({ known: { pause, now } }: Question): string | null {
  if (pause === null || (pause.until !== null && pause.until <= now)) return null;
  const until = pause.until === null ? 'until somebody runs crawlwatch resume' : `until ${clockTime(pause.until, now)}`;
  return `acting has been paused by ${bounded(pause.who)} since ${clockTime(pause.from, now)}, ${until}: ${bounded(pause.why)}`;
}

function breakerTripped({ known: { suppressed } }: Question): string | null {
  if (suppressed === false) return null;
  return suppressed === null
    ? 'whether the last check suppressed flagging is not known'
    : 'the last check suppressed flagging: so many fail at once that the fault may be on the checking side';
}

function outsideWindow({ settings, known: { now } }: Question): string | null {
  const text = settings.remedies.window;
  if (text === null) return null;
  const window = parseWindow(text);
  if (window === null) return `the setting remedies.window is unreadable: ${text}`;
  if (isOpen(window, now)) return null;
  const opening = nextOpening(window, now);
  const next = opening === null ? '' : `, which opens at ${clockTime(opening, now)}`;
  return `it is outside the maintenance window ${text}${next}`;
}

/** A person may restart something on a host that has just come up, but nobody reboots one that is booting. */
function youngHost({ remedy, asker, one, known: { now }, settings }: Question): string | null {
  if (remedy !== 'reboot' && asker.kind === 'person') return null;
  if (!inGrace(one, now, settings)) return null;
  return `it was launched or rebooted less than ${settings.flag.graceMinutes} min ago`;
}

/** What a person can do about it; the schedule never may. */
export const orOverride = ({ asker }: Pick<Question, 'asker'>, guard: Override): string =>
  asker.kind === 'person' ? `; --override ${guard} reboots it all the same` : '; a person may override that';

const bounded = (text: string): string => text.slice(0, 120);

interface Limited {
  readonly one: Instance;
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
