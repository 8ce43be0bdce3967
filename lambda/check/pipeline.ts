/**
 * THE PIPELINE: the only file that knows the order of a check, and what a check needs of the world.
 *
 *     discover -> probe -> assess -> publish | (notify, then tags), then remedy
 *
 * A step that fails doesn't stop the others; what failed is returned, and the caller fails at the end.
 */

import {
  composeAlert,
  isGone,
  mailable,
  overtaken,
  planMail,
  withFlag,
  withoutFlag,
  writesAfterMail,
  writesBeforeMail,
} from '../alert/index.ts';
import { type Evidence, evidenceSentences, planFlags, secondOpinions } from '../flag/index.ts';
import { forecastsOf, needsHistory } from '../forecast/index.ts';
import { assess, instanceReport } from '../judge/index.ts';
import { isoSeconds, plural } from '../kit/index.ts';
import { departuresOf, forgetAfterMail, forgetBeforeMail, type Transition, transition } from '../memory/index.ts';
import type {
  Alert,
  Clock,
  GatherEvidence,
  History,
  Instance,
  InstanceReport,
  Log,
  MetricPoint,
  ProbedInstance,
  Report,
  TagFailure,
  TagWrite,
  Transports,
} from '../model/index.ts';
import { probeFleet } from '../probe/index.ts';
import { callsForRemedy } from '../remedy/index.ts';
import { logFields, metricPoints, summarise } from '../report/index.ts';
import type { Settings } from '../settings/index.ts';

/** Where a check's results go. A check that only reads has none. */
export interface Outlets {
  publish(points: readonly MetricPoint[], at: Date): Promise<void>;
  notify(alert: Alert): Promise<void>;
  /**
   * Returns the instances whose tags could not be written, each with why.
   * @param described the instances as they were found: where each of them is
   */
  writeTags(writes: readonly TagWrite[], described: readonly Instance[]): Promise<readonly TagFailure[]>;
  readonly gatherEvidence: GatherEvidence;
  /** Whether flagging was suppressed in the last check that published; null when none did. */
  wasSuppressed(): Promise<boolean | null>;
  /** Has whoever may act look at the fleet, by what its tags say now; absent where nothing acts without a person. */
  remedy?(at: Date): Promise<void>;
}

/** What a check needs of the world. */
export interface Ports {
  readonly source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws';
  readonly clock: Clock;
  readonly log: Log;
  readonly transports: Transports;
  /**
   * Every instance that carries the watch tag, whatever its state. Rejects when it can't be told.
   * `problem` is told of each part of the fleet that can't; of its instances nothing is said then.
   */
  discover(problem?: (text: string) => void): Promise<readonly Instance[]>;
  /** Past samples, for forecasts; instances without any are absent. */
  history(instances: readonly Instance[]): Promise<ReadonlyMap<string, History>>;
  readonly outlets: Outlets | null;
  /** Called as hosts finish. */
  readonly watch?: {
    discovered?(count: number): void;
    assessed?(instance: InstanceReport): void;
  };
}

export interface CheckOptions {
  /** Milliseconds from now in which hosts may be asked; publishing comes after. */
  readonly deadlineMs: number;
  /** Aborted when a person gives up: what is known by then is reported. */
  readonly signal?: AbortSignal;
  /** When the check began, where others began it. @default now */
  readonly begunAt?: Date;
}

export interface CheckResult {
  readonly report: Report;
  /** Flags standing after this check. */
  readonly flagged: number;
  /** What failed, a sentence each; empty when all of the check was done. */
  readonly errors: readonly string[];
}

/**
 * One check of the fleet.
 * @throws what `ports.discover` throws: without a fleet there is nothing to say, and nobody is flagged.
 */
