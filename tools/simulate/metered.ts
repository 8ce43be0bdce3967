/**
 * A sandbox service as AWS meters it: each call takes its time, each API has a token bucket for the account, and a
 * throttled caller backs off and tries again, as the SDK's clients do.
 */
import type { Service } from '../../sandbox/aws-service.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Calls at once, and more of them a second. */
export interface PublishedRate {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html and cloudwatch_limits.html. SSM publishes none:
 * ten a second, which polling from a few jobs at once has been seen to pass.
 */
const PUBLISHED: Readonly<Record<string, PublishedRate>> = {
  DescribeInstancesCommand: { burst: 100, perSecond: 20 },
  DescribeInstanceStatusCommand: { burst: 100, perSecond: 20 },
  GetConsoleOutputCommand: { burst: 100, perSecond: 20 },
  CreateTagsCommand: { burst: 100, perSecond: 10 },
  DeleteTagsCommand: { burst: 100, perSecond: 10 },
  SendCommandCommand: { burst: 10, perSecond: 10 },
  ListCommandInvocationsCommand: { burst: 10, perSecond: 10 },
  DescribeInstanceInformationCommand: { burst: 10, perSecond: 10 },
  CancelCommandCommand: { burst: 10, perSecond: 10 },
  GetMetricDataCommand: { burst: 50, perSecond: 50 },
  PutMetricDataCommand: { burst: 500, perSecond: 500 },
};

/** Half of the calls are faster than this and half slower, in milliseconds; a large page takes longer. */
const MEDIAN_MS = 60;
const LARGE_MS: Readonly<Record<string, number>> = {
  DescribeInstancesCommand: 600,
  ListCommandInvocationsCommand: 250,
  GetMetricDataCommand: 400,
  PutMetricDataCommand: 150,
};
/** The SDK's: five attempts, a wait that doubles from 100 ms with full jitter, at most 20 s. */
const ATTEMPTS = 5;

export interface Meter {
  /** By command: calls that succeeded, and those that were throttled. */
  readonly calls: Map<string, number>;
  readonly throttled: Map<string, number>;
  /** Calls that were given up after the last attempt. */
  lost: number;
}

export const newMeter = (): Meter => ({ calls: new Map(), throttled: new Map(), lost: 0 });

/** One account's buckets, which all callers share. */
export class Account {
  readonly meter = newMeter();
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #fullAtMs = new Map<string, number>();

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * @param budget waits until the caller's own budget allows the call
   * @returns a replacement for the SDK's client of that service
   */
  client<Client extends Service>(service: Client, budget: (command: string) => Promise<void>): Client {
    const send = async (command: { readonly input: object }, options?: object): Promise<unknown> => {
      const { name } = command.constructor;
      for (let attempt = 1; ; attempt += 1) {
        await budget(name);
        await this.#clock.sleep(this.latencyMs(LARGE_MS[name] ?? MEDIAN_MS));
        if (this.#admit(name)) {
          count(this.meter.calls, name);
          return service.send(command, options);
        }
        count(this.meter.throttled, name);
        if (attempt === ATTEMPTS) {
          this.meter.lost += 1;
          throw service.error('ThrottlingException', 'Rate exceeded');
        }
        await this.#clock.sleep(this.#random() * Math.min(20_000, 100 * 2 ** attempt));
      }
    };
    // The SDK's paginators look at what a client inherits from.
    return Object.assign(Object.create(service), { send });
  }

  /** Log-normal about a median: most near it, a few several times as long. */
  latencyMs(medianMs: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
    return medianMs * Math.exp(0.5 * normal);
  }

  #admit(command: string): boolean {
    const rate = PUBLISHED[command];
    if (rate === undefined) return true;
    const tokenMs = 1000 / rate.perSecond;
    const fullAtMs = Math.max(this.#fullAtMs.get(command) ?? 0, this.#clock.nowMs) + tokenMs;
    if (fullAtMs - this.#clock.nowMs > rate.burst * tokenMs) return false;
    this.#fullAtMs.set(command, fullAtMs);
    return true;
  }
}

const count = (into: Map<string, number>, name: string): void => void into.set(name, (into.get(name) ?? 0) + 1);
