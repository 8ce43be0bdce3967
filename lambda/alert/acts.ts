/**
 * What a mail says of acts: one entry a host, with what its incident says. Where crawlwatch acts there is nothing to do;
 * where an act did not help, that is said once, however many sides know of it.
 */

import { clockTime, duration, inWords, plural } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import type { Act, ActNews, ActOutcome, Decision, Pause, ReasonCode, RemedyNews, Status } from '../model/index.ts';
import { crawlwatch, historySteps, inVainSteps, rebootSteps, restartOf, type Step } from './commands.ts';
import { aboutHost, type HostNews, reasonLines, sinceWords, type Wording } from './entries.ts';
import { SHORT, shortReason } from './subject.ts';
import { capital, plainName, said, sentence } from './text.ts';

/** Of one host. */
interface HostActs {
  readonly outcomes: readonly ActOutcome[];
  readonly acted: readonly ActNews[];
  readonly escalated: readonly Decision[];
}

const EVIDENCE_MAX = 12;
/** Where so much of a line occurs elsewhere, it repeats that. */
const REPEATED_LENGTH = 80;

function actsByHost({ outcomes, acted, escalated }: RemedyNews): ReadonlyMap<string, HostActs> {
  const of = new Map<string, { outcomes: ActOutcome[]; acted: ActNews[]; escalated: Decision[] }>();
  const host = (id: string) => {
    const known = of.get(id) ?? { outcomes: [], acted: [], escalated: [] };
    of.set(id, known);
    return known;
  };
  for (const one of outcomes) host(one.act.instanceId).outcomes.push(one);
  for (const one of acted) host(one.act.instanceId).acted.push(one);
  for (const one of escalated) host(one.instanceId).escalated.push(one);
  return of;
}

/** @param transitions of this check: what is known of a host whose incident is no news by itself */
export function withActs(
  hosts: readonly HostNews[],
  acts: RemedyNews | null,
  transitions: readonly Transition[],
  wording: Wording,
): HostNews[] {
  if (acts === null) return [...hosts];
  const byHost = actsByHost(acts);
  const named = new Set(hosts.filter(({ urgency }) => urgency !== 'event').map(({ id }) => id));
  const known = new Map(transitions.flatMap((t) => (byHost.has(t.instance.id) ? [[t.instance.id, t] as const] : [])));
  const merged = hosts.flatMap((host): HostNews[] => {
    const of = byHost.get(host.id);
    if (of === undefined) return [host];
    // Its event is named in the entry of its act.
    if (host.urgency === 'event' && !named.has(host.id)) return [];
    return [host.urgency === 'event' ? host : merge(host, of, known.get(host.id), wording)];
  });
  const alone = [...byHost].filter(([id]) => !named.has(id));
  return [...merged, ...alone.map(([id, of]) => merge(null, of, known.get(id), wording, id))];
}

const DOING: Readonly<Record<Act['remedy'], { readonly word: string; readonly title: string; readonly done: string }>> =
  {
    'restart-worker': { word: 'RESTARTED', title: 'WORKER RESTARTED', done: 'its worker was restarted' },
    'restart-sshd': { word: 'RESTARTED', title: 'SSHD RESTARTED', done: 'its sshd was restarted' },
    reboot: { word: 'REBOOTING', title: 'BEING REBOOTED', done: 'being rebooted' },
  };
