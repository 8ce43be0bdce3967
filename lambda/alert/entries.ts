/** What a mail says of a host whose incident is news. */

import { type Evidence, evidenceSentences } from '../flag/index.ts';
import { REASON_WORDS } from '../judge/index.ts';
import { clockTime, duration, inWords, minutesBetween } from '../kit/index.ts';
import { type Departure, goodChecks, isUnstable, type Transition } from '../memory/index.ts';
import {
  type AlertEntry,
  type Instance,
  kindOf,
  type Reason,
  type ReasonCode,
  type Remedy,
  type Status,
} from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { fixFor, planStep, restartOf, type Step, type StepContext, stepsFor, todoFor } from './commands.ts';
import { type MailEntry, type MailKind, NOT_YET } from './plan.ts';
import { type Headed, mainCode, SHORT, shortReason, type Urgency } from './subject.ts';
import { plainName, said, sentence, type Zoned } from './text.ts';

/** What a mail says of one host: from it come its place, the subject, the lines, and the entry for chat and events. */
export interface HostNews extends Headed {
  /** Null where only the record of acts speaks of it. */
  readonly instance: Instance | null;
  readonly status: Status;
  readonly codes: readonly ReasonCode[];
  readonly change: AlertEntry['change'];
  readonly openedAt: Date | null;
  /** To follow `Do:`; null: nothing is to be done. */
  readonly todo: string | null;
  /** To follow `Nothing to do:` where that is so. */
  readonly handled: string;
  /** Behind the name in the mail: `FLAGGED FOR REBOOT: SSH silent`. */
  readonly what: string;
  /** `since 08:05 UTC (10 minutes)`; null where that says nothing. */
  readonly since: string | null;
  /** Sentences of ours. */
  readonly notes: readonly string[];
  /** What was seen and said, a line each. */
  readonly said: readonly string[];
  readonly steps: readonly Step[];
  /** Many with the same share a block; null: it has its own. */
  readonly cause: string | null;
}

export interface Wording extends Zoned, StepContext {
  readonly settings: Settings;
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Whether anything is remembered between checks. */
  readonly remembers: boolean;
  /** Why the answer about acts didn't come; null: it did, or nothing acts by itself. */
  readonly actsUnknown: string | null;
}

/** Kinds whose lines name events along with the trouble. */
const NAMES_EVENTS: readonly MailKind[] = ['escalated', 'flagged', 'reminder', 'measured'];

/** Without the events that another entry of the same host names. */
export function withoutOwnEvents(entries: readonly MailEntry[]): MailEntry[] {
  const naming = new Set(entries.filter((entry) => NAMES_EVENTS.includes(entry.kind)).map((entry) => entry.transition));
  return entries.filter((entry) => entry.kind !== 'event' || !naming.has(entry.transition));
}

const OOM_KILL = 'The kernel killed a process since the last mail, for want of memory.';

const lasting = ({ assessment }: Transition): readonly Reason[] =>
  assessment.reasons.filter(({ code }) => kindOf(code) !== 'event');

/** What lasts, and what happened. */
const reasonsOf = (t: Transition): readonly Reason[] => [
  ...lasting(t),
  ...t.after.events.map((code) => ({ code, text: OOM_KILL })),
];

export const reasonLines = (t: Transition, wording: Zoned): string[] =>
  reasonsOf(t).map(({ code, text }) => said(`${code}: ${text}`, wording));

/** `since 08:05 UTC (10 minutes)`. */
export function sinceWords(t: Transition, { at, zone, remembers }: Zoned & Pick<Wording, 'remembers'>): string {
  if (!remembers) return `seen at ${clockTime(at, at, zone)}; since when is not known`;
  const since = t.after.since ?? at;
  const lasts = minutesBetween(since, at);
  return `since ${clockTime(since, at, zone)}${lasts < 1 ? '' : ` (${inWords(lasts)})`}`;
}

/** What is the same in every entry of a host. */
export function aboutHost(t: Transition) {
  const { instance, assessment, before, after } = t;
  return {
    id: instance.id,
    name: instance.name,
    instance,
    status: assessment.status,
    change: null,
    openedAt: (after.incident ?? before.incident)?.openedAt ?? null,
  } as const;
}

const WORD = { CRITICAL: 'CRIT', WARNING: 'WARN', UNKNOWN: 'UNKNOWN', OK: 'OK' } as const;
const URGENCY_OF = { CRITICAL: 'critical', WARNING: 'warning', UNKNOWN: 'unknown', OK: 'recovered' } as const;

