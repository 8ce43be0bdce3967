/** Reads what can be replayed: traces, one JSON object each, and the records of `watch --record` and `-o ndjson`. */
import * as z from 'zod';
import { FORECAST_RULES } from '../../lambda/forecast/index.ts';
import { snapshotOf } from '../../lambda/memory/index.ts';
import type { CurrentProcesses, Sample } from '../../lambda/model/index.ts';
import { fullestDisk, REASON_CLASS } from '../../lambda/model/index.ts';
import { recordSchema } from '../../lambda/report/index.ts';
import type { Trace } from './replay.ts';

const seconds = z.number().min(0).max(8.64e12);

/** Seconds of the epoch; null is a sample that could not be taken. A family that begins with `disk_` is a disk. */
const TRACE = z.object({
  family: z.string(),
  resource: z.enum(['memory', 'disk']).optional(),
  sampleSeconds: z.number().positive(),
  totalKb: z.number().positive(),
  samples: z.array(z.object({ t: seconds, availableKb: z.number().min(0).nullable() })),
  exhaustedAt: seconds.nullish(),
  /** For each sample KiB of shared memory, how many processes there were, and the largest as [pid, KiB, name]. */
  procs: z
    .array(z.tuple([z.number(), z.number(), z.array(z.tuple([z.number(), z.number(), z.string()]))]).nullable())
    .optional(),
});

const { memory, disks, ...figures } = recordSchema.shape.vitals.unwrap().in.shape;
const [disk, unreadDisk] = disks.element.options;
const readDisk = disk.pick({ mount: true, usedPercent: true, readOnly: true, ignored: true });
const OBSERVATION = recordSchema.pick({ id: true, checkedAt: true }).extend({
  // Any code: a record may come from a version that knows more of them.
  reasons: z.array(z.object({ code: z.string() })),
  vitals: z
    .object({
      memory: memory.pick({ totalBytes: true, availableBytes: true, sharedBytes: true }),
      disks: z
        .array(z.union([readDisk, unreadDisk]))
        .transform((all) => all.filter((one): one is z.infer<typeof readDisk> => !('unread' in one))),
      oomKills: figures.oomKills.optional(),
      bootId: figures.bootId.optional(),
      uptimeSeconds: figures.uptimeSeconds.optional(),
      processes: figures.processes.optional(),
    })
    .nullable(),
});

/** The part of a record that a replay needs: one instance in one check. */
export type Observation = z.infer<typeof OBSERVATION>;

export type BacktestLine =
  | { readonly kind: 'trace'; readonly trace: Trace }
  | { readonly kind: 'observation'; readonly observation: Observation }
  | { readonly kind: 'unreadable'; readonly text: string };

/** Reads one line's JSON. */
export function readBacktestLine(value: unknown): BacktestLine {
  const isObject = typeof value === 'object' && value !== null;
  if (isObject && 'samples' in value) return readTrace(value);
  if (!isObject || !('checkedAt' in value)) {
    return { kind: 'unreadable', text: 'neither a trace (samples) nor a checked instance (checkedAt)' };
  }
  const read = OBSERVATION.safeParse(value);
  return read.success ? { kind: 'observation', observation: read.data } : unreadable(read.error);
}

function readTrace(value: object): BacktestLine {
  const read = TRACE.safeParse(value);
  if (!read.success) return unreadable(read.error);
  const { family, resource, sampleSeconds, totalKb, samples, exhaustedAt, procs } = read.data;
  const backwards = samples.findIndex(({ t }, i) => t < (samples[i - 1]?.t ?? t));
  if (backwards >= 0) return { kind: 'unreadable', text: `samples.${backwards}.t: earlier than the sample before it` };
  const trace: Trace = {
    family,
    resource: resource ?? (family.startsWith('disk_') ? 'disk' : 'memory'),
    everyMinutes: sampleSeconds / 60,
    samples: samples.map(({ t, availableKb }) => ({
      at: new Date(t * 1000),
      available: availableKb === null ? null : Math.min(1, availableKb / totalKb),
    })),
    exhaustedAt: exhaustedAt == null ? [] : [new Date(exhaustedAt * 1000)],
    ...(procs !== undefined && { processes: processesOf(read.data, procs) }),
  };
  return { kind: 'trace', trace };
}

function processesOf(
  { samples, totalKb }: z.infer<typeof TRACE>,
  procs: NonNullable<z.infer<typeof TRACE>['procs']>,
): NonNullable<Trace['processes']> {
  return samples.flatMap(({ t, availableKb }, i) => {
    const one = procs[i];
    if (availableKb === null || !one) return [];
    const [sharedKib, , largest] = one;
    const processes = largest.map(([pid, kib, name]) => ({ pid, kib, name, startedSeconds: null, parentPid: null }));
    const at = new Date(t * 1000);
    return [{ at, availableKib: availableKb, sharedKib, processes, totalKib: totalKb, uptimeSeconds: null }];
  });
}

