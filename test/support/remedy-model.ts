/** The state of the model of acting: one stack's table, tags and hosts, and the ports by which the real code acts on it. */

import { instanceReport } from '../../lambda/judge/report.ts';
import type { Act, Alert, FreshCheck, Instance } from '../../lambda/model/index.ts';
import { TAG } from '../../lambda/model/index.ts';
import { isSame } from '../../lambda/remedy/act.ts';
import { isOpenAct } from '../../lambda/remedy/ladder.ts';
import type { RemedyPorts } from '../../lambda/remedy/ports.ts';
import type { Alternative, Call } from './explore.ts';
import { failed, hungFor, instance, judged, minutesAgo, NOW, read } from './fleet.ts';

export const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const BOOTS = ['1a2b3c4d', 'ffffffff'];
const AUTO = { crawlwatch: 'true', [TAG.auto]: 'restart+reboot' };
export const FLAGGED = { ...AUTO, ...hungFor(8), [TAG.flag]: `BannerTimeout@${minutesAgo(30)}` };

type Tags = Readonly<Record<string, string>>;

export interface ModelState {
  minute: number;
  version: number;
  acts: readonly Act[];
  readonly tags: Record<string, Tags>;
  /** Before the last write of a tag: what a read may still show. */
  readonly staleTags: Record<string, Tags>;
  /** How often each host has booted; it hangs, or answers. */
  readonly hosts: Record<string, { hangs: boolean; boots: number }>;
  /** The requests that EC2 got. */
  readonly reboots: { readonly id: string; readonly minute: number; readonly wasOnRecord: boolean }[];
  readonly mails: Alert[];
  /** Lines of all histories. */
  readonly history: string[];
  /** Every act that was ever on record. */
  readonly recorded: Act[];
}

export function beginState(ids: readonly string[], hangs = true): ModelState {
  return {
    minute: 0,
    version: 0,
    acts: [],
    tags: Object.fromEntries(ids.map((id) => [id, hangs ? FLAGGED : AUTO])),
    staleTags: Object.fromEntries(ids.map((id) => [id, FLAGGED])),
    hosts: Object.fromEntries(ids.map((id) => [id, { hangs, boots: 0 }])),
    reboots: [],
    mails: [],
    history: [],
    recorded: [],
  };
}

/** Nothing depends on the order of mails and of lines of history. */
export const keyOf = ({ mails, history, recorded, ...world }: ModelState): string =>
  JSON.stringify([world, mails.map(({ body }) => body).sort(), history.toSorted(), recorded.length]);

const instanceOf = (id: string, tags: Tags): Instance => instance({ id, name: `name-${id.slice(-1)}`, tags });

function freshCheckOf(world: ModelState, id: string): FreshCheck {
  const { hangs, boots } = world.hosts[id]!;
  const now = at(world.minute);
  const bootId = `${BOOTS[boots]}-0000-4000-8000-000000000000`;
  const t = judged(hangs ? failed('BannerTimeout') : read({ bootId }), instanceOf(id, world.tags[id]!), undefined, now);
  return {
    at: now,
    report: instanceReport(t, true, []),
    kind: t.kind,
    boot: hangs ? null : BOOTS[boots]!,
    corroboration: hangs ? ["EC2's own status check (impaired)"] : [],
    scheduledEvents: [],
  };
}

const LOST = 'the answer was lost';
const lost = (): never => {
  throw new Error(LOST);
};

/** What the code under test may be spoiled by, to see that the model finds it. */
export interface Spoilt {
  /** A write of the record goes through whatever version was read. */
  readonly withoutLease?: boolean;
  /** What is put on record is said to be there, and isn't. */
  readonly withoutRecord?: boolean;
  /** Whoever notes an act takes the flag away with it. */
  readonly dropsFlag?: boolean;
  /** No mail goes out, and no error is reported. */
  readonly withoutMail?: boolean;
}