/** Sent, and nobody knows yet whether it was executed. */
const BEGUN: typeof DOING = {
  'restart-worker': { word: 'RESTARTING', title: 'WORKER RESTART BEGUN', done: 'its worker restart was begun' },
  'restart-sshd': { word: 'RESTARTING', title: 'SSHD RESTART BEGUN', done: 'its sshd restart was begun' },
  reboot: { word: 'REBOOTING', title: 'REBOOT BEGUN', done: 'its reboot was begun' },
};
const NOUN: Readonly<Record<Act['remedy'], string>> = {
  'restart-worker': 'worker restart',
  'restart-sshd': 'sshd restart',
  reboot: 'reboot',
};
const VERB: Readonly<Record<Act['remedy'], (name: string) => string>> = {
  'restart-worker': (name) => `restart the worker on ${name}`,
  'restart-sshd': (name) => `restart sshd on ${name}`,
  reboot: (name) => `reboot ${name}`,
};
/** What a person does next where it did not help. */
const NEXT: Readonly<Record<Act['remedy'], string>> = {
  'restart-worker': 'perhaps a poisoned job brings the trouble back',
  'restart-sshd': 'sshd -t and journalctl on the host, over SSM, may say why',
  reboot: 'save its console output, then stop and start it, or replace it',
};
/** Which trouble is gone where an act was asked for without one on record. */
const withoutTrouble = (remedy: Act['remedy']): string => (remedy === 'reboot' ? 'hang' : 'its trouble');

function merge(
  host: HostNews | null,
  acts: HostActs,
  t: Transition | undefined,
  wording: Wording,
  id = host?.id ?? '',
): HostNews {
  const base = host ?? bare(id, acts, t, wording);
  // The last of them is what holds now.
  const last = acts.outcomes.at(-1);
  const made = acts.acted.at(-1);
  const verdicts = acts.outcomes.map(({ sentence: verdict }) => said(verdict, wording));
  if (made !== undefined) {
    const news = made.act.state === 'failed' ? notDone(base, made, wording) : underWay(base, made, wording);
    const lines = host === null || host.urgency === 'event' ? saidOf(made, wording) : resultOf(made, wording);
    return { ...news, said: [...verdicts, ...base.said, ...lines] };
  }
  const [escalated] = acts.escalated;
  const lost = last?.outcome === 'failed' ? last : undefined;
  const answers = t !== undefined && (t.kind === null || t.kind === 'measured');
  if (lost?.act.remedy === 'reboot' && escalated === undefined && answers) {
    return notByReboot(base, host, t, verdicts);
  }
  if (lost !== undefined || escalated !== undefined) {
    const remedy = lost?.act.remedy ?? (t && restartOf(t)) ?? 'reboot';
    return inVain(base, { remedy, lost, escalated }, verdicts, wording);
  }
  return last === undefined ? base : hasHelped(base, host, last, t, verdicts);
}

/** A host of which there is no other news than its acts. */
function bare(id: string, acts: HostActs, t: Transition | undefined, wording: Wording): HostNews {
  const decision = acts.acted[0]?.decision ?? acts.escalated[0];
  const act = acts.acted[0]?.act ?? acts.outcomes[0]?.act;
  const codes: readonly ReasonCode[] = t?.after.reasons ?? (act?.trouble === undefined ? [] : [act.trouble]);
  const known = {
    ...{ id, name: decision?.name ?? acts.outcomes[0]?.name ?? id, instance: null },
    ...{ status: 'CRITICAL' as Status, change: null, openedAt: null },
    ...(t !== undefined && aboutHost(t)),
  };
  const reason =
    (t && shortReason(t)) ??
    (act?.trouble === undefined ? withoutTrouble(act?.remedy ?? 'reboot') : SHORT[act.trouble]);
  return {
    ...known,
    ...{ codes, reason, urgency: 'critical', word: 'CRIT', todo: null, handled: '', notes: [], steps: [], cause: null },
    what: `CRITICAL: ${reason}`,
    since: t === undefined || t.kind === null ? null : sinceWords(t, wording),
    // Of an act there are the lines from right before it.
    said: t === undefined || acts.acted.length > 0 ? [] : reasonLines(t, wording),
  };
}

const by = ({ requester }: Act, wording: Wording): string =>
  requester === 'schedule' ? 'by crawlwatch' : `as ${said(requester, wording, 64)} asked`;

