/** What is known of one instance's decisions, as one value: `crawlwatch why -o json` prints it. Pure. */
import { clockTime, isoSeconds, plural } from '../../lambda/kit/index.ts';
import type { InstanceState, PastDecision } from '../../lambda/model/index.ts';
import type { RemedyAnswer } from '../../lambda/remedy/index.ts';

type Act = NonNullable<RemedyAnswer['history']>[number];
type Due = NonNullable<RemedyAnswer['decisions']>[number];

/** What the remedy function says; null: it could not be asked, `unknown` says why. */
export interface Remedies {
  readonly history: readonly Act[];
  readonly due: readonly Due[];
  readonly pause: RemedyAnswer['pause'];
}

export interface Known {
  readonly instanceId: string;
  readonly name: string;
  readonly region: string;
  readonly state: InstanceState;
  readonly remedies: Remedies | null;
  /** What could not be read, a sentence each without a full stop. */
  readonly unknown: readonly string[];
  readonly now: Date;
}

/** Version 1 of the JSON. Times are ISO 8601 in UTC; readers ignore unknown keys. */
export interface Explanation {
  readonly version: 1;
  readonly instanceId: string;
  readonly name: string;
  readonly region: string;
  /** What it is now, and what comes next. */
  readonly summary: string;
  readonly next: string;
  readonly status: string | null;
  readonly reasons: readonly string[];
  readonly since: string | null;
  /** Checks in a row that found it hung, and when the first of them was. */
  readonly failures: number;
  readonly failingSince: string | null;
  readonly flag: { readonly reason: string; readonly at: string } | null;
  /** The last 24 checks, the newest last. */
  readonly letters: string;
  readonly incident: {
    readonly openedAt: string;
    /** The letter of the worst class that was due for a mail, and of the worst that a mail has named; null: none. */
    readonly class: string | null;
    readonly mailed: string | null;
    readonly mailedAt: string | null;
    readonly codes: readonly string[];
    /** Who acknowledged it; null: nobody has, or it has changed since. */
    readonly ack: { readonly by: string; readonly at: string; readonly why: string | null } | null;
  } | null;
  /** When mails named it, of the last 24 hours. */
  readonly mails: readonly string[];
  readonly seen: { readonly boot: string; readonly oomKills: number | null } | null;
  readonly lastAct: { readonly what: string; readonly at: string } | null;
  /** The newest first. */
  readonly decisions: readonly {
    readonly at: string;
    readonly flag: boolean;
    readonly why: string;
    readonly for: readonly string[];
    readonly against: readonly string[];
  }[];
  /** What the planner says of it now; null where the remedy function could not be asked, as `acts` and `pause` are. */
  readonly due: readonly { readonly remedy: string; readonly heldBy: string | null; readonly why: string }[] | null;
  readonly pause: { readonly who: string; readonly why: string; readonly until: string | null } | null;
  /** What was done and what was held back, of 90 days, the newest first. */
  readonly acts:
    | readonly {
        readonly at: string;
        readonly remedy: string;
        readonly outcome: string;
        readonly heldBy: string | null;
        readonly why: string;
        readonly requester: string;
        readonly evidence: readonly string[];
      }[]
    | null;
  readonly unknown: readonly string[];
}

export function explain(known: Known): Explanation {
  const { instanceId, name, region, state, remedies, unknown, now } = known;
  const { incident, flag, acted, decisions } = state;
  const newest = decisions.toReversed();
  return {
    version: 1,
    instanceId,
    name,
    region,
    summary: whatItIs(state, now),
    next: whatComesNext(known, newest[0]),
    status: state.status,
    reasons: state.reasons,
    since: iso(state.since),
    failures: state.failures,
    failingSince: iso(state.failingSince),
    flag: flag === null ? null : { reason: flag.reason, at: isoSeconds(flag.at) },
    letters: state.letters,
    incident:
      incident === null
        ? null
        : {
            openedAt: isoSeconds(incident.openedAt),
            class: incident.due,
            mailed: incident.mailed,
            mailedAt: iso(incident.mailedAt),
            codes: incident.codes,
            ack:
              incident.ack === undefined
                ? null
                : { by: incident.ack.by, at: isoSeconds(incident.ack.at), why: incident.ack.why },
          },
    mails: state.mails.map(isoSeconds),
    seen: state.seen,
    lastAct: acted === null ? null : { what: acted.what, at: isoSeconds(acted.at) },
    decisions: newest.map((one) => ({ ...one, at: isoSeconds(one.at) })),
    due: remedies?.due.map(({ remedy, heldBy, why }) => ({ remedy, heldBy, why })) ?? null,
    pause:
      remedies?.pause == null
        ? null
        : { who: remedies.pause.who, why: remedies.pause.why, until: iso(remedies.pause.until ?? null) },
    acts:
      remedies?.history
        .toSorted((a, b) => b.at.getTime() - a.at.getTime() || stage(b) - stage(a))
        .map(({ at, remedy, outcome, heldBy, why, requester, evidence }) => ({
          ...{ at: isoSeconds(at), remedy, outcome, heldBy, why, requester, evidence },
        })) ?? null,
    unknown,
  };
}

const iso = (at: Date | null): string | null => (at === null ? null : isoSeconds(at));

/** The entries of one act all have the act's time: it is begun before it is done. */
const STAGES = ['held', 'begun', 'done', 'worked', 'failed'];
const stage = ({ outcome }: Act): number => STAGES.indexOf(outcome);

/** `flagged 08:15 UTC (BannerTimeout)`. */
function whatItIs({ flag, status, reasons, since, letters }: InstanceState, now: Date): string {
  if (flag !== null) return `flagged ${clockTime(flag.at, now)} (${flag.reason})`;
  if (status === null) return letters === '' ? 'not checked yet' : 'not checked in its last check';
  const because = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`;
  return `${status}${since === null ? '' : ` since ${clockTime(since, now)}`}${because}`;
}

function whatComesNext({ state, remedies, now }: Known, last: PastDecision | undefined): string {
  if (remedies?.pause != null)
    return `nothing is done: acts are paused by ${remedies.pause.who}: ${remedies.pause.why}`;
  const [due] = remedies?.due ?? [];
  if (due?.remedy === 'escalated') return `it needs a person: ${due.why}`;
  if (due?.heldBy === null) return `${due.remedy} is due at the next check: ${due.why}`;
  if (due !== undefined) return `no ${due.remedy} by itself: ${due.why}`;
  if (state.flag !== null) {
    return remedies === null
      ? 'whether it is rebooted by itself is not known here'
      : 'not rebooted by itself; a person may: crawlwatch reboot';
  }
  if (state.failures > 0) {
    const failed = `${plural(state.failures, 'failed check')} in a row`;
    // A decision from before these failures explains nothing about them.
    const isCurrent = last !== undefined && (state.failingSince === null || last.at >= state.failingSince);
    return isCurrent && !last.flag ? `${last.why}; ${failed}` : `no flag decided yet, ${failed}`;
  }
  return state.incident === null
    ? 'nothing is due'
    : `an incident is open since ${clockTime(state.incident.openedAt, now)}`;
}
