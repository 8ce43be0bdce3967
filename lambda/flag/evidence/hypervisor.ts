/**
 * What the hypervisor measures of a host that hangs. No guest can forge it and no cut road can hold it back: a crawler that
 * goes on crawling is not hung. Pure.
 *
 * A period that is not published says nothing, neither for a hang nor against it.
 */

import { clockTime, gib, percent } from '../../kit/index.ts';
import type { HypervisorPeriod } from '../../model/index.ts';
import type { Weighed } from './weighed.ts';

/** Of basic monitoring (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/viewing_metrics_with_cloudwatch.html). */
export const PERIOD_MS = 5 * 60_000;
/**
 * The usual level is the median of so long before the last answer: a day and a little, so that a crawler's nights count as
 * much as its days, and none of what came after the last answer counts at all.
 */
export const USUAL_MS = 25 * 60 * 60_000;
/** Fewer than an hour of periods is no usual level. */
const USUAL_PERIODS = 12;
/**
 * A host that usually sends less than this in five minutes has no level to fall from: the kernel of a hung one still sends
 * some tens of KiB of TCP's acknowledgements, and our own logins come on top. A 50th of it is 20 KiB.
 */
const USUAL_BYTES = 1024 * 1024;
const GONE = 1 / 50;
const LOW = 1 / 10;
const WORKING = 1 / 4;
const BUSY_CPU = 95;
/** A processor that is always that busy says nothing: a calculation needs no network. */
const BUSY_CPU_USUAL = 85;
const QUIET_CPU = 10;
const READS_TIMES = 5;
/** 10 a second. Less than this is a log file being read, not a machine that pages. */
const READS_LEAST = 3_000;
/** Evidence against a hang is in the newest periods: a host that leaks may crawl on for a while before it hangs for good. */
const NEWEST = 2;
/** From the beginning of the newest period: published within ten minutes of its end as a rule, with room for one more. */
const STALE_MS = 25 * 60_000;

export interface HypervisorOptions {
  readonly lastAnswer: Date;
  /** Its last answer, or its last reboot where that was later: what is older says nothing of the hang. */
  readonly since: Date;
  /** The first check in a row that failed. Up to it, a period may hold what the host did before it hung. */
  readonly failingSince: Date;
  readonly now: Date;
  /** The host itself was reached. */
  readonly reached: boolean;
  /** It accepted, and its sshd said no word, not even its name; or it can start no process. */
  readonly mute: boolean;
}

interface Usual {
  readonly networkOut: number;
  readonly packetsOut: number | null;
  readonly cpu: number | null;
  readonly readOps: number | null;
}

export interface HypervisorWeighed extends Weighed {
  /** It has a usual level, and no period since the first failure has been published yet, or none of late. */
  readonly isAwaited: boolean;
}

export function weighHypervisor(
  periods: readonly HypervisorPeriod[] | null,
  { lastAnswer, since: begin, failingSince, now, reached, mute }: HypervisorOptions,
): HypervisorWeighed {
  const usual = usualOf(periods ?? [], lastAnswer);
  const known = (periods ?? []).filter((one) => one.networkOut !== null);
  const since = known.filter(({ at }) => at >= begin);
  const exhausted = creditsGone(periods ?? [], begin);
  if (usual === null) return { isAwaited: false, circumstantial: exhausted };
  const newest = since.at(-1);
  const isStale = newest !== undefined && now.getTime() - newest.at.getTime() > STALE_MS;
  const isAwaited = isStale || !since.some(({ at }) => at >= failingSince);
  if (newest === undefined) return { isAwaited, circumstantial: exhausted };
  const notes = [`Its hypervisor: ${described(newest, usual, now)}.`];
  const working = since
    .filter(({ at }) => at >= failingSince)
    .slice(-NEWEST)
    .findLast((one) => (one.networkOut ?? 0) >= WORKING * usual.networkOut);
  if (working !== undefined && !isStale) {
    return { isAwaited, against: [`it sends as it usually does (${described(working, usual, now)})`], notes };
  }
  if (pairs(since).some((pair) => pair.every((one) => isThrashing(one, usual)))) {
    const text = `its traffic, which is gone while it ${isBusy(newest, usual) ? 'computes' : 'reads its disk'} without end (${described(newest, usual, now)})`;
    // A crawler that is cut off may spin on requests that fail, and its sshd wait for a resolver behind the same cut.
    // And what it did a while ago may be over: somebody may have rebooted it.
    const pair = since.slice(-2);
    const isPresent = pair.every((one) => isThrashing(one, usual));
    const flagsOnly = !(isPresent && reached && (mute || pair.every((one) => isPaging(one, usual))));
    return { isAwaited, direct: [text], flagsOnly, circumstantial: exhausted, notes };
  }
  if (isIdle(newest, usual)) {
    const text = `its traffic, which is gone with a quiet processor (${described(newest, usual, now)}): hung, or cut off and idle`;
    return { isAwaited, circumstantial: [text, ...exhausted], notes };
  }
  return { isAwaited, circumstantial: exhausted, notes };
}

