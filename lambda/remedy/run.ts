/**
 * THE ORDER OF ACTING, and the other requests to the remedy function.
 *
 *     record -> describe -> verify -> plan -> [ check again -> plan -> lease -> evidence -> execute -> record ] -> mail -> commit
 *
 * The part in brackets is act.ts, what comes after it finish.ts. Where a check asks, the mail is that check's: it gets the
 * news in its answer and says when the mail is out. What an act came to goes on record only once it has been mailed: a run
 * that dies before leaves it to the next one.
 */

import { clockTime, isoSeconds, messageOf, orThrow, plural } from '../kit/index.ts';
import type { Act, Instance, Pause } from '../model/index.ts';
import { isNews, TAG } from '../model/index.ts';
import { actsByItself, type Settings } from '../settings/index.ts';
import { acknowledge } from './acknowledge.ts';
import { type ActResult, actOn, notDone, requesterName } from './act.ts';
import type { RemedyAnswer, RemedyRequest, RequestOf } from './contract.ts';
import { finishByAnswer, finishByMail, settleMailed } from './finish.ts';
import { isOpenAct } from './ladder.ts';
import { planAct, planRemedies } from './plan.ts';
import type { RemedyOptions, RemedyPorts } from './ports.ts';
import { automaticPause } from './vain.ts';
import { verifyActs } from './verify.ts';

/** The longest that one act may take: two paths probed, and a restart. */
const ACT_MS = 170_000;
/** As for the check's own events. */
const STALE_MS = 10 * 60_000;

/** @throws where a read fails without which there is no answer; the message says which */
export async function remedyFleet(
  request: RemedyRequest,
  settings: Settings,
  ports: RemedyPorts,
  options: RemedyOptions,
): Promise<RemedyAnswer> {
  switch (request.action) {
    case 'auto':
      return actByItself(request, settings, ports, options);
    case 'mailed':
      return confirmMailed(request, settings, ports);
    case 'plan':
      return planFleet(settings, ports);
    case 'reboot':
    case 'restart-worker':
    case 'restart-sshd':
      return actForPerson(request, settings, ports);
    case 'unflag':
      return unflag(request, ports);
    case 'ack':
      return acknowledge(request, ports);
    case 'pause':
    case 'resume':
      return setPause(request, ports);
    case 'history':
      return {
        done: true,
        instanceId: request.instanceId,
        why: 'its history, newest first',
        history: await orThrow('its history could not be read', ports.readHistory(request.instanceId)),
      };
  }
  return request satisfies never;
}

/** The record, and what the tags show of the acts on it. */
async function review(
  describe: (acts: readonly Act[]) => Promise<readonly Instance[]>,
  settings: Settings,
  ports: RemedyPorts,
) {
  const record = await orThrow('the record of acts could not be read', ports.readRecord());
  const fleet = await describe(record.acts);
  const now = ports.clock.now();
  const { acts, outcomes } = verifyActs(record.acts, fleet, now, settings);
  const { pause, resumedAt } = record;
  const inVain = actsByItself(settings) ? automaticPause(acts, resumedAt) : null;
  return {
    ...{ fleet, acts, outcomes, pause, resumedAt, now },
    /** Of automatic acts. */
    automaticPause: inVain,
    /** The same where these outcomes bring it about: news. */
    pausedNow: automaticPause(record.acts, resumedAt) === null ? inVain : null,
  };
}

const wholeFleet = (ports: RemedyPorts) => () => orThrow('the fleet could not be described', ports.describeFleet());

async function orUnknown(suppressed: Promise<boolean | null>, ports: RemedyPorts): Promise<boolean | null> {
  return suppressed.catch((error) => {
    ports.log.error('step.failed', { step: 'breaker', text: messageOf(error) });
    return null;
  });
}

