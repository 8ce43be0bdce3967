/** Reads what the probe printed. The host is not trusted: every figure is checked before it becomes a vital. */
import type { Disk, ProbeOutcome, Vitals } from '../model/index.ts';
import { decodeMount, parseDisk } from './parse-disk.ts';
import { memoryNotes, parseMemory } from './parse-memory.ts';
import { Fields, findReport } from './parse-report.ts';

/** What shells say when they can start no process: dash, bash, busybox, mksh, zsh. */
const CANNOT_FORK = /can(?:not|'t) fork|fork(?: failed)?: /i;
/** Characters searched for such a message at both ends: it is the first or the last thing that a host says. */
const SEARCHED = 4096;

/** Whether a shell says in its own words that it can start no process. */
export const saysCannotFork = (output: string): boolean =>
  CANNOT_FORK.test(output.slice(0, SEARCHED)) || CANNOT_FORK.test(output.slice(-SEARCHED));

/**
 * Takes any input: it never throws, its work is linear in the output's length, and what it holds is bounded.
 * @param output all that the host sent; banners around the report don't matter
 * @param worker the unit whose state is wanted, as it was given to the script
 * @returns `Unparsable` with a sentence for what can't be trusted, `ForkFailed` where the host says that it could start
 * no process and gave no figures. A disk with impossible figures is left out, with a note.
 */
export function parseVitals(output: string, worker: string | null): ProbeOutcome {
  const found = findReport(output);
  if (found.kind === 'none') {
    return saysCannotFork(output)
      ? { kind: 'failed', reason: 'ForkFailed', text: 'The host could start no process, not even the probe.' }
      : { kind: 'failed', reason: 'Unparsable', text: found.why };
  }
  const fields = new Fields(found.lines);
  const couldFork = !found.partial && fields.one('fork') !== '0';
  const notes: string[] = [];
  const memory = parseMemory(fields);
  if (memory !== null) notes.push(...memoryNotes(fields, memory.memory));
  const disks = parseDisks(fields, notes);
  const state = parseWorker(fields, worker, notes);
  const vitals: Omit<Vitals, 'memory' | 'swap'> = {
    disks,
    oomKills: fields.pairs('vm').get('oom_kill') ?? null,
    memoryPressure: parsePressure(fields),
    processes: parseProcesses(fields),
    worker: state,
    sshd: parseSshd(fields),
    uptimeSeconds: fields.decimal('up'),
    bootId: parseBootId(fields),
    load1: fields.decimal('load'),
    system: fields.one('os')?.trim() || null,
  };
  if (memory === null || fields.fault !== null) {
    return !couldFork && fields.one('mem') === null
      ? { kind: 'failed', reason: 'ForkFailed', text: 'The host could start no process and gave no memory figures.' }
      : { kind: 'failed', reason: 'Unparsable', text: fields.fault ?? 'The report has no memory figures.' };
  }
  return { kind: 'vitals', vitals: { ...memory, ...vitals }, couldFork, notes };
}

function parseDisks(fields: Fields, notes: string[]): Disk[] {
  const disks: Disk[] = [];
  for (const line of fields.all('disk')) {
    const disk = parseDisk(line);
    if (disk.kind === 'disk') disks.push(disk.disk);
    else if (disk.kind === 'impossible') notes.push(disk.note);
    else fields.fail('disk');
  }
  if (new Set(disks.map((disk) => disk.mount)).size < disks.length) fields.fail('disk', 'is there twice for one mount');
  for (const mount of fields.all('late')) notes.push(`${decodeMount(mount)} did not answer in time.`);
  for (const [key, text] of [
    ['more', 'more mounts, all less full.'],
    ['unasked', 'mounts were not asked.'],
  ] as const) {
    const count = fields.whole(key);
    if (count !== null) notes.push(`${count} ${text}`);
  }
  // Only a host that could start no process lists mounts without figures.
  if (fields.all('mount').includes('ro /')) notes.push('/ is mounted read-only.');
  return disks;
}

function parsePressure(fields: Fields): Vitals['memoryPressure'] {
  const line = fields.one('psi');
  if (line === null) return null;
  const match = /^some=(\d{1,3}\.\d{2}) full=(\d{1,3}\.\d{2})$/.exec(line);
  const [someAvg10, fullAvg10] = [Number(match?.[1]), Number(match?.[2])];
  if (someAvg10 <= 100 && fullAvg10 <= 100) return { someAvg10, fullAvg10 };
  return fields.fail('psi');
}

function parseProcesses(fields: Fields): Vitals['processes'] {
  const processes = fields.all('proc').map((line) => {
    const match = /^([1-9]\d{0,9}) (\d{1,12}) (.{1,80})$/.exec(line);
    if (match === null) fields.fail('proc');
    return { pid: Number(match?.[1]), name: match?.[3] ?? '', residentBytes: Number(match?.[2]) * 1024 };
  });
  if (new Set(processes.map(({ pid }) => pid)).size < processes.length)
    fields.fail('proc', 'is there twice for one pid');
  return processes.toSorted((a, b) => b.residentBytes - a.residentBytes);
}

function parseWorker(fields: Fields, worker: string | null, notes: string[]): Vitals['worker'] {
  const units = new Map<string, { state: string; restarts: number | null }>();
  for (const line of fields.all('unit')) {
    const [, unit = '', state = '', restarts] = /^(\S{1,255}) ([a-z-]{1,32}) (\d{1,10}|-)$/.exec(line) ?? [];
    if (unit === '') fields.fail('unit');
    if (units.has(unit)) fields.fail('unit', 'is there twice for one unit');
    units.set(unit, { state, restarts: restarts === '-' ? null : Number(restarts) });
  }
  const unlisted = fields.one('units');
  if (worker === null) return null;
  const unit = units.get(worker);
  if (unit !== undefined) return { unit: worker, ...unit };
  if (unlisted === 'process') return { unit: worker, state: 'absent', restarts: null };
  if (unlisted === 'systemd') notes.push(`systemd knows no unit ${worker} here, and no process has that name.`);
  if (unlisted === 'unknown') notes.push(`The state of ${worker} could not be read.`);
  return { unit: worker, state: null, restarts: null };
}

/** Several ports may have been asked, since a batch shares its arguments: one that answers will do. */
function parseSshd(fields: Fields): boolean | null {
  const answers = fields
    .all('sshd')
    .map((line) => /^\d{1,5} (up|down|unknown)$/.exec(line)?.[1] ?? fields.fail('sshd'));
  if (answers.includes('up')) return true;
  return answers.includes('down') ? false : null;
}

function parseBootId(fields: Fields): string | null {
  const id = fields.one('boot');
  return id === null || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id) ? id : fields.fail('boot');
}
