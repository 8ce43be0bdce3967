/**
 * THE ORDER OF ACTING: the only file that knows it, and what acting needs of the world.
 *
 *     record -> describe -> verify -> plan -> [ look anew -> plan -> lease -> evidence -> act -> record ] -> tell -> settle
 *
 * What stands in brackets is remedy-act.ts. What an act came to goes on record only once it has been mailed: a run that
 * dies before leaves it to the next one.
 */

import { plural } from '../kit/index.ts';
import type { Act, Instance } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { type Acted, actOn, askerName, because, messageOf } from './act.ts';
import { setPause, unflag } from './asides.ts';
import { isOpenAct } from './ladder.ts';
import { tell } from './notify.ts';
import { planAct, planRemedies } from './plan.ts';
import type { RemedyAnswer, RemedyOptions, RemedyPorts } from './ports.ts';
import type { ActRemedyRequest, RemedyRequest } from './request.ts';
import { verifyActs } from './verify.ts';

/** The longest that one act may take: two paths asked, and a restart. */
const ACT_MS = 170_000;
/** As for the check's own events. */
const STALE_MS = 10 * 60_000;

/** @throws what a read throws without which nothing can be said; `because` completes it */
export async function remedyFleet(
  request: RemedyRequest,
  settings: Settings,
  ports: RemedyPorts,
  options: RemedyOptions,
): Promise<RemedyAnswer> {
  switch (request.action) {
    case 'auto':
      return actByItself(request.scheduledTime, settings, ports, options);
    case 'plan':
      return tellPlan(settings, ports);
    case 'reboot':
    case 'restart-worker':
    case 'restart-sshd':
      return actForPerson(request, settings, ports);
    case 'unflag':
      return unflag(request, ports);
    case 'pause':
    case 'resume':
      return setPause(request, ports);
    case 'history':
      return {
        done: true,
        instanceId: request.instanceId,
        why: 'its history, newest first',
        history: await because('its history could not be read', ports.readHistory(request.instanceId)),
      };
  }
  return request satisfies never;
}

/** What the record says, with what the tags say of the acts on it. */
async function look(
  describe: (acts: readonly Act[]) => Promise<readonly Instance[]>,
  settings: Settings,
  ports: RemedyPorts,
) {
  const record = await because('the record of acts could not be read', ports.readRecord());
  const fleet = await describe(record.acts);
  const now = ports.clock.now();
  const { acts, outcomes } = verifyActs(record.acts, fleet, now, settings);
  return { fleet, acts, outcomes, pause: record.pause, now };
}

const wholeFleet = (ports: RemedyPorts) => () => because('the fleet could not be described', ports.describeFleet());

async function orUnknown(suppressed: Promise<boolean | null>, ports: RemedyPorts): Promise<boolean | null> {
  return suppressed.catch((error) => {
    ports.log.error('step.failed', { step: 'breaker', text: messageOf(error) });
    return null;
  });
}

async function actByItself(
  asked: Date | null,
  settings: Settings,
  ports: RemedyPorts,
  { deadlineMs }: RemedyOptions,
): Promise<RemedyAnswer> {
  const began = ports.clock.now().getTime();
  if (asked !== null && began - asked.getTime() > STALE_MS) {
    return { done: false, instanceId: null, why: 'the check that asks is long over: its successor asks anew' };
  }
  const { fleet, acts, outcomes, pause, now } = await look(wholeFleet(ports), settings, ports);
  const suppressed = await orUnknown(ports.wasSuppressed(), ports);
  const acted: Acted[] = [];
  let rest = fleet;
  let plan = planRemedies(rest, { acts, pause, suppressed, now }, settings);
  for (;;) {
    const next = plan.find(({ heldBy }) => heldBy === null);
    const one = rest.find(({ id }) => id === next?.instanceId);
    const at = ports.clock.now();
    if (next === undefined || next.remedy === 'person' || one === undefined) break;
    if (at.getTime() - began + ACT_MS > deadlineMs) break;
    const asker = { kind: 'schedule' } as const;
    acted.push(
      await actOn({ one, remedy: next.remedy, asker, dryRun: false, suppressed, verified: acts }, settings, ports),
    );
    // What the look right before held back gives its turn to the next.
    rest = rest.filter((other) => other !== one);
    const made = acted.flatMap(({ act }) => act ?? []);
    plan = planRemedies(rest, { acts: [...acts, ...made], pause, suppressed, now: ports.clock.now() }, settings);
  }
  const unheard = plan.filter(({ heldBy }) => heldBy !== null);
  const told = await tell({ outcomes, acted, unheard, asker: 'schedule', stack: settings.stack }, ports);
  const made = acted.flatMap(({ act }) => act ?? []);
  const decisions = [...acted.map(({ decision }) => decision), ...plan];
  return {
    done: made.length > 0,
    instanceId: null,
    why: `${plural(made.length, 'act')}, ${plural(decisions.length - made.length, 'instance')} held back`,
    decisions,
    acts: made,
    problems: [...acted.flatMap(({ problems }) => problems), ...told],
  };
}

