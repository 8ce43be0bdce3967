/**
 * Keeps calls below what AWS allows an account: the quotas are shared with every other tool in it. Adaptive retry reacts
 * to a throttle; this prevents it.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Half of the published rates (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html,
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html). SSM publishes none; polling
 * each second from a few jobs is known to throttle.
 */
const READING: Rate = { burst: 50, perSecond: 10 };
const TAGGING: Rate = { burst: 50, perSecond: 5 };
const COMMANDING: Rate = { burst: 5, perSecond: 4 };
export const BUDGETS: Readonly<Record<string, Rate>> = {
  DescribeInstancesCommand: READING,
  DescribeInstanceStatusCommand: READING,
  GetConsoleOutputCommand: READING,
  CreateTagsCommand: TAGGING,
  DeleteTagsCommand: TAGGING,
  SendCommandCommand: COMMANDING,
  ListCommandInvocationsCommand: COMMANDING,
  DescribeInstanceInformationCommand: COMMANDING,
  CancelCommandCommand: COMMANDING,
  GetMetricDataCommand: { burst: 25, perSecond: 10 },
  PutMetricDataCommand: { burst: 50, perSecond: 50 },
};

interface Metered {
  readonly middlewareStack: {
    addRelativeTo(
      middleware: (
        next: (args: unknown) => Promise<unknown>,
        context: { readonly commandName?: string },
      ) => (args: unknown) => Promise<unknown>,
      options: { readonly name: string; readonly relation: 'after'; readonly toMiddleware: string },
    ): void;
  };
}

interface Time {
  now(): number;
  sleep(ms: number): Promise<unknown>;
  /** From 0 to 1. @default Math.random */
  random?(): number;
}

/** @returns a wait for the turn of a call, by its command's name; calls without a budget don't wait */
export function apiBudget(
  sharers = 1,
  time: Time = { now: () => Date.now(), sleep },
): (command: string) => Promise<void> {
  const buckets = new Map<string, Bucket>();
  // Functions that start together must not call together: each begins with an empty bucket, at its own moment.
  const first = ({ burst, perSecond }: Rate): Bucket =>
    sharers === 1 ? FULL : { fullAtMs: time.now() + ((burst - 1 + (time.random ?? Math.random)()) * 1000) / perSecond };
  return async (command) => {
    const rate = BUDGETS[command];
    if (rate === undefined) return;
    const share = shareOf(rate, sharers);
    const { waitMs, bucket } = take(buckets.get(command) ?? first(share), time.now(), share);
    buckets.set(command, bucket);
    if (waitMs > 0) await time.sleep(waitMs);
  };
}

/**
 * Has a client wait for its turn before each attempt, retries too.
 *
 * @param sharers functions that call at the same time with the same account
 * @returns the client
 */
export function withBudget<T>(client: T, sharers?: number, time?: Time): T {
  const wait = apiBudget(sharers, time);
  // The clients' own types differ in their inputs and outputs, neither of which is used here.
  (client as Metered).middlewareStack.addRelativeTo(
    (next, context) => async (args) => {
      await wait(context.commandName ?? '');
      return next(args);
    },
    { name: 'crawlwatchBudget', relation: 'after', toMiddleware: 'retryMiddleware' },
  );
  return client;
}

export interface Rate {
  /** Calls at once after a rest. */
  readonly burst: number;
  /** Calls a second in the long run; above 0. */
  readonly perSecond: number;
}

/** When its last call is due: all the state of a bucket (the "virtual scheduling" form of a leaky bucket). */
export interface Bucket {
  /** Milliseconds since the epoch at which the bucket would be full again. */
  readonly fullAtMs: number;
}

export const FULL: Bucket = { fullAtMs: 0 };

/**
 * Takes one token, on credit where there is none.
 * @returns how long to wait before the call, in milliseconds, and the bucket after it
 */
export function take(bucket: Bucket, nowMs: number, { burst, perSecond }: Rate): { waitMs: number; bucket: Bucket } {
  const tokenMs = 1000 / perSecond;
  const fullAtMs = Math.max(bucket.fullAtMs, nowMs) + tokenMs;
  return { waitMs: Math.max(0, fullAtMs - nowMs - burst * tokenMs), bucket: { fullAtMs } };
}

/** The part of one of `sharers` functions that draw on the same bucket at the same time without coordination. */
export const shareOf = ({ burst, perSecond }: Rate, sharers: number): Rate => ({
  burst: Math.max(1, burst / sharers),
  perSecond: perSecond / sharers,
});