async function actByItself(
  { scheduledTime }: RequestOf<'auto'>,
  settings: Settings,
  ports: RemedyPorts,
  { deadlineMs }: RemedyOptions,
): Promise<RemedyAnswer> {
  const began = ports.clock.now().getTime();
  if (scheduledTime !== null && began - scheduledTime.getTime() > STALE_MS) {
    return { done: false, instanceId: null, why: 'the check that asks is long over: the next one asks again' };
  }
  const { fleet, acts, outcomes, pausedNow, now, ...stops } = await review(wholeFleet(ports), settings, ports);
  const { pause, resumedAt } = stops;
  const suppressed = await orUnknown(ports.wasSuppressed(), ports);
  const results: ActResult[] = [];
  let rest = fleet;
  let plan = planRemedies(rest, { acts, pause, resumedAt, suppressed, now }, settings);
  for (;;) {
    const next = plan.find(({ heldBy }) => heldBy === null);
    const one = rest.find(({ id }) => id === next?.instanceId);
    const at = ports.clock.now();
    if (next === undefined || next.remedy === 'escalated' || one === undefined) break;
    if (at.getTime() - began + ACT_MS > deadlineMs) break;
    const requester = { kind: 'schedule' } as const;
    results.push(
      await actOn({ one, remedy: next.remedy, requester, dryRun: false, suppressed, verified: acts }, settings, ports),
    );
    // Where the check right before holds one back, the next has its turn.
    rest = rest.filter((other) => other !== one);
    const made = results.flatMap(({ act }) => act ?? []);
    const seen = { acts: [...acts, ...made], pause, resumedAt, suppressed, now: ports.clock.now() };
    plan = planRemedies(rest, seen, settings);
  }
  const held = plan.filter(({ heldBy }) => heldBy !== null);
  const run = { outcomes, pausedNow, results, held, requester: 'schedule', stack: settings.stack };
  const { news, receipt, problems } = await finishByAnswer(run, acts.filter(isOpenAct), ports);
  const made = results.flatMap(({ act }) => act ?? []);
  const decisions = [...results.map(({ decision }) => decision), ...plan];
  return {
    done: made.length > 0,
    instanceId: null,
    why: `${plural(made.length, 'act')}, ${plural(decisions.length - made.length, 'instance')} held back`,
    decisions,
    acts: made,
    news: isNews(news) ? news : null,
    receipt,
    problems: [...results.flatMap((one) => one.problems), ...problems],
  };
}

/** The check has mailed what the run of that receipt found. */
async function confirmMailed(
  { receipt }: RequestOf<'mailed'>,
  { stack }: Settings,
  ports: RemedyPorts,
): Promise<RemedyAnswer> {
  const settling = settleMailed(receipt, stack, ports);
  const { isKnown, problems } = await orThrow('news that is not mailed yet could not be read', settling);
  const why = isKnown
    ? 'what was mailed is on record'
    : 'another run has found news since: the check that asked for it mails this once more';
  return { done: isKnown && problems.length === 0, instanceId: null, why, problems };
}

async function actForPerson(
  request: RequestOf<'reboot' | 'restart-worker' | 'restart-sshd'>,
  settings: Settings,
  ports: RemedyPorts,
): Promise<RemedyAnswer> {
  const { instanceId, action: remedy, requester, dryRun } = request;
  const one = await orThrow('it could not be described', ports.describeInstance(instanceId));
  // Other acts may wait to be verified; what isn't known of their instances only has them wait longer.
  const others = async (acts: readonly Act[]) =>
    acts.some((act) => isOpenAct(act) && act.instanceId !== instanceId) ? wholeFleet(ports)() : [];
  const known = async (acts: readonly Act[]) => [one, ...(await others(acts)).filter(({ id }) => id !== instanceId)];
  const { acts, outcomes, pausedNow, pause, resumedAt, now } = await review(known, settings, ports);
  // Where tags and record alone hold it, the host is not probed for it.
  const first = planAct(one, remedy, requester, null, { acts, pause, resumedAt, suppressed: null, now }, settings);
  const result =
    first.heldBy === null
      ? await actOn({ one, remedy, requester, dryRun, suppressed: null, verified: acts }, settings, ports)
      : notDone(first);
  const run = {
    outcomes,
    pausedNow,
    results: [result],
    held: [],
    requester: requesterName(requester),
    stack: settings.stack,
  };
  const unfinished = dryRun ? [] : await finishByMail(run, ports);
  const answer = answerOf(result, dryRun);
  const why = [answer.why, ...unfinished].join('; ');
  return { ...answer, instanceId, why, problems: [...result.problems, ...unfinished] };
}

function answerOf({ decision, act, text, problems }: ActResult, dryRun: boolean): Omit<RemedyAnswer, 'instanceId'> {
  const decisions = [decision];
  if (decision.heldBy !== null) return { done: false, why: decision.why, decisions };
  if (act === null) {
    return { done: false, why: `${dryRun ? 'dry run: ' : ''}would ${decision.remedy}: ${decision.why}`, decisions };
  }
  const quoted = text === '' ? '' : `; ${text}`;
  const beside = problems.map((problem) => `; ${problem}`).join('');
  const acts = [act];
  switch (act.state) {
    case 'done':
      return {
        done: true,
        why: `${decision.why}${quoted}; the next checks show whether it helped${beside}`,
        decisions,
        acts,
      };
    case 'begun':
      return { done: false, why: `it is not known whether it was executed${quoted}${beside}`, decisions, acts };
    default:
      return { done: false, why: `it was tried and refused${quoted}${beside}`, decisions, acts };
  }
}

