/**
 * The end of a run: mail, record, history, metrics. What an act came to goes on record only after its mail, and a mail
 * that fails leaves it for the next run: it may be mailed twice, but is never left out.
 */

import { messageOf } from '../kit/index.ts';
import type { Act, ActOutcome, Decision, HistoryEntry, MetricPoint, Pause, RemedyNews } from '../model/index.ts';
import { FLEET_METRIC } from '../model/index.ts';
import { type ActResult, commit } from './act.ts';
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

/** @returns what failed, a sentence each without a full stop. Never rejects. */
export async function finishRun(
  { outcomes, pausedNow, results, held, requester, stack }: Run,
  ports: RemedyPorts,
): Promise<string[]> {
  const problems: string[] = [];
  const attempt = async <T>(step: string, work: Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      const text = messageOf(error);
      ports.log.error('step.failed', { step, text });
      problems.push(`${step}: ${text}`);
      return fallback;
    }
  };
  const now = ports.clock.now();
  const allHeld = [...held, ...results.filter(({ act }) => act === null).map(({ decision }) => decision)];
  for (const decision of allHeld) ports.log.info('remedy.held', { ...decision, requester });
  const news = await attempt('histories could not be read', newsAmong(allHeld, requester, now, ports), []);
  const escalated = news.filter(({ remedy }) => remedy === 'escalated');
  const made = results.flatMap(({ act, ...rest }) => (act === null ? [] : [{ ...rest, act }]));
  const toMail: RemedyNews = {
    outcomes,
    pausedNow,
    acted: made,
    escalated: allHeld.filter((one) => escalated.some(({ instanceId }) => instanceId === one.instanceId)),
    now,
  };
  const isMailed =
    !isNews(toMail) ||
    (await attempt(
      'the mail',
      ports.notify(toMail).then(() => true),
      false,
    ));
  const ended: Act[] = [
    ...outcomes.map(({ act, outcome }) => ({ ...act, state: outcome })),
    ...made.flatMap(({ act }) => (act.state === 'failed' ? [act] : [])),
  ];
  const lines: HistoryEntry[] = [
    ...news.filter(({ remedy }) => remedy !== 'escalated' || isMailed),
    ...(isMailed ? [...outcomes.map((one) => outcomeLine(one, now)), ...made.flatMap(refusalLine)] : []),
  ];
  if (pausedNow !== null) ports.log.error('remedy.automatic_paused', { ...pausedNow, isMailed });
  if (isMailed && ended.length > 0) await attempt('the record of acts', commit(ports, ended), undefined);
  for (const one of outcomes)
    ports.log.info('remedy.verified', { ...one.act, outcome: one.outcome, text: one.sentence });
  await Promise.all(lines.map((entry) => attempt('the history', ports.saveHistory(entry), undefined)));
  const points = pointsOf(made, isMailed ? outcomes : [], stack);
  if (points.length > 0) await attempt('metrics', ports.publish(points, now), undefined);
  return problems;
}

const isNews = ({ outcomes, pausedNow, acted, escalated }: RemedyNews): boolean =>
  outcomes.length > 0 || pausedNow !== null || acted.length > 0 || escalated.length > 0;

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

/** Counts of this run; a count of zero is not published. */
function pointsOf(
  made: readonly { readonly act: Act }[],
  outcomes: readonly ActOutcome[],
  stack: string,
): MetricPoint[] {
  const done = made.filter(({ act }) => act.state !== 'failed').map(({ act }) => act.remedy);
  const counts = [
    [FLEET_METRIC.reboots, done.filter((remedy) => remedy === 'reboot').length],
    [FLEET_METRIC.workerRestarts, done.filter((remedy) => remedy === 'restart-worker').length],
    [FLEET_METRIC.rebootsAvoided, outcomes.filter(({ rebootAvoided }) => rebootAvoided).length],
  ] as const;
  return counts
    .filter(([, value]) => value > 0)
    .map(([name, value]) => ({ name, value, unit: 'Count', dimensions: { Stack: stack } }));
}
