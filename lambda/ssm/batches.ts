/** Which instances share a command, and which units it asks about. */

import { chunks } from '../kit/index.ts';
import type { Instance } from '../model/index.ts';
import { probeArguments } from '../probe/index.ts';

/** API_SendCommand.html. */
const IDS_PER_COMMAND = 50;

export interface Batch {
  /** At most 50. */
  readonly ids: readonly string[];
  /** The document's parameter `Units`: `sshd:PORT` where sshd is to be asked, then each unit once; spaces between. */
  readonly units: string;
}

/**
 * Puts instances with the same unit together, since each host of a batch is asked about the units of all.
 *
 * @param sshdPort the port at which the probe asks whether sshd answers, for instances where it is expected
 */
export function batches(
  instances: readonly Instance[],
  sshdPort: (instance: Instance) => number | null,
): readonly Batch[] {
  const byPort = new Map<number | null, Instance[]>();
  for (const instance of instances) {
    const port = instance.sshdExpected ? sshdPort(instance) : null;
    byPort.set(port, [...(byPort.get(port) ?? []), instance]);
  }
  return [...byPort].flatMap(([port, group]) => {
    const sorted = group.toSorted((a, b) => compare(a.worker ?? '', b.worker ?? ''));
    return chunks(sorted, IDS_PER_COMMAND).map((some) => {
      const units = some.flatMap((instance) => instance.worker ?? []);
      return { ids: some.map((instance) => instance.id), units: probeArguments(units, port).join(' ') };
    });
  });
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