function unreadable(error: z.ZodError): BacktestLine {
  const issue = error.issues[0];
  return { kind: 'unreadable', text: `${issue?.path.join('.')}: ${issue?.message}` };
}

/** A fall that ended below this, and then in silence, a kill or a boot, was an exhaustion: as the forecast counts it. */
const EXHAUSTED_BELOW = FORECAST_RULES.memory.outageBelow;
/** Share available to users other than root at which a disk counts as full. */
const DISK_FULL = 0.004;

/** The traces of one instance, from its observations in any order: its memory, and each mount while it is the fullest. */
export function tracesOf(observations: readonly Observation[]): readonly Trace[] {
  const ordered = observations
    .map((observation) => ({ ...observation, at: new Date(observation.checkedAt) }))
    .sort((a, b) => +a.at - +b.at);
  const gaps = ordered
    .flatMap(({ at }, i) => (i === 0 ? [] : [+at - +(ordered[i - 1]?.at ?? at)]))
    .sort((a, b) => a - b);
  const id = ordered[0]?.id ?? '';
  const everyMinutes = Math.max(1, (gaps[gaps.length >> 1] ?? 0) / 60_000);
  return [
    {
      id,
      family: 'recorded',
      resource: 'memory',
      everyMinutes,
      samples: ordered.map(({ at, vitals }) => ({
        at,
        available: vitals && Math.min(1, vitals.memory.availableBytes / vitals.memory.totalBytes),
      })),
      ...memoryEnds(ordered),
      processes: processesSeen(ordered),
    },
    ...diskTraces(ordered).map((trace) => ({ ...trace, id, everyMinutes })),
  ];
}

type Dated = Observation & { readonly at: Date };

/** Who held the memory in each answer that says so; an earlier version's records may not. */
const processesSeen = (ordered: readonly Dated[]): CurrentProcesses[] =>
  ordered.flatMap(({ at, vitals }) => {
    const { memory, uptimeSeconds = null, processes = [] } = vitals ?? { memory: null };
    return memory === null || processes.length === 0 ? [] : [snapshotOf({ memory, uptimeSeconds, processes }, at)];
  });

/** Each time it was seen low and then hung, killed a process or booted; and each boot and kill, low or not. */
function memoryEnds(ordered: readonly Dated[]): { readonly exhaustedAt: Date[]; readonly ends: Date[] } {
  const exhaustedAt: Date[] = [];
  const ends: Date[] = [];
  let seen: NonNullable<Dated['vitals']> | null = null;
  let wasLow = false;
  for (const { at, vitals, reasons } of ordered) {
    const isHung =
      vitals === null && reasons.some(({ code }) => REASON_CLASS[code as keyof typeof REASON_CLASS] === 'hung');
    const isBooted = vitals?.bootId != null && seen?.bootId != null && vitals.bootId !== seen.bootId;
    const isKilled = !isBooted && (vitals?.oomKills ?? 0) > (seen?.oomKills ?? Number.POSITIVE_INFINITY);
    if (isBooted || isKilled) ends.push(at);
    if (wasLow && (isHung || isBooted || isKilled)) {
      exhaustedAt.push(at);
      wasLow = false;
    }
    if (vitals) {
      seen = vitals;
      wasLow = vitals.memory.availableBytes / vitals.memory.totalBytes < EXHAUSTED_BELOW;
    }
  }
  return { exhaustedAt, ends };
}

function diskTraces(ordered: readonly Dated[]): readonly Omit<Trace, 'everyMinutes'>[] {
  const stretches: { mount: string; samples: { at: Date; available: number | null }[]; full: Date[] }[] = [];
  let before: Sample | null = null;
  for (const { at, vitals } of ordered) {
    const fullest = vitals && fullestDisk(vitals.disks);
    if (!fullest) {
      stretches.at(-1)?.samples.push({ at, available: null });
      continue;
    }
    let stretch = stretches.at(-1);
    if (stretch?.mount !== fullest.mount) {
      stretch = { mount: fullest.mount, samples: [], full: [] };
      stretches.push(stretch);
      before = null;
    }
    const available = 1 - fullest.usedPercent / 100;
    if (available <= DISK_FULL && before !== null && before.available > DISK_FULL) stretch.full.push(at);
    before = { at, available };
    stretch.samples.push(before);
  }
  return stretches.map(({ samples, full }) => ({
    family: 'disk_recorded',
    resource: 'disk',
    samples,
    exhaustedAt: full,
  }));
}
