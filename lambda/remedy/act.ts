/**
 * One act on one instance, in the order that makes it safe: check again, decide, take the lease, save the evidence,
 * execute, put on record. A run that dies between any two of these leaves an act that is `begun`: every guard counts it
 * as perhaps done, and a later run verifies it or gives it up, and reports which.
 */

import { messageOf } from '../kit/index.ts';
import type {
  Act,
  ActState,
  Decision,
  FreshCheck,
  Guard,
  HistoryEntry,
  Instance,
  Remedy,
  Requester,
} from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { isOpenAct, troubleIn } from './ladder.ts';
import { isPermit, type Known, planAct } from './plan.ts';
import type { Execution, RemedyPorts } from './ports.ts';
import { keptInVain } from './vain.ts';

export interface ActRequest {
  readonly one: Instance;
  readonly remedy: Remedy;
  readonly requester: Requester;
  /** Everything but the act itself. */
  readonly dryRun: boolean;
  /** Whether the fleet's last check suppressed flagging; null: not known. */
  readonly suppressed: boolean | null;
  /** Acts whose state this run knows better than the record does. */
  readonly verified: readonly Act[];
}

/** What a request to act came to. */
export interface ActResult {
  readonly decision: Decision;
  /** Null where nothing was done. */
  readonly act: Act | null;
  /** How it went, in the host's or EC2's words, without a full stop; empty where nothing was done. */
  readonly text: string;
  readonly evidence: readonly string[];
  /** What else went wrong, a sentence each without a full stop. */
  readonly problems: readonly string[];
}

/** Acts are 15 minutes apart by the times on record: the call must not come much later than its own. */
const LATE_MS = 60_000;
/** Writers that get in each other's way are few, and each writes once or twice. */
const COMMIT_TRIES = 8;

export const requesterName = (requester: Requester): string =>
  requester.kind === 'schedule' ? 'schedule' : requester.name;

/** Never rejects: what fails before the act is the reason why it was held back. */
export async function actOn(request: ActRequest, settings: Settings, ports: RemedyPorts): Promise<ActResult> {
  const { one, remedy, requester } = request;
  let failing = 'it could not be checked again';
  let guard: Guard = 'unknown';
  const held = (why: string): ActResult => notDone({ instanceId: one.id, name: one.name, remedy, heldBy: guard, why });
  try {
    const fresh = await ports.freshCheck(one);
    failing = 'it could not be described';
    // A tag or a pause that was written meanwhile counts.
    const again = await ports.describeInstance(one.id);
    failing = 'the record of acts could not be read';
    const record = await ports.readRecord();
    const now = ports.clock.now();
    const acts = withStates(record.acts, request.verified);
    const { pause, resumedAt } = record;
    const known: Known = { acts, pause, resumedAt, suppressed: request.suppressed, now };
    const decision = planAct(again, remedy, requester, fresh, known, settings);
    if (!isPermit(decision)) return notDone(decision);
    if (remedy === 'reboot') {
      [failing, guard] = ['EC2 would refuse the reboot', 'refused'];
      await ports.rehearseReboot(one.id);
    }
    if (request.dryRun) return notDone(decision);
    [failing, guard] = ['the lease could not be taken', 'lease'];
    const act = beginAct(again, remedy, fresh, requesterName(requester), now);
    const isTaken = await ports.saveActs(record.version, worthKeeping([...record.acts, act], now));
    if (!isTaken) return held('another act is being taken at this moment');
    return await execute({ act, decision, one: again, fresh }, ports);
  } catch (error) {
    return held(`${failing}: ${messageOf(error)}`);
  }
}

export const notDone = (decision: Decision): ActResult => ({
  decision,
  act: null,
  text: '',
  evidence: [],
  problems: [],
});

/** Of the name in the record, which has one item for all acts of a day. */
const NAME_LENGTH = 64;

/** The act, as it is put on record right before it is taken. `fresh` is what it was decided upon. */
export function beginAct(one: Instance, remedy: Remedy, fresh: FreshCheck, requester: string, at: Date): Act {
  const state = one.remembered;
  const codes = fresh.report.reasons.map(({ code }) => code);
  const trouble = troubleIn(codes, remedy)[0] ?? codes[0];
  return {
    remedy,
    instanceId: one.id,
    name: one.name.slice(0, NAME_LENGTH),
    at,
    state: 'begun',
    requester,
    boot: fresh.boot ?? state.seen?.boot ?? null,
    since: state.status === null || state.status === 'OK' ? null : state.since,
    ...(trouble !== undefined && { trouble }),
  };
}

interface Leased {
  readonly act: Act;
  readonly decision: Decision;
  readonly one: Instance;
  readonly fresh: FreshCheck;
}

