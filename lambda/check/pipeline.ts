/**
 * THE PIPELINE: the only file that knows the order of a check.
 *
 *     discover -> remember -> probe -> judge -> decide -> remember -> act -> tell
 *
 * It acts before the mail, since one mail can only say what came of an act after it; and after what was decided is
 * remembered and tagged, since the remedy function acts by nothing else. Where its answer doesn't come, the mail goes out
 * without it.
 *
 * A step that fails doesn't stop the others; what failed is returned, and the caller fails at the end. A check that can't
 * read the state, or finds that another check has written it meanwhile, flags nothing and acts on nothing.
 */
import { announceUnremembered, NO_ACTS, openMail, sendMail } from '../alert/index.ts';
import { type Evidence, evidenceSentences, FLEET, planFlags, secondOpinions, withFlags } from '../flag/index.ts';
import { forecastsOf, needsHistory } from '../forecast/index.ts';
import { assess, instanceReport, UNREADABLE_MUTE } from '../judge/index.ts';
import { isoSeconds } from '../kit/index.ts';
import {
  departuresOf,
  KeptProcesses,
  nextState,
  snapshotOf,
  type Transition,
  transition,
  withState,
} from '../memory/index.ts';
import type {
  CurrentProcesses,
  FleetState,
  History,
  Instance,
  InstanceReport,
  ProbedInstance,
  Report,
} from '../model/index.ts';
import { probeFleet } from '../probe/index.ts';
import { callsForRemedy } from '../remedy/index.ts';
import { logFields, metricPoints, startSummary, summarise } from '../report/index.ts';
import type { Settings } from '../settings/index.ts';
import { acknowledge, askRemedy } from './acts.ts';
import { claim } from './claim.ts';
import type { Outlets, Ports, StatePort } from './ports.ts';
import { remember } from './remember.ts';
import { type CheckOptions, startRun } from './run.ts';
import { isSettled, settled } from './settled.ts';

export interface CheckResult {
  readonly report: Report;
  /** Flags after this check. */
  readonly flagged: number;
  /** What failed, a sentence each; empty when all of the check was done. */
  readonly errors: readonly string[];
}

/**
 * One check of the fleet.
 * @throws what `ports.discover` throws: without a fleet there is nothing to say, and nothing is flagged
 */
