/**
 * One act on one instance, in the order that makes it safe: look anew, judge, take the lease, save the evidence, act, put
 * on record. Whoever dies between any two of these leaves an act that is `begun`: every guard counts it as maybe done,
 * and a later run verifies it or gives it up, and says so.
 */

import { isoSeconds } from '../kit/index.ts';
import type {
  Act,
  ActState,
  Asker,
  Decision,
  FreshCheck,
  Guard,
  HistoryEntry,
  Instance,
  Remedy,
} from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { isOpenAct } from './ladder.ts';
import { beginAct, isPermit, type Known, planAct } from './plan.ts';

import type { RemedyPorts } from './ports.ts';

/** What is asked for. */
export interface ActRequest {
  readonly one: Instance;
  readonly remedy: Remedy;
  readonly asker: Asker;
  /** Everything but the act itself. */
  readonly dryRun: boolean;
  /** What the fleet's last check said of the breaker; null: not known. */
  readonly suppressed: boolean | null;
  /** Acts of which this run knows more than the record does. */
  readonly verified: readonly Act[];
}

/** What an act came to. */
export interface Acted {
  readonly decision: Decision;
  /** Null where nothing was done. */
  readonly act: Act | null;
  /** How it went, in the host's or EC2's words, without a full stop; empty where nothing was done. */
  readonly text: string;
  readonly evidence: readonly string[];
  /** What else went wrong, a sentence each without a full stop. */
  readonly problems: readonly string[];
}

/** Writers that get in each other's way are few, and each writes once or twice. */
const SETTLE_TRIES = 8;

export const askerName = (asker: Asker): string => (asker.kind === 'schedule' ? 'schedule' : asker.name);

/** Never rejects: whatever fails before the act is why it was held back. */
export async function actOn(asked: ActRequest, settings: Settings, ports: RemedyPorts): Promise<Acted> {
  const { one, remedy, asker } = asked;
  let failing = 'it could not be asked anew';
  let guard: Guard = 'unknown';
  const held = (why: string): Acted => notDone({ instanceId: one.id, name: one.name, remedy, heldBy: guard, why });
  try {
    const fresh = await ports.freshCheck(one);
    failing = 'its tags could not be read';
    // Whatever was said meanwhile, by a tag or a pause, counts.
    const again = await ports.describeInstance(one.id);
    failing = 'the record of acts could not be read';
    const record = await ports.readRecord();
    const now = ports.clock.now();
    const acts = withStates(record.acts, asked.verified);
    const known: Known = { acts, pause: record.pause, suppressed: asked.suppressed, now };
    const decision = planAct(again, remedy, asker, fresh, known, settings);
    if (!isPermit(decision)) return notDone(decision);
    if (remedy === 'reboot') {
      [failing, guard] = ['EC2 would refuse the reboot', 'refused'];
      await ports.rehearseReboot(one.id);
    }
    if (asked.dryRun) return notDone(decision);
    [failing, guard] = ['the lease could not be taken', 'lease'];
    const act = beginAct(again, remedy, fresh, askerName(asker), now);
    const mine = await ports.saveActs(record.version, worthKeeping([...record.acts, act], now));
    if (!mine) return held('somebody else acts at this moment');
    return await carryOut({ act, decision, one: again, fresh }, ports);
  } catch (error) {
    return held(`${failing}: ${messageOf(error)}`);
  }
}

const notDone = (decision: Decision): Acted => ({ decision, act: null, text: '', evidence: [], problems: [] });

interface Leased {
  readonly act: Act;
  readonly decision: Decision;
  readonly one: Instance;
  readonly fresh: FreshCheck;
}