function usualOf(periods: readonly HypervisorPeriod[], lastAnswer: Date): Usual | null {
  const before = periods.filter(
    ({ at }) => at.getTime() + PERIOD_MS <= lastAnswer.getTime() && at.getTime() >= lastAnswer.getTime() - USUAL_MS,
  );
  const of = (figure: (one: HypervisorPeriod) => number | null): number | null =>
    median(before.flatMap((one) => figure(one) ?? []));
  const networkOut = of((one) => one.networkOut);
  if (networkOut === null || networkOut < USUAL_BYTES) return null;
  const [packetsOut, cpu, readOps] = [of((one) => one.packetsOut), of((one) => one.cpu), of((one) => one.readOps)];
  return { networkOut, packetsOut, cpu, readOps };
}

function median(values: readonly number[]): number | null {
  if (values.length < USUAL_PERIODS) return null;
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? null;
}

/** Two that follow each other without a gap. */
const pairs = (of: readonly HypervisorPeriod[]): (readonly HypervisorPeriod[])[] =>
  of.flatMap((one, n) => {
    const next = of[n + 1];
    return next !== undefined && next.at.getTime() - one.at.getTime() === PERIOD_MS ? [[one, next]] : [];
  });

/** A host that sends many small packets is not silent, however few bytes they are. */
const sendsUnder = (share: number, one: HypervisorPeriod, usual: Usual): boolean =>
  one.networkOut !== null &&
  one.networkOut < share * usual.networkOut &&
  (one.packetsOut === null || usual.packetsOut === null || one.packetsOut < Math.max(share, LOW) * usual.packetsOut);

const isBusy = ({ cpu }: HypervisorPeriod, usual: Usual): boolean =>
  cpu !== null && cpu >= BUSY_CPU && usual.cpu !== null && usual.cpu <= BUSY_CPU_USUAL;

const reads = ({ readOps }: HypervisorPeriod, usual: Usual): boolean =>
  readOps !== null && usual.readOps !== null && readOps >= Math.max(READS_LEAST, READS_TIMES * usual.readOps);

const isPaging = (one: HypervisorPeriod, usual: Usual): boolean => sendsUnder(GONE, one, usual) && reads(one, usual);

const isThrashing = (one: HypervisorPeriod, usual: Usual): boolean =>
  sendsUnder(GONE, one, usual) && (isBusy(one, usual) || reads(one, usual));

const isIdle = (one: HypervisorPeriod, usual: Usual): boolean =>
  sendsUnder(LOW, one, usual) && one.cpu !== null && one.cpu <= Math.max(QUIET_CPU, (usual.cpu ?? 0) / 2);

/** None left in the newest period since its last answer: it goes on at a fraction of its speed. */
function creditsGone(periods: readonly HypervisorPeriod[], lastAnswer: Date): string[] {
  const newest = periods.findLast(({ at, credits }) => credits !== null && at >= lastAnswer);
  return newest?.credits !== undefined && newest.credits !== null && newest.credits <= 0
    ? ['its CPU credits, of which none is left']
    : [];
}

function described({ at, networkOut, cpu, readOps }: HypervisorPeriod, usual: Usual, now: Date): string {
  const figures = [
    `${bytes(networkOut ?? 0)} sent`,
    ...(cpu === null ? [] : [`CPU at ${percent(cpu)}`]),
    ...(readOps === null ? [] : [`${Math.round(readOps)} reads`]),
  ].join(', ');
  const usually = [
    bytes(usual.networkOut),
    ...(cpu === null || usual.cpu === null ? [] : [percent(usual.cpu)]),
    ...(readOps === null || usual.readOps === null ? [] : [`${Math.round(usual.readOps)} reads`]),
  ].join(', ');
  return `${figures} in the 5 min from ${clockTime(at, now)}, usually ${usually}`;
}

const bytes = (count: number): string => (count >= 10 * 1024 ** 2 ? gib(count) : `${Math.round(count / 1024)} KiB`);
