/** From what was remembered and what was just judged to what is remembered next. Pure. */
import { minutesBetween } from '../kit/index.ts';
import type {
  Assessment,
  Instance,
  InstanceState,
  Letter,
  ProbedInstance,
  ProbeOutcome,
  ReasonCode,
} from '../model/index.ts';
import { assessmentClass, classOf, kindOf, shortBoot } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { freedAfter } from './freed.ts';
import { advance, mayMailEnd } from './incident.ts';
import { seenAfter } from './seen.ts';

export interface Transition {
  readonly instance: Instance;
  readonly assessment: Assessment;
  readonly outcome: ProbeOutcome;
  readonly durationMs: number;
  readonly kind: 'measured' | 'hung' | 'inconclusive' | null;
  readonly letter: Letter;
  readonly before: InstanceState;
  /** What is remembered next, before flags are planned and before any mail was sent. */
  readonly after: InstanceState;
  /** An incident that was due for a mail has ended with this check. */
  readonly isOver: boolean;
}

/** A boot by this much later than a reboot of ours may still be that one: clock and uptime differ a little. */
const BOOT_SLACK_MINUTES = 2;

/** @param isRepeat the last check was so lately that both count as one */
export function transition(
  { instance, outcome, hostKey, durationMs }: ProbedInstance,
  assessment: Assessment,
  now: Date,
  settings: Settings,
  isRepeat = false,
): Transition {
  const before = sinceLaunch(instance.remembered, instance.launchedAt);
  const kind = assessmentClass(assessment.reasons);
  const codes = assessment.reasons.map(({ code }) => code);
  const letter = letterOf(assessment, kind, settings);
  const advanced = advance(before, { letter, codes, isRepeat }, now, settings.alerts.recoverAfter);
  const isSame = before.status === assessment.status && kindBefore(before) === kind;
  // Inconclusive neither counts nor resets: what hung before it and hangs after it is one failure.
  const isFailure = (of: Transition['kind']) => of === 'hung' || of === 'inconclusive';
  const isInterrupted = before.failures > 0 && isFailure(kindBefore(before)) && isFailure(kind);
  const answered = outcome.kind === 'vitals';
  const failures = kind === 'hung' ? before.failures + (isRepeat && before.failures > 0 ? 0 : 1) : before.failures;
  const begun = before.failingSince === null ? null : earlier(before.failingSince, now);
  const failingSince = kind === 'hung' ? (begun ?? now) : begun;
  const acted = nextActed(before, outcome, now);
  const bootedAt = nextBootedAt(before, outcome, now);
  const freed = freedAfter(before, { acted, bootedAt }, outcome, now);
  const { pin, renewed } = nextPin(instance, before, answered ? hostKey : null);
  // Field by field: V8 gives an object that is spread from others a layout of its own, half a kilobyte for each host.
  const after: InstanceState = {
    letters: advanced.letters,
    fresh: advanced.fresh,
    incident: answered ? flagEnded(before, advanced.incident, now) : advanced.incident,
    ends: same(before.ends, advanced.ends),
    mails: same(before.mails, advanced.mails),
    status: assessment.status,
    reasons: same(
      before.reasons,
      codes.filter((code) => kindOf(code) !== 'event'),
    ),
    since: (isSame || isInterrupted) && before.since !== null ? earlier(before.since, now) : now,
    failures: isFailure(kind) ? failures : 0,
    failingSince: isFailure(kind) ? failingSince : null,
    flag: answered ? null : before.flag,
    acted,
    pin,
    renewed,
    seen: outcome.kind === 'failed' ? before.seen : seenAfter(before, outcome.vitals),
    bootedAt,
    ...(freed !== undefined && { freed }),
    events: same(before.events, [...new Set([...before.events, ...codes.filter((code) => kindOf(code) === 'event')])]),
    decisions: before.decisions,
  };
  const next = isUnchanged(before, after) ? before : after;
  return { instance, assessment, outcome, durationMs, kind, letter, before, after: next, isOver: advanced.isOver };
}

