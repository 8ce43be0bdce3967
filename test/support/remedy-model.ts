/**
 * The state of the model of acting: one stack's table, tags, file of what checks remember, and hosts; and the ports by
 * which the real code acts on it.
 */

import { composeRemedyAlert } from '../../lambda/alert/message.ts';
import { toInstance } from '../../lambda/discover/instance.ts';
import { assess } from '../../lambda/judge/assess.ts';
import { instanceReport } from '../../lambda/judge/report.ts';
import { isoSeconds } from '../../lambda/kit/time.ts';
import { withState } from '../../lambda/memory/remember.ts';
import { decodeState, encodeState } from '../../lambda/memory/schema.ts';
import { changeInstance, loadState, type ObjectStore } from '../../lambda/memory/store.ts';
import { transition } from '../../lambda/memory/transition.ts';
import type {
  Act,
  Alert,
  FleetState,
  FreshCheck,
  Instance,
  InstanceState,
  ProbeOutcome,
  RemedyNews,
} from '../../lambda/model/index.ts';
import { EMPTY_STATE, NO_EVIDENCE, NOTHING_REMEMBERED, TAG } from '../../lambda/model/index.ts';
import { isSame } from '../../lambda/remedy/act.ts';
import type { RemedyAnswer, RemedyRequest } from '../../lambda/remedy/contract.ts';
import { isOpenAct } from '../../lambda/remedy/ladder.ts';
import { remedyNews } from '../../lambda/remedy/news.ts';
import type { RemedyPorts } from '../../lambda/remedy/ports.ts';
import type { Alternative, Call } from './explore.ts';
import { described, failed, HOST_KEY, hungFor, minutesAgo, NOW, read, SSH } from './fleet.ts';
import { NOTE, rememberedBy } from './remembered.ts';

export const at = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000);
const BOOTS = ['1a2b3c4d', 'ffffffff'];
const AUTO = { crawlwatch: 'true', [TAG.auto]: 'restart+reboot' };
const FLAGGED = { ...AUTO, ...hungFor(8), [TAG.flag]: `BannerTimeout@${minutesAgo(30)}` };

type Tags = Readonly<Record<string, string>>;

/** The tags alone, of tags and notes. */
const shown = (tags: Tags): Tags =>
  Object.fromEntries(Object.entries(tags).filter(([key]) => !Object.values<string>(NOTE).includes(key)));

export interface ModelState {
  minute: number;
  version: number;
  acts: readonly Act[];
  readonly tags: Record<string, Tags>;
  /** Before the last write of a tag: what a read may still show. */
  readonly staleTags: Record<string, Tags>;
  /** state.json.gz, unpacked. */
  file: string;
  /** Before the last write: what somebody has read who writes now. */
  staleFile: string;
  /** How often each host has booted; it hangs, or answers. */
  readonly hosts: Record<string, { hangs: boolean; boots: number }>;
  /** The requests that EC2 got. */
  readonly reboots: { readonly id: string; readonly minute: number; readonly wasOnRecord: boolean }[];
  readonly mails: Alert[];
  /** News that no check has acknowledged as mailed, in JSON. */
  unmailed: { readonly news: string; readonly receipt: string } | null;
  /** Lines of all histories. */
  readonly history: string[];
  /** Every act that was ever on record. */
  readonly recorded: Act[];
}

/** How the checks left a fleet behind. */
export interface Beginning {
  readonly hosts: readonly string[];
  /** @default true */
  readonly hangs?: boolean;
  /** The flag is a tag, and no check remembers it. @default false */
  readonly isForged?: boolean;
}

export function beginState({ hosts: ids, hangs = true, isForged = false }: Beginning): ModelState {
  const fileOf = (state: InstanceState) =>
    encodeState({ ...EMPTY_STATE, at: at(-1), instances: new Map(ids.map((id) => [id, state])) });
  const flagged = { ...rememberedBy(FLAGGED), ...(isForged && { flag: null }) };
  return {
    minute: 0,
    version: 0,
    acts: [],
    tags: Object.fromEntries(ids.map((id) => [id, hangs ? shown(FLAGGED) : AUTO])),
    staleTags: Object.fromEntries(ids.map((id) => [id, shown(FLAGGED)])),
    file: fileOf(hangs ? flagged : rememberedBy(AUTO)),
    staleFile: fileOf(flagged),
    hosts: Object.fromEntries(ids.map((id) => [id, { hangs, boots: 0 }])),
    reboots: [],
    mails: [],
    unmailed: null,
    history: [],
    recorded: [],
  };
}

/** Nothing depends on the order of mails and of lines of history. */
export const keyOf = ({ mails, history, recorded, ...world }: ModelState): string =>
  JSON.stringify([world, mails.map(({ body }) => body).sort(), history.toSorted(), recorded.length]);

