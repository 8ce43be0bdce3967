import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { acknowledge, askRemedy } from '../../../lambda/check/acts.ts';
import type { ActsAnswer, RemedyOutlet } from '../../../lambda/check/ports.ts';
import { startRun } from '../../../lambda/check/run.ts';
import { aboutToReboot } from '../../support/about-to-reboot.ts';
import { ID } from '../../support/remedy-stack.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const MAY_BE_ACTING =
  /What crawlwatch did by itself in this check is not known \(.+\): a restart or a reboot may be under way\. The next mail says what was done\./;
const LATE = 'remedy: Error: the remedy function has not answered within 60 s, and may still be acting';
const ANSWER: ActsAnswer = { done: true, why: '', news: null, receipt: null };

type Story = Awaited<ReturnType<typeof aboutToReboot>>;

/** The check that flags, with a remedy function that does this and is not heard of within the check's time. */
async function outwait({ fleet, bodies }: Story, work: (at: Date) => Promise<unknown>) {
  const { remedy } = fleet;
  let answers = () => {};
  const answered = new Promise<void>((resolve) => (answers = resolve));
  let signal: AbortSignal | undefined;
  let hasWorked = false;
  fleet.remedy = async (at, over) => {
    signal = over;
    const answer = await work(at);
    hasWorked = true;
    await answered;
    return answer as ActsAnswer;
  };
  const checking = fleet.check();
  while (!hasWorked) await new Promise<void>((resolve) => void setImmediate(resolve));
  expect([bodies(), signal?.aborted]).toEqual([[], false]);
  await vi.advanceTimersByTimeAsync(60_000);
  const result = await checking;
  expect(signal?.aborted).toBe(true);
  answers();
  fleet.remedy = remedy;
  return result;
}

describe('a check whose remedy function does not answer in time', () => {
  it('mails a flag without acts, and the next one acts where nothing was begun', async () => {
    const story = await aboutToReboot();
    const { errors, flagged } = await outwait(story, async () => undefined);
    expect([errors, flagged]).toEqual([[LATE], 1]);
    expect(story.bodies()).toEqual([expect.stringMatching(MAY_BE_ACTING)]);
    expect([story.fleet.state.mailing, story.fleet.state.asking]).toEqual([null, null]);
    await story.fleet.check();
    expect(story.bodies()[1]).toMatch(/crawler1 \(i-\w+\)\n[\s\S]*rebooted by crawlwatch at 08:25 UTC/);
  });

  it('mails a flag without acts, and the next mail says what was done, where the answer comes after the deadline', async () => {
    const story = await aboutToReboot();
    const act = (at: Date) => story.stack.ask({ action: 'auto', scheduledTime: at.toISOString() });
    const { errors } = await outwait(story, act);
    expect(errors).toEqual([LATE]);
    expect(story.bodies()).toEqual([expect.stringMatching(MAY_BE_ACTING)]);
    expect([story.stack.rebooted, await story.states()]).toEqual([[ID], ['done']]);
    expect((await story.fleet.check()).errors).toEqual([]);
    expect(story.bodies()[1]).toMatch(/crawler1 \(i-\w+\)\n[\s\S]*rebooted by crawlwatch at 08:20 UTC/);
    await story.fleet.check();
    expect(story.bodies()).toHaveLength(2);
    expect(story.stack.rebooted).toEqual([ID]);
  });
});

describe('the wait', () => {
  /** @param deadlineMs what is left of the check for its hosts */
  function waiting(deadlineMs: number, over: Partial<RemedyOutlet>) {
    const log = { info() {}, warn() {}, error() {} };
    const ports = { clock: { now: () => new Date('2026-11-22T08:00:00Z') }, log };
    const run = startRun(ports as unknown as Parameters<typeof startRun>[0], { deadlineMs });
    const hangs = () => new Promise<ActsAnswer>(() => {});
    return { run, remedy: { act: hangs, mailed: hangs, ...over } };
  }

  it.each([
    [120_000, 120],
    [7_000, 7],
    [1_000, 5],
    [0, 5],
  ])('ends with what is left for hosts, %i ms, but always begins: it lasts %i s', async (left, seconds) => {
    const { run, remedy } = waiting(left, {});
    let said: unknown;
    const asked = askRemedy(remedy, run).then((acts) => (said = acts));
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(said).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await asked;
    expect(said).toEqual({ news: null, receipt: null, unknown: expect.stringContaining('has not answered') });
    expect(run.errors).toEqual([expect.stringContaining(`has not answered within ${seconds} s`)]);
  });

  it('for the acknowledgement ends after ten seconds, and is no wait where an answer comes', async () => {
    const { run, remedy } = waiting(60_000, {});
    const acknowledged = acknowledge(remedy, 'r', run);
    await vi.advanceTimersByTimeAsync(10_000);
    await acknowledged;
    expect(run.errors).toEqual([expect.stringContaining('has not answered within 10 s')]);
    const quick = waiting(60_000, { act: async () => ANSWER, mailed: async () => ANSWER });
    expect(await askRemedy(quick.remedy, quick.run)).toEqual({ news: null, receipt: null, unknown: null });
    await acknowledge(quick.remedy, 'r', quick.run);
    expect([quick.run.errors, vi.getTimerCount()]).toEqual([[], 0]);
  });
});
