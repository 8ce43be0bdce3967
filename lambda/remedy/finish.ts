/**
 * The end of a run: history and metrics, the news, and the record. A person's run mails its news by itself; that of a
 * check hands it to the check, which mails it and acknowledges that. What an act came to goes on record only after that: a mail, an
 * answer or a word that is lost leaves it for the next run, so that it may be mailed twice, but is never left out.
 */

import { messageOf } from '../kit/index.ts';
import type { Act, ActOutcome, Decision, HistoryEntry, MetricPoint, Pause, RemedyNews } from '../model/index.ts';
import { FLEET_METRIC, isNews } from '../model/index.ts';
import { type ActResult, commit, isSame } from './act.ts';
import { NO_NEWS, withUnmailed } from './news.ts';
import type { RemedyPorts } from './ports.ts';

export interface Run {
  /** Of the acts of earlier runs. */
  readonly outcomes: readonly ActOutcome[];
  /** The pause of automatic acts that they bring about; null: none. */
  readonly pausedNow: Pause | null;
  readonly results: readonly ActResult[];
  /** What was held back without a fresh check. */
  readonly held: readonly Decision[];
  readonly requester: string;
  /** Whose metrics are published. */
  readonly stack: string;
}

/** What a run has to say, and what failed meanwhile: a sentence each without a full stop. */
interface Finished {
  readonly news: RemedyNews;
  readonly problems: string[];
}

/** To the check that asked. */
export interface Answered extends Finished {
  /** By which the check acknowledges the news; null: there is none, or it could not be kept. */
  readonly receipt: string | null;
}

const attemptIn =
  (problems: string[], { log }: Pick<RemedyPorts, 'log'>) =>
  async <T>(step: string, work: Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      const text = messageOf(error);
      log.error('step.failed', { step, text });
      problems.push(`${step}: ${text}`);
      return fallback;
    }
  };

/**
 * A person's run: it mails by itself and at once, the outcomes of other acts that it found among its news.
 * @returns what failed. Never rejects.
 */
export async function finishByMail(run: Run, ports: RemedyPorts): Promise<string[]> {
  const { news, problems } = await finish(run, ports);
  const attempt = attemptIn(problems, ports);
  const mail = async () => {
    await ports.notify(news);
    return true;
  };
  if (!isNews(news) || !(await attempt('the mail', mail(), false))) return problems;
  problems.push(...(await settle(news, run, ports)));
  return problems;
}

/**
 * The run that a check asks for: its news is for that check to mail. It is kept until the check says that the mail is
 * out; what was made and not acknowledged comes once more with the next run. Never rejects.
 *
 * @param open the acts that are still open
 */
export async function finishByAnswer(run: Run, open: readonly Act[], ports: RemedyPorts): Promise<Answered> {
  const { news: own, problems } = await finish(run, ports);
  const attempt = attemptIn(problems, ports);
  for (let tries = 0; tries < KEEP_TRIES; tries++) {
    const kept = await attempt('news that is not mailed yet could not be read', ports.readUnmailed(), undefined);
    if (kept === undefined) break;
    const news = withUnmailed(own, kept?.news.acted ?? [], open);
    if (!isNews(news)) return { news, receipt: null, problems };
    const saving = ports.saveUnmailed(news, kept?.receipt ?? null);
    const receipt = await attempt('the news could not be kept until it is mailed', saving, undefined);
    if (receipt === undefined) return { news, receipt: null, problems };
    // Null: another run has written meanwhile.
    if (receipt !== null) return { news, receipt, problems };
  }
  return { news: withUnmailed(own, [], open), receipt: null, problems };
}

/**
 * What a check has mailed goes on record.
 * @returns whether it was the news that is kept, and what failed
 * @throws where it can't be read
 */
export async function settleMailed(
  receipt: string,
  stack: string,
  ports: RemedyPorts,
): Promise<{ readonly isKnown: boolean; readonly problems: string[] }> {
  const kept = await ports.readUnmailed();
  if (kept?.receipt !== receipt) return { isKnown: false, problems: [] };
  const problems = await settle(kept.news, { requester: 'schedule', stack }, ports);
  const attempt = attemptIn(problems, ports);
  const nothing = { ...NO_NEWS, now: ports.clock.now() };
  await attempt('that the news is mailed could not be noted', ports.saveUnmailed(nothing, receipt), null);
  return { isKnown: true, problems };
}

/** Log, history and metrics of what was done and held back: none of it waits for a mail. */
async function finish({ results, held, requester, stack, ...found }: Run, ports: RemedyPorts): Promise<Finished> {
  const problems: string[] = [];
  const attempt = attemptIn(problems, ports);
  const now = ports.clock.now();
  const allHeld = [...held, ...results.filter(({ act }) => act === null).map(({ decision }) => decision)];
  for (const decision of allHeld) ports.log.info('remedy.held', { ...decision, requester });
  const lines = await attempt('histories could not be read', newsAmong(allHeld, requester, now, ports), []);
  const escalated = new Set(lines.filter(({ remedy }) => remedy === 'escalated').map(({ instanceId }) => instanceId));
  const made = results.flatMap(({ act, ...rest }) => (act === null ? [] : [{ ...rest, act }]));
  const { outcomes, pausedNow } = found;
  if (pausedNow !== null) ports.log.error('remedy.automatic_paused', { ...pausedNow });
  await save(
    lines.filter(({ remedy }) => remedy !== 'escalated'),
    attempt,
    ports,
  );
  await attempt('metrics', publish(countsOf(made), stack, now, ports), undefined);
  return {
    news: {
      outcomes,
      pausedNow,
      acted: made.map(({ decision, act, text, evidence }) => ({ decision, act, text, evidence })),
      escalated: allHeld.filter((one) => escalated.has(one.instanceId)),
      now,
    },
    problems,
  };
}

