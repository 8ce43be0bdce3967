/** A large simulated fleet: which hosts hang, how long each takes, and what it replies. */
import type { FleetState, InstanceState, ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { EMPTY_STATE, NOTHING_REMEMBERED, TAG } from '../../lambda/model/index.ts';
import type { SandboxAws } from '../../sandbox/aws.ts';
import type { NodeResult } from '../../sandbox/aws-ssm.ts';
import { probeOutput } from '../../sandbox/probe-output.ts';
import type { Account } from './metered.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Connection, login and probe on a small instance of the same Region; and what SSM's agent takes to answer. */
const SSH_MS = 450;
const SSM_MS = 1_200;
const HOST_KEY = `SHA256:${'A'.repeat(43)}`;

export interface FleetOptions {
  readonly instances: number;
  /** Percentage of the hosts that hang. */
  readonly hungPercent: number;
}

export class SimulatedFleet {
  readonly #clock: VirtualClock;
  readonly #account: Account;
  readonly #hung = new Set<string>();
  /** What the check before left: it reached every host, and all were OK. */
  readonly state: FleetState;

  /** Launches the instances, all of them reached and OK in the check before. */
  constructor(aws: SandboxAws, clock: VirtualClock, account: Account, { instances, hungPercent }: FleetOptions) {
    this.#clock = clock;
    this.#account = account;
    const reached: InstanceState = {
      ...NOTHING_REMEMBERED,
      ...{ letters: '.', status: 'OK', since: new Date(clock.nowMs), pin: HOST_KEY },
      seen: { boot: '1a2b3c4d', oomKills: 0 },
    };
    const remembered = new Map<string, InstanceState>();
    for (let n = 0; n < instances; n += 1) {
      const id = `i-${n.toString(16).padStart(17, '0')}`;
      // Spread evenly, so that every shard has its share.
      if (Math.floor(((n + 1) * hungPercent) / 100) > Math.floor((n * hungPercent) / 100)) this.#hung.add(id);
      aws.launch(id, {
        privateIp: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
        launchedAt: new Date(clock.nowMs - 86_400_000),
        tags: {
          Name: `crawler${n}`,
          crawlwatch: 'true',
          [TAG.worker]: 'sidekiq.service',
          [TAG.status]: 'OK',
        },
      });
      aws.manage(id, () => this.#run(id));
      remembered.set(id, reached);
    }
    this.state = { ...EMPTY_STATE, at: new Date(clock.nowMs), instances: remembered };
  }

  /** What the host replies; null: it never does. */
  #output(id: string): string | null {
    if (this.#hung.has(id)) return null;
    const n = Number.parseInt(id.slice(2), 16);
    // One of a hundred is low on memory, so that its history is read.
    const availableKb = n % 100 === 7 ? 4_000_000 : 8_000_000;
    return probeOutput({ availableKb, unit: 'sidekiq.service active 0' });
  }

  async #run(id: string): Promise<NodeResult> {
    await this.#clock.sleep(this.#account.latencyMs(SSM_MS));
    return this.#output(id) ?? { status: 'InProgress' };
  }

  /** SSH without the sockets: the same queue, the same deadlines, the same replies. */
  readonly ssh: ProbeTransport = async (instances, run) => {
    const queue = instances.values();
    const work = async () => {
      for (const { id } of queue) {
        if (run.signal.aborted) return;
        const begun = this.#clock.nowMs;
        const output = this.#output(id);
        const takes = output === null ? run.hostDeadlineMs : this.#account.latencyMs(SSH_MS);
        await this.#clock.sleep(Math.min(takes, run.hostDeadlineMs), run.signal);
        const reply: Reply =
          output === null
            ? { kind: 'failed', reason: 'BannerTimeout', text: 'It accepted and said nothing.' }
            : { kind: 'output', output, hostKey: HOST_KEY };
        run.reply(id, reply, this.#clock.nowMs - begun);
      }
    };
    await Promise.all(Array.from({ length: Math.min(run.forks, 500, instances.length) }, work));
  };
}