export async function checkFleet(settings: Settings, ports: Ports, options: CheckOptions): Promise<CheckResult> {
  const { log, outlets } = ports;
  const run = startRun(ports, options);
  const { at, orElse } = run;
  const judged = new Map<string, Transition>();
  /** Where nothing is decided on hosts, no more than this is kept of them. */
  const reported = new Map<string, InstanceReport>();
  const evidence = new Map<string, Evidence>();

  // Discover.
  const unread: string[] = [];
  const discover = () =>
    ports.discover((text) => {
      run.failed('discover', text);
      unread.push(text);
    });
  // What is found becomes what is remembered of it, so that a large fleet is held once.
  let found = await claim(await discover(), settings, outlets, orElse);

  // Remember.
  const before = await remember(ports, run);
  found = found.map((one) => (one.skipped === null ? withState(one, before.state) : one));
  const instances = found.filter((one) => one.skipped === null);
  for (const { id, unreadable, mute } of instances) {
    if (unreadable.length > 0) log.warn('tags.ignored', { id, keys: unreadable });
    if (mute === 'unreadable') log.warn('mute.unreadable', { id, text: UNREADABLE_MUTE });
  }
  ports.watch?.discovered?.(instances.length);
  const lastAt = before.state.at;
  const isRepeat = lastAt !== null && lastAt <= at && run.elapsedMs(lastAt) < settings.schedule.everyMinutes * 30_000;

  // Probe and judge: a host that needs no history is judged and shown the moment it has answered.
  const isStreamed = instances.length >= (options.streamsFrom ?? Number.POSITIVE_INFINITY);
  /** Those of which all was said at once; who held their memory, until it is known whether that is kept. */
  const done = new Set<string>();
  const holders = new KeptProcesses(at);
  const summary = startSummary();
  await probeAndJudge();

  // Decide, remember, act and tell.
  if (outlets !== null) await decideAndTell(outlets);

  const reports: InstanceReport[] = [];
  let flagged = 0;
  for (const { id } of instances) {
    const t = judged.get(id);
    if (done.has(id)) continue;
    const report =
      t === undefined ? reported.get(id) : instanceReport(t, true, evidenceSentences(evidence.get(id)), at);
    if (report === undefined) continue;
    say(report);
    if (report.flagged) flagged += 1;
    if (t !== undefined) summary.add(report);
    if (!isStreamed) reports.push(report);
  }
  return {
    report: {
      version: 1,
      checkedAt: isoSeconds(at),
      source: ports.source,
      durationMs: run.elapsedMs(options.begunAt),
      summary: isStreamed ? summary.counted() : summarise(reports),
      instances: reports,
      skipped: found.flatMap(({ id, name, skipped: why }) => (why === null ? [] : [{ id, name, why }])),
      problems: [...run.problems, ...run.errors],
    },
    flagged,
    errors: run.errors,
  };

  function inOrder(): Transition[] {
    return instances.flatMap(({ id }) => judged.get(id) ?? []);
  }

  /** Of its own, so that what hosts have answered is let go with it. */
  async function probeAndJudge(): Promise<void> {
    const low = await probeFleet(instances, ports, settings, run.limits(), (one) => {
      if (needsHistory(one.outcome, settings)) return true;
      judge(one);
      return false;
    });
    const past = low.length === 0 ? null : await orElse('history', ports.history(low.map((one) => one.instance)), null);
    for (const one of low) judge(one, past?.get(one.instance.id));
  }

  function judge(one: ProbedInstance, history?: History): void {
    const forecasts = forecastsOf(one.instance, one.outcome, history, at, settings);
    const assessment = assess(one.instance, one.outcome, settings, forecasts);
    const t = transition(one, assessment, at, settings, isRepeat);
    const { id } = one.instance;
    if (outlets !== null) judged.set(id, t);
    if (outlets !== null && ports.watch?.assessed === undefined && !(isStreamed && isSettled(t))) return;
    const report = instanceReport(t, outlets !== null, [], at);
    if (outlets === null && !isStreamed) reported.set(id, options.keeps?.(report) ?? report);
    if (outlets === null && isStreamed) summary.add(report);
    if (outlets !== null && isStreamed && isSettled(t)) settle(t, report);
    ports.watch?.assessed?.(report);
  }

  function settle(t: Transition, report: InstanceReport): void {
    const { id } = t.instance;
    say(report);
    summary.add(report);
    done.add(id);
    if (t.outcome.kind === 'vitals') holders.add(id, snapshotOf(t.outcome.vitals, at));
    judged.set(id, settled(t));
  }

  function say(report: InstanceReport): void {
    log.info('instance.checked', logFields(report, at, settings.schedule.everyMinutes));
  }

  function holdersOf(id: string): CurrentProcesses | undefined {
    const outcome = judged.get(id)?.outcome;
    return holders.get(id) ?? (outcome?.kind === 'vitals' ? snapshotOf(outcome.vitals, at) : undefined);
  }

  async function decideAndTell(to: Outlets): Promise<void> {
    const gatherEvidence = (of: readonly Instance[]) => orElse('evidence', to.gatherEvidence(of), new Map());
    const second = await secondOpinions(inOrder(), { ...ports, gatherEvidence }, settings, run.limits, at);
    for (const [id, one] of second.evidence) evidence.set(id, one);
    for (const one of second.answered) judge(one);
    const plan = planFlags(inOrder(), second.confirmations, suspendedBefore(before.state), at, settings);
    for (const { id, flag, why, evidence: known } of plan.decisions) {
      log.info('flag.decided', {
        id,
        flag,
        why,
        for: [...known.direct, ...known.circumstantial],
        against: known.against,
      });
    }
    const unflagged = inOrder();
    for (const t of withFlags(unflagged, plan, at)) judged.set(t.instance.id, t);

    const transitions = inOrder();
    const { suspended } = plan.breaker;
    const isSuppressed = suspended.length > 0;
    const points = metricPoints(transitions, isSuppressed, run.elapsedMs(options.begunAt), settings);
    const published = orElse('metrics', to.publish(points, at, { get: holdersOf }), undefined);
    const { departures, kept } = departuresOf(before.state.instances, found, unread.length === 0, at);
    const breaker = { suppressed: isSuppressed, mailed: isSuppressed && before.state.breaker.mailed, suspended };
    const next = nextState(transitions, kept, breaker, isRepeat ? lastAt : at);
    const news = { transitions, plan, departures, evidence, unread, found, at };
    const desk = { ...run, outlets: to, log, clock: ports.clock };
    const hasTheSay =
      before.trouble === null && ports.state !== null
        ? await actAndTell(news, { before, next }, ports.state, desk)
        : await announceUnremembered(news, before.trouble ?? 'it has no place', desk, settings);
    await published;
    // What could not be remembered, or is for another check to say, did not happen.
    if (!hasTheSay) for (const t of unflagged) judged.set(t.instance.id, t);
  }

  async function actAndTell(
    news: Parameters<typeof openMail>[0],
    states: Parameters<typeof openMail>[1],
    state: StatePort,
    desk: Parameters<typeof openMail>[3] & { readonly outlets: Outlets },
  ): Promise<boolean> {
    const { remedy } = desk.outlets;
    const asked =
      remedy !== undefined && callsForRemedy(news.transitions, news.plan.breaker, at, settings) ? remedy : null;
    const mail = await openMail(news, states, state, desk, settings, asked !== null);
    if (mail === null) return false;
    const acts = asked === null ? NO_ACTS : await askRemedy(asked, run);
    const areMailed = await sendMail(mail, acts, state, desk, settings);
    if (asked !== null && areMailed && acts.receipt !== null) await acknowledge(asked, acts.receipt, run);
    return true;
  }
}

/** An earlier version knew the fleet alone. */
const suspendedBefore = ({ breaker: { suppressed, suspended } }: FleetState): readonly string[] =>
  suspended ?? (suppressed ? [FLEET] : []);
