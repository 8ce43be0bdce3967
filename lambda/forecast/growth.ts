/**
 * Says who took the memory that a host has lost: a process, several of one name, or shared memory and tmpfs. Pure.
 *
 * It compares the five largest now with those of the time, one to six hours before, when most was available. Somebody is
 * named only where that much is certain from what both lists show, and it is half of what was lost or more, and twice
 * what anybody else may have taken: what is unclear has no culprit.
 */
import type { CurrentProcesses, Growth, ProcessSnapshot, SeenProcess } from '../model/index.ts';

const MINUTE = 60_000;
/** How long before it is compared; a host of which less is known is compared with the oldest of at least the third. */
const COMPARED = { least: 60 * MINUTE, most: 6 * 60 * MINUTE + 20 * MINUTE, brief: 20 * MINUTE } as const;
/** Of several times at which about as much was available, within this share of the loss, the latest counts. */
const ABOUT_AS_MUCH = 0.05;
/** A loss below this share of all memory is noise. */
const LEAST_LOSS = 0.02;
/** Of what was lost, from which somebody is named. */
const LEAST_SHARE = 0.5;
/** How many times what anybody else may have taken. */
const AHEAD = 2;
/** One of several of its name is named alone from this share of what they took. */
const MOST_OF_THEM = 0.85;
/** Seconds by which a start and an uptime may differ, since hosts are asked some time after a check begins. */
const ASKED_LATE = 120;
/** The lists show at most so many. */
const LISTED = 5;

/** What one holder has taken since: at least and at most. */
interface Taken {
  readonly least: number;
  readonly most: number;
}

interface Member extends Taken {
  readonly one: SeenProcess;
  /** It was there at the time compared with. */
  readonly isOld: boolean;
  /** With those that it forked, what they took among them. */
  readonly count: number;
}

interface Holder extends Taken {
  /** Null: shared memory. */
  readonly name: string | null;
  /** Those that grew, the one that took most first. */
  readonly members: readonly Member[];
}

interface Comparison {
  readonly then: ProcessSnapshot;
  /** KiB less available than then. */
  readonly loss: number;
  /** Each of the largest by itself. */
  readonly members: readonly Member[];
  /** By what they certainly took, most first. */
  readonly holders: readonly Holder[];
}

/**
 * @param past oldest first
 * @returns null where no culprit is clear
 */
export function whoGrew(past: readonly ProcessSnapshot[], now: CurrentProcesses): Growth | null {
  const compared = compare(past, now);
  const [top, ...others] = compared?.holders ?? [];
  if (compared === null || top === undefined) return null;
  const { loss, then } = compared;
  const next = Math.max(0, ...others.map(({ most }) => most));
  if (top.least < LEAST_SHARE * loss || top.least < AHEAD * next) return null;
  const [first] = top.members;
  const isOne = first !== undefined && first.least >= MOST_OF_THEM * top.least;
  const isExact = top.members.every(({ least, most }) => least === most);
  const grewKib = isOne ? first.least : top.least;
  return {
    kind: first === undefined ? 'shared memory' : isOne ? 'process' : 'processes',
    name: top.name,
    pid: isOne ? first.one.pid : null,
    count: isOne ? first.count : top.members.reduce((sum, { count }) => sum + count, 0),
    grewBytes: Math.round(grewKib) * 1024,
    atLeast: !isExact,
    minutes: Math.round((now.at.getTime() - then.at.getTime()) / MINUTE),
    share: Math.min(1, top.least / loss),
  };
}

/** Of what a host has lost, which shares went where, each 0 to 1. */
export interface Explained {
  /** To the processes of one name that were there before the loss; what they forked since is not theirs here. */
  readonly old: number;
  /** To shared memory and tmpfs. */
  readonly shared: number;
  /** To processes that were not there before, all together. */
  readonly fresh: number;
}

