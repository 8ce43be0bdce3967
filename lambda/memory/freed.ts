/** When a host's memory was given back by force: a low that ended so was not survived. Pure. */
import type { InstanceState, ProbeOutcome } from '../model/index.ts';
import { newOomKills } from './seen.ts';

/** As far back as a forecast looks. */
const KEPT_MS = 7 * 24 * 3_600_000;
/** A host whose processes are killed every few minutes needs no more. */
const MOST = 20;

type Known = Pick<InstanceState, 'bootedAt' | 'acted' | 'freed'>;

/**
 * Those of the past week, oldest first; undefined where there are none, which is most hosts.
 * @param after what this check makes of boot and remedy: the last boot is kept there, and only here once another follows
 */
export function freedAfter(
  before: Known & Pick<InstanceState, 'seen'>,
  after: Pick<Known, 'bootedAt' | 'acted'>,
  outcome: ProbeOutcome,
  now: Date,
): readonly Date[] | undefined {
  const isRebooted = before.bootedAt !== null && before.bootedAt.getTime() !== after.bootedAt?.getTime();
  const times = [
    ...(before.freed ?? []),
    ...(isRebooted ? [before.bootedAt] : []),
    ...(after.acted === null ? [] : [after.acted.at]),
    ...(outcome.kind === 'vitals' && newOomKills(before.seen, outcome.vitals) > 0 ? [now] : []),
  ].map((at) => at.getTime());
  const kept = [...new Set(times)].filter((at) => now.getTime() - at < KEPT_MS).sort((a, b) => a - b);
  return kept.length === 0 ? undefined : kept.slice(-MOST).map((at) => new Date(at));
}

/**
 * All that is known by a check, the kills that it finds included.
 * @param remembered as the check before left it
 */
export function freedBy(
  remembered: Known & Pick<InstanceState, 'seen'>,
  outcome: ProbeOutcome,
  now: Date,
): readonly Date[] {
  const { bootedAt } = remembered;
  return [...(freedAfter(remembered, remembered, outcome, now) ?? []), ...(bootedAt === null ? [] : [bootedAt])];
}
