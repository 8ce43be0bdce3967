/** Runs a transport over instances and collects its replies. */
import {
  type Instance,
  NOTHING_REMEMBERED,
  type ProbeTransport,
  type Reply,
  UNTAGGED,
} from '../../lambda/model/index.ts';

export interface Answer {
  readonly reply: Reply;
  readonly durationMs: number;
}

export function sshInstance(address: string | null, port: number, given: Partial<Instance> = {}): Instance {
  return {
    id: `${address}:${port}`,
    name: 'crawler',
    address,
    region: null,
    account: null,
    launchedAt: null,
    transport: 'ssh',
    login: { user: 'crawler', port, privateKeyPath: null },
    worker: null,
    workerExpected: false,
    sshdExpected: false,
    mute: null,
    remembered: NOTHING_REMEMBERED,
    tagged: UNTAGGED,
    hostKey: null,
    hostKeyTag: null,
    stack: null,
    isElsewhereWatched: false,
    state: 'running',
    platform: 'Linux/UNIX',
    spot: false,
    autoScaling: false,
    watched: true,
    skipped: null,
    auto: null,
    unreadable: [],
    tags: {},
    problem: null,
    ...given,
  };
}

/** For hosts that answer: long enough on a machine that is busy with other things. */
const PATIENCE_MS = 60_000;

export interface RunOptions {
  /** @default a minute */
  readonly hostDeadlineMs?: number;
  readonly forks?: number;
  readonly script?: string;
  readonly signal?: AbortSignal;
}

/** Every reply by instance id. A second reply for the same instance is an error. */
export async function probeAll(
  transport: ProbeTransport,
  instances: readonly Instance[],
  options: RunOptions = {},
): Promise<Map<string, Answer>> {
  const answers = new Map<string, Answer>();
  await transport(instances, {
    signal: options.signal ?? new AbortController().signal,
    hostDeadlineMs: options.hostDeadlineMs ?? PATIENCE_MS,
    forks: options.forks ?? 50,
    script: options.script ?? 'echo hello',
    reply(id, reply, durationMs) {
      if (answers.has(id)) throw new Error(`second reply for ${id}`);
      answers.set(id, { reply, durationMs });
    },
  });
  return answers;
}
