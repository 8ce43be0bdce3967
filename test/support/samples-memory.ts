/**
 * What the state and the samples of a large fleet cost one run, in a process of its own: `make FILE HOSTS` writes the
 * files of a noisy fleet; `with FILE HOSTS` reads them, looks at a tenth of the hosts, adds a check and writes them twice
 * and once, as a check with a mail does; `without FILE HOSTS` has the points of that check alone. Prints JSON.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { packedFiles } from '../../lambda/kit/index.ts';
import { decodeSamples, encodeSamples } from '../../lambda/memory/samples/codec.ts';
import { fleetSamples } from '../../lambda/memory/samples/figures.ts';
import { withSamples } from '../../lambda/memory/samples/samples.ts';
import { encodeState } from '../../lambda/memory/schema.ts';
import { loadState, saveState } from '../../lambda/memory/store.ts';
import type { CurrentProcesses, MetricPoint } from '../../lambda/model/index.ts';
import { INSTANCE_METRIC, SAMPLES_KEY, STATE_KEY } from '../../lambda/model/index.ts';
import { sandboxS3 } from '../../sandbox/aws-s3.ts';
import { lowFleet, noisyFleet, noisyState } from './noisy-fleet.ts';

/** On the hour, when every host's hours are packed again: the worst of the twelve checks. */
const LAST = new Date('2026-11-22T07:55:00Z');
const NOW = new Date('2026-11-22T08:00:00Z');
const LOG = { info() {}, warn: (event: string) => fail(event), error: (event: string) => fail(event) };

function fail(text: string): never {
  throw new Error(text);
}

const milliseconds = <T>(work: () => T): [T, number] => {
  const begun = performance.now();
  const value = work();
  return [value, Math.round(performance.now() - begun)];
};

/** Of a check in which every host is low. */
const processesOf = (ids: readonly string[]): ReadonlyMap<string, CurrentProcesses> =>
  new Map(
    ids.map((id, n) => {
      const processes = Array.from({ length: 5 }, (_, i) => ({
        ...{ pid: n + i, name: `worker-${i}`, kib: 1e6 - i * 1e5, startedSeconds: 9e5 + n, parentPid: 1 },
      }));
      const sizes = { totalKib: 16e6, availableKib: 3e6, sharedKib: 1e5 };
      return [id, { at: NOW, ...sizes, uptimeSeconds: 9e6, processes }];
    }),
  );

async function run(mode: string, file: string, count: number): Promise<object> {
  if (mode === 'make') {
    const [bytes, encodeMs] = milliseconds(() => encodeSamples(noisyFleet(count, LAST), LAST));
    const [packed, gzipMs] = milliseconds(() => gzipSync(bytes));
    const low = encodeSamples(lowFleet(count, LAST), LAST);
    const lowPacked = gzipSync(low);
    writeFileSync(file, packed);
    writeFileSync(`${file}.low`, lowPacked);
    const ids = [...noisyFleet(count, LAST).hosts.keys()];
    const state = gzipSync(encodeState(noisyState(ids, LAST)));
    writeFileSync(`${file}.state`, state);
    writeFileSync(`${file}.ids`, JSON.stringify(ids));
    const sizes = { bytes: bytes.length, packed: packed.length, lowBytes: low.length, lowPacked: lowPacked.length };
    return { ...sizes, encodeMs, gzipMs, state: state.length };
  }
  const ids = JSON.parse(readFileSync(`${file.replace(/\.low$/, '')}.ids`, 'utf8')) as string[];
  const isLow = file.endsWith('.low');
  const points = ids.flatMap((InstanceId): MetricPoint[] => {
    const one = { unit: 'Percent', dimensions: { InstanceId, Name: InstanceId } } as const;
    return [
      { ...one, name: INSTANCE_METRIC.memory, value: isLow ? 82.4242 : 42.4242 },
      { ...one, name: INSTANCE_METRIC.disk, value: 60.6 },
    ];
  });
  if (mode === 'with') {
    const bucket = {
      name: 'bucket',
      objects: new Map([
        [SAMPLES_KEY, { bytes: readFileSync(file), etag: '"0"' }],
        [STATE_KEY, { bytes: readFileSync(`${file.replace(/\.low$/, '')}.state`), etag: '"0"' }],
      ]),
    };
    const samples = fleetSamples({ s3: sandboxS3(bucket), bucket: 'bucket', clock: { now: () => NOW }, log: LOG });
    const low = await samples.history(ids.filter((_, n) => n % 10 === 0).map((id) => ({ id })));
    await samples.add(points, NOW, isLow ? processesOf(ids) : undefined);
    const files = packedFiles(sandboxS3(bucket), 'bucket');
    const { state, etag } = await loadState(files);
    const instances = new Map(
      [...state.instances].map(([id, one]) => [id, { ...one, letters: `${one.letters}.`.slice(-24) }]),
    );
    const saved = await saveState(files, { ...state, instances, at: NOW }, etag);
    await saveState(files, { ...state, instances, at: NOW, mailing: null }, saved);
    return { looked: low.size, remembered: state.instances.size, etag: bucket.objects.get(SAMPLES_KEY)?.etag };
  }
  if (mode === 'time') {
    const bytes = gunzipSync(readFileSync(file));
    const [decoded, decodeMs] = milliseconds(() => decodeSamples(bytes, NOW));
    if (decoded.kind !== 'samples') return decoded;
    const added = new Map(ids.map((id) => [id, { at: NOW, memory: isLow ? 0.175758 : 0.575758, disk: 0.394 }]));
    const processes = isLow ? processesOf(ids) : undefined;
    const [next, appendMs] = milliseconds(() => withSamples(decoded.samples, added, NOW, processes));
    const [encoded, encodeMs] = milliseconds(() => encodeSamples(next, NOW));
    const [packed, gzipMs] = milliseconds(() => gzipSync(encoded));
    return { decodeMs, appendMs, encodeMs, gzipMs, packed: packed.length };
  }
  return { points: points.length };
}

const [mode = '', file = '', count = '0'] = process.argv.slice(2);
const result = await run(mode, file, Number(count));
// In kibibytes (getrusage); what was highest, not what is left.
process.stdout.write(JSON.stringify({ ...result, peakMib: Math.round(process.resourceUsage().maxRSS / 1024) }));
