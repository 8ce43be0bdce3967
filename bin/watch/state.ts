/**
 * What a watch remembers of its hosts from check to check: trends, samples for the forecast, who holds the memory, and the state that a
 * deployed stack would remember. Bounded, however long the watch runs. Pure but for its own state.
 */

import type { Ports } from '../../lambda/check/index.ts';
import { seenAfter, snapshotOf, withSnapshot } from '../../lambda/memory/index.ts';
import type {
  History,
  InstanceReport,
  InstanceState,
  ProcessSnapshot,
  Report,
  Sample,
} from '../../lambda/model/index.ts';
import { EMPTY_STATE, fullestDisk, kindOf, NOTHING_REMEMBERED } from '../../lambda/model/index.ts';
import { newHistory } from '../backtest/index.ts';
import { Trend, type Trends } from '../terminal/index.ts';
import { appeared, type Change, changeOf } from './changes.ts';

/** The forecast uses medians of five minutes: more than one sample a minute adds nothing. */
const SAMPLE_EVERY_MS = 55_000;
/** A host that left may come back with its past, for example after an inventory was briefly broken. */
const FORGET_AFTER_MS = 3_600_000;

type Resource = 'memory' | 'disk';

interface Host {
  report: InstanceReport;
  /** When its status began, as far as this watch knows. */
  since: Date;
  leftAt: Date | null;
  sampledAt: number;
  seen: InstanceState['seen'];
  /** What the source knew before the watch began; null: not requested yet. */
  past: History | null;
  /** Who held its memory in the past six hours, oldest first. */
  processes: readonly ProcessSnapshot[];
  readonly history: Readonly<Record<Resource, ReturnType<typeof newHistory>>>;
  readonly trend: Readonly<Record<Resource, Trend>>;
}

export class WatchState {
  readonly #hosts = new Map<string, Host>();
  #isFirst = true;

  /**
   * What a deployed stack would remember of the hosts; what it does remember takes precedence. Where that can't be read
   * the first check fails to load it, which is reported, and later ones go on with what the watch itself has seen.
   */
  over(own: Ports['state']): NonNullable<Ports['state']> {
    return {
      load: async () => {
        const nothing = { state: EMPTY_STATE, etag: null, beginsEmpty: null };
        const loaded = await (own?.load() ?? Promise.resolve(nothing)).catch((error: unknown) => {
          if (this.#isFirst) throw error;
          return nothing;
        });
        const hosts = [...this.#hosts].map(([id, host]) => [id, rememberedOf(host)] as const);
        return { ...loaded, state: { ...loaded.state, instances: new Map([...hosts, ...loaded.state.instances]) } };
      },
      save: async () => null,
    };
  }

  /** Adds a check. @returns what changed, in the order of the report. */
  add(report: Report): Change[] {
    const at = new Date(report.checkedAt);
    const changes = report.instances.flatMap((instance) => this.#addHost(instance, at));
    const listed = new Set(report.instances.map(({ id }) => id));
    for (const [id, host] of this.#hosts) {
      if (listed.has(id)) continue;
      if (host.leftAt === null) {
        host.leftAt = at;
        const why = report.skipped.find((one) => one.id === id)?.why ?? 'is no longer listed';
        changes.push({ at, name: host.report.name, status: null, text: `${why} (was ${host.report.status})` });
      } else if (at.getTime() - host.leftAt.getTime() > FORGET_AFTER_MS) this.#hosts.delete(id);
    }
    this.#isFirst = false;
    return changes;
  }

  /** The hosts as last seen, each with the time at which its status began. */
  get instances(): InstanceReport[] {
    return [...this.#hosts.values()].flatMap(({ report, leftAt, since }) =>
      leftAt !== null ? [] : { ...report, since: report.status === 'OK' ? null : since.toISOString() },
    );
  }

  trendsOf(id: string): Trends {
    const host = this.#hosts.get(id);
    return { memory: host?.trend.memory.values ?? [], disk: host?.trend.disk.values ?? [] };
  }

  /** Whether the time before the watch was not requested yet. */
  lacksPast = (id: string): boolean => this.#hosts.get(id)?.past == null;

  addPast(id: string, past: History): void {
    const host = this.#hosts.get(id);
    if (host !== undefined) host.past = past;
  }

  /** Samples before now; null for a host that was never seen. */
  historyOf(id: string, now: Date): History | null {
    const host = this.#hosts.get(id);
    if (host === undefined) return null;
    const of = (resource: Resource): readonly Sample[] => {
      const own = host.history[resource].before(now);
      const begin = own[0]?.at ?? now;
      return [...(host.past?.[resource] ?? []).filter((sample) => sample.at < begin), ...own];
    };
    const begin = host.processes[0]?.at ?? now;
    const processes = [...(host.past?.processes ?? []).filter(({ at }) => at < begin), ...host.processes];
    return { memory: of('memory'), disk: of('disk'), ...(processes.length > 0 && { processes }) };
  }

  #addHost(instance: InstanceReport, at: Date): Change[] {
    const { id, name, status } = instance;
    const before = this.#hosts.get(id);
    const host = before ?? newHost(instance, at);
    this.#hosts.set(id, host);
    const isNew = before === undefined || before.leftAt !== null;
    const isNews = isNew && !(this.#isFirst && status === 'OK');
    const text = isNew ? (isNews ? appeared(instance) : null) : changeOf(before.report, instance, at, before.since);
    if (isNew || before.report.status !== status) host.since = at;
    if (instance.since !== null) host.since = new Date(instance.since);
    host.report = instance;
    host.leftAt = null;
    addSamples(host, at);
    return text === null ? [] : [{ at, name, status, text }];
  }
}

function rememberedOf({ report: { status, reasons }, since, seen }: Host): InstanceState {
  const codes = reasons.map(({ code }) => code).filter((code) => kindOf(code) !== 'event');
  return { ...NOTHING_REMEMBERED, status, reasons: codes, since, seen };
}

function newHost(report: InstanceReport, at: Date): Host {
  return {
    report,
    since: at,
    leftAt: null,
    sampledAt: Number.NEGATIVE_INFINITY,
    seen: null,
    past: null,
    processes: [],
    history: { memory: newHistory(), disk: newHistory() },
    trend: { memory: new Trend(), disk: new Trend() },
  };
}

function addSamples(host: Host, at: Date): void {
  const { vitals } = host.report;
  const fullest = vitals === null ? null : fullestDisk(vitals.disks);
  const available = {
    memory: vitals === null ? null : vitals.memory.availableBytes / vitals.memory.totalBytes,
    disk: fullest === null ? null : 1 - fullest.usedPercent / 100,
  };
  const isDue = at.getTime() - host.sampledAt >= SAMPLE_EVERY_MS;
  for (const resource of ['memory', 'disk'] as const) {
    const share = available[resource];
    host.trend[resource].add(share === null ? null : 1 - share);
    if (!isDue || share === null) continue;
    // Reading what came before also drops what is too old.
    host.history[resource].before(at);
    host.history[resource].add({ at, available: share });
  }
  if (vitals === null) return;
  if (isDue) {
    host.sampledAt = at.getTime();
    host.processes = withSnapshot(host.processes, snapshotOf(vitals, at));
  }
  host.seen = seenAfter({ seen: host.seen, reasons: [] }, vitals);
}