function underWay(base: HostNews, { act }: ActNews, wording: Wording): HostNews {
  const isUnsure = act.state === 'begun';
  const { word, title, done } = (isUnsure ? BEGUN : DOING)[act.remedy];
  const name = plainName(base.name);
  const isReboot = act.remedy === 'reboot';
  const flagged = base.urgency === 'flagged' || base.urgency === 'reminder' ? 'FLAGGED and ' : '';
  const unsure = isUnsure ? ' Whether it was executed is not known yet.' : '';
  const next = isReboot ? 'whether it is back' : 'whether it helped';
  const what = `${done} ${by(act, wording)}`;
  const clause = flagged === '' ? capital(what) : `${flagged}${what}`;
  const unit = { 'restart-worker': 'worker', 'restart-sshd': 'sshd', reboot: null }[act.remedy];
  // `worker, worker down` says one thing twice.
  const ofUnit = unit === null || base.reason.startsWith(unit) ? unit : `${unit}, ${base.reason}`;
  return {
    ...base,
    urgency: isReboot ? 'rebooting' : 'restarted',
    word,
    reason: ofUnit ?? base.reason,
    todo: null,
    handled: isUnsure
      ? `the ${NOUN[act.remedy]} of ${name} was begun ${by(act, wording)}, perhaps not executed; the next mail says ${next}`
      : isReboot
        ? `${name} is being rebooted ${by(act, wording)}; the next mail says ${next}`
        : `the ${unit} of ${name} was restarted ${by(act, wording)}; the next mail says ${next}`,
    what: `${title}: ${base.reason}`,
    notes: [
      `${clause} at ${clockTime(act.at, wording.at, wording.zone)}: nothing to do; the next mail says ${next}.${unsure}`,
    ],
    steps: [],
    cause: null,
  };
}

function notDone(base: HostNews, { act }: ActNews, wording: Wording): HostNews {
  const name = plainName(base.name);
  const host = { id: base.id, instance: base.instance };
  const steps = act.remedy === 'reboot' ? rebootSteps(host, wording) : base.steps;
  return {
    ...base,
    urgency: 'not done',
    word: 'NOT DONE',
    reason: `${NOUN[act.remedy]}, ${base.reason}`,
    todo: `${VERB[act.remedy](name)}: crawlwatch could not`,
    what: `COULD NOT BE DONE: ${NOUN[act.remedy]}; ${base.reason}`,
    notes: [
      `The ${NOUN[act.remedy]} of ${clockTime(act.at, wording.at, wording.zone)}, ${by(act, wording)}, was tried and refused.`,
    ],
    steps: steps.length > 0 ? steps : historySteps(host, wording),
    cause: null,
  };
}

/** It answers again, and nothing shows that it was rebooted: to stop it, or to replace it, would now be the harm. */
function notByReboot(base: HostNews, host: HostNews | null, t: Transition, verdicts: readonly string[]): HostNews {
  const name = plainName(base.name);
  const lines = [...verdicts, ...base.said];
  if (t.kind === 'measured') {
    const todo = base.todo ?? `see to ${name}: it answers, no reboot of it was seen, and it is ${base.status}`;
    return { ...base, todo, said: lines, cause: null };
  }
  const handled = `${name} answers again; no reboot of it was seen`;
  const isNamed = host !== null && host.urgency !== 'event';
  return {
    ...base,
    ...(!isNamed && { status: 'OK', urgency: 'recovered', word: 'RECOVERED', what: 'RECOVERED: answers again' }),
    ...{ todo: null, handled, said: lines, steps: [], cause: null },
  };
}

interface Lost {
  /** What did not help. */
  readonly remedy: Act['remedy'];
  readonly lost: ActOutcome | undefined;
  readonly escalated: Decision | undefined;
}

