/** SSM in several places at once. */
import { byTarget, placeName, type Target } from '../discover/index.ts';
import type { Instance, ProbeTransport } from '../model/index.ts';
import { failure } from './reply.ts';
import { ssmTransport } from './transport.ts';

/** The transport that asks each place's instances by its own SSM; null where no place has a probe document. */
export function ssmIn(targets: readonly Target[]): ProbeTransport | null {
  const ways = new Map(
    targets.flatMap((target) => {
      const { ssm, probeDocument: documentName } = target;
      if (documentName === null) return [];
      const sshdPort = ({ sshdExpected, login }: Instance) => (sshdExpected ? login.port : null);
      return [[target, ssmTransport(ssm, { documentName, sshdPort })] as const];
    }),
  );
  if (ways.size === 0) return null;
  return async (instances, run) => {
    const asked = [...byTarget(targets, instances)].map(([target, some]) => {
      const way = ways.get(target);
      if (way !== undefined) return way(some, run);
      const reply = failure('NotChecked', `There is no probe document in ${placeName(target)}.`);
      for (const { id } of some) run.reply(id, reply, 0);
      return undefined;
    });
    await Promise.all(asked);
  };
}