export function newsOf(entry: MailEntry, wording: Wording): HostNews {
  const { kind, transition: t, codes, why, change } = entry;
  const { status, reasons } = t.assessment;
  const host = aboutHost(t);
  const name = plainName(t.instance.name);
  const reason = shortReason(t) ?? SHORT[mainCode(codes) ?? 'NotChecked'];
  const unstable = isUnstable(t.after) && ['measured', 'held', 'inconclusive'].includes(kind);
  const lines = [
    ...reasonLines(t, wording),
    ...(why === null ? [] : [said(sentence(why), wording)]),
    ...evidenceSentences(wording.evidence.get(t.instance.id))
      .filter((line) => why === null || !why.includes(line.replace(/^[^:]*: /, '').replace(/\.$/, '')))
      .map((line) => said(line, wording)),
  ];
  const base = {
    ...host,
    change,
    codes,
    reason,
    since: null,
    notes: [],
    said: lines,
    steps: stepsFor(kind, t, wording),
  };
  const trouble = (
    urgency: Urgency,
    [word, title]: readonly [string, string],
    over: Pick<HostNews, 'todo' | 'handled'> & Partial<HostNews>,
  ): HostNews => ({
    ...base,
    urgency,
    cause: null,
    what: `${unstable ? `UNSTABLE, ${title}` : title}: ${reason}`,
    since: sinceWords(t, wording),
    ...over,
    ...unstableOr(t, unstable, word, over.reason ?? reason, over.todo),
  });
  const cause = `${codes.join()} ${status} ${why}`;
  switch (kind) {
    case 'suppressed':
      return trouble('suppressed', [WORD[status], 'NOT FLAGGED'], {
        todo: `see what ${name} and the others that fail have in common`,
        handled: '',
        steps: [],
        cause: codes.join(),
        said: lines.slice(0, reasons.length),
      });
    case 'escalated':
      return trouble('in vain', ['IN VAIN', 'REBOOTED IN VAIN'], {
        todo: `see to ${name}: its reboot was in vain`,
        handled: '',
      });
    case 'flagged':
    case 'reminder': {
      const title = kind === 'flagged' ? 'FLAGGED FOR REBOOT' : 'STILL FLAGGED FOR REBOOT';
      return trouble(kind, ['FLAGGED', title], {
        ...unlessUnderWay(t, `reboot ${name}`, 'reboot', base.steps, wording),
        handled: '',
      });
    }
    case 'held':
      return heldNews(entry, wording, trouble);
    case 'measured': {
      const isWorst = status === 'CRITICAL';
      return trouble(isWorst ? 'critical' : 'warning', [WORD[status], status], {
        ...unlessUnderWay(t, todoFor(codesBySeverity(lasting(t))[0], name), restartOf(t), base.steps, wording),
        handled: '',
        cause,
      });
    }
    case 'inconclusive':
      return trouble('unknown', [WORD.UNKNOWN, 'COULD NOT BE CHECKED'], {
        todo: `put right why ${name} could not be checked (${reason})`,
        handled: '',
        notes: [
          'The cause is on the checking side, the host may be well.',
          ...(codes[0] === undefined ? [] : [`To mend it, ${fixFor(codes[0])}.`]),
        ],
        cause: codes.join(),
      });
    case 'recovered':
      return recovery(entry, base, wording);
    case 'event':
      return {
        ...base,
        urgency: 'event',
        word: 'OOM KILL',
        reason: 'killed a process',
        todo: null,
        handled: `the kernel of ${name} killed a process for want of memory`,
        what: `HAPPENED: ${OOM_KILL.slice(0, 1).toLowerCase()}${OOM_KILL.slice(1, -1)}`,
        said: [],
        cause: null,
      };
  }
  return kind satisfies never;
}

/** What waits least. */
const SEVERITY: readonly ReasonCode[] = [
  'MemoryExhaustedResponsive',
  'ReadOnlyFilesystem',
  'DiskLow',
  'InodesLow',
  'WorkerDown',
  'SshdDown',
];
export const severityOf = (code: ReasonCode | undefined): number =>
  code !== undefined && SEVERITY.includes(code) ? SEVERITY.indexOf(code) : SEVERITY.length;
const codesBySeverity = (reasons: readonly Reason[]): ReasonCode[] =>
  reasons.map(({ code }) => code).sort((a, b) => severityOf(a) - severityOf(b));

function unstableOr(t: Transition, unstable: boolean, word: string, reason: string, todo: string | null) {
  if (!unstable) return { word, reason, todo };
  const { good, of } = goodChecks(t.after.letters);
  return {
    word: 'UNSTABLE',
    reason: `${reason}, ${good}/${of} ok`,
    todo: `see why ${plainName(t.instance.name)} comes and goes: ${good} of its last ${of} checks were good`,
  };
}

const REBOOTS: readonly Instance['auto'][] = ['reboot', 'restart+reboot'];

