/**
 * THE PIPELINE: the only file that knows the order of a check.
 *
 *     discover -> remember -> probe -> judge -> decide -> remember -> tell -> act
 *
 * A step that fails doesn't stop the others; what failed is returned, and the caller fails at the end. Who can't read
 * what earlier checks remember, or finds that another check has written meanwhile, flags nothing and acts on nothing.
 */
import { announce, announceUnremembered } from '../alert/index.ts';
import { type Evidence, evidenceSentences, planFlags, secondOpinions, withFlags } from '../flag/index.ts';
import { forecastsOf, needsHistory } from '../forecast/index.ts';
import { assess, instanceReport } from '../judge/index.ts';
import { errorText, isoSeconds } from '../kit/index.ts';
import { departuresOf, type LoadedState, nextState, type Transition, transition, withState } from '../memory/index.ts';
import { EMPTY_STATE, type History, type Instance, type ProbedInstance, type Report } from '../model/index.ts';
import { probeFleet } from '../probe/index.ts';
import { callsForRemedy } from '../remedy/index.ts';
import { logFields, metricPoints, summarise } from '../report/index.ts';
import type { Settings } from '../settings/index.ts';
import { claim } from './claim.ts';
import type { Outlets, Ports } from './ports.ts';

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
  /** Flags after this check. */
  readonly flagged: number;
  /** What failed, a sentence each; empty when all of the check was done. */
  readonly errors: readonly string[];
}

const NOTHING_LOADED: LoadedState = { state: EMPTY_STATE, etag: null, beginsEmpty: null };

/**
 * One check of the fleet.
 * @throws what `ports.discover` throws: without a fleet there is nothing to say, and nothing is flagged
 */
export async function checkFleet(settings: Settings, ports: Ports, options: CheckOptions): Promise<CheckResult> {
  const { clock, log, outlets } = ports;
  const at = clock.now();
  const elapsedMs = (since = at) => clock.now().getTime() - since.getTime();
  const remaining = () => ({ ...options, deadlineMs: Math.max(0, options.deadlineMs - elapsedMs()) });
  const errors: string[] = [];
  const problems: string[] = [];
  const failed = (step: string, text: string) => {
    log.error('step.failed', { step, text });
    errors.push(`${step}: ${text}`);
  };
  const orElse = async <T>(step: string, work: Promise<T>, fallback: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      failed(step, errorText(error));
      return fallback;
    }
  };

  // Discover.
  const unread: string[] = [];
  const discovered = await ports.discover((text) => {
    failed('discover', text);
    unread.push(text);
  });
  const found = await claim(discovered, settings, outlets, orElse);

  // Remember.
  let trouble: string | null = null;
  const loaded = await (ports.state?.load() ?? Promise.resolve(NOTHING_LOADED)).catch((error: unknown) => {
    trouble = errorText(error);
    if (outlets !== null) failed('state', trouble);
    else problems.push(`state: ${trouble}`);
    return NOTHING_LOADED;
  });
  if (loaded.beginsEmpty !== null && outlets !== null) {
    log.warn('state.beginsEmpty', { text: loaded.beginsEmpty });
    problems.push(`what earlier checks remember begins empty: ${loaded.beginsEmpty}`);
  }
  const instances = found.filter((one) => one.skipped === null).map((one) => withState(one, loaded.state));
  for (const { id, unreadable } of instances) {
    if (unreadable.length > 0) log.warn('tags.ignored', { id, keys: unreadable });
  }
  ports.watch?.discovered?.(instances.length);
  const lastAt = loaded.state.at;
  const isRepeat = lastAt !== null && lastAt <= at && elapsedMs(lastAt) < settings.schedule.everyMinutes * 30_000;

  // Probe and judge: a host that needs no history is judged and shown the moment it has answered.
  const judged = new Map<string, Transition>();
  const evidence = new Map<string, Evidence>();
  const judge = (one: ProbedInstance, history?: History): void => {
    const forecasts = forecastsOf(one.instance, one.outcome, history, at, settings);
    const assessment = assess(one.instance, one.outcome, settings, forecasts);
    const t = transition(one, assessment, at, settings, isRepeat);
    judged.set(one.instance.id, t);
    ports.watch?.assessed?.(instanceReport(t, outlets !== null, []));
  };
  const inOrder = () => instances.flatMap(({ id }) => judged.get(id) ?? []);
  const probed = await probeFleet(instances, ports, settings, remaining(), (one) => {
    if (!needsHistory(one.outcome, settings)) judge(one);
  });
  const low = probed.filter((one) => needsHistory(one.outcome, settings));
  const past = low.length === 0 ? null : await orElse('history', ports.history(low.map((one) => one.instance)), null);
  for (const one of low) judge(one, past?.get(one.instance.id));

  if (outlets !== null) await decideAndTell(outlets);

  const reports = inOrder().map((t) =>
    instanceReport(t, outlets !== null, evidenceSentences(evidence.get(t.instance.id), at)),
  );
  for (const report of reports) log.info('instance.checked', logFields(report, at, settings.schedule.everyMinutes));
  return {
    report: {
      version: 1,
      checkedAt: isoSeconds(at),
      source: ports.source,
      durationMs: elapsedMs(options.begunAt),
      summary: summarise(reports),
      instances: reports,
      skipped: found.flatMap(({ id, name, skipped: why }) => (why === null ? [] : [{ id, name, why }])),
      problems: [...problems, ...errors],
    },
    flagged: reports.filter((report) => report.flagged).length,
    errors,
  };

  async function decideAndTell(to: Outlets): Promise<void> {
    // Decide.
    const gatherEvidence = (of: readonly Instance[]) => orElse('evidence', to.gatherEvidence(of), new Map());
    const second = await secondOpinions(inOrder(), { ...ports, gatherEvidence }, settings, remaining, at);
    for (const [id, one] of second.evidence) evidence.set(id, one);
    for (const one of second.answered) judge(one);
    const plan = planFlags(inOrder(), second.confirmations, loaded.state.breaker.suppressed, at, settings);
    for (const decision of plan.decisions) log.info('flag.decided', { ...decision });
    const unflagged = inOrder();
    if (trouble === null) for (const t of withFlags(inOrder(), plan, at)) judged.set(t.instance.id, t);

    // Remember and tell, with the metrics beside it.
    const transitions = inOrder();
    const { tripped } = plan.breaker;
    const points = metricPoints(transitions, tripped, elapsedMs(options.begunAt), settings);
    const published = orElse('metrics', to.publish(points, at), undefined);
    const { departures, kept } = departuresOf(loaded.state.instances, found, unread.length === 0, at);
    const breaker = { suppressed: tripped, mailed: tripped && loaded.state.breaker.mailed };
    const news = { transitions, plan, departures, evidence, unread, found, at };
    const desk = { outlets: to, log, clock, failed, problems };
    const isTold =
      trouble === null && ports.state !== null
        ? await announce(
            news,
            { before: loaded, next: nextState(transitions, kept, breaker, isRepeat ? lastAt : at) },
            ports.state,
            desk,
            settings,
          )
        : await announceUnremembered(news, trouble ?? 'it has no place', desk, settings);
    await published;
    // What could not be remembered, or is for another check to say, did not happen.
    if (!isTold) for (const t of unflagged) judged.set(t.instance.id, t);

    // Act, by what was just written.
    if (isTold && to.remedy !== undefined && callsForRemedy(inOrder(), plan.breaker, at, settings)) {
      await orElse('remedy', to.remedy(at), undefined);
    }
  }
}
