/** What the table keeps of each host until all are known: a fleet of fifty thousand has to fit into memory. */
import type { InstanceReport, Vitals } from '../../lambda/model/index.ts';
import { shownDisk } from './columns.ts';

/** What many hosts have in common; of sentences, the parts around the host's own address. */
interface Common
  extends Omit<InstanceReport, 'id' | 'name' | 'address' | 'since' | 'durationMs' | 'reasons' | 'vitals'> {
  readonly reasons: readonly { readonly code: InstanceReport['reasons'][number]['code']; readonly parts: string[] }[];
}

/** Where hosts have so many different problems, the next ones keep their own sentences. */
const COMMON_MAX = 1_000;

/** @returns what replaces a report: it reads the same in the table, and is a fraction of its size */
export function rowKeeper(): (report: InstanceReport) => InstanceReport {
  const known = new Map<string, Common>();
  return (report) => {
    const common = commonOf(report);
    // Sentences with figures are each host's own.
    if (report.vitals !== null && report.reasons.length + report.notes.length > 0) return new KeptRow(report, common);
    const key = JSON.stringify(common);
    const shared = known.get(key) ?? common;
    if (known.size < COMMON_MAX) known.set(key, shared);
    return new KeptRow(report, shared);
  };
}

function commonOf({ address, reasons, ...report }: InstanceReport): Common {
  const { id: _id, name: _name, since: _since, durationMs: _durationMs, vitals: _vitals, ...rest } = report;
  const partsOf = (text: string) => (address === null || address === '' ? [text] : text.split(address));
  return { ...rest, reasons: reasons.map(({ code, text }) => ({ code, parts: partsOf(text) })) };
}

class KeptRow implements InstanceReport {
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly since: string | null;
  readonly durationMs: number;
  readonly vitals: Vitals | null;
  readonly #common: Common;

  constructor({ id, name, address, since, durationMs, vitals }: InstanceReport, common: Common) {
    this.id = id;
    this.name = name;
    this.address = address;
    this.since = since;
    this.durationMs = durationMs;
    this.vitals = vitals === null ? null : shownOf(vitals);
    this.#common = common;
  }

  get region() {
    return this.#common.region;
  }
  get account() {
    return this.#common.account;
  }
  get transport() {
    return this.#common.transport;
  }
  get status() {
    return this.#common.status;
  }
  get reasons() {
    return this.#common.reasons.map(({ code, parts }) => ({ code, text: parts.join(this.address ?? '') }));
  }
  get notes() {
    return this.#common.notes;
  }
  get evidence() {
    return this.#common.evidence;
  }
  get recommendation() {
    return this.#common.recommendation;
  }
  get flagged() {
    return this.#common.flagged;
  }
  get forecast() {
    return this.#common.forecast;
  }
}

/** Memory, the disk and the worker that the table shows. */
function shownOf({ memory, disks, worker }: Vitals): Vitals {
  const disk = shownDisk(disks);
  return { ...UNSHOWN, memory, disks: disk === undefined ? [] : [disk], worker };
}

const UNSHOWN = {
  swap: { totalBytes: null, freeBytes: null },
  oomKills: null,
  memoryPressure: null,
  processes: [],
  sshd: null,
  uptimeSeconds: null,
  bootId: null,
  load1: null,
} as const satisfies Partial<Vitals>;