const instanceOf = (id: string, tags: Tags): Instance =>
  toInstance(described({ id, name: `name-${id.slice(-1)}`, tags }), SSH);

function stateOf(file: string): FleetState {
  const read = decodeState(file);
  if (read.kind !== 'state') throw new Error('the model wrote a state that it cannot read');
  return read.state;
}

export const rememberedOf = (world: ModelState, id: string): InstanceState =>
  stateOf(world.file).instances.get(id) ?? NOTHING_REMEMBERED;

function judged(one: Instance, outcome: ProbeOutcome, now: Date) {
  const probed = { instance: one, outcome, hostKey: HOST_KEY, durationMs: 1 };
  return transition(probed, assess(one, outcome, SSH), now, SSH);
}

function freshCheckOf(world: ModelState, one: Instance): FreshCheck {
  const { id } = one;
  const { hangs, boots } = world.hosts[id]!;
  const now = at(world.minute);
  const bootId = `${BOOTS[boots]}-0000-4000-8000-000000000000`;
  const t = judged(one, hangs ? failed('BannerTimeout') : read({ bootId }), now);
  return {
    at: now,
    report: instanceReport(t, true, []),
    kind: t.kind,
    boot: hangs ? null : BOOTS[boots]!,
    evidence: { ...NO_EVIDENCE, direct: hangs ? ["EC2's own status check (impaired)"] : [] },
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
  /** The note of an act takes the flag away with it. */
  readonly dropsFlag?: 'tag' | 'remembered';
  /** A write of the state goes through whatever was read. */
  readonly overwrites?: boolean;
  /** The tag alone is taken for what checks remember. */
  readonly trustsTag?: boolean;
  /** Somebody is said to have resumed just now, whenever the record is read. */
  readonly resumesAlways?: boolean;
  /** No mail goes out, and no error is reported. */
  readonly withoutMail?: boolean;
  /** A check acknowledges the news before its mail is out. */
  readonly acknowledgesFirst?: boolean;
}

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
const readFailed = { label: 'answer lost', isFault: true, run: lost };
/** The file is its own etag, as S3's is a digest of it. */
const packed = (file: string) => ({
  pieces: {
    async *[Symbol.asyncIterator]() {
      yield new TextEncoder().encode(file);
    },
  },
  etag: file,
});

/** The bucket, whose every call waits for its turn. */
export function modelFiles(call: Call<ModelState>, spoilt: Spoilt = {}): ObjectStore {
  return {
    get: async () =>
      packed(
        await call<string>('read the state', { reads: ['state'] }, [
          { label: '', run: ({ file }) => file },
          readFailed,
        ]),
      ),
    put: async (_key, pieces, etag) => {
      const text = new TextDecoder();
      const file = Array.from(pieces, (piece) => text.decode(piece, { stream: true })).join('');
      const write = (world: ModelState) => {
        if (etag !== world.file && !spoilt.overwrites) return null;
        [world.staleFile, world.file] = [world.file, file];
        return file;
      };
      return call<string | null>('write the state', { reads: ['state'], writes: ['state'] }, mayFail(write));
    },
  };
}

/** Ports whose every call waits for its turn; `mayFail` adds the ways in which the network loses things. */
export function modelPorts(call: Call<ModelState>, clock: { now(): Date }, spoilt: Spoilt = {}): RemedyPorts {
  const fresh = (world: ModelState, id: string) => instanceOf(id, world.tags[id]!);
  const stale = (world: ModelState, id: string) => instanceOf(id, world.staleTags[id]!);
  const tagsOf = (world: ModelState, of: typeof fresh) => Object.keys(world.tags).map((id) => of(world, id));
  const files = modelFiles(call, spoilt);
  /** Read at the same time as the tags, so that it may be of before the last write when they arrive. */
  const alongside: ObjectStore = {
    ...files,
    get: async () =>
      packed(
        await call<string>('read the state', { reads: ['state'] }, [
          { label: '', run: ({ file }) => file },
          { label: 'stale', run: ({ staleFile }) => staleFile },
          readFailed,
        ]),
      ),
  };
  const remember = (one: Instance, state: FleetState): Instance => {
    const known = withState(one, state);
    const { flag } = one.tagged;
    return spoilt.trustsTag ? { ...known, remembered: { ...known.remembered, flag } } : known;
  };
  return {
    clock,
    log: { info() {}, error() {} },
    describeFleet: async () => {
      const [found, { state }] = await Promise.all([
        call<Instance[]>('describe the fleet', { reads: ['tags'] }, [
          { label: '', run: (world) => tagsOf(world, fresh) },
          { label: 'stale', run: (world) => tagsOf(world, stale) },
        ]),
        loadState(alongside),
      ]);
      return found.map((one) => remember(one, state));
    },
    describeInstance: async (id) => {
      const [one, { state }] = await Promise.all([
        call<Instance>(`describe ${id}`, { reads: ['tags'] }, [
          { label: '', run: (world) => fresh(world, id) },
          { label: 'stale', run: (world) => stale(world, id) },
        ]),
        loadState(alongside),
      ]);
      return remember(one, state);
    },
    readRecord: () =>
      call(
        'read the record',
        { reads: ['record'] },
        only(({ acts, version }) => ({
          acts,
          version,
          pause: null,
          resumedAt: spoilt.resumesAlways ? clock.now() : null,
        })),
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
    saveResumed: () => Promise.resolve(),
    wasSuppressed: () => Promise.resolve(false),
    freshCheck: (one) =>
      call(
        `look at ${one.id}`,
        { reads: ['hosts'] },
        only((world) => freshCheckOf(world, one)),
      ),
    rehearseReboot: () => Promise.resolve(),
    execute: (_remedy, { id }) =>
      call<{ ok: boolean | null; text: string }>(`reboot ${id}`, { reads: ['record'], writes: ['ec2'] }, [
        { label: '', run: (world) => reboot(world, id, true) },
        { label: 'answer lost', isFault: true, run: (world) => reboot(world, id, null) },
        { label: 'request lost', isFault: true, run: () => ({ ok: null, text: LOST }) },
        { label: 'refused', isFault: true, run: () => ({ ok: false, text: 'EC2: no' }) },
      ]),
    noteActed: async (id, acted) => {
      const unflagged = spoilt.dropsFlag === 'remembered' ? { flag: null } : {};
      await changeInstance(files, id, (state) => ({ ...state, acted, ...unflagged }));
      const stamp = { [TAG.acted]: `${acted.what}@${isoSeconds(acted.at)}` };
      await call(
        `tag ${id}`,
        { writes: ['tags'] },
        mayFail((world) => tag(world, id, stamp, spoilt.dropsFlag === 'tag' ? [TAG.flag] : [])),
      );
    },
    removeFlag: () => Promise.reject(new Error('no actor takes flags away')),
    saveAck: () => Promise.reject(new Error('no actor acknowledges')),
    saveHistory: (entry) =>
      call(
        'save history',
        { adds: ['history'] },
        mayFail(({ history }) => void history.push(JSON.stringify(entry))),
      ),
    // It only keeps a line from being written twice; nothing is decided by it.
    readHistory: () => Promise.resolve([]),
    notify: (news) =>
      call(
        'mail',
        { adds: ['mails'] },
        mayFail(({ mails }) => void (spoilt.withoutMail || mails.push(...mailOf(news)))),
      ),
    publish: () => Promise.resolve(),
    readUnmailed: async () => {
      const kept = await call<ModelState['unmailed']>('read what is not mailed', { reads: ['unmailed'] }, [
        { label: '', run: ({ unmailed }) => unmailed },
        readFailed,
      ]);
      return kept === null ? null : { ...kept, news: remedyNews.parse(JSON.parse(kept.news)) };
    },
    saveUnmailed: (given, read) =>
      call<string | null>(
        'keep what is not mailed',
        { reads: ['unmailed'], writes: ['unmailed'] },
        mayFail((world) => {
          if (read !== (world.unmailed?.receipt ?? null)) return null;
          const receipt = `${Number(world.unmailed?.receipt ?? 0) + 1}`;
          world.unmailed = { news: JSON.stringify(remedyNews.encode(given)), receipt };
          return receipt;
        }),
      ),
  };
}

/**
 * What a check does about acts: it asks, mails the news in its one mail, and acknowledges it once that is out. An answer
 * that is lost is the same to all others as a check that dies right after it.
 */
export async function askAndMail(
  call: Call<ModelState>,
  ask: (request: RemedyRequest) => Promise<RemedyAnswer>,
  spoilt: Spoilt = {},
): Promise<RemedyAnswer> {
  const answer = await ask({ action: 'auto', scheduledTime: null });
  const { news = null, receipt = null } = answer;
  if (spoilt.acknowledgesFirst && receipt !== null) await ask({ action: 'mailed', receipt });
  if (news === null) return answer;
  const mail = ({ mails }: ModelState) => void (spoilt.withoutMail || mails.push(...mailOf(news)));
  await call('mail', { adds: ['mails'] }, mayFail(mail));
  if (receipt !== null) await ask({ action: 'mailed', receipt });
  return answer;
}

const mailOf = (news: RemedyNews): Alert[] => {
  const alert = composeRemedyAlert(news, { settings: SSH, home: 'eu-central-1' });
  return alert === null ? [] : [alert];
};

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

/** What a check remembers from now on. */
export function remember(world: ModelState, id: string, over: Partial<InstanceState>): void {
  const state = stateOf(world.file);
  const instances = new Map(state.instances).set(id, { ...rememberedOf(world, id), ...over });
  [world.staleFile, world.file] = [world.file, encodeState({ ...state, instances })];
}
