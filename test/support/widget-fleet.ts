/** Fleets for the dashboard's table: state and samples in the sandbox's S3, as checks would have left them. */
import { gzipSync } from 'node:zlib';
import { encodeSamples } from '../../lambda/memory/samples/codec.ts';
import type { HostSample } from '../../lambda/memory/samples/packed-past.ts';
import { EMPTY, type Samples, withSamples } from '../../lambda/memory/samples/samples.ts';
import { encodeState } from '../../lambda/memory/schema.ts';
import {
  type CurrentProcesses,
  type InstanceState,
  type Pause,
  SAMPLES_KEY,
  STATE_KEY,
  TAG,
} from '../../lambda/model/index.ts';
import { savePause } from '../../lambda/remedy/dynamodb.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { BANDS, type Band, type FleetRow } from '../../lambda/widget/rows.ts';
import { drawWidget, type WidgetEvent, type WidgetPorts } from '../../lambda/widget-handler.ts';
import { SandboxAws } from '../../sandbox/aws.ts';
import { type SandboxTable, sandboxDynamoDb } from '../../sandbox/aws-remedy.ts';
import { minutesAgo, NOW } from './fleet.ts';
import { NOTE, rememberedBy } from './remembered.ts';
import { idOf } from './sandbox-fleet.ts';

export const WIDGET_ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:CrawlwatchStack-WidgetResource-a1';
export const REMEDY_ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:CrawlwatchStack-RemedyResource-b2';

/** Percent used so many minutes ago; null: no answer. */
export type Curve = (minutesAgo: number) => number | null;

export interface Host {
  readonly name: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly state?: 'running' | 'stopped';
  readonly memory?: Curve;
  readonly disk?: Curve;
  /** The process that holds what of its memory is above a fifth; absent: no process is listed. */
  readonly holder?: string;
}

export class WidgetFleet {
  readonly aws = new SandboxAws({ now: () => NOW });
  readonly world: WidgetPorts;
  readonly logged: string[] = [];
  readonly record: SandboxTable = { name: 'record', items: new Map() };
  #samples: Samples = EMPTY;
  readonly #instances = new Map<string, InstanceState>();
  #suppressed = false;

  constructor(
    given: { readonly settings?: object; readonly remedyArn?: string | null; readonly confirmed?: boolean } = {},
  ) {
    const { settings = {}, remedyArn = REMEDY_ARN, confirmed = true } = given;
    this.aws.topic.subscriptions.push({ endpoint: 'you@example.com', confirmed });
    const log = (event: string) => void this.logged.push(event);
    this.world = {
      environment: () => ({
        settings: parseSettings(settings),
        topicArn: this.aws.topic.arn,
        probeDocument: null,
        restartWorkerDocument: null,
        restartSshdDocument: null,
        leaseTable: this.record.name,
        remedyFunctionArn: remedyArn,
        bucket: this.aws.bucket.name,
      }),
      region: async () => this.aws.region,
      ec2: this.aws.ec2,
      sns: this.aws.sns,
      s3: this.aws.s3,
      dynamoDb: sandboxDynamoDb(this.record),
      clock: { now: () => NOW },
      log: { info: log, warn: log, error: log },
    };
  }

  /** Has the last check say that it was made, and whether it held flags back. */
  async beat(suppressed = false): Promise<this> {
    this.#suppressed = suppressed;
    return this.#keepState();
  }

  /** Puts a pause on record, as the remedy function does. */
  pause(pause: Pause): Promise<void> {
    return savePause(this.world.dynamoDb, this.record.name, pause);
  }