/** @param verdicts on its acts */
function inVain(
  base: HostNews,
  { remedy, lost, escalated }: Lost,
  verdicts: readonly string[],
  wording: Wording,
): HostNews {
  const name = plainName(base.name);
  const needsAPerson = escalated !== undefined || base.urgency === 'in vain' || remedy === 'reboot';
  // The record of acts knows more of it than the incident: what that says of the same reboot is left out.
  const isRepeated = (line: string) => /did not help: it needs a person/.test(line);
  const last = verdicts.length > 0 || escalated === undefined ? verdicts : [said(sentence(escalated.why), wording)];
  const host = { id: base.id, instance: base.instance };
  const own: readonly Step[] =
    remedy === 'reboot' && base.urgency !== 'in vain' ? inVainSteps(host, wording) : base.steps;
  return {
    ...base,
    urgency: 'in vain',
    word: 'IN VAIN',
    reason: remedy === 'reboot' ? base.reason : `${NOUN[remedy]}, ${base.reason}`,
    todo: `see to ${name}: ${lost === undefined ? 'crawlwatch has done what it may' : `its ${NOUN[remedy]} was in vain`}`,
    what: `${remedy === 'reboot' ? 'REBOOTED IN VAIN' : 'RESTARTED IN VAIN'}: ${base.reason}`,
    notes: [...(needsAPerson && verdicts.length > 0 ? [`It needs a person: ${NEXT[remedy]}.`] : []), ...base.notes],
    said: [...last, ...base.said.filter((line) => !isRepeated(line))],
    steps: own.length > 0 ? own : historySteps(host, wording),
    cause: null,
  };
}

function hasHelped(
  base: HostNews,
  host: HostNews | null,
  helped: ActOutcome,
  t: Transition | undefined,
  verdicts: readonly string[],
): HostNews {
  // Whatever else is news of it is no less true.
  if (host !== null && host.urgency !== 'recovered') return { ...base, said: [...verdicts, ...base.said], cause: null };
  const name = plainName(base.name);
  const { act, minutes, recoveryMinutes } = helped;
  const back =
    act.remedy === 'reboot' ? `${name} is back after its reboot` : `the ${NOUN[act.remedy]} of ${name} helped`;
  if (host !== null) return { ...base, handled: back, said: [...verdicts, ...base.said], cause: null };
  const status = t?.assessment.status ?? 'OK';
  const lasted = recoveryMinutes ?? minutes;
  const was = act.trouble === undefined ? withoutTrouble(act.remedy) : SHORT[act.trouble];
  return {
    ...base,
    status,
    urgency: 'recovered',
    word: 'RECOVERED',
    reason: `${was}, ${duration(lasted)}`,
    handled: status === 'OK' ? back : `${back}; it is ${status} (${base.reason}), which a later mail names if it lasts`,
    what: `RECOVERED: after ${inWords(lasted)} (${was})`,
    since: null,
    said: [...verdicts, ...(status === 'OK' ? [] : base.said)],
  };
}

/** Of an act that is all the news of its host: why it was made, how it went, and what was seen right before it. */
function saidOf({ decision, act, text, evidence }: ActNews, wording: Wording): string[] {
  const why = said(decision.why, wording);
  // As a rule `why` quotes what was seen right before.
  const lines = evidence.map((line) => said(line, wording));
  const unquoted = lines.filter((one) => !why.includes(one.slice(0, REPEATED_LENGTH).replace(/\.+$/, '')));
  const more = unquoted.length - EVIDENCE_MAX;
  return [
    `Why: ${why.replace(/\.+$/, '')}.`,
    ...resultOf({ decision, act, text, evidence }, wording),
    ...unquoted.slice(0, EVIDENCE_MAX),
    ...(more > 0 ? [`... and ${plural(more, 'line')} more of evidence, kept in its history.`] : []),
  ];
}

const resultOf = ({ text }: ActNews, wording: Wording): string[] =>
  text === '' ? [] : [`Result: ${sentence(said(text, wording))}`];

/** Automatic acts are paused by what has just been found out. */
export function pausedLines({ why }: Pick<Pause, 'why'>, wording: Wording) {
  return {
    why: said(sentence(why), wording),
    notes: [
      'Either what is flagged does not hang, or a reboot is not its cure: find out which before more hosts are rebooted.',
      'crawlwatch restarts and reboots nothing by itself meanwhile; checks, flags and mails go on, and people may still act.',
    ],
    step: { say: 'When the cause is known', command: crawlwatch('resume', wording) } satisfies Step,
  };
}