/** What crawlwatch may be doing by itself at this moment, nobody should do beside it. */
function unlessUnderWay(
  { instance }: Transition,
  todo: string,
  act: Remedy | null,
  steps: readonly Step[],
  wording: Wording,
): Pick<HostNews, 'todo' | 'notes' | 'steps'> {
  if (act === null || instance.elsewhere === true) return { todo, notes: [], steps };
  if (wording.actsUnknown === null) {
    const mayLater = act === 'reboot' && wording.settings.remedies.reboot && REBOOTS.includes(instance.auto);
    return mayLater
      ? { todo, notes: ['crawlwatch may reboot it by itself later.'], steps: [...steps, planStep(wording)] }
      : { todo, notes: [], steps };
  }
  const noun = act === 'reboot' ? 'reboot' : 'restart';
  return {
    todo: `${todo}, unless crawlwatch is doing so`,
    notes: [`A ${noun} by crawlwatch may be under way: look at its history, or wait for the next mail.`],
    steps,
  };
}

type Trouble = (
  urgency: Urgency,
  words: readonly [string, string],
  over: Pick<HostNews, 'todo' | 'handled'> & Partial<HostNews>,
) => HostNews;

function heldNews({ transition: t, codes, why }: MailEntry, wording: Wording, trouble: Trouble): HostNews {
  const name = plainName(t.instance.name);
  const words = ['CRIT', 'NOT ANSWERING'] as const;
  const cause = `${codes.join()} ${why}`;
  if (why?.startsWith(NOT_YET)) {
    const handled = `${name} is looked at again in ${inWords(wording.settings.schedule.everyMinutes)}, and flagged if it hangs for good`;
    return trouble('waiting', words, { todo: null, handled, steps: [], cause });
  }
  const isWorking = (wording.evidence.get(t.instance.id)?.against.length ?? 0) > 0;
  if (isWorking) {
    return trouble('held', ['CRIT', 'CANNOT BE REACHED, BUT WORKS'], {
      todo: `mend the way to ${name} (security group, route, key); it works, so do not reboot it`,
      reason: 'cut off, but works',
      handled: '',
      cause,
    });
  }
  return trouble('held', words, {
    todo: `look at ${name}: it does not answer, and is not flagged`,
    handled: '',
    cause,
  });
}

/** Without the advice that some of them end with: it is over. */
const wordsOf = (codes: readonly ReasonCode[]): string =>
  codes.length === 0 ? 'it failed' : codes.map((code) => REASON_WORDS[code].split(':')[0]).join('; ');

function recovery(
  { transition: t, codes }: MailEntry,
  base: Omit<HostNews, 'urgency' | 'word' | 'todo' | 'handled' | 'what' | 'cause'>,
  wording: Wording,
): HostNews {
  const { before, assessment, kind } = t;
  const name = plainName(t.instance.name);
  const from = before.incident?.openedAt ?? before.since ?? before.flag?.at ?? null;
  const minutes = from === null ? null : minutesBetween(from, wording.at);
  const after = minutes === null ? '' : ` after ${inWords(minutes)}`;
  const flag = before.flag === null ? '' : '. The reboot flag is removed';
  const cause = `${codes.join()} ${assessment.status}`;
  if (kind === null) {
    const main = mainCode(codes);
    return {
      ...base,
      urgency: 'recovered',
      word: 'RECOVERED',
      reason: `${main === undefined ? 'failure' : SHORT[main]}${minutes === null ? '' : `, ${duration(minutes)}`}`,
      todo: null,
      handled: `${name} is OK again`,
      what: `RECOVERED: is OK again${after}; what was wrong: ${wordsOf(codes)}${flag}`,
      said: [],
      cause,
    };
  }
  // It never stopped answering: one of its troubles is over, others last.
  const isPartly = codes.every((code) => kindOf(code) === 'measured');
  const { status } = assessment;
  return {
    ...base,
    urgency: URGENCY_OF[status],
    word: WORD[status],
    todo: kind === 'measured' ? todoFor(codesBySeverity(lasting(t))[0], name) : `see to ${name}`,
    handled: '',
    what: isPartly
      ? `BETTER, STILL ${status}: ${base.reason}; what is over: ${wordsOf(codes)}`
      : `ANSWERS AGAIN, STILL ${status}: ${base.reason}; what was wrong${minutes === null ? '' : ` for ${inWords(minutes)}`}: ${wordsOf(codes)}${flag}`,
    said: reasonLines(t, wording),
    cause,
  };
}

/** Stopped, terminated or taken over while a mail had last spoken of its trouble. */
export function departureNews({ id, name, what, codes, wasFlagged, openedAt }: Departure, wording: Zoned): HostNews {
  const why = said(what, wording, 100);
  return {
    ...{ id, name, instance: null, status: 'OK', codes, change: openedAt === null ? null : 'ended', openedAt },
    ...{ urgency: 'departed', word: 'GONE', todo: null, since: null, notes: [], said: [], steps: [] },
    reason: why.replace(/^is /, '').split(',')[0] ?? '',
    handled: `${plainName(name)} ${why}`,
    what: `NO LONGER CHECKED: ${why}; what was wrong: ${wordsOf(codes)}${wasFlagged ? '. Its reboot flag is removed' : ''}`,
    cause: null,
  };
}
