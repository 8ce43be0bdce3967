/**
 * What the join of a large fleet takes, in a process of its own: `make FOLDER HOSTS` writes the files of a run, the state
 * and the samples of a noisy fleet; `join FOLDER` reads them and makes the whole check, with pretend outlets; `load FOLDER`
 * has the code alone. Prints JSON.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { packedFiles } from '../../lambda/kit/index.ts';
import { fleetSamples, loadState, saveState } from '../../lambda/memory/index.ts';
import { encodeSamples } from '../../lambda/memory/samples/codec.ts';
import { encodeState } from '../../lambda/memory/schema.ts';
import { SAMPLES_KEY, TAG } from '../../lambda/model/index.ts';
import { joinRun } from '../../lambda/scale/index.ts';
import { encodePlan, encodeResult, encodeShard } from '../../lambda/scale/schema.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { sandboxS3 } from '../../sandbox/aws-s3.ts';
import { instance } from './fleet.ts';
import { noisyFleet, noisyState } from './noisy-fleet.ts';
import { probeOutput } from './probe-output.ts';

const LAST = new Date('2026-11-22T07:55:00Z');
const NOW = new Date('2026-11-22T08:00:00Z');
const PER_SHARD = 250;
const QUIET = { info() {}, warn() {}, error() {} };
const settings = parseSettings({ transport: 'ssh', scale: 'distributed', metrics: { perInstance: 'none' } });

/** As EC2 describes them: fifty subnets in three zones, two security groups, and the tags of a crawler. */
const placeOf = (shard: number, n: number) => ({
  ...{ address: `10.${shard % 256}.${n >> 8}.${n & 255}`, subnet: `subnet-0a1b2c3d4e5f6${shard % 50}` },
  ...{ zone: `eu-central-1${'abc'[shard % 3]}`, securityGroups: ['sg-0123456789abcdef0', 'sg-0fedcba9876543210'] },
  tags: { crawlwatch: 'true', [TAG.worker]: 'sidekiq.service', [TAG.status]: 'OK', [TAG.stack]: settings.stack },
});

/** What the probe prints of a crawler, its largest processes included. */
function outputOf(n: number, boot: string): string {
  const pids = Array.from({ length: 5 }, (_, i) => 1_000 + 7 * n + i);
  const body = probeOutput({
    ...{ availableKb: n % 10 === 0 ? 3_200_000 : 8_000_000, bootId: `${boot}-0000-4000-8000-000000000000` },
    unit: 'sidekiq.service active 0',
  });
  const more = [
    'os 6.1.0-18-cloud-arm64 debian 12',
    'psi some=0.00 full=0.00 some_total=1834022 full_total=1630027',
    ...pids.map((pid, i) => `proc ${pid} ${900_000 - 100_000 * i} sidekiq-worker${i}`),
    ...pids.map((pid, i) => `born ${pid} ${9_000 + n} 1 ${880_000 - 100_000 * i}`),
  ];
  const report = `${body.slice(0, body.lastIndexOf('end '))}${more.join('\n')}\n`;
  return `${report}end ${report.length}\n`;
}

function make(folder: string, count: number): object {
  mkdirSync(join(folder, 'runs/run/shards'), { recursive: true });
  mkdirSync(join(folder, 'runs/run/results'), { recursive: true });
  const ids = [...noisyFleet(count, LAST).hosts.keys()];
  const remembered = noisyState(ids, LAST);
  const put = (key: string, data: string | Uint8Array) => writeFileSync(join(folder, key), data);
  put('samples', gzipSync(encodeSamples(noisyFleet(count, LAST), LAST)));
  put('state', gzipSync(encodeState(remembered)));
  const shards = Math.ceil(count / PER_SHARD);
  for (let index = 0; index < shards; index++) {
    const hosts = ids
      .slice(index * PER_SHARD, (index + 1) * PER_SHARD)
      .map((id, n) => ({ ...instance(placeOf(index, n), settings), id, name: `crawler-${n}-of-${index}` }));
    put(`runs/run/shards/${index}.json`, encodeShard('run', { index, hosts }));
    // Every tenth is low, and one in fifty is hung.
    const replies = hosts.map(({ id }, n) => ({
      id,
      durationMs: 400,
      reply:
        n % 50 === 7
          ? ({ kind: 'failed', reason: 'BannerTimeout', text: 'No banner.', reached: true } as const)
          : ({
              kind: 'output',
              output: outputOf(n, remembered.instances.get(id)?.seen?.boot ?? '1a2b3c4d'),
              exitStatus: 0,
            } as const),
    }));
    put(`runs/run/results/${index}.json`, encodeResult({ run: 'run', index, replies }));
  }
  put('runs/run/plan.json', encodePlan({ run: 'run', at: NOW, shards, rest: [], problems: [] }));
  return { shards };
}

