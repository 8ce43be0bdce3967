/**
 * The end of a run: history, mail, record, metrics. What an act came to is on record only after its mail, and a mail that
 * fails leaves it for the next run: told twice at worst, and never not at all.
 */

import type { Act, Decision, HistoryEntry, MetricPoint } from '../model/index.ts';
import { FLEET_METRIC } from '../model/index.ts';
import { type Acted, messageOf, settle } from './act.ts';
import { composeRemedyAlert } from './message.ts';
import type { RemedyPorts } from './ports.ts';
import type { ActOutcome } from './verify.ts';

export interface RunNews {
  readonly outcomes: readonly ActOutcome[];
  readonly acted: readonly Acted[];
  /** What was held back without being looked at anew. */
  readonly unheard: readonly Decision[];
  readonly asker: string;
  /** Whose metrics they are. */
  readonly stack: string;
}

/** @returns what failed, a sentence each without a full stop. Never rejects. */
export async function tell({ outcomes, acted, unheard, asker, stack }: RunNews, ports: RemedyPorts): Promise<string[]> {
  const problems: string[] = [];
  const orTell = async <T>(what: string, work: Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      ports.log.error('step.failed', { step: what, text: messageOf(error) });
      problems.push(`${what}: ${messageOf(error)}`);
      return fallback;
    }
  };
  const now = ports.clock.now();
  const held = [...unheard, ...acted.filter(({ act }) => act === null).map(({ decision }) => decision)];
  for (const decision of held) ports.log.info('remedy.held', { ...decision, asker });
  const news = await orTell('histories could not be read', newsAmong(held, asker, now, ports), []);
  const persons = news.filter(({ remedy }) => remedy === 'person');
  const made = acted.flatMap(({ act, ...rest }) => (act === null ? [] : [{ ...rest, act }]));
  const alert = composeRemedyAlert({
    outcomes,
    acted: made,
    persons: held.filter((one) => persons.some(({ instanceId }) => instanceId === one.instanceId)),
    now,
  });
  const isTold =
    alert === null ||
    (await orTell(
      'the mail',
      ports.notify(alert).then(() => true),
      false,
    ));
  const settled: Act[] = [
    ...outcomes.map(({ act, outcome }) => ({ ...act, state: outcome })),
    ...made.flatMap(({ act }) => (act.state === 'failed' ? [act] : [])),
  ];
  const heard: HistoryEntry[] = [
    ...news.filter(({ remedy }) => remedy !== 'person' || isTold),
    ...(isTold ? [...outcomes.map((one) => ended(one, now)), ...made.flatMap(refused)] : []),
  ];
  if (isTold && settled.length > 0) await orTell('the record of acts', settle(ports, settled), undefined);
  for (const one of outcomes)
    ports.log.info('remedy.verified', { ...one.act, outcome: one.outcome, text: one.sentence });
  await Promise.all(heard.map((entry) => orTell('the history', ports.saveHistory(entry), undefined)));
  const points = pointsOf(made, isTold ? outcomes : [], stack);
  if (points.length > 0) await orTell('metrics', ports.publish(points, now), undefined);
  return problems;
}

/** One run writes no more lines of an instance, which all have its time and so no order among them. */
const SAME_MOMENT_AT_MOST = 5;

/** What was decided, without what an instance's newest line says already: a guard that holds all night is one line. */
async function newsAmong(
  decisions: readonly Decision[],
  asker: string,
  at: Date,
  ports: RemedyPorts,
): Promise<readonly HistoryEntry[]> {
  const entries = await Promise.all(
    decisions.map(async ({ instanceId, remedy, heldBy, why }) => {
      const lines = await ports.readHistory(instanceId, SAME_MOMENT_AT_MOST);
      const newest = lines.filter((line) => line.at.getTime() === lines[0]?.at.getTime());
      const isOld = newest.some((line) => line.outcome === 'held' && line.remedy === remedy && line.heldBy === heldBy);
      return isOld ? [] : [{ at, instanceId, remedy, outcome: 'held' as const, heldBy, why, asker, evidence: [] }];
    }),
  );
  return entries.flat();
}

function ended({ act, outcome, sentence }: ActOutcome, at: Date): HistoryEntry {
  const { instanceId, remedy, asker } = act;
  return { at, instanceId, remedy, outcome, heldBy: null, why: sentence, asker, evidence: [] };
}

function refused({ act, text }: { readonly act: Act; readonly text: string }): HistoryEntry[] {
  if (act.state !== 'failed') return [];
  const { at, instanceId, remedy, asker } = act;
  return [{ at, instanceId, remedy, outcome: 'failed', heldBy: null, why: text, asker, evidence: [] }];
}

/** Counts of this run; one that is zero is not worth a value. */
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
