import { createClock } from '@sinonjs/fake-timers';
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { fleetRunDefinition } from '../../lib/fleet-run-definition.ts';
import { type AslWorld, runStateMachine } from '../support/asl.ts';

const DEFINITION = fleetRunDefinition({
  functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:Check',
  bucketName: 'bucket',
  concurrency: 20,
  stepSeconds: 300,
});
// biome-ignore lint/suspicious/noExplicitAny: a definition is JSON of any shape.
const DEFINITION_STATES = (DEFINITION as any).States;
const EVENT = { scheduledTime: '2026-11-22T08:00:00Z' };

type Payload = {
  readonly step: string;
  readonly run?: string;
  readonly index?: number;
  readonly scheduledTime?: string;
};
const trouble = (name: string) => Object.assign(new Error(name), { name });

/** Plays the function; what it was given comes back. */
function world(shards: number, answer: (payload: Payload, nth: number) => unknown = () => undefined) {
  const calls: Payload[] = [];
  const played: AslWorld = {
    executionName: 'run-1',
    read: async (bucket, key) => {
      expect([bucket, key]).toEqual(['bucket', 'runs/run-1/shards.json']);
      return JSON.stringify(Array.from({ length: shards }, (_, index) => ({ index })));
    },
    invoke: async (_, payload) => {
      const given = payload as Payload;
      calls.push(given);
      const own = answer(given, calls.filter((one) => JSON.stringify(one) === JSON.stringify(given)).length);
      if (own !== undefined) return own;
      if (given.step === 'plan') return { run: given.run, key: `runs/${given.run}/shards.json`, shards };
      return given.step === 'shard' ? { index: given.index, replies: 500 } : { checked: 500 };
    },
  };
  return { calls, played };
}

describe("the state machine's definition", () => {
  it('is valid, and would not be with a state that leads nowhere', () => {
    expect(validate(DEFINITION as never).isValid).toBe(true);
    const broken = JSON.parse(JSON.stringify(DEFINITION).replace('"Next":"Join"', '"Next":"Nowhere"'));
    expect(validate(broken).isValid).toBe(false);
  });

  it('plans, runs each shard once, and joins, with the same run in all of them', async () => {
    const { calls, played } = world(3);
    const { entered, output } = await runStateMachine(DEFINITION, EVENT, played);
    expect(entered).toEqual(['Plan', 'IsDue', 'Probe', 'Join']);
    expect(calls).toEqual([
      { step: 'plan', run: 'run-1', scheduledTime: EVENT.scheduledTime },
      ...[0, 1, 2].map((index) => ({ step: 'shard', run: 'run-1', shards: 3, index })),
      { step: 'join', run: 'run-1' },
    ]);
    expect(output).toEqual({ summary: { checked: 500 } });
  });

  it('drops an event that waited too long', async () => {
    const { calls, played } = world(3, ({ step }) =>
      step === 'plan' ? { run: null, key: null, shards: 0 } : undefined,
    );
    expect((await runStateMachine(DEFINITION, EVENT, played)).entered).toEqual(['Plan', 'IsDue', 'Dropped']);
    expect(calls).toHaveLength(1);
  });

  it('fails where there is no plan: nothing is known of the fleet', async () => {
    const { played } = world(3, () => {
      throw trouble('Error');
    });
    await expect(runStateMachine(DEFINITION, EVENT, played)).rejects.toThrow('Error');
  });

  it('joins though every shard fails', async () => {
    const { calls, played } = world(3, ({ step }) => {
      if (step === 'shard') throw trouble('Sandbox.Timedout');
      return undefined;
    });
    await runStateMachine(DEFINITION, EVENT, played);
    expect(calls.map(({ step }) => step)).toEqual(['plan', 'shard', 'shard', 'shard', 'join']);
  });

  it("joins though the list of shards can't be read", async () => {
    const { played } = world(3);
    const lost = { ...played, read: () => Promise.reject(trouble('States.ItemReaderFailed')) };
    expect((await runStateMachine(DEFINITION, EVENT, lost)).entered).toEqual(['Plan', 'IsDue', 'Probe', 'Join']);
  });

  it('retries where Lambda failed, and not where the check failed', async () => {
    const { calls, played } = world(2, ({ step, index }, nth) => {
      if (step === 'shard' && index === 0 && nth === 1) throw trouble('Lambda.TooManyRequestsException');
      if (step === 'shard' && index === 1) throw trouble('Error');
      return undefined;
    });
    await runStateMachine(DEFINITION, EVENT, played);
    expect(
      calls
        .filter(({ step }) => step === 'shard')
        .map(({ index }) => index)
        .sort(),
    ).toEqual([0, 0, 1]);
  });

  describe('where Lambda runs ten functions at once, as in a new account', () => {
    it.each([
      ['20 shards of a minute', 20, 60],
      ['20 shards of the time that one should take at worst', 20, 120],
      ['18 shards of a minute and a half', 18, 90],
    ])('finds a place for each of %s before its five minutes are over', async (_, shards, seconds) => {
      const clock = createClock();
      const sleep = (s: number) => new Promise<void>((resolve) => clock.setTimeout(() => resolve(), s * 1_000));
      let running = 0;
      const ended: number[] = [];
      const { played } = world(shards);
      const run = runStateMachine(DEFINITION, EVENT, {
        ...played,
        wait: sleep,
        async invoke(arn, payload) {
          if (running >= 10) throw trouble('Lambda.TooManyRequestsException');
          running += 1;
          const { step } = payload as Payload;
          await sleep(step === 'shard' ? seconds : 1);
          running -= 1;
          if (step === 'shard') ended.push(clock.now / 1_000);
          return played.invoke(arn, payload);
        },
      });
      await clock.runAllAsync();
      expect((await run).output).toEqual({ summary: { checked: 500 } });
      expect(ended).toHaveLength(shards);
      // An Express child ends after five minutes, its waiting included; the plan took the first second.
      expect(Math.max(...ended)).toBeLessThan(301);
    });
  });

  it('retries as often as time allows where there was no place, and seldom where Lambda failed', () => {
    const [noPlace, failure] = DEFINITION_STATES.Join.Retry;
    expect(noPlace).toEqual({
      ErrorEquals: ['Lambda.TooManyRequestsException'],
      IntervalSeconds: 2,
      BackoffRate: 1.5,
      MaxDelaySeconds: 15,
      MaxAttempts: 100,
      JitterStrategy: 'FULL',
    });
    // A hundred waits of 7.5 s on average: longer than a child's five minutes, which end them.
    expect((noPlace.MaxAttempts * noPlace.MaxDelaySeconds) / 2).toBeGreaterThan(300);
    expect(failure.MaxAttempts).toBe(3);
  });

  it('passes less than a hundredth of the payload limit between its steps for 10,000 hosts, and fits for 100,000', async () => {
    const LIMIT = 256 * 1024;
    const payload = async (shards: number) =>
      (await runStateMachine(DEFINITION, EVENT, world(shards).played)).largestPayload;
    expect(await payload(20)).toBeLessThan(LIMIT / 100);
    expect(await payload(200)).toBeLessThan(LIMIT / 50);
  });
});