/** The bucket's two files, which aren't in the process's memory; what is written is not read again. */
class FilesOnDisk extends Map<string, { readonly bytes: Uint8Array; readonly etag: string }> {
  readonly #folder: string;
  readonly #etags = new Map<string, string>();

  constructor(folder: string) {
    super();
    this.#folder = folder;
  }

  override get(key: string) {
    const file = join(this.#folder, key === SAMPLES_KEY ? 'samples' : 'state');
    return {
      // For who asks for the etag alone it isn't read.
      get bytes() {
        return readFileSync(file);
      },
      etag: this.#etags.get(key) ?? '"0"',
    };
  }

  override set(key: string, { bytes, etag }: { readonly bytes: Uint8Array; readonly etag: string }): this {
    writeFileSync(join(this.#folder, key === SAMPLES_KEY ? 'samples.next' : 'state.next'), bytes);
    this.#etags.set(key, etag);
    return this;
  }
}

async function joined(folder: string): Promise<object> {
  const s3 = sandboxS3({ name: 'bucket', objects: new FilesOnDisk(folder) });
  const clock = { now: () => NOW };
  const files = packedFiles(s3, 'bucket');
  const samples = fleetSamples({ s3, bucket: 'bucket', clock, log: QUIET });
  const marks: Record<string, string> = {};
  const mark = (name: string) => {
    globalThis.gc?.();
    const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
    marks[name] = [rss, heapTotal, heapUsed, external].map((n) => Math.round(n / 2 ** 20)).join(' ');
  };
  mark('begin');
  const { report, errors } = await joinRun(
    'run',
    settings,
    {
      source: 'aws',
      clock,
      log: QUIET,
      transports: {
        ssh: async (some, turn) => {
          for (const { id } of some) turn.reply(id, { kind: 'failed', reason: 'BannerTimeout', text: 'No banner.' }, 1);
        },
      },
      discover: async () => [],
      state: {
        load: async () => {
          mark('beforeLoad');
          const read = await loadState(files);
          mark('loaded');
          return read;
        },
        save: async (state, etag) => {
          mark('beforeSave');
          const saved = await saveState(files, state, etag);
          return saved;
        },
      },
      history: async (some) => {
        mark('beforeHistory');
        const read = await samples.history(some);
        mark('history');
        return read;
      },
      outlets: {
        publish: async (points, at, processes) => {
          mark('beforePublish');
          await samples.add(points, at, processes);
          mark('published');
        },
        sendEvents: async () => [],
        notify: async () => [],
        writeTags: async () => [],
        gatherEvidence: async () => new Map(),
        isStackAlive: async () => null,
      },
      store: {
        get: async (key) => {
          try {
            return readFileSync(join(folder, key), 'utf8');
          } catch {
            return null;
          }
        },
        put: async () => {},
      },
    },
    { deadlineMs: 270_000, streamsFrom: 0 },
  );
  mark('end');
  return { summary: report.summary, errors, marks };
}

const [mode = '', folder = '', count = '0'] = process.argv.slice(2);
async function main(): Promise<void> {
  const result = mode === 'make' ? make(folder, Number(count)) : mode === 'join' ? await joined(folder) : {};
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  const cpuSeconds = Math.round((userCPUTime + systemCPUTime) / 10_000) / 100;
  // In kibibytes (getrusage); what was highest, not what is left.
  process.stdout.write(JSON.stringify({ ...result, cpuSeconds, peakMib: Math.round(maxRSS / 1024) }));
}
void main();
