/**
 * One host's past in six bytes a sample, unpacked when it is looked at: as objects, ten thousand hosts' would take
 * 700 MB, more than a function has.
 */

const MINUTE = 60_000;
/** Minutes before a base, and shares in hundredths of a percent, in 16 bits each. */
export const SAMPLE_BYTES = 6;
const NONE = 0xffff;
const SCALE = 10_000;

/** @param base milliseconds since the epoch, a whole minute, that no sample is later than */
export function writeSamples(view: DataView, from: number, samples: Iterable<HostSample>, base: number): void {
  let offset = from;
  for (const { at, memory, disk } of samples) {
    const minutes = Math.round((base - at.getTime()) / MINUTE);
    view.setUint16(offset, Math.min(Math.max(minutes, 0), NONE - 1));
    view.setUint16(offset + 2, Math.round(bounded(memory) * SCALE));
    view.setUint16(offset + 4, disk === null ? NONE : Math.round(bounded(disk) * SCALE));
    offset += SAMPLE_BYTES;
  }
}

const bounded = (share: number): number => Math.min(Math.max(share, 0), 1);

function readSamples(view: DataView, from: number, count: number, base: number): HostSample[] {
  return Array.from({ length: count }, (_, n) => {
    const offset = from + n * SAMPLE_BYTES;
    const disk = view.getUint16(offset + 4);
    return {
      at: new Date(base - view.getUint16(offset) * MINUTE),
      memory: view.getUint16(offset + 2) / SCALE,
      disk: disk === NONE ? null : disk / SCALE,
    };
  });
}

/** The past whose bytes begin at `from`: the recent samples, then the hourly ones. */
export const unpacked = (view: DataView, from: number, recent: number, hourly: number, base: number): HostPast => ({
  get recent() {
    return readSamples(view, from, recent, base);
  },
  get hourly() {
    return readSamples(view, from + recent * SAMPLE_BYTES, hourly, base);
  },
});

export function packed({ recent, hourly }: HostPast): HostPast {
  const samples = [...recent, ...hourly];
  const latest = samples.reduce((most, { at }) => Math.max(most, at.getTime()), 0);
  const base = Math.ceil(latest / MINUTE) * MINUTE;
  const view = new DataView(new ArrayBuffer(samples.length * SAMPLE_BYTES));
  writeSamples(view, 0, samples, base);
  return unpacked(view, 0, recent.length, hourly.length, base);
}

/** Shares available, 0 to 1; null where the host has none. */
export interface HostSample {
  readonly at: Date;
  readonly memory: number;
  readonly disk: number | null;
}

/** One host's past, oldest first. `hourly` is stamped with the start of the hour and holds its least. */
export interface HostPast {
  readonly recent: readonly HostSample[];
  readonly hourly: readonly HostSample[];
}
