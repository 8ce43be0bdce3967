/**
 * The forecast's thresholds, each with its reason. docs/forecast.md has what every one of them buys, on hosts that none
 * was tuned on.
 */

export type Resource = 'memory' | 'disk';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Of one resource. Available shares are 0 to 1, times are milliseconds. */
export interface Rule {
  /** Here hosts hang. */
  readonly floor: number;
  /** Above this the level alone never speaks. */
  readonly low: number;
  /** How deep it must be to speak by level or by trend: 0 is the floor, 1 the survived low. */
  readonly depthByLevel: number;
  readonly depthByTrend: number;
  readonly horizon: number;
  /** How long the condition must be gone before it stops. */
  readonly hold: number;
  /** The stretch of the past in which a low counts as survived. */
  readonly pastFrom: number;
  readonly pastTo: number;
  /** A low counts in full once it came again so much later, or lasted so long. One dip proves little. */
  readonly again: number;
  /** How much a single low counts beside one that came again, 0 to 1. */
  readonly once: number;
  /** The survived low is never taken lower, but for a host that lives there: closer to the floor, nothing is ordinary. */
  readonly survivedMin: number;
  /** A host younger than this has no past to speak of: its survived low is at most `survivedMaxYoung`. */
  readonly young: number;
  readonly survivedMaxYoung: number;
  /** A gap that began below this was an outage by exhaustion: that low was not survived. */
  readonly outageBelow: number;
  /** A leap up from below this was a rescue (a kill, a restart, a clean-up): nor was that. */
  readonly rescueBelow: number;
  /** Nor was a low below this that ended with a boot, a kill or a restart. */
  readonly endBelow: number;
  /** So long before such an end no low was survived. */
  readonly runUp: number;
  /**
   * A host that was below `survivedMin` in so many hours lives there; its floor is then this part of its survived low.
   * One sample below `atOnce` times the lowest that it has lived through is enough; 0: none is.
   */
  readonly livesLow: { readonly hours: number; readonly floor: number; readonly atOnce: number } | null;
  /** A fall of so much within half an hour, half of it at once, must last that long before it counts. */
  readonly drop: { readonly fall: number; readonly within: number; readonly lasts: number } | null;
  /** It doesn't begin by the trend of the hour at a sample above any of so long before; 0: at any. */
  readonly fallsFor: number;
  /** Above this share available it doesn't begin by level or hour where jobs took that part of what was lost. */
  readonly passing: { readonly above: number; readonly fresh: number } | null;
  /** The lower envelope: minima of `parts` equal parts of a window, which fall to the floor within the horizon. */
  readonly envelope: { readonly window: number; readonly parts: number; readonly horizon: number } | null;
}

export const FORECAST_RULES: Readonly<Record<Resource, Rule>> = {
  memory: {
    floor: 0.03,
    low: 0.17,
    depthByLevel: 0.4,
    depthByTrend: 0.62,
    horizon: 1.5 * HOUR,
    hold: 2 * HOUR,
    pastFrom: 7 * DAY,
    pastTo: 10 * HOUR,
    again: 2 * HOUR,
    once: 0.4,
    survivedMin: 0.08,
    young: DAY,
    survivedMaxYoung: 0.1,
    outageBelow: 0.12,
    rescueBelow: 0.05,
    endBelow: 0.17,
    runUp: 10 * HOUR,
    livesLow: { hours: 24, floor: 0.7, atOnce: 0.85 },
    // A minute more and less: samples come some seconds early or late.
    drop: { fall: 0.15, within: 31 * MINUTE, lasts: 29 * MINUTE },
    fallsFor: 16 * MINUTE,
    passing: { above: 0.08, fresh: 0.5 },
    envelope: { window: 12 * HOUR, parts: 6, horizon: 4 * HOUR },
  },
  disk: {
    floor: 0.01,
    low: 0.05,
    depthByLevel: 0.56,
    depthByTrend: 0.56,
    horizon: DAY,
    hold: 2 * HOUR,
    pastFrom: 14 * DAY,
    pastTo: DAY,
    again: 0,
    once: 1,
    survivedMin: 0.04,
    young: 2 * DAY,
    survivedMaxYoung: 0.1,
    outageBelow: 0.05,
    // Logs that rotate free as much, every day: only what was as good as full was rescued.
    rescueBelow: 0.02,
    endBelow: 0,
    // A clean-up may have made another disk of it.
    runUp: Number.POSITIVE_INFINITY,
    livesLow: null,
    drop: null,
    fallsFor: 0,
    passing: null,
    envelope: null,
  },
};