/** Ports whose every call waits for its turn; `mayFail` adds the ways in which the network loses things. */
export function modelPorts(call: Call<ModelState>, clock: { now(): Date }, spoilt: Spoilt = {}): RemedyPorts {
  const only = (run: (world: ModelState) => unknown): Alternative<ModelState>[] => [{ label: '', run }];
  /** It happens, or it happens and the answer is lost, or it fails before it happens. */
  const mayFail = (run: (world: ModelState) => unknown): Alternative<ModelState>[] => [
    ...only(run),
    {
      label: 'answer lost',
      isFault: true,
      run: (world) => {
        run(world);
        lost();
      },
    },
    { label: 'request lost', isFault: true, run: lost },
  ];
  const fresh = (world: ModelState, id: string) => instanceOf(id, world.tags[id]!);
  const stale = (world: ModelState, id: string) => instanceOf(id, world.staleTags[id]!);
  const tagsOf = (world: ModelState, of: typeof fresh) => Object.keys(world.tags).map((id) => of(world, id));
  return {
    clock,
    log: { info() {}, error() {} },
    describeFleet: () =>
      call('describe the fleet', { reads: ['tags'] }, [
        { label: '', run: (world) => tagsOf(world, fresh) },
        { label: 'stale', run: (world) => tagsOf(world, stale) },
      ]),
    describeInstance: (id) =>
      call(`describe ${id}`, { reads: ['tags'] }, [
        { label: '', run: (world) => fresh(world, id) },
        { label: 'stale', run: (world) => stale(world, id) },
      ]),
    readRecord: () =>
      call(
        'read the record',
        { reads: ['record'] },
        only(({ acts, version }) => ({ acts, version, pause: null })),
      ),
    saveActs: (version, acts) =>
      call(
        'save acts',
        { writes: ['record'] },
        mayFail((world) => {
          if (version !== world.version && !spoilt.withoutLease) return false;
          if (spoilt.withoutRecord) return true;
          world.recorded.push(...acts.filter((act) => !world.recorded.some((other) => isSame(act, other))));
          world.version += 1;
          world.acts = acts;
          return true;
        }),
      ),
    savePause: () => Promise.resolve(),
    wasSuppressed: () => Promise.resolve(false),
    freshCheck: ({ id }) =>
      call(
        `look at ${id}`,
        { reads: ['tags', 'hosts'] },
        only((world) => freshCheckOf(world, id)),
      ),
    rehearseReboot: () => Promise.resolve(),
    execute: (_remedy, { id }) =>
      call<{ ok: boolean | null; text: string }>(`reboot ${id}`, { reads: ['record'], writes: ['ec2'] }, [
        { label: '', run: (world) => reboot(world, id, true) },
        { label: 'answer lost', isFault: true, run: (world) => reboot(world, id, null) },
        { label: 'request lost', isFault: true, run: () => ({ ok: null, text: LOST }) },
        { label: 'refused', isFault: true, run: () => ({ ok: false, text: 'EC2: no' }) },
      ]),
    tagActed: (id, stamp) =>
      call(
        `tag ${id}`,
        { writes: ['tags'] },
        mayFail((world) => tag(world, id, { [TAG.acted]: stamp }, spoilt.dropsFlag ? [TAG.flag] : [])),
      ),
    removeFlag: () => Promise.reject(new Error('no actor takes flags away')),
    saveHistory: (entry) =>
      call(
        'save history',
        { adds: ['history'] },
        mayFail(({ history }) => void history.push(JSON.stringify(entry))),
      ),
    // It only keeps a line from being written twice; nothing is decided by it.
    readHistory: () => Promise.resolve([]),
    notify: (alert) =>
      call(
        'mail',
        { adds: ['mails'] },
        mayFail(({ mails }) => void (spoilt.withoutMail || mails.push(alert))),
      ),
    publish: () => Promise.resolve(),
  };
}

function reboot(world: ModelState, id: string, ok: boolean | null) {
  const wasOnRecord = world.acts.some((act) => act.instanceId === id && isOpenAct(act));
  world.reboots.push({ id, minute: world.minute, wasOnRecord });
  return { ok, text: ok === null ? LOST : 'EC2 has queued the reboot' };
}

export function tag(world: ModelState, id: string, tags: Tags, gone: readonly string[] = []): void {
  world.staleTags[id] = world.tags[id]!;
  const kept = Object.entries({ ...world.tags[id], ...tags }).filter(([key]) => !gone.includes(key));
  world.tags[id] = Object.fromEntries(kept);
}
