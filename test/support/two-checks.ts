/** Two checks of one fleet at the same moment, and every order in which their calls can take place. */
import { checkFleet } from '../../lambda/check/pipeline.ts';
import type { SandboxFleet } from './sandbox-fleet.ts';

/** Every order in which two rows of so many steps can be merged. */
export function orders(left: number, right: number): (0 | 1)[][] {
  if (left === 0) return [Array<0 | 1>(right).fill(1)];
  if (right === 0) return [Array<0 | 1>(left).fill(0)];
  return [
    ...orders(left - 1, right).map((rest): (0 | 1)[] => [0, ...rest]),
    ...orders(left, right - 1).map((rest): (0 | 1)[] => [1, ...rest]),
  ];
}

/**
 * Runs both; the calls of each to S3, to EC2's tags and to SNS take place in the order given, each ended before the next
 * begins: S3 compares and writes in one step, an emulator's threads may not.
 */
export async function bothIn(order: readonly (0 | 1)[], fleet: SandboxFleet): Promise<void> {
  fleet.now = new Date(fleet.now.getTime() + 300_000);
  const waiting: [(() => void)[], (() => void)[]] = [[], []];
  const calls: [Promise<unknown>, Promise<unknown>] = [Promise.resolve(), Promise.resolve()];
  const running = new Set<0 | 1>([0, 1]);
  const run = (which: 0 | 1) => {
    const ports = fleet.ports();
    const step =
      <A extends unknown[], T>(real: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        await new Promise<void>((resolve) => void waiting[which].push(resolve));
        const call = real(...args);
        calls[which] = call.catch(() => {});
        return call;
      };
    const { outlets, state } = ports;
    return checkFleet(
      fleet.settings,
      {
        ...ports,
        state: state && { load: step(state.load), save: step(state.save) },
        outlets: {
          ...outlets,
          publish: async () => {},
          writeTags: step(outlets.writeTags),
          notify: step(outlets.notify),
          ...(outlets.remedy !== undefined && {
            remedy: { act: step(outlets.remedy.act), mailed: step(outlets.remedy.mailed) },
          }),
        },
      },
      { deadlineMs: 60_000 },
    ).finally(() => running.delete(which));
  };
  const both = Promise.all([run(0), run(1)]);
  const settle = () => new Promise<void>((resolve) => void setImmediate(resolve));
  const next = async (which: 0 | 1) => {
    while (running.has(which) && waiting[which].length === 0) await settle();
    waiting[which].shift()?.();
    await settle();
    await calls[which];
    await settle();
  };
  for (const which of order) await next(which);
  while (running.size > 0) for (const which of [...running]) await next(which);
  await both;
}