/** A host that has been well for a day and is well is remembered as it was. */
const isUnchanged = (before: InstanceState, after: InstanceState): boolean =>
  Object.keys(before).length === Object.keys(after).length &&
  (Object.keys(after) as (keyof InstanceState)[]).every((key) => after[key] === before[key]);

/** The list of before where nothing changes, as in most checks of most hosts: a large fleet's are then kept once. */
const same = <T>(before: readonly T[], next: readonly T[]): readonly T[] =>
  next.length === before.length && next.every((one, n) => one === before[n]) ? before : next;

/** Of a host that was mailed often enough today its flags come and go without a mail. */
function flagEnded({ flag, mails }: InstanceState, incident: InstanceState['incident'], now: Date) {
  return flag === null || incident === null || mayMailEnd({ mails }, now)
    ? incident
    : { ...incident, flagMailed: true };
}

/** A clock that was set back must not make what has lasted begin in the future. */
const earlier = (one: Date, other: Date): Date => (one < other ? one : other);

/** What hung before a stop and start says nothing of how it hangs after: neither flag nor count outlives it. */
export function sinceLaunch(state: InstanceState, launchedAt: Date | null): InstanceState {
  const isOld = (at: Date | null | undefined) => at != null && launchedAt !== null && at < launchedAt;
  const { failingSince, incident } = state;
  const flag = isOld(state.flag?.at) ? null : state.flag;
  const isFlagGone = flag !== state.flag;
  if (!isFlagGone && !isOld(failingSince)) return state;
  const begun = isOld(failingSince) ? { failures: 0, failingSince: null, since: null } : {};
  // The next flag is another one, and news; but not for who stops and starts it all day.
  const isNews = isFlagGone && launchedAt !== null && mayMailEnd(state, launchedAt);
  const unflagged = incident !== null && isNews ? { ...incident, flagMailed: false, vainMailed: false } : incident;
  return { ...state, ...begun, flag, incident: unflagged };
}

/** Where an agent is the only way, that it is lost has many causes. */
const AGENT_LOST: readonly ReasonCode[] = ['SsmConnectionLost', 'SsmDeliveryTimedOut'];

function letterOf({ status, reasons }: Assessment, kind: Transition['kind'], { transport }: Settings): Letter {
  const [worst] = reasons;
  if (worst?.code === 'NotChecked') return '-';
  switch (kind) {
    case null:
      return '.';
    case 'measured':
      return status === 'CRITICAL' ? 'c' : 'w';
    case 'hung':
      return reasons.every(
        ({ code }) => classOf(code) === 'ambiguous' || (transport === 'ssm' && AGENT_LOST.includes(code)),
      )
        ? 'k'
        : 'h';
    case 'inconclusive':
      return 'u';
  }
  return kind satisfies never;
}

/** What the remembered status was about; null for OK or a first check. */
export const kindBefore = ({ status, reasons }: Pick<InstanceState, 'status' | 'reasons'>): Transition['kind'] =>
  status === null ? null : assessmentClass(reasons.map((code) => ({ code, text: '' })));

/** A key that a person pinned by tag holds; else the first that was seen once the host let us in. */
function nextPin(
  { hostKeyTag }: Instance,
  before: InstanceState,
  seen: string | null,
): Pick<InstanceState, 'pin' | 'renewed'> {
  if (hostKeyTag === 'renew') {
    const isDone = seen === null || before.renewed;
    return isDone ? { pin: before.pin, renewed: before.renewed } : { pin: seen, renewed: true };
  }
  if (hostKeyTag !== null) return { pin: hostKeyTag, renewed: false };
  return { pin: before.pin ?? seen, renewed: false };
}

