/** Reads what the probe printed. The host is not trusted: every figure is checked before it becomes a vital. */
import type { MemoryPressure, ProbeOutcome, Vitals } from '../model/index.ts';
import { UNIT_PATTERN } from '../model/index.ts';
import { parseDisks } from './parse-disks.ts';
import { parseMemory } from './parse-memory.ts';
import { Fields, findReport, pairsOf } from './parse-report.ts';

/** What shells say when they can start no process: dash, bash, busybox, mksh, zsh. */
const CANNOT_FORK = /can(?:not|'t) fork|fork(?: failed)?: /i;
const UNIT = new RegExp(UNIT_PATTERN);
/** Characters searched for such a message at both ends: it is the first or the last thing that a host says. */
const SEARCHED = 4096;

/** Whether a shell says in its own words that it can start no process. */
export const saysCannotFork = (output: string): boolean =>
  CANNOT_FORK.test(output.slice(0, SEARCHED)) || CANNOT_FORK.test(output.slice(-SEARCHED));

/**
 * Takes any input: it never throws, its work is linear in the output's length, and what it holds is bounded.
 * @param output all that the host sent; banners around the report don't matter
 * @param worker the unit whose state is wanted, as it was given to the script
 * @param ignore patterns of mounts to leave out
 * @returns `Unparsable` with a sentence where there is no whole report or no memory in it, `ForkFailed` where the host
 * says that it could start no process and gave no memory. Any other figure that can't be read is null, with a note.
 */
export function parseVitals(output: string, worker: string | null, ignore: readonly string[] = []): ProbeOutcome {
  const found = findReport(output);
  if (found.kind === 'none') {
    return saysCannotFork(output)
      ? { kind: 'failed', reason: 'ForkFailed', text: 'The host could start no process, not even the probe.' }
      : { kind: 'failed', reason: 'Unparsable', text: found.why };
  }
  const fields = new Fields(found.lines);
  const couldFork = !found.partial && parseFork(fields);
  const read = parseMemory(fields);
  if (read.kind === 'unknown') {
    return !couldFork && fields.all('mem').length === 0
      ? { kind: 'failed', reason: 'ForkFailed', text: 'The host could start no process and gave no memory figures.' }
      : { kind: 'failed', reason: 'Unparsable', text: read.why };
  }
  const notes = [...read.notes];
  const disks = parseDisks(fields, ignore, notes);
  const vitals: Vitals = {
    memory: read.memory,
    swap: read.swap,
    ...disks,
    oomKills: parseOomKills(fields),
    memoryPressure: parsePressure(fields),
    processes: parseProcesses(fields),
    worker: parseWorker(fields, worker, notes),
    sshd: parseSshd(fields),
    uptimeSeconds: fields.decimal('up', 'The uptime'),
    bootId: parseBootId(fields),
    load1: fields.decimal('load', 'The load'),
    system: fields.one('os', 'The system')?.trim() || null,
  };
  return { kind: 'vitals', vitals, couldFork, notes: [...notes, ...fields.notes] };
}

/** `0`, where it could start no process; a sound host prints no such line. */
function parseFork(fields: Fields): boolean {
  const figure = 'Whether it can start a process';
  const line = fields.one('fork', figure);
  if (line !== null && line !== '0') fields.unknown('fork', figure);
  return line !== '0';
}

function parseOomKills(fields: Fields): number | null {
  const figure = 'The number of OOM kills';
  const line = fields.one('vm', figure);
  if (line === null) return null;
  return pairsOf(line).figures.get('oom_kill') ?? fields.unknown('vm', figure);
}

/** `some=PERCENT full=PERCENT [some_total=US full_total=US]`; without the totals, before they were printed. */
function parsePressure(fields: Fields): MemoryPressure | null {
  const figure = 'Memory pressure';
  const line = fields.one('psi', figure);
  if (line === null) return null;
  const [, some, full, totals] = /^some=(\d{1,3}\.\d{2}) full=(\d{1,3}\.\d{2})(?: (.*))?$/.exec(line) ?? [];
  const averages = { someAvg10: Number(some), fullAvg10: Number(full) };
  if (!(averages.someAvg10 <= 100 && averages.fullAvg10 <= 100)) return fields.unknown('psi', figure);
  if (totals === undefined) return averages;
  const [, someTotal, fullTotal] = /^some_total=(\d{1,15}) full_total=(\d{1,15})$/.exec(totals) ?? [];
  if (someTotal === undefined) {
    fields.unknown('psi', 'How long tasks have waited for memory since boot', 'gives no totals that can be read');
    return averages;
  }
  return { ...averages, someTotalMicros: Number(someTotal), fullTotalMicros: Number(fullTotal) };
}

function parseProcesses(fields: Fields): Vitals['processes'] {
  const figure = 'One of the largest processes';
  const origins = parseOrigins(fields);
  const byPid = new Map<number, Vitals['processes'][number]>();
  const twice = new Set<number>();
  for (const line of fields.all('proc')) {
    const [, pid, kib, name] = /^([1-9]\d{0,9}) (\d{1,12}) (.{1,80})$/.exec(line) ?? [];
    const key = Number(pid);
    if (name === undefined) fields.unknown('proc', figure);
    else if (byPid.has(key)) twice.add(key);
    else {
      const residentBytes = Number(kib) * 1024;
      const { anonBytes, ...origin } = origins.get(key) ?? {};
      // Read a moment later, yet what is its own is part of what it holds.
      const own = anonBytes === undefined ? {} : { anonBytes: Math.min(anonBytes, residentBytes) };
      byPid.set(key, { pid: key, name, residentBytes, ...origin, ...own });
    }
  }
  if (twice.size > 0) fields.unknown('proc', figure, 'is there twice for one pid');
  return [...byPid.values()].filter(({ pid }) => !twice.has(pid)).toSorted((a, b) => b.residentBytes - a.residentBytes);
}

type Origin = Pick<Vitals['processes'][number], 'startedSeconds' | 'parentPid' | 'anonBytes'>;

/** `PID SECONDS PARENT ANON_KIB`, a dash for what is not known; by pid. */
function parseOrigins(fields: Fields): ReadonlyMap<number, Origin> {
  const byPid = new Map<number, Origin>();
  for (const line of fields.all('born')) {
    const [, pid, seconds, parent, kib] = /^([1-9]\d{0,9}) (\d{1,10}|-) (\d{1,10}|-) (\d{1,12}|-)$/.exec(line) ?? [];
    const isOdd = pid === undefined || byPid.has(Number(pid));
    if (isOdd) fields.unknown('born', 'Where one of the largest processes comes from');
    byPid.set(Number(pid), {
      ...(!isOdd && seconds !== '-' && { startedSeconds: Number(seconds) }),
      ...(!isOdd && parent !== '-' && { parentPid: Number(parent) }),
      ...(!isOdd && kib !== '-' && { anonBytes: Number(kib) * 1024 }),
    });
  }
  return byPid;
}

function parseWorker(fields: Fields, worker: string | null, notes: string[]): Vitals['worker'] {
  const figure = 'The state of a unit';
  const units = new Map<string, { state: string | null; restarts: number | null }>();
  // A line that can't be read may be about any unit: one that isn't listed is then no longer known to be absent.
  let isDoubtful = fields.hasOddLine;
  for (const line of fields.all('unit')) {
    const [, unit = '', state = '', restarts] = /^(\S+) ([a-z-]{1,32}) (\d{1,10}|-)$/.exec(line) ?? [];
    if (!UNIT.test(unit)) {
      fields.unknown('unit', figure);
      isDoubtful = true;
    } else if (units.has(unit)) {
      fields.unknown('unit', figure, 'is there twice for one unit');
      units.set(unit, { state: null, restarts: null });
    } else units.set(unit, { state, restarts: restarts === '-' ? null : Number(restarts) });
  }
  const unlisted = fields.one('units', 'What it means that a unit is not listed');
  if (worker === null) return null;
  const unit = units.get(worker);
  if (unit !== undefined) return { unit: worker, ...unit };
  if (isDoubtful || unlisted === 'unknown') notes.push(`The state of ${worker} could not be read.`);
  else if (unlisted === 'process') return { unit: worker, state: 'absent', restarts: null };
  else if (unlisted === 'systemd') notes.push(`systemd knows no unit ${worker} here, and no process has that name.`);
  return { unit: worker, state: null, restarts: null };
}

/** Several ports may have been asked, since a batch shares its arguments: one that answers will do. */
function parseSshd(fields: Fields): boolean | null {
  const answers = fields
    .all('sshd')
    .map((line) => /^\d{1,5} (up|down|unknown)$/.exec(line)?.[1] ?? fields.unknown('sshd', 'Whether sshd answers'));
  if (answers.includes('up')) return true;
  // What can't be read may have been the port that answers.
  return answers.includes('down') && !answers.includes(null) ? false : null;
}

function parseBootId(fields: Fields): string | null {
  const id = fields.one('boot', 'The boot id');
  return id === null || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)
    ? id
    : fields.unknown('boot', 'The boot id');
}