/** Reads only. */
async function planFleet(settings: Settings, ports: RemedyPorts): Promise<RemedyAnswer> {
  const { fleet, acts, pause, resumedAt, automaticPause, now } = await review(wholeFleet(ports), settings, ports);
  const suppressed = await orUnknown(ports.wasSuppressed(), ports);
  const decisions = planRemedies(fleet, { acts, pause, resumedAt, suppressed, now }, settings);
  const due = decisions.filter(({ heldBy, remedy }) => heldBy === null && remedy !== 'escalated').length;
  const why = `${plural(due, 'act')} would be done now, ${plural(decisions.length - due, 'instance')} held back`;
  return { done: true, instanceId: null, why, decisions, pause, automaticPause, acts };
}

/** Takes the reboot flag away, also from an instance that is muted, stopped or opted out. */
async function unflag(
  { instanceId, requester, dryRun }: RequestOf<'unflag'>,
  ports: RemedyPorts,
): Promise<RemedyAnswer> {
  const one = await orThrow('it could not be described', ports.describeInstance(instanceId));
  const { flag: remembered } = one.remembered;
  // Either counts: a tag that somebody else wrote, or a flag whose tag somebody else took away.
  const flag =
    one.tags[TAG.flag] ?? (remembered === null ? undefined : `${remembered.reason}@${isoSeconds(remembered.at)}`);
  const answer = (done: boolean, why: string, heldBy: 'not-flagged' | null): RemedyAnswer => {
    return { done, instanceId, why, decisions: [{ instanceId, name: one.name, remedy: 'reboot', heldBy, why }] };
  };
  if (flag === undefined) return answer(false, 'it carries no reboot flag', 'not-flagged');
  if (dryRun) return answer(false, `dry run: would take away the flag ${flag}`, null);
  await orThrow('the flag could not be taken away', ports.removeFlag(instanceId));
  const by = requesterName(requester);
  const why = `the flag ${flag} is taken away; a check sets it again if the host still hangs`;
  ports.log.info('remedy.unflagged', { instanceId, flag, requester: by });
  const entry = { remedy: 'unflag', outcome: 'done', heldBy: null, why, requester: by, evidence: [] } as const;
  const failed = await ports.saveHistory({ at: ports.clock.now(), instanceId, ...entry }).then(() => null, messageOf);
  const problems = failed === null ? [] : [`its history could not be written: ${failed}`];
  return { ...answer(true, [why, ...problems].join('; '), null), problems };
}

/** Stops every act from now on, or lets acting go on. An act that is under way is not called back. */
async function setPause(request: RequestOf<'pause' | 'resume'>, ports: RemedyPorts): Promise<RemedyAnswer> {
  const now = ports.clock.now();
  const who = requesterName(request.requester);
  const record = await orThrow('the pause could not be read', ports.readRecord());
  const { pause: was } = record;
  const inVain = automaticPause(record.acts, record.resumedAt);
  const answer = (why: string, pause: Pause | null, automatic: Pause | null): RemedyAnswer => ({
    done: !request.dryRun,
    instanceId: null,
    why: request.dryRun ? `dry run: ${why}` : why,
    pause: request.dryRun ? was : pause,
    automaticPause: request.dryRun ? inVain : automatic,
  });
  if (request.action === 'resume') {
    if (!request.dryRun) {
      await orThrow('that acting goes on could not be written', ports.saveResumed(who, now));
      await orThrow('the pause could not be ended', ports.savePause({ who, why: 'resumed', from: now, until: now }));
      ports.log.info('remedy.resumed', { who, was, inVain });
    }
    const over = [
      ...(was === null
        ? []
        : [`the pause by ${was.who} since ${clockTime(was.from, now)} is over: restarts and reboots go on`]),
      ...(inVain === null ? [] : ['automatic acts go on, and reboots in vain are counted from now on']),
    ];
    return answer(over.join('; ') || 'nothing was paused', null, null);
  }
  const pause: Pause = { who, why: request.why, from: now, until: request.until };
  if (!request.dryRun) {
    await orThrow('the pause could not be written', ports.savePause(pause));
    ports.log.info('remedy.paused', { ...pause });
  }
  const end = pause.until === null ? 'until somebody resumes' : `until ${clockTime(pause.until, now)}`;
  const already = inVain === null ? '' : `; automatic acts were paused already: ${inVain.why}`;
  return answer(
    `no restart and no reboot by anyone from now on, ${end}; checks, measurements, flags and mails go on; an act that is under way is not called back${already}`,
    pause,
    inVain,
  );
}