/** The key that a host has to show; null: the first that it shows is taken. */
export function expectedKey(hostKeyTag: Instance['hostKeyTag'], state: InstanceState): string | null {
  if (hostKeyTag === 'renew') return state.renewed ? state.pin : null;
  return hostKeyTag ?? state.pin;
}

/** Without a boot id the uptime alone can show that a host was rebooted. */
function nextBootedAt(before: InstanceState, outcome: ProbeOutcome, now: Date): Date | null {
  if (outcome.kind === 'failed') return before.bootedAt;
  const { bootId, uptimeSeconds } = outcome.vitals;
  if (bootId !== null && shortBoot(bootId) === before.seen?.boot) return before.bootedAt;
  return uptimeSeconds === null ? null : bootTime(uptimeSeconds, now);
}

/** A host that claims to be up for millennia must not leave a date that the state's file can't hold. */
const bootTime = (uptimeSeconds: number, now: Date): Date =>
  new Date(Math.max(0, now.getTime() - uptimeSeconds * 1000));

/**
 * A boot that somebody else brought about (a person, AWS, a kernel panic) is noted as `booted`: a host that has just
 * come up may still fail for a while. One of ours is noted by the remedy itself.
 */
function nextActed({ acted, seen, since }: InstanceState, outcome: ProbeOutcome, now: Date): InstanceState['acted'] {
  if (outcome.kind === 'failed' || outcome.vitals.bootId === null || seen === null) return acted;
  if (shortBoot(outcome.vitals.bootId) === seen.boot) return acted;
  const bootedAt = bootTime(outcome.vitals.uptimeSeconds ?? 0, now);
  const isOurs =
    acted?.what === 'reboot' &&
    since !== null &&
    acted.at >= since &&
    minutesBetween(acted.at, bootedAt) > -BOOT_SLACK_MINUTES;
  return isOurs ? acted : { what: 'booted', at: bootedAt };
}

/** Launched or booted so lately that failing means little. */
export function inGrace(instance: Instance, now: Date, settings: Settings): boolean {
  const { acted } = instance.remembered;
  const booted = acted?.what === 'reboot' || acted?.what === 'booted' ? acted.at : null;
  return [instance.launchedAt, booted].some(
    (at) => at !== null && minutesBetween(at, now) < settings.flag.graceMinutes,
  );
}

/** After so long without an answer a reboot has not helped: none of crawlwatch's acts would do more. */
const REBOOT_PROVES_MINUTES = 15;
/** How long a check may take: only the state of a check that began after an act shows what it came to. */
const CHECK_MINUTES = 5;

/**
 * How long a reboot has to prove itself, for the checks and for the remedy function alike: else one of them would call in
 * vain what the other still waits for.
 */
export const rebootTrialMinutes = (everyMinutes: number): number =>
  Math.max(REBOOT_PROVES_MINUTES, everyMinutes + CHECK_MINUTES);

/**
 * When it was rebooted in vain: the flag of before is still there, and the reboot's time is over. Null: it was not.
 *
 * @param everyMinutes between checks
 */
export function rebootedInVain(
  { flag, acted }: Pick<InstanceState, 'flag' | 'acted'>,
  now: Date,
  everyMinutes = 5,
): Date | null {
  if (flag === null || acted?.what !== 'reboot' || acted.at < flag.at) return null;
  return minutesBetween(acted.at, now) > rebootTrialMinutes(everyMinutes) ? acted.at : null;
}

/** One trouble in several degrees, mildest first. */
const DEGREES: readonly (readonly ReasonCode[])[] = [
  ['MemoryExhaustionForecast', 'MemoryLow', 'MemoryPressure', 'MemoryExhaustedResponsive'],
  ['DiskFillForecast', 'DiskLow'],
];

/** Whether one of `codes` is of the same trouble as this one, or the one itself. */
export const isSameTrouble = (code: ReasonCode, codes: readonly ReasonCode[]): boolean =>
  codes.includes(code) || DEGREES.some((of) => of.includes(code) && of.some((other) => codes.includes(other)));