async function actForPerson(request: ActRemedyRequest, settings: Settings, ports: RemedyPorts): Promise<RemedyAnswer> {
  const { instanceId, action: remedy, asker, dryRun } = request;
  const one = await because('its tags could not be read', ports.describeInstance(instanceId));
  // Other acts may wait to be verified; what isn't known of their instances only has them wait longer.
  const others = async (acts: readonly Act[]) =>
    acts.some((act) => isOpenAct(act) && act.instanceId !== instanceId) ? wholeFleet(ports)() : [];
  const known = async (acts: readonly Act[]) => [one, ...(await others(acts)).filter(({ id }) => id !== instanceId)];
  const { acts, outcomes, pause, now } = await look(known, settings, ports);
  // What stands against it by tags and record alone is told at once, without asking the host.
  const first = planAct(one, remedy, asker, null, { acts, pause, suppressed: null, now }, settings);
  const acted: Acted =
    first.heldBy === null
      ? await actOn({ one, remedy, asker, dryRun, suppressed: null, verified: acts }, settings, ports)
      : { decision: first, act: null, text: '', evidence: [], problems: [] };
  const told = dryRun
    ? []
    : await tell({ outcomes, acted: [acted], unheard: [], asker: askerName(asker), stack: settings.stack }, ports);
  const answer = answerOf(acted, dryRun);
  const why = [answer.why, ...told].join('; ');
  return { ...answer, instanceId, why, problems: [...acted.problems, ...told] };
}

function answerOf({ decision, act, text, problems }: Acted, dryRun: boolean): Omit<RemedyAnswer, 'instanceId'> {
  const decisions = [decision];
  if (decision.heldBy !== null) return { done: false, why: decision.why, decisions };
  if (act === null) {
    return { done: false, why: `${dryRun ? 'dry run: ' : ''}would ${decision.remedy}: ${decision.why}`, decisions };
  }
  const said = text === '' ? '' : `; ${text}`;
  const beside = problems.map((problem) => `; ${problem}`).join('');
  const acts = [act];
  switch (act.state) {
    case 'done':
      return {
        done: true,
        why: `${decision.why}${said}; the next checks tell whether it helped${beside}`,
        decisions,
        acts,
      };
    case 'begun':
      return { done: false, why: `it is not known whether it was carried out${said}${beside}`, decisions, acts };
    default:
      return { done: false, why: `it was tried and refused${said}${beside}`, decisions, acts };
  }
}

/** Reads only. */
async function tellPlan(settings: Settings, ports: RemedyPorts): Promise<RemedyAnswer> {
  const { fleet, acts, pause, now } = await look(wholeFleet(ports), settings, ports);
  const suppressed = await orUnknown(ports.wasSuppressed(), ports);
  const decisions = planRemedies(fleet, { acts, pause, suppressed, now }, settings);
  const due = decisions.filter(({ heldBy, remedy }) => heldBy === null && remedy !== 'person').length;
  const why = `${plural(due, 'act')} would be done now, ${plural(decisions.length - due, 'instance')} held back`;
  return { done: true, instanceId: null, why, decisions, pause, acts };
}