  /** Launches the hosts, with figures of the last three hours and one an hour for three days before. */
  async add(hosts: readonly Host[]): Promise<this> {
    const first = this.aws.instances.size + 1;
    for (const [i, { name, tags, state = 'running' }] of hosts.entries()) {
      this.aws.launch(idOf(first + i), { state, tags: { Name: name, crawlwatch: 'true', ...tags } });
      this.#instances.set(idOf(first + i), rememberedBy(tags ?? {}));
    }
    const checks = Array.from({ length: 36 }, (_, n) => 2 + n * 5);
    const days = Array.from({ length: 72 }, (_, n) => 240 + n * 60);
    for (const minutes of [...checks, ...days].sort((a, b) => b - a)) {
      const seen = hosts.flatMap(({ memory, disk }, i): [string, HostSample][] => {
        const share = (curve: Curve | undefined) => {
          const value = curve?.(minutes) ?? null;
          return value === null ? null : 1 - value / 100;
        };
        const [left, free] = [share(memory), share(disk)];
        return left === null ? [] : [[idOf(first + i), { at: at(minutes), memory: left, disk: free }]];
      });
      const processes = new Map(
        hosts.flatMap(({ holder }, i): [string, CurrentProcesses][] => {
          const memory = seen.find(([id]) => id === idOf(first + i))?.[1].memory ?? null;
          return holder === undefined || memory === null ? [] : [[idOf(first + i), held(holder, memory, minutes)]];
        }),
      );
      this.#samples = withSamples(this.#samples, new Map(seen), at(minutes), processes);
    }
    const bytes = gzipSync(encodeSamples(this.#samples, at(2)));
    this.aws.bucket.objects.set(SAMPLES_KEY, { bytes, etag: '"added"' });
    return this.#keepState();
  }

  #keepState(): this {
    const breaker = { suppressed: this.#suppressed, mailed: this.#suppressed };
    const text = encodeState({ at: at(2), instances: this.#instances, breaker, mailing: null });
    this.aws.bucket.objects.set(STATE_KEY, { bytes: gzipSync(text), etag: '"state"' });
    return this;
  }

  draw(event: WidgetEvent | null = {}): Promise<string> {
    return drawWidget(event, WIDGET_ARN, this.world);
  }
}

const at = (minutes: number): Date => new Date(NOW.getTime() - minutes * 60_000);

const TOTAL_KIB = 16 * 1024 * 1024;

function held(name: string, share: number, minutes: number): CurrentProcesses {
  const holder = { pid: 2213, name, kib: TOTAL_KIB * Math.max(0, 0.8 - share), startedSeconds: 900, parentPid: 1 };
  return {
    at: at(minutes),
    totalKib: TOTAL_KIB,
    availableKib: TOTAL_KIB * share,
    sharedKib: 0,
    uptimeSeconds: 864_000,
    processes: [holder],
  };
}

const STATUS_OF: Readonly<Record<Band, FleetRow['status']>> = {
  flagged: 'CRITICAL',
  critical: 'CRITICAL',
  unknown: 'UNKNOWN',
  warning: 'WARNING',
  unchecked: null,
  muted: 'WARNING',
  ok: 'OK',
  skipped: null,
};

/** Around a level, never twice the same, and always the same. */
export const wave =
  (level: number, height = 3): Curve =>
  (minutes) =>
    level + height * Math.sin(minutes / 17 + level) + (height / 3) * Math.sin(minutes / 3);

/** A rise by so many percent an hour up to a level now, from a habit of the level it began at. */
export const leak =
  (now: number, perHour: number): Curve =>
  (minutes) =>
    minutes > 180 ? now - 3 * perHour : now - (minutes / 60) * perHour + Math.sin(minutes / 4);

/** Silent since so many minutes. */
export const silentSince =
  (since: number, curve: Curve): Curve =>
  (minutes) =>
    minutes < since ? null : curve(minutes);

export const status = (value: string, minutes: number): Record<string, string> => ({
  [TAG.worker]: 'sidekiq.service',
  [TAG.status]: value,
  [NOTE.since]: minutesAgo(minutes),
});

/** Ten hosts, one of each kind of trouble. */
export const TEN_HOSTS: readonly Host[] = [
  { name: 'ficrawler1', tags: status('OK', 11_000), memory: wave(48), disk: wave(41, 0.5) },
  { name: 'ficrawler2', tags: status('OK', 5_200), memory: wave(55, 6), disk: wave(37, 0.5) },
  {
    name: 'ficrawler3',
    tags: status('CRITICAL:MemoryExhaustedResponsive', 5),
    memory: leak(97.6, 12),
    holder: 'ruby',
    disk: wave(52, 0.5),
  },
  { name: 'ficrawler4', tags: status('UNKNOWN:AuthenticationFailed', 40), memory: silentSince(40, wave(50)) },
  { name: 'ficrawler5', tags: status('OK', 900), memory: wave(44, 9), disk: wave(68, 0.5) },
  {
    name: 'ficrawler6',
    tags: { ...status('CRITICAL:ConnectionReset', 8), [NOTE.failures]: '2' },
    memory: silentSince(9, wave(61)),
    disk: silentSince(9, wave(58, 0.5)),
  },
  {
    name: 'ficrawler7',
    tags: status('WARNING:MemoryExhaustionForecast', 10),
    memory: leak(86, 10),
    holder: 'sidekiq',
    disk: wave(44, 0.5),
  },
  {
    name: 'ficrawler8',
    tags: { ...status('WARNING:WorkerDown', 300), [TAG.mute]: 'until=2026-11-22T18:00:00Z' },
    memory: wave(4, 0.4),
    disk: wave(35, 0.5),
  },
  {
    name: 'ficrawler9',
    tags: {
      ...status('CRITICAL:BannerTimeout,MemoryLow', 37),
      [NOTE.failures]: '3',
      [TAG.flag]: `BannerTimeout@${minutesAgo(27)}`,
    },
    memory: silentSince(37, leak(104, 14)),
    holder: 'sidekiq',
    disk: silentSince(37, wave(57, 0.5)),
  },
  { name: 'fiweb1', tags: status('WARNING:DiskLow', 55), memory: wave(33), disk: leak(93.4, 2) },
];

const sampled = (available: number, minutes = 2) => {
  const latest = { at: at(minutes), available };
  return { latest, samples: [latest] };
};

/** A row of each kind there can be, with everything that a row can show. */
export const EVERY_KIND: readonly FleetRow[] = BANDS.map((band, n): FleetRow => {
  const status = STATUS_OF[band];
  const isDown = band === 'critical' || band === 'muted';
  return {
    id: idOf(n + 1),
    name: `a-${band}-host`,
    region: 'eu-central-1',
    account: null,
    band,
    status,
    reasons:
      status === null || status === 'OK'
        ? []
        : [{ code: isDown ? 'WorkerDown' : 'BannerTimeout', text: 'something is wrong' }],
    before: ['MemoryLow'],
    since: at(25),
    flag: band === 'flagged' ? { reason: 'BannerTimeout', at: at(20) } : null,
    worker: 'sidekiq.service',
    muted: band === 'muted' ? 'muted until 18:00' : null,
    ack: band === 'flagged' ? 'acknowledged by ann@laptop 10 min ago' : null,
    acted: { what: 'reboot', at: at(18) },
    skipped: band === 'skipped' ? 'is stopped, not running' : null,
    memory: sampled(isDown ? 0.98 : n % 2 === 0 ? 0.04 : 0.1, n < 3 ? 40 : 2),
    disk: n === 5 ? null : sampled(0.5),
    processes: [{ name: 'ruby', residentBytes: 13.2 * 1024 ** 3 }],
    grew: null,
    forecast: { memoryMinutes: 40, diskMinutes: 200 },
  };
});

/** So many hosts, one in fifty in trouble; figures only of those that the first page shows. */
export function manyHosts(count: number): Host[] {
  return Array.from({ length: count }, (_, n) => {
    const trouble = TEN_HOSTS[(n / 50) % TEN_HOSTS.length];
    const name = `crawler-${String(n + 1).padStart(3, '0')}`;
    if (n % 50 === 0 && trouble !== undefined) return { ...trouble, name };
    const figures = n > 110 ? {} : { memory: wave(35 + (n % 37), 4), disk: wave(25 + (n % 43), 0.5) };
    return { name, tags: status('OK', 60 + n * 30), ...figures };
  });
}
