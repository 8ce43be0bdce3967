import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../tools/simulate/virtual-clock.ts';

const BEGIN = new Date('2026-11-22T08:00:00Z');
let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock(BEGIN);
});
afterEach(() => clock.uninstall());
const passed = () => clock.nowMs - BEGIN.getTime();

describe('virtual time', () => {
  it('leaps to the next sleep that ends', async () => {
    const ends: number[] = [];
    const sleeper = async (ms: number) => {
      await clock.sleep(ms);
      ends.push(passed());
    };
    await clock.run(Promise.all([sleeper(300_000), sleeper(1_000), sleeper(60_000)]));
    expect(ends).toEqual([1_000, 60_000, 300_000]);
  });

  it('goes on at once where a signal ends the sleeps of a thousand, over which it has one listener', async () => {
    const over = new AbortController();
    let listeners = 0;
    const add = over.signal.addEventListener.bind(over.signal);
    over.signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    const abort = async () => {
      await clock.sleep(10);
      over.abort();
    };
    const sleeper = async (ms: number) => {
      await clock.sleep(5, over.signal);
      await clock.sleep(ms, over.signal);
    };
    const sleepers = Array.from({ length: 1_000 }, (_, n) => sleeper(1_000 + n));
    await clock.run(Promise.all([abort(), ...sleepers]));
    expect([passed(), listeners]).toEqual([10, 1]);
  });

  it('ends where nothing more will happen', async () => {
    await expect(clock.run(new Promise(() => {}))).rejects.toThrow('waits for something that no timer will bring');
  });
});
