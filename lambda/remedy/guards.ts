/**
 * What holds a remedy back, each guard with its sentence: first by tags, state, settings and the record of acts, then by the
 * check right before the act. Pure. What a guard can't read holds the remedy back.
 */

import { clockTime, isOpen, isoSeconds, minutesBetween, nextOpening, parseWindow, plural } from '../kit/index.ts';
import { inGrace, muteWords } from '../memory/index.ts';
import type { Act, FreshCheck, Guard, Instance, Override, Pause, Reason, Remedy, Requester } from '../model/index.ts';
import { AUTO_WORDS, type Auto, MUTE_ALLOWED, TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { called, dueRemedy, exhausted, isOpenAct, REMEDY_WORDS, trialMinutes, troubleIn } from './ladder.ts';
import { automaticPause } from './vain.ts';

/** What is known besides the instances. */
export interface Known {
  /** Of the last day, in the whole fleet. */
  readonly acts: readonly Act[];
  readonly pause: Pause | null;
  /** When a person last resumed; null: nobody ever has. */
  readonly resumedAt: Date | null;
  /** Whether the last check's breaker had tripped; null: not known. */
  readonly suppressed: boolean | null;
  readonly now: Date;
}

/** Whether `remedy` may be applied to `one` for this requester. */
export interface Question {
  readonly one: Instance;
  readonly remedy: Remedy;
  readonly requester: Requester;
  readonly known: Known;
  readonly settings: Settings;
}

/** A verdict with its guard; `why` completes `NAME (i-...): reboot: ...`. */
export interface Held {
  readonly heldBy: Guard;
  readonly why: string;
}

/** Why it is held back; null where it is not. */
type Check = (question: Question) => string | null;

const SETTING: Readonly<Record<Remedy, 'restartWorker' | 'restartSshd' | 'reboot'>> = {
  'restart-worker': 'restartWorker',
  'restart-sshd': 'restartSshd',
  reboot: 'reboot',
};
/** What `crawlwatch:auto` may say, and what crawlwatch may then do by itself. */
const AUTO: Readonly<Record<Auto, readonly Remedy[]>> = {
  restart: ['restart-worker', 'restart-sshd'],
  reboot: ['reboot'],
  'restart+reboot': ['restart-worker', 'restart-sshd', 'reboot'],
  never: [],
};
/** Holds back the schedule alone: a person may want what crawlwatch doesn't do by itself. */
const byItself =
  (check: Check): Check =>
  (question) =>
    question.requester.kind === 'schedule' ? check(question) : null;
const onReboot =
  (check: Check): Check =>
  (question) =>
    question.remedy === 'reboot' ? check(question) : null;

const isSetAside = ({ requester }: Pick<Question, 'requester'>, guard: Override): boolean =>
  requester.kind === 'person' && requester.overrides.includes(guard);

const unreadable = (key: string, allowed: string): string => `its tag ${key} is unreadable; allowed: ${allowed}`;

/** In order of precedence: what is wrong with the host, then with the stack, then with the time. */
const GUARDS: readonly (readonly [Guard, Check])[] = [
  ['unreadable', unreadableTag],
  ['opted-out', ({ one }) => (one.auto === 'never' ? `its tag ${TAG.auto} says never` : null)],
  ['muted', muted],
  ['not-flagged', onReboot(notFlagged)],
  ['unknown', ({ one }) => (one.launchedAt === null ? 'EC2 does not say since when it runs' : null)],
  [
    'no-unit',
    ({ remedy, one }) =>
      remedy === 'restart-worker' && one.worker === null
        ? `no unit is known that could be restarted: tag it ${TAG.worker}=UNIT`
        : null,
  ],
  ['unknown', byItself(lastCheckFailed)],
  ['not-needed', byItself(notCalledFor)],
  ['escalated', byItself(({ one, remedy, known }) => exhausted(one, remedy, known.acts, known.now))],
  [
    'off',
    byItself(({ one, remedy, settings }) =>
      settings.remedies[SETTING[remedy]]
        ? null
        : `remedies.${SETTING[remedy]} is off in the stack's settings, so a person has to ask for it: crawlwatch ${remedy} ${one.id}`,
    ),
  ],
  ['not-opted-in', byItself(notOptedIn)],
  ['paused', paused],
  ['in-vain', byItself(pausedInVain)],
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

/** The first guard that holds it back by tags, settings and record; null where none does. */
export function heldBack(question: Question): Held | null {
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
  if (one.mute === 'unreadable') return unreadable(TAG.mute, MUTE_ALLOWED);
  if (one.problem !== null) return `one of its tags is unreadable: ${one.problem.text.replace(/\.$/, '')}`;
  if (one.unreadable.includes(TAG.flag)) return unreadable(TAG.flag, 'BannerTimeout@2026-11-22T08:05:00Z');
  if (flag !== null && flag.at > now) return `its reboot flag is of ${isoSeconds(flag.at)}, which is in the future`;
  if (one.unreadable.includes(TAG.status)) return unreadable(TAG.status, 'CRITICAL:BannerTimeout');
  if (one.unreadable.includes(TAG.acted)) return unreadable(TAG.acted, 'reboot@2026-11-22T08:05:00Z');
  return null;
}

function muted({ one, known: { now } }: Question): string | null {
  const words = muteWords(one, now);
  return words === null ? null : `it is ${words}`;
}

function notFlagged({ one, known: { now } }: Question): string | null {
  const { launchedAt } = one;
  const { flag } = one.remembered;
  const flaggedAt = (flag ?? one.tagged.flag)?.at ?? null;
  // What is remembered of before a launch is forgotten at once, its tag only by the next check.
  if (flaggedAt !== null && launchedAt !== null && launchedAt > flaggedAt) {
    return `it was started again at ${clockTime(launchedAt, now)}, after it was flagged`;
  }
  // Both, or it is somebody else's word: checks remember it, and IAM asks for the tag.
  if (flag === null) {
    return one.tagged.flag === null
      ? 'it carries no reboot flag'
      : 'no check remembers flagging it, whatever its tag says';
  }
  return one.tagged.flag === null ? `its tag ${TAG.flag} is missing: the next check writes it again` : null;
}

/** Where the last check that could not be made, nothing is known. */
function lastCheckFailed({ one: { remembered: memory } }: Question): string | null {
  if (memory.status !== 'UNKNOWN') return null;
  return `its last check could not be made (${memory.reasons.join(', ') || 'no reason given'})`;
}

function notCalledFor({ one, remedy }: Question): string | null {
  const due = dueRemedy(one);
  if (due === remedy || troubleIn(one.remembered.reasons, remedy).length > 0) return null;
  return due === null
    ? 'its last check found no such trouble'
    : `its last check calls for a ${REMEDY_WORDS[due]} first`;
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

function pausedInVain({ known: { acts, resumedAt } }: Question): string | null {
  const pause = automaticPause(acts, resumedAt);
  return pause === null ? null : `automatic acts are paused until a person runs crawlwatch resume: ${pause.why}`;
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

/** A person may restart something on a host that has just come up, but a booting one is not rebooted. */
function youngHost({ remedy, requester, one, known: { now }, settings }: Question): string | null {
  if (remedy !== 'reboot' && requester.kind === 'person') return null;
  if (!inGrace(one, now, settings)) return null;
  return `it was launched or rebooted less than ${settings.flag.graceMinutes} min ago`;
}

/** How a person can set the guard aside; the schedule never may. */
const orOverride = ({ requester }: Pick<Question, 'requester'>, guard: Override): string =>
  requester.kind === 'person' ? `; --override ${guard} reboots it all the same` : '; a person may override that';

const bounded = (text: string): string => text.slice(0, 120);

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

/** An act on this host is given time to prove itself, and there is one reboot at a time in the whole fleet. */
function inFlight({ one, remedy, known: { acts, now }, settings }: Question): string | null {
  const open = acts.filter(isOpenAct);
  const own = open.find((act) => act.instanceId === one.id);
  if (own !== undefined) {
    const until = new Date(own.at.getTime() + trialMinutes(own.remedy, settings) * 60_000);
    const proof = until > now ? `has until ${clockTime(until, now)} to prove itself` : 'is still to be verified';
    return `its ${REMEDY_WORDS[own.remedy]} of ${clockTime(own.at, now)} ${proof}`;
  }
  const other = remedy === 'reboot' ? open.find((act) => act.remedy === 'reboot') : undefined;
  if (other === undefined) return null;
  return `the reboot of ${called(other)} at ${clockTime(other.at, now)} is neither verified nor given up yet`;
}

function tooClose({ known: { acts, now } }: Question): string | null {
  const reboots = acts.filter((act) => act.remedy === 'reboot');
  const last = within(reboots, APART_MINUTES, now).at(-1);
  if (last === undefined) return null;
  return `crawlwatch rebooted ${called(last)} at ${clockTime(last.at, now)}, and reboots are ${APART_MINUTES} minutes apart`;
}

function budgetSpent({ one, remedy, known: { acts, now } }: Question): string | null {
  const own = acts.filter((act) => act.instanceId === one.id && act.remedy === remedy);
  for (const { minutes, says, most } of BUDGET[remedy]) {
    const count = within(own, minutes, now).length;
    if (count >= most) return `${ITS[remedy]} ${plural(count, 'time')} within ${says} already: have a look at it`;
  }
  return null;
}

/** An older check says nothing about now: gathering evidence and probing another way take up to half of it. */
const FRESH_MINUTES = 5;
const REASON_LENGTH = 200;

/** What the fresh check says against the remedy; null where it corroborates it. */
export function refutes(question: Question, fresh: FreshCheck): Held | null {
  const { one, remedy, known } = question;
  const age = minutesBetween(fresh.at, known.now);
  if (fresh.report.id !== one.id || !(Math.abs(age) <= FRESH_MINUTES)) {
    return { heldBy: 'unknown', why: 'it has not been checked right before this' };
  }
  if (fresh.kind === 'inconclusive')
    return { heldBy: 'unknown', why: `just now it could not be checked: ${firstReason(fresh)}` };
  return remedy === 'reboot' ? againstReboot(question, fresh) : againstRestart(question, fresh);
}

function againstReboot(question: Question, fresh: FreshCheck): Held | null {
  if (fresh.kind !== 'hung') return { heldBy: 'not-needed', why: `just now it answered: ${firstReason(fresh)}` };
  const { scheduledEvents } = fresh;
  if (scheduledEvents?.length !== 0 && !isSetAside(question, 'event')) {
    const what =
      scheduledEvents === null
        ? 'whether AWS has anything scheduled for it could not be read'
        : `AWS has scheduled for it: ${scheduledEvents.join('; ').slice(0, REASON_LENGTH)}`;
    return { heldBy: 'event', why: `${what}${orOverride(question, 'event')}` };
  }
  return question.requester.kind === 'schedule' ? tooLittleEvidence(fresh) : null;
}

/** An automatic reboot needs direct evidence and none against; what could not be known might have been against. */
function tooLittleEvidence({ evidence, report }: FreshCheck): Held | null {
  const { direct, circumstantial, against, unknown } = evidence;
  const held = (what: string): Held => ({
    heldBy: 'evidence',
    why: `${what}; a person may: crawlwatch reboot ${report.id}`,
  });
  const [refuting] = against;
  if (refuting !== undefined) return held(`there is evidence against a hang: ${refuting}`);
  const [missing] = unknown;
  if (missing !== undefined) return held(`not all that may speak against a hang is known: ${missing}`);
  if (direct.length > 0) return null;
  const more =
    circumstantial.length === 0
      ? 'there is no other evidence'
      : `the only other evidence is circumstantial: ${circumstantial.join(', ')}`;
  return held(
    `${report.reasons.map(({ code }) => code).join(', ') || 'what it shows'} is no direct evidence of a hang, and ${more}`,
  );
}

/** The schedule restarts for the trouble alone; a person for anything that is wrong, such as a forecast. */
function againstRestart({ requester, remedy }: Question, fresh: FreshCheck): Held | null {
  if (fresh.kind === 'hung') {
    return {
      heldBy: 'not-needed',
      why: `it no longer answers, so that nothing can be restarted on it: ${firstReason(fresh)}`,
    };
  }
  const codes = fresh.report.reasons.map(({ code }) => code);
  const anything = requester.kind === 'person' && remedy === 'restart-worker' && fresh.kind === 'measured';
  if (anything || troubleIn(codes, remedy).length > 0) return null;
  return { heldBy: 'not-needed', why: `just now it showed no such trouble: ${firstReason(fresh)}` };
}

/** What the fresh check saw, for the sentence of the act that it corroborates. */
export function corroborates(remedy: Remedy, fresh: FreshCheck): string {
  if (remedy !== 'reboot') return `just now ${firstReason(fresh)}`;
  const { direct, circumstantial, against } = fresh.evidence;
  const support = [...direct, ...circumstantial];
  const corroborated = support.length === 0 ? 'no other evidence' : `corroborated by ${support.join(', and by ')}`;
  const more = against.length === 0 ? corroborated : `${corroborated}; but ${against.join('; and ')}`;
  return `just now it still hung (${firstReason(fresh)}); ${more}`;
}

const reasonLine = ({ code, text }: Reason): string => `${code}: ${text.slice(0, REASON_LENGTH).replace(/\.$/, '')}`;
const firstReason = ({ report }: FreshCheck): string =>
  report.reasons[0] === undefined ? report.status : reasonLine(report.reasons[0]);