export async function checkFleet(settings: Settings, ports: Ports, options: CheckOptions): Promise<CheckResult> {
  const at = ports.clock.now();
  const elapsedMs = (since = at) => ports.clock.now().getTime() - since.getTime();
  const remaining = () => ({ ...options, deadlineMs: Math.max(0, options.deadlineMs - elapsedMs()) });
  const errors: string[] = [];
  const problems: string[] = [];
  const orElse = async <T>(step: string, work: Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      ports.log.error('step.failed', { step, text });
      errors.push(`${step}: ${text}`);
      return fallback;
    }
  };
  const writes = ports.outlets !== null;
  const judged = new Map<string, Transition>();
  const evidence = new Map<string, Evidence>();

  const unread: string[] = [];
  const described = await ports.discover((text) => {
    ports.log.error('step.failed', { step: 'discover', text });
    errors.push(`discover: ${text}`);
    unread.push(text);
  });
  const probable = described.filter((one) => one.skipped === null);
  for (const { id, unreadable } of probable) {
    if (unreadable.length > 0) ports.log.warn('tags.ignored', { id, keys: unreadable });
  }
  ports.watch?.discovered?.(probable.length);
  // Hosts that need no history are judged and shown the moment they have answered.
  const probed = await probeFleet(probable, ports, settings, remaining(), (one) => {
    if (!needsHistory(one.outcome, settings)) judge(one);
  });
  const low = probed.filter((one) => needsHistory(one.outcome, settings));
  const histories =
    low.length === 0 ? null : await orElse('history', ports.history(low.map((one) => one.instance)), null);
  for (const one of low) judge(one, histories?.get(one.instance.id));

  if (ports.outlets !== null) await act(ports.outlets);

  const instances = inOrder().map((t) => instanceReport(t, writes, evidenceSentences(evidence.get(t.instance.id), at)));
  for (const instance of instances) {
    ports.log.info('instance.checked', logFields(instance, at, settings.schedule.everyMinutes));
  }
  return {
    report: {
      version: 1,
      checkedAt: isoSeconds(at),
      source: ports.source,
      durationMs: elapsedMs(options.begunAt),
      summary: summarise(instances),
      instances,
      skipped: described.flatMap(({ id, name, skipped: why }) => (why === null ? [] : [{ id, name, why }])),
      problems: [...problems, ...errors],
    },
    flagged: instances.filter((instance) => instance.flagged).length,
    errors,
  };

  function inOrder(): Transition[] {
    return probable.flatMap(({ id }) => judged.get(id) ?? []);
  }

  function judge(one: ProbedInstance, history?: History): void {
    const forecasts = forecastsOf(one.instance, one.outcome, history, at, settings);
    const t = transition(one, assess(one.instance, one.outcome, settings, forecasts), at, settings);
    judged.set(one.instance.id, t);
    ports.watch?.assessed?.(instanceReport(t, writes, []));
  }

  /** Flags what is due, then tells: metrics on one side, mail and tags on the other. */
  async function act(outlets: Outlets): Promise<void> {
    const gatherEvidence = (of: readonly Instance[]) => orElse('evidence', outlets.gatherEvidence(of), new Map());
    const second = await secondOpinions(inOrder(), { ...ports, gatherEvidence }, settings, remaining, at);
    for (const [id, one] of second.evidence) evidence.set(id, one);
    for (const one of second.answered) judge(one);
    const failing = inOrder().some((t) => t.kind === 'hung' || t.kind === 'ours');
    // Unknown means don't act: where the breaker's last word can't be read, it counts as tripped.
    const wasSuppressed = failing ? await orElse('breaker', outlets.wasSuppressed(), true) : false;
    const plan = planFlags(inOrder(), second.confirmations, wasSuppressed, at, settings);
    for (const decision of plan.decisions) ports.log.info('flag.decided', { ...decision });
    for (const t of inOrder()) judged.set(t.instance.id, withFlag(t, plan, at));

    const transitions = inOrder();
    const points = metricPoints(transitions, plan.breaker.tripped, elapsedMs(options.begunAt), settings);
    const departures = departuresOf(described);
    await Promise.all([orElse('metrics', outlets.publish(points, at), undefined), orElse('mail', tell(), undefined)]);
    // Last, since it goes by the tags that were just written.
    if (outlets.remedy !== undefined && callsForRemedy(inOrder(), plan.breaker, at, settings)) {
      await orElse('remedy', outlets.remedy(at), undefined);
    }

    async function tell(): Promise<void> {
      const news = planMail(transitions, plan, at, settings);
      const late =
        news.length === 0 ? new Set() : overtaken(transitions, await orElse('overlap', ports.discover(), described));
      const own = transitions.filter((t) => !late.has(t.instance.id));
      const planned = news.filter((entry) => !late.has(entry.transition.instance.id));
      const refused = await write([...writesBeforeMail(own, planned), ...forgetBeforeMail(departures)]);
      const unwritable = new Set(refused.map((failure) => failure.id));
      for (const t of own) if (unwritable.has(t.instance.id)) judged.set(t.instance.id, withoutFlag(t));
      const { entries, tagTrouble } = mailable(planned, refused, at, settings);
      const departed = departures.filter(({ id, isNews }) => isNews && !unwritable.has(id));
      const checked = transitions.length;
      const context = { now: at, checked, evidence, breaker: plan.breaker, departed, tagTrouble, unread };
      const alert = composeAlert(entries, context);
      const notified = alert === null ? null : outlets.notify(alert).then(() => true);
      const sent = notified === null || (await orElse('notify', notified, false));
      await write([
        ...writesAfterMail(own, entries, sent, unwritable),
        ...forgetAfterMail(departures, sent, unwritable),
      ]);
    }

    async function write(tagWrites: readonly TagWrite[]): Promise<readonly TagFailure[]> {
      if (tagWrites.length === 0) return [];
      const everyId = [...new Set(tagWrites.flatMap((tagWrite) => tagWrite.ids))];
      const failed = await orElse(
        'tags',
        outlets.writeTags(tagWrites, described),
        everyId.map((id) => ({ id, text: 'see the error' })),
      );
      for (const failure of failed) {
        ports.log.error('state.notSaved', { code: 'StateNotSaved', ...failure });
        problems.push(`StateNotSaved: ${failure.id}: ${failure.text}`);
      }
      const lost = failed.filter((failure) => !isGone(failure));
      if (lost[0] !== undefined)
        errors.push(`tags: the state of ${plural(lost.length, 'instance')} was not saved: ${lost[0].text}`);
      return failed;
    }
  }
}