/**
 * How far a loss is that of something that lasts, rather than of jobs that come and go: evidence for a forecast.
 * @returns null where it can't be known: nothing to compare with, or nothing lost
 */
export function explainedBy(past: readonly ProcessSnapshot[], now: CurrentProcesses): Explained | null {
  const compared = compare(past, now);
  if (compared === null) return null;
  const { loss, members, holders } = compared;
  const old = new Map<string, number>();
  for (const { one, isOld, least } of members) {
    if (isOld && least > 0) old.set(one.name, (old.get(one.name) ?? 0) + least);
  }
  const shared = holders.find(({ name }) => name === null)?.least ?? 0;
  const share = (taken: number) => Math.min(1, Math.max(0, taken) / loss);
  const fresh = members.reduce((sum, { isOld, least }) => sum + (isOld ? 0 : least), 0);
  return { old: share(Math.max(0, ...old.values())), shared: share(shared), fresh: share(fresh) };
}

function compare(past: readonly ProcessSnapshot[], now: CurrentProcesses): Comparison | null {
  const then = comparedWith(past, now);
  if (then === null) return null;
  const loss = then.availableKib - now.availableKib;
  if (loss < LEAST_LOSS * now.totalKib) return null;
  const members = membersOf(then, now);
  const families = familiesOf(members, then, now, loss);
  const shared = (now.sharedKib ?? 0) - (then.sharedKib ?? now.sharedKib ?? 0);
  const holders: Holder[] = [...byName(families, then, now), { name: null, least: shared, most: shared, members: [] }];
  return { then, loss, members, holders: holders.toSorted((a, b) => b.least - a.least) };
}

/** The time at which most was available, since the boot. */
function comparedWith(past: readonly ProcessSnapshot[], now: CurrentProcesses): ProcessSnapshot | null {
  const age = ({ at }: ProcessSnapshot) => now.at.getTime() - at.getTime();
  const ofThisBoot = past.filter(
    (one) => age(one) >= COMPARED.brief && (now.uptimeSeconds === null || age(one) <= 1000 * now.uptimeSeconds),
  );
  const compared = ofThisBoot.filter((one) => age(one) >= COMPARED.least && age(one) <= COMPARED.most);
  if (compared.length === 0) return ofThisBoot[0] ?? null;
  const best = Math.max(...compared.map(({ availableKib }) => availableKib));
  const enough = best - ABOUT_AS_MUCH * (best - now.availableKib);
  return compared.findLast(({ availableKib }) => availableKib >= enough) ?? null;
}

/** What each of the largest has taken by itself. */
function membersOf(then: ProcessSnapshot, now: CurrentProcesses): Member[] {
  // A process that was not listed then was smaller than all that were, if it ran at all.
  const unlisted = then.processes.length < LISTED ? 0 : Math.min(...then.processes.map(({ kib }) => kib));
  return now.processes.map((one) => {
    const before = then.processes.find((other) => isSame(one, other));
    if (before !== undefined) {
      const taken = one.kib - before.kib;
      return { one, isOld: true, count: 1, least: taken, most: taken };
    }
    const began = beganAfter(one, then, now);
    const least = began === true ? one.kib : Math.max(0, one.kib - unlisted);
    return { one, isOld: began === false, count: 1, least, most: one.kib };
  });
}

/** A pid names another process once it was given away again: its start says which, or else its name. */
const isSame = (a: SeenProcess, b: SeenProcess): boolean =>
  a.pid === b.pid &&
  (a.startedSeconds !== null && b.startedSeconds !== null ? a.startedSeconds === b.startedSeconds : a.name === b.name);

/** Null: not known, also where a container's uptime is not the kernel's. */
function beganAfter({ startedSeconds }: SeenProcess, then: ProcessSnapshot, now: CurrentProcesses): boolean | null {
  const { uptimeSeconds } = now;
  if (startedSeconds === null || uptimeSeconds === null || startedSeconds > uptimeSeconds + ASKED_LATE) return null;
  return startedSeconds > uptimeSeconds - (now.at.getTime() - then.at.getTime()) / 1000;
}

