/** A sandbox for the SSM transport, whose time passes only while the transport waits. */

import type { Instance } from '../../lambda/model/index.ts';
import { type SsmOptions, ssmTransport } from '../../lambda/ssm/transport.ts';
import { type NodeResult, SandboxAws } from '../../sandbox/aws.ts';
import { type Answer, probeAll, type RunOptions, sshInstance } from './probe-run.ts';

const START = Date.parse('2026-11-22T08:00:00Z');

/** A node that takes the command and never comes back. */
export const never = () => new Promise<NodeResult>(() => {});

export function ssmSandbox(options: { readonly pageSize?: number } = {}) {
  let now = START;
  const waits: number[] = [];
  const aws = new SandboxAws({ ...options, now: () => new Date(now) });
  const time: NonNullable<SsmOptions['time']> = {
    now: () => now,
    async sleep(ms) {
      waits.push(ms);
      now += ms;
      // Nodes answer in the meantime.
      await new Promise(setImmediate);
    },
  };
  const probe = (instances: readonly Instance[], run: RunOptions = {}): Promise<Map<string, Answer>> => {
    const { documentName } = aws;
    const transport = ssmTransport(aws.ssm, { documentName, sshdPort: (instance) => instance.login.port, time });
    return probeAll(transport, instances, { hostDeadlineMs: 75_000, ...run });
  };
  return { aws, waits, probe };
}

export const ssmInstance = (id: string, given: Partial<Instance> = {}): Instance =>
  sshInstance('10.0.1.7', 22, { id, transport: 'ssm', ...given });

export const ssmFleet = (count: number): Instance[] => Array.from({ length: count }, (_, n) => ssmInstance(`i-${n}`));

/** By id: the reason of a failure, or `output`. */
export const reasonsOf = (answers: ReadonlyMap<string, Answer>): Record<string, string> =>
  Object.fromEntries([...answers].map(([id, { reply }]) => [id, reply.kind === 'failed' ? reply.reason : 'output']));