async function carryOut({ act, decision, one, fresh }: Leased, ports: RemedyPorts): Promise<Acted> {
  const { report } = fresh;
  const evidence = [...report.reasons.map(({ code, text }) => `${code}: ${text}`), ...report.evidence];
  const problems: string[] = [];
  const orTell = async (what: string, work: Promise<unknown>): Promise<boolean> => {
    const failed = await work.then(() => null, messageOf);
    if (failed !== null) problems.push(`${what}: ${failed}`);
    return failed === null;
  };
  const entry = (outcome: HistoryEntry['outcome'], why: string, lines: readonly string[]): HistoryEntry => {
    const { at, instanceId, remedy, asker } = act;
    return { at, instanceId, remedy, outcome, heldBy: null, why, asker, evidence: lines };
  };
  const saved = await orTell(
    'its evidence could not be saved',
    ports.saveHistory(entry('begun', decision.why, evidence)),
  );
  const result = saved
    ? await ports.carryOut(act.remedy, one, fresh).catch((error) => ({ ok: null, text: messageOf(error) }))
    : { ok: false, text: 'nothing was done, since its evidence could not be saved' };
  const state = result.ok === null ? 'begun' : result.ok ? 'done' : 'failed';
  const ended: Act = { ...act, state };
  ports.log.info('remedy.acted', { ...ended, why: decision.why, text: result.text });
  // That it failed goes on record once it has been mailed: till then it is an act that somebody has to hear of.
  if (state === 'done') await orTell('the record of acts could not be written', settle(ports, [ended]));
  if (state !== 'failed') {
    const stamp = `${act.remedy}@${isoSeconds(act.at)}`;
    await orTell('its tag crawlwatch:acted could not be written', ports.tagActed(one.id, stamp));
  }
  if (state === 'done') {
    await orTell('its history could not be written', ports.saveHistory(entry('done', result.text, [])));
  }
  return { decision, act: ended, text: result.text, evidence, problems };
}

/**
 * Puts the states of acts on record, whoever else writes at the same time.
 * @throws where the record can't be read or written
 */
export async function settle(ports: Pick<RemedyPorts, 'readRecord' | 'saveActs' | 'clock'>, changed: readonly Act[]) {
  for (let tries = 0; tries < SETTLE_TRIES; tries++) {
    const { acts, version } = await ports.readRecord();
    const next = withStates(acts, changed);
    const isNews = next.some((act, n) => act.state !== acts[n]?.state && changed.some((other) => isSame(act, other)));
    if (!isNews || (await ports.saveActs(version, worthKeeping(next, ports.clock.now())))) return;
  }
  throw new Error('others kept writing');
}

/** Says what could not be done where it fails. */
export function because<T>(what: string, work: Promise<T>): Promise<T> {
  return work.catch((cause) => {
    throw new Error(`${what}: ${messageOf(cause)}`, { cause });
  });
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** No budget looks further back than a day; that of restarts, of which a fleet may see many, an hour. */
const KEPT_MS = 24 * 3_600_000;
const KEPT_RESTART_MS = 2 * 3_600_000;

/** A state is never taken back: whoever has seen more has written it. */
const RANK: Readonly<Record<ActState, number>> = { begun: 0, done: 1, worked: 2, failed: 2 };

/** Those of which anything may still be asked. An open one stays, however old: nobody has been told how it ended. */
export function worthKeeping(acts: readonly Act[], now: Date): Act[] {
  return acts.filter((act) => {
    const wasGentle = act.remedy !== 'reboot' && act.state === 'worked';
    return isOpenAct(act) || now.getTime() - act.at.getTime() < (wasGentle ? KEPT_RESTART_MS : KEPT_MS);
  });
}

/** The acts, those among `changed` with the states that they have there. */
export function withStates(acts: readonly Act[], changed: readonly Act[]): Act[] {
  return acts.map((act) => {
    const later = changed.find((other) => isSame(act, other) && RANK[other.state] > RANK[act.state]);
    return later === undefined ? act : { ...act, state: later.state };
  });
}

export const isSame = (a: Act, b: Act): boolean =>
  a.instanceId === b.instanceId && a.remedy === b.remedy && a.asker === b.asker && a.at.getTime() === b.at.getTime();