async function execute({ act, decision, one, fresh }: Leased, ports: RemedyPorts): Promise<ActResult> {
  const { report } = fresh;
  const evidence = [...report.reasons.map(({ code, text }) => `${code}: ${text}`), ...report.evidence];
  const problems: string[] = [];
  const attempt = async (failing: string, work: Promise<unknown>): Promise<boolean> => {
    const failed = await work.then(() => null, messageOf);
    if (failed !== null) problems.push(`${failing}: ${failed}`);
    return failed === null;
  };
  const entry = (outcome: HistoryEntry['outcome'], why: string, lines: readonly string[]): HistoryEntry => {
    const { at, instanceId, remedy, requester } = act;
    return { at, instanceId, remedy, outcome, heldBy: null, why, requester, evidence: lines };
  };
  const isSaved = await attempt(
    'its evidence could not be saved',
    ports.saveHistory(entry('begun', decision.why, evidence)),
  );
  const isLate = ports.clock.now().getTime() - act.at.getTime() > LATE_MS;
  const nothing = (why: string, undone: Act['undone']): Execution => ({
    ok: false,
    text: `nothing was done, since ${why}`,
    undone,
  });
  const result: Execution = !isSaved
    ? nothing('its evidence could not be saved', 'refused')
    : isLate
      ? nothing('AWS took so long to put it on record that what it was decided on may be over', 'throttled')
      : await ports.execute(act.remedy, one, fresh).catch((error): Execution => ({ ok: null, text: messageOf(error) }));
  const state = result.ok === null ? 'begun' : result.ok ? 'done' : 'failed';
  const ended: Act = { ...act, state, ...(result.undone !== undefined && { undone: result.undone }) };
  ports.log.info('remedy.acted', { ...ended, why: decision.why, text: result.text });
  // That it failed goes on record once it has been mailed: until then it is an act that is still to be reported.
  if (state === 'done') await attempt('the record of acts could not be written', commit(ports, [ended]));
  if (state !== 'failed') {
    const acted = { what: act.remedy, at: act.at };
    await attempt('it could not be noted with the instance', ports.noteActed(one.id, acted));
  }
  if (state === 'done') {
    await attempt('its history could not be written', ports.saveHistory(entry('done', result.text, [])));
  }
  return { decision, act: ended, text: result.text, evidence, problems };
}

/**
 * Puts the states of acts on record, while others may be writing too.
 * @returns those of them that were not on record yet
 * @throws where the record can't be read or written
 */
export async function commit(
  ports: Pick<RemedyPorts, 'readRecord' | 'saveActs' | 'clock'>,
  changed: readonly Act[],
): Promise<readonly Act[]> {
  for (let tries = 0; tries < COMMIT_TRIES; tries++) {
    const { acts, version } = await ports.readRecord();
    const next = withStates(acts, changed);
    const news = next.filter((act, n) => act.state !== acts[n]?.state && changed.some((other) => isSame(act, other)));
    if (news.length === 0 || (await ports.saveActs(version, worthKeeping(next, ports.clock.now())))) return news;
  }
  throw new Error('others kept writing');
}

/** No budget looks further back than a day; that of restarts, of which a fleet may see many, an hour. */
const KEPT_MS = 24 * 3_600_000;
const KEPT_RESTART_MS = 2 * 3_600_000;

/** A state is never taken back: a writer that has seen more has written it. */
const RANK: Readonly<Record<ActState, number>> = { begun: 0, done: 1, worked: 2, failed: 2 };

/**
 * The acts that a decision may still depend on. An open one stays, however old: its end has not been mailed. So do the
 * last reboots in vain.
 */
export function worthKeeping(acts: readonly Act[], now: Date): Act[] {
  const inVain = keptInVain(acts);
  return acts.filter((act) => {
    const wasGentle = act.remedy !== 'reboot' && act.state === 'worked';
    return (
      isOpenAct(act) ||
      inVain.includes(act) ||
      now.getTime() - act.at.getTime() < (wasGentle ? KEPT_RESTART_MS : KEPT_MS)
    );
  });
}

/** The acts, those among `changed` with the states that they have there. */
export function withStates(acts: readonly Act[], changed: readonly Act[]): Act[] {
  return acts.map((act) => {
    const later = changed.find((other) => isSame(act, other) && RANK[other.state] > RANK[act.state]);
    if (later === undefined) return act;
    return { ...act, state: later.state, ...(later.undone !== undefined && { undone: later.undone }) };
  });
}

export const isSame = (a: Act, b: Act): boolean =>
  a.instanceId === b.instanceId &&
  a.remedy === b.remedy &&
  a.requester === b.requester &&
  a.at.getTime() === b.at.getTime();
