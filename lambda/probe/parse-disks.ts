/** The disks of a report: those that were read, those that were not with why, and what was left out. */
import { quoted } from '../kit/index.ts';
import type { Disk, UnreadDisk, Vitals } from '../model/index.ts';
import { isIgnored } from '../settings/index.ts';
import { type ParsedDisk, parseDisk, parseMount } from './parse-disk.ts';
import type { Fields } from './parse-report.ts';

/** Why the script says that a disk could not be asked. */
const UNREAD_WORDS: Readonly<Record<string, string>> = {
  denied: 'permission denied',
  failed: 'its file system gave an error',
  norun: '`stat` could not be run there',
  odd: 'what was read of it is no figures',
  behind: 'the way to it leads through a network or FUSE file system, which may never answer',
};

const LATE = 'no answer in time';

/** @param ignore patterns of mounts to leave out; what could not be read of those is no news */
export function parseDisks(
  fields: Fields,
  ignore: readonly string[],
  notes: string[],
): Pick<Vitals, 'disks' | 'unreadDisks'> {
  const read = new Map<string, Exclude<ParsedDisk, { kind: 'unreadable' }>>();
  const add = (one: ParsedDisk, key: string) => {
    if (one.kind === 'unreadable') fields.unknown(key, 'A disk');
    else {
      const mount = one.kind === 'disk' ? one.disk.mount : one.mount;
      read.set(mount, read.has(mount) ? { kind: 'unread', mount, why: 'it is reported twice' } : one);
    }
  };
  for (const line of fields.all('disk')) add(parseDisk(line), 'disk');
  for (const line of fields.all('unread')) add(parseUnread(line), 'unread');
  for (const line of fields.all('late')) add(unreadDisk(line, LATE), 'late');

  const disks: Disk[] = [];
  const unreadDisks: UnreadDisk[] = [];
  const ignored: string[] = [];
  for (const [mount, one] of read) {
    const isLeftOut = isIgnored(mount, ignore);
    if (isLeftOut) ignored.push(quoted(mount));
    if (one.kind === 'disk') {
      disks.push(isLeftOut ? { ...one.disk, ignored: true } : one.disk);
      if (one.note !== null && !isLeftOut) notes.push(one.note);
    } else if (!isLeftOut) {
      unreadDisks.push({ mount, why: one.why });
      notes.push(one.why === LATE ? `${mount} did not answer in time.` : `${mount} could not be read: ${one.why}.`);
    }
  }
  if (ignored.length > 0) notes.push(`Left out by disk.ignore or crawlwatch:limits: ${ignored.join(', ')}.`);
  noteOthers(fields, notes);
  return { disks, ...(unreadDisks.length > 0 && { unreadDisks }) };
}

/** `WHY MOUNT`. */
function parseUnread(line: string): ParsedDisk {
  const [, word = '', mount = ''] = /^(\S+) (\S+)$/.exec(line) ?? [];
  return unreadDisk(mount, Object.hasOwn(UNREAD_WORDS, word) ? (UNREAD_WORDS[word] ?? '') : 'it could not be asked');
}

function unreadDisk(printed: string, why: string): ParsedDisk {
  const mount = parseMount(printed);
  return mount === null ? { kind: 'unreadable' } : { kind: 'unread', mount, why };
}

function noteOthers(fields: Fields, notes: string[]): void {
  for (const [key, figure, [one, several]] of [
    ['more', 'The number of further mounts', ['more mount, less full.', 'more mounts, all less full.']],
    ['unasked', 'The number of mounts that were not asked', ['mount was not asked.', 'mounts were not asked.']],
  ] as const) {
    const count = fields.whole(key, figure);
    if (count !== null) notes.push(`${count} ${count === 1 ? one : several}`);
  }
  // Only a host that could start no process lists mounts without figures.
  for (const line of fields.all('mount')) {
    const [, state, printed = ''] = /^(ro|rd|rw) (\S+)$/.exec(line) ?? [];
    const mount = parseMount(printed);
    if (mount === null) fields.unknown('mount', 'The state of a mount');
    else if (state === 'ro') notes.push(`${mount} is mounted read-only.`);
  }
}