/** A process with those that it forked. */
interface Family extends Taken {
  /** The one to name: the parent, or the child that took nearly all by itself. */
  readonly root: Member;
  readonly members: readonly Member[];
}

/**
 * Puts forked processes down to their parent where they share its pages: each then counts those pages as its own, so
 * that together they hold more than there is, or took more than was lost.
 */
function familiesOf(members: readonly Member[], then: ProcessSnapshot, now: CurrentProcesses, loss: number): Family[] {
  const counted = members.reduce((sum, { one }) => sum + one.kib, 0);
  const surplus = counted - (now.totalKib - now.availableKib);
  const gone = then.processes.filter((one) => !members.some((member) => isSame(member.one, one)));
  const freed = gone.reduce((sum, { kib }) => sum + kib, 0);
  const took = members.reduce((sum, { least }) => sum + least, 0) - freed;
  const parentOf = (child: Member): Member | null => {
    if (child.one.parentPid !== null) {
      const parent = members.find(({ one }) => one.pid === child.one.parentPid);
      if (parent === undefined) return null;
      const isShared = surplus >= child.one.kib / 4 || took > 1.3 * loss || parent.one.name === child.one.name;
      return isShared ? parent : null;
    }
    // Where nothing names the parent, it is an older one without which the child could not hold what it does.
    if (child.isOld) return null;
    const used = now.totalKib - now.availableKib;
    const candidates = members.filter(
      ({ one, isOld }) => isOld && one.kib + child.one.kib - used >= Math.min(one.kib, child.one.kib) / 2,
    );
    return candidates.length === 1 ? (candidates[0] ?? null) : null;
  };
  const rootOf = (member: Member): Member => {
    let root = member;
    for (let n = 0; n < LISTED; n++) {
      const parent = parentOf(root);
      if (parent === null || parent === root) break;
      root = parent;
    }
    return root;
  };
  const families = new Map<Member, Member[]>();
  for (const member of members) {
    const root = rootOf(member);
    families.set(root, [...(families.get(root) ?? []), member]);
  }
  return [...families].map(([root, all]) => {
    const children = all.filter((member) => member !== root);
    // What one has taken since it was last seen is its own; of one that is new it is what its parent doesn't have.
    const own = children.map(({ one, isOld, least, most }) =>
      Math.max(0, isOld && least === most ? least : Math.min(least, one.kib - root.one.kib)),
    );
    const least = root.least + own.reduce((sum, taken) => sum + taken, 0);
    const most = root.most + children.reduce((sum, child) => sum + Math.max(0, child.most), 0);
    const alone = children.find((one) => one.isOld && one.least === one.most && one.least >= MOST_OF_THEM * least);
    return alone === undefined
      ? { root, members: all, least, most }
      : { root: alone, members: [alone], least: alone.least, most: Math.max(most, alone.most) };
  });
}

/** Families of one name as one holder, less what others of that name gave back by ending: a restart takes nothing. */
function byName(families: readonly Family[], then: ProcessSnapshot, now: CurrentProcesses): Holder[] {
  const names = new Set(families.map(({ root }) => root.one.name));
  return [...names].map((name) => {
    const own = families.filter(({ root }) => root.one.name === name);
    const ended = then.processes.filter(
      (one) => one.name === name && !now.processes.some((other) => isSame(one, other)),
    );
    const freed = ended.reduce((sum, { kib }) => sum + kib, 0);
    const grown = own.filter(({ most }) => most > 0).toSorted((a, b) => b.least - a.least);
    return {
      name,
      least: own.reduce((sum, { least }) => sum + least, 0) - freed,
      most: own.reduce((sum, { most }) => sum + most, 0) - freed,
      members: grown.map(({ root, members, least, most }) => ({ ...root, count: members.length, least, most })),
    };
  });
}
