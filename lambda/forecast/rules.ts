/** The forecast's thresholds. Found on simulated hosts; `crawlwatch backtest` measures them. */

export type Resource = 'memory' | 'disk';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Available shares are 0 to 1, times are milliseconds. */
export const FORECAST_RULES = {
  memory: {
    /** Here hosts hang. */
    floor: 0.03,
    /** Above this the level alone never speaks. */
    low: 0.17,
    /** How deep it must be to speak by level or by trend: 0 is the floor, 1 the survived low. */
    depthByLevel: 0.4,
    depthByTrend: 0.64,
    horizon: 1.5 * HOUR,
    /** How long the condition must be gone before it stops. */
    hold: HOUR,
    /** The stretch of the past in which a low counts as survived. */
    pastFrom: 7 * DAY,
    pastTo: 10 * HOUR,
    /** The survived low is never taken lower: closer to the floor, nothing is ordinary. */
    survivedMin: 0.08,
    /** A host younger than this has no past to speak of: its survived low is at most `survivedMaxYoung`. */
    young: DAY,
    survivedMaxYoung: 0.1,
    /** A gap that began below this was an outage by exhaustion: that low was not survived. */
    outageBelow: 0.12,
    /** A leap up from below this was a rescue (a kill, a restart, a clean-up): nor was that. */
    rescueBelow: 0.05,
  },
  disk: {
    floor: 0.01,
    low: 0.05,
    depthByLevel: 0.6,
    depthByTrend: 0.6,
    horizon: DAY,
    hold: 2 * HOUR,
    pastFrom: 14 * DAY,
    pastTo: DAY,
    survivedMin: 0.04,
    young: 2 * DAY,
    survivedMaxYoung: 0.1,
    outageBelow: 0.05,
    // Logs that rotate free as much, every day: only what was as good as full was rescued.
    rescueBelow: 0.02,
  },
} as const;