/** Once the mail is out: what acts came to, and who was handed over to a person. Done twice it changes nothing more. */
async function settle(
  { outcomes, acted, escalated }: RemedyNews,
  { requester, stack }: Pick<Run, 'requester' | 'stack'>,
  ports: RemedyPorts,
): Promise<string[]> {
  const problems: string[] = [];
  const attempt = attemptIn(problems, ports);
  const now = ports.clock.now();
  const ended: readonly Act[] = [
    ...outcomes.map(({ act, outcome }) => ({ ...act, state: outcome })),
    ...acted.flatMap(({ act }) => (act.state === 'failed' ? [act] : [])),
  ];
  // Where that fails it may be on record all the same: rather a line too many in the history than none.
  const settled = ended.length === 0 ? [] : await attempt('the record of acts', commit(ports, ended), ended);
  const isSettled = ({ act }: { readonly act: Act }) => settled.some((other) => isSame(other, act));
  const verified = outcomes.filter(isSettled);
  for (const one of verified)
    ports.log.info('remedy.verified', { ...one.act, outcome: one.outcome, text: one.sentence });
  const handedOver = await attempt('histories could not be read', newsAmong(escalated, requester, now, ports), []);
  const lines = [
    ...handedOver,
    ...verified.map((one) => outcomeLine(one, now)),
    ...acted.filter(isSettled).flatMap(refusalLine),
  ];
  await save(lines, attempt, ports);
  const avoided = verified.filter(({ rebootAvoided }) => rebootAvoided).length;
  await attempt('metrics', publish([[FLEET_METRIC.rebootsAvoided, avoided]], stack, now, ports), undefined);
  return problems;
}

const save = (lines: readonly HistoryEntry[], attempt: ReturnType<typeof attemptIn>, ports: RemedyPorts) =>
  Promise.all(lines.map((entry) => attempt('the history', ports.saveHistory(entry), undefined)));

/** Runs that get in each other's way are few, and each writes once. */
const KEEP_TRIES = 4;
/** One run writes no more lines about an instance; they all have the run's time, and so no order among them. */
const SAME_MOMENT_AT_MOST = 5;

/** The decisions that an instance's newest lines don't hold yet: a guard that holds all night is one line. */
async function newsAmong(
  decisions: readonly Decision[],
  requester: string,
  at: Date,
  ports: RemedyPorts,
): Promise<readonly HistoryEntry[]> {
  const entries = await Promise.all(
    decisions.map(async ({ instanceId, remedy, heldBy, why }) => {
      const lines = await ports.readHistory(instanceId, SAME_MOMENT_AT_MOST);
      const newest = lines.filter((line) => line.at.getTime() === lines[0]?.at.getTime());
      const isOld = newest.some((line) => line.outcome === 'held' && line.remedy === remedy && line.heldBy === heldBy);
      return isOld ? [] : [{ at, instanceId, remedy, outcome: 'held' as const, heldBy, why, requester, evidence: [] }];
    }),
  );
  return entries.flat();
}

function outcomeLine({ act, outcome, sentence }: ActOutcome, at: Date): HistoryEntry {
  const { instanceId, remedy, requester } = act;
  return { at, instanceId, remedy, outcome, heldBy: null, why: sentence, requester, evidence: [] };
}

function refusalLine({ act, text }: { readonly act: Act; readonly text: string }): HistoryEntry[] {
  if (act.state !== 'failed') return [];
  const { at, instanceId, remedy, requester } = act;
  return [{ at, instanceId, remedy, outcome: 'failed', heldBy: null, why: text, requester, evidence: [] }];
}

type Count = readonly [name: string, value: number];

function countsOf(made: readonly { readonly act: Act }[]): readonly Count[] {
  const done = made.filter(({ act }) => act.state !== 'failed').map(({ act }) => act.remedy);
  return [
    [FLEET_METRIC.reboots, done.filter((remedy) => remedy === 'reboot').length],
    [FLEET_METRIC.workerRestarts, done.filter((remedy) => remedy === 'restart-worker').length],
  ];
}

/** A count of zero is not published. */
async function publish(counts: readonly Count[], stack: string, now: Date, ports: RemedyPorts): Promise<void> {
  const points = counts
    .filter(([, value]) => value > 0)
    .map(([name, value]): MetricPoint => ({ name, value, unit: 'Count', dimensions: { Stack: stack } }));
  if (points.length > 0) await ports.publish(points, now);
}
