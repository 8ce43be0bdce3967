/** A token bucket, as AWS meters its APIs: so many calls at once, so many more a second. Pure. */

export interface Rate {
  /** Calls at once after a rest. */
  readonly burst: number;
  /** Calls a second in the long run; above 0. */
  readonly perSecond: number;
}

/** When its last call is due: all that a bucket has to remember (the "virtual scheduling" form of a leaky bucket). */
export interface Bucket {
  /** Milliseconds since the epoch at which the bucket would be full again. */
  readonly fullAtMs: number;
}

export const FULL: Bucket = { fullAtMs: 0 };

/**
 * Takes one token, which may be owed.
 * @returns how long to wait before the call, in milliseconds, and the bucket after it
 */
export function take(bucket: Bucket, nowMs: number, { burst, perSecond }: Rate): { waitMs: number; bucket: Bucket } {
  const tokenMs = 1000 / perSecond;
  const fullAtMs = Math.max(bucket.fullAtMs, nowMs) + tokenMs;
  return { waitMs: Math.max(0, fullAtMs - nowMs - burst * tokenMs), bucket: { fullAtMs } };
}

/** One of `sharers` functions that draw on the same bucket at the same time, and don't know of each other. */
export const shareOf = ({ burst, perSecond }: Rate, sharers: number): Rate => ({
  burst: Math.max(1, burst / sharers),
  perSecond: perSecond / sharers,
});
