/** Instances, vitals and outcomes for tests: whole by default, with what matters overridden. */

import { type DescribedInstance, toInstance } from '../../lambda/discover/instance.ts';
import { assess } from '../../lambda/judge/assess.ts';
import { expectedKey, type Transition, transition } from '../../lambda/memory/transition.ts';
import type { FailureReason, Instance, ProbeOutcome, Vitals } from '../../lambda/model/index.ts';
import { TAG } from '../../lambda/model/index.ts';
import { parseSettings, type Settings } from '../../lambda/settings/settings.ts';
import { NOTE, rememberedBy } from './remembered.ts';

export { NOTE } from './remembered.ts';

export const NOW = new Date('2026-11-22T08:15:00Z');
export const GIB = 1024 ** 3;
export const HOST_KEY = `SHA256:${'A'.repeat(43)}`;
export const BOOT_ID = '1a2b3c4d-0000-4000-8000-000000000000';

export const minutesAgo = (minutes: number, now = NOW): string =>
  new Date(now.getTime() - minutes * 60_000).toISOString().replace('.000Z', 'Z');

/** Of an instance that SSH has reached before. */
export const REACHED = { [TAG.hostKey]: HOST_KEY, [NOTE.seen]: '1a2b3c4d/0' };

/** Tags of an instance that has hung for so many checks, five minutes apart. */
export const hungFor = (checks: number, reason = 'BannerTimeout'): Record<string, string> =>
  checks === 0
    ? REACHED
    : {
        ...REACHED,
        [TAG.status]: `CRITICAL:${reason}`,
        [NOTE.since]: minutesAgo(checks * 5),
        [NOTE.failures]: String(checks),
      };

export function described(over: Partial<DescribedInstance> = {}): DescribedInstance {
  const id = over.id ?? 'i-00000000000000001';
  return {
    id,
    name: id,
    state: 'running',
    platform: 'Linux/UNIX',
    address: '10.0.0.1',
    region: 'eu-central-1',
    account: '123456789012',
    launchedAt: new Date('2026-11-01T00:00:00Z'),
    spot: false,
    tags: {},
    ...over,
  };
}

export const SSH = parseSettings({ transport: 'ssh' });

export function instance(over: Partial<DescribedInstance> = {}, settings: Settings = SSH): Instance {
  const one = toInstance(described(over), settings);
  const remembered = rememberedBy(over.tags ?? {});
  return { ...one, hostKeyTag: null, remembered, hostKey: expectedKey(null, remembered) };
}

/** A healthy 16 GiB host; `availableShare` 0 to 1. */
export function vitals(over: Partial<Vitals> & { readonly availableShare?: number } = {}): Vitals {
  const { availableShare = 0.5, ...rest } = over;
  const totalBytes = 16 * GIB;
  const availableBytes = Math.floor(totalBytes * availableShare);
  return {
    memory: { totalBytes, availableBytes, freeBytes: availableBytes, usedBytes: totalBytes - availableBytes },
    swap: { totalBytes: 0, freeBytes: 0 },
    disks: [disk()],
    oomKills: 0,
    memoryPressure: { someAvg10: 0, fullAvg10: 0 },
    processes: [],
    worker: null,
    sshd: null,
    uptimeSeconds: 86_400,
    bootId: BOOT_ID,
    load1: 0.1,
    ...rest,
  };
}

export const disk = (over: Partial<Vitals['disks'][number]> = {}): Vitals['disks'][number] => ({
  mount: '/',
  totalBytes: 8 * GIB,
  availableBytes: 4 * GIB,
  usedPercent: 50,
  inodesUsedPercent: 10,
  readOnly: false,
  ...over,
});

export const read = (over: Parameters<typeof vitals>[0] = {}, couldFork = true): ProbeOutcome => ({
  kind: 'vitals',
  vitals: vitals(over),
  couldFork,
  notes: [],
});

export const failed = (reason: FailureReason): ProbeOutcome => ({ kind: 'failed', reason, text: `It was ${reason}.` });

/** One instance's way through assess and transition. */
export function judged(
  outcome: ProbeOutcome,
  over: Partial<DescribedInstance> = {},
  settings: Settings = SSH,
  now: Date = NOW,
): Transition {
  const one = instance(over, settings);
  const probed = { instance: one, outcome, hostKey: HOST_KEY, durationMs: 1 };
  return transition(probed, assess(one, outcome, settings), now, settings);
}
