/**
 * Verifies the acts on record: seen to have helped, or given up. Pure. By the tags that the checks write, since an act's
 * own success shows only that it was begun: EC2 queues a reboot, and a unit may start and fail.
 */

import { clockTime, duration, minutesBetween } from '../kit/index.ts';
import { kindBefore } from '../memory/index.ts';
import type { Act, ActOutcome, FreshCheck, Instance, InstanceState, ReasonCode } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { isOpenAct, REMEDY_WORDS, trialMinutes, troubleIn } from './ladder.ts';

export interface Verified {
  /** All that were given, those that are decided with their new state. */
  readonly acts: readonly Act[];
  readonly outcomes: readonly ActOutcome[];
}

/** Trouble that a restart may end before it takes a reboot; a worker that is merely down never takes one. */
const REBOOT_TROUBLE: readonly ReasonCode[] = ['MemoryExhaustedResponsive', 'SshdDown'];
/** An act on an instance that EC2 no longer lists blocks the next one no longer than this. */
const GONE_MINUTES = 60;

/**
 * @param fleet should hold every instance with an open act: one that is missing is waited for an hour
 * @param checks fresh checks of these instances, where there are any
 */
export function verifyActs(
  acts: readonly Act[],
  fleet: readonly Instance[],
  now: Date,
  settings: Settings,
  checks: readonly FreshCheck[] = [],
): Verified {
  const outcomes: ActOutcome[] = [];
  const next = acts.map((act): Act => {
    if (!isOpenAct(act)) return act;
    const one = fleet.find(({ id }) => id === act.instanceId);
    const fresh = checks.find(({ at, report }) => report.id === act.instanceId && at > act.at);
    const verdict = judge(act, one, fresh, now, settings);
    if (verdict === null) return act;
    outcomes.push(outcomeOf(act, one, verdict, now));
    return { ...act, state: verdict.worked ? 'worked' : 'failed' };
  });
  return { acts: next, outcomes };
}

interface Verdict {
  readonly worked: boolean;
  /** When that was seen. */
  readonly at: Date;
  /** Completes `The reboot of 08:05 UTC helped: ` or `... did not help: `. */
  readonly text: string;
  readonly sameBoot: boolean;
}

/** What tags and a fresh check show of an instance now. */
interface Sight {
  readonly kind: FreshCheck['kind'] | 'unseen';
  readonly codes: readonly ReasonCode[];
  readonly boot: string | null;
  /** By its uptime; null: not known. */
  readonly bootedAt: Date | null;
  /** Seen after the act, not only before. */
  readonly isNewer: boolean;
  readonly at: Date;
}

function judge(
  act: Act,
  one: Instance | undefined,
  fresh: FreshCheck | undefined,
  now: Date,
  settings: Settings,
): Verdict | null {
  const waited = minutesBetween(act.at, now);
  const isOver = waited >= trialMinutes(act.remedy, settings);
  if (one === undefined) {
    const text = 'EC2 no longer lists the instance';
    return waited >= GONE_MINUTES ? { worked: false, at: now, text, sameBoot: false } : null;
  }
  const seen = sightOf(one.remembered, act, fresh, now);
  const sameBoot = act.boot === null || seen.boot === null || act.boot === seen.boot;
  const worked = (text: string): Verdict => ({ worked: true, at: seen.isNewer ? seen.at : now, text, sameBoot });
  const failed = (text: string): Verdict => ({ worked: false, at: now, text, sameBoot });
  const answers = seen.kind === 'measured' || seen.kind === null;

  if (act.remedy === 'reboot') {
    if (!sameBoot) return worked('it came back with a new boot id');
    if (seen.bootedAt !== null && seen.bootedAt > act.at) {
      return worked('it came back, and has been up for less than that');
    }
    if (!isOver) return null;
    if (one.state !== 'running' || !answers) return failed(persisting(one, seen));
    if (!seen.isNewer) return failed('no check has seen it since');
    const isBootKnown = act.boot !== null && seen.boot !== null;
    return failed(
      isBootKnown
        ? 'it answers again, but under the same boot id: it was not rebooted'
        : 'it answers again, but neither boot id nor uptime shows that it was rebooted',
    );
  }
  const trouble = troubleIn(seen.codes, act.remedy);
  if (seen.kind === 'hung' && seen.isNewer) return failed(`it has stopped answering (${seen.codes.join(', ')})`);
  const isWell = answers && trouble.length === 0 && one.state === 'running';
  if (isWell && (seen.isNewer || isOver)) return worked(`${act.trouble ?? 'its trouble'} is gone`);
  return isOver ? failed(persisting(one, seen)) : null;
}

function sightOf(state: InstanceState, act: Act, fresh: FreshCheck | undefined, now: Date): Sight {
  if (fresh !== undefined && fresh.kind !== 'inconclusive') {
    const { at, kind, report } = fresh;
    const uptime = report.vitals?.uptimeSeconds ?? null;
    const bootedAt = uptime === null ? null : new Date(at.getTime() - uptime * 1000);
    const codes = report.reasons.map(({ code }) => code);
    return { kind, codes, boot: fresh.boot ?? state.seen?.boot ?? null, bootedAt, isNewer: true, at };
  }
  return {
    kind: state.status === null ? 'unseen' : kindBefore(state),
    codes: state.reasons,
    boot: state.seen?.boot ?? null,
    bootedAt: state.bootedAt,
    isNewer: state.since !== null && state.since > act.at,
    at: state.since ?? now,
  };
}

/** What still is wrong at the end of its time. */
function persisting(one: Instance, { kind, codes }: Sight): string {
  if (one.state !== 'running') return `it is ${one.state}`;
  const what = codes.length === 0 ? '' : ` (${codes.join(', ')})`;
  switch (kind) {
    case 'hung':
      return `it still hangs${what}`;
    case 'inconclusive':
      return `whether it is well could not be checked${what}`;
    case 'measured':
      return `it answers, but its trouble persists${what}`;
    case null:
    case 'unseen':
      return 'no check has seen it since';
  }
  return kind satisfies never;
}

function outcomeOf(act: Act, one: Instance | undefined, verdict: Verdict, now: Date): ActOutcome {
  const { worked, at, text, sameBoot } = verdict;
  const minutes = wholeMinutes(act.at, at);
  const leadsToReboot = act.trouble === undefined || REBOOT_TROUBLE.includes(act.trouble);
  const rebootAvoided = worked && act.remedy !== 'reboot' && sameBoot && leadsToReboot;
  return {
    act,
    name: one?.name ?? act.instanceId,
    outcome: worked ? 'worked' : 'failed',
    minutes,
    sentence:
      sentenceOf(act, worked, `${text}, ${duration(minutes)} after it`, now) +
      (rebootAvoided ? ' A reboot was avoided.' : ''),
    rebootAvoided,
    recoveryMinutes: worked && act.since !== null ? wholeMinutes(act.since, at) : null,
  };
}

function sentenceOf(act: Act, worked: boolean, text: string, now: Date): string {
  const what = `${REMEDY_WORDS[act.remedy]} of ${clockTime(act.at, now)}`;
  if (worked) return `The ${what} helped: ${text}.`;
  return act.state === 'begun'
    ? `It is not known whether the ${what} was executed: ${text}.`
    : `The ${what} did not help: ${text}.`;
}

const wholeMinutes = (from: Date, to: Date): number => Math.max(0, Math.round(minutesBetween(from, to)));
