import { describe, expect, it } from 'vitest';
import { isoSeconds } from '../../../lambda/kit/time.ts';
import { loadState, saveState } from '../../../lambda/memory/store.ts';
import type { Act } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { isSame } from '../../../lambda/remedy/act.ts';
import type { RemedyRequest } from '../../../lambda/remedy/contract.ts';
import { isOpenAct } from '../../../lambda/remedy/ladder.ts';
import { remedyFleet } from '../../../lambda/remedy/run.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { type Call, type Explored, explore, type Model, type Touches } from '../../support/explore.ts';
import {
  askAndMail,
  at,
  type Beginning,
  beginState,
  keyOf,
  type ModelState,
  modelFiles,
  modelPorts,
  remember,
  rememberedOf,
  type Spoilt,
  tag,
} from '../../support/remedy-model.ts';
import { NOTE, rememberedBy } from '../../support/remembered.ts';
import { unwrapped } from '../../support/unwrapped.ts';

const [ONE, TWO] = ['i-00000000000000001', 'i-00000000000000002'];
const SETTINGS = parseSettings({ transport: 'ssh', remedies: { reboot: true, restartWorker: true } });
const OPTIONS = { deadlineMs: 300_000 };
const STATES_AT_MOST = 200_000;

const AUTO: RemedyRequest = { action: 'auto', scheduledTime: null };
const person = (name: string, instanceId: string): RemedyRequest => ({
  action: 'reboot',
  instanceId,
  requester: { kind: 'person', name, overrides: [] },
  dryRun: false,
});

/** The next runs, five minutes apart, one after the other, of which nothing fails. */
const NEXT_RUNS = [5, 15, 20, 70];

interface Story extends Beginning {
  /** On record since before. */
  readonly acts?: readonly Act[];
  readonly requests: Readonly<Record<string, RemedyRequest>>;
  /** The acts show two reboots in vain in a row: nothing is rebooted by itself, and one mail says why. @default false */
  readonly isInVain?: boolean;
  /** A check of the first host that still finds it hung writes the state at the same time. @default false */
  readonly hasCheck?: boolean;
  readonly faultsAtMost: number;
  readonly spoilt?: Spoilt;
  /** Whether the runs after it are looked at as well. @default true */
  readonly looksAhead?: boolean;
}

function modelOf(story: Story, onVisit = (_: ModelState) => {}): Model<ModelState> {
  const {
    hosts,
    hangs = true,
    isForged = false,
    isInVain = false,
    hasCheck = false,
    acts = [],
    requests,
    faultsAtMost,
    spoilt = {},
    looksAhead = true,
  } = story;
  const clock = { now: () => at(0) };
  return {
    begin() {
      const world = { ...beginState(story), acts, recorded: [...acts], version: acts.length };
      if (!hangs) for (const { instanceId } of acts) comeBack(world, instanceId);
      return world;
    },
    actors: {
      ...Object.fromEntries(
        Object.entries(requests).map(([name, request]) => [
          name,
          (call: Call<ModelState>) => {
            const ask = (of: RemedyRequest) => remedyFleet(of, SETTINGS, modelPorts(call, clock, spoilt), OPTIONS);
            return request.action === 'auto' ? askAndMail(call, ask, spoilt) : ask(request);
          },
        ]),
      ),
      ...(hasCheck && { check: (call: Call<ModelState>) => checkOnce(call, hosts[0] ?? '', spoilt) }),
    },
    keyOf,
    faultsAtMost,
    async visit(world, trace) {
      onVisit(world);
      try {
        judge(world, { mayReboot: hangs && !isForged && !isInVain, isForged });
        for (const comesBack of !looksAhead ? [] : hangs ? [true, false] : [true])
          await nextRuns(structuredClone(world), { comesBack, isForged, isInVain, spoilt });
      } catch (error) {
        throw new Error(`${error instanceof Error ? error.message : error}\n  ${trace.join('\n  ')}`);
      }
    },
  };
}

/** It reads once and writes once: who has lost the race leaves the say to the next check. */
async function checkOnce(call: Call<ModelState>, id: string, spoilt: Spoilt): Promise<void> {
  const files = modelFiles(call, spoilt);
  const { state, etag } = await loadState(files);
  const known = state.instances.get(id);
  if (known === undefined) return;
  const instances = new Map(state.instances).set(id, { ...known, failures: known.failures + 1 });
  await saveState(files, { ...state, instances }, etag);
}

/** What must hold at every moment. */
function judge(world: ModelState, { mayReboot, isForged }: { mayReboot: boolean; isForged: boolean }): void {
  const { reboots, tags, hosts } = world;
  for (const [n, { id, minute, wasOnRecord }] of reboots.entries()) {
    if (!mayReboot) throw new Error(`WRONG REBOOT of ${id}`);
    if (!wasOnRecord) throw new Error(`SILENT: the reboot of ${id} was not on record`);
    const before = reboots[n - 1];
    if (before !== undefined && minute - before.minute < 15) throw new Error(`DOUBLE REBOOT: ${before.id}, ${id}`);
  }
  for (const [id, { hangs }] of Object.entries(hosts)) {
    // The tag is written after it.
    if (tags[id]?.[TAG.acted] !== undefined && rememberedOf(world, id).acted === null)
      throw new Error(`LOST NOTE of what was done to ${id}`);
    if (!hangs) continue;
    if (tags[id]?.[TAG.flag] === undefined) throw new Error(`LOST FLAG of ${id}: its tag`);
    if (!isForged && rememberedOf(world, id).flag === null) throw new Error(`LOST FLAG of ${id}: nothing remembers it`);
  }
}

/** Whatever the actors left behind, the runs after them bring to its end, and say so. */
async function nextRuns(
  world: ModelState,
  {
    comesBack,
    isForged,
    isInVain,
    spoilt,
  }: Required<Pick<Story, 'isForged' | 'isInVain' | 'spoilt'>> & {
    readonly comesBack: boolean;
  },
): Promise<void> {
  const now: Call<ModelState> = async <T>(_name: string, _touches: Touches, [first]: Parameters<Call<ModelState>>[2]) =>
    structuredClone(first!.run(world)) as T;
  for (const minute of NEXT_RUNS) {
    world.minute = minute;
    for (const { id } of world.reboots) if (comesBack && world.hosts[id]!.hangs) comeBack(world, id);
    const clock = { now: () => at(minute) };
    const ask = (of: RemedyRequest) => remedyFleet(of, SETTINGS, modelPorts(now, clock, spoilt), OPTIONS);
    const { problems } = await askAndMail(now, ask, spoilt);
    if (problems?.length !== 0) throw new Error(`the run after ${minute} min failed: ${problems}`);
    judge(world, { mayReboot: !isForged && !isInVain, isForged });
  }
  if (isInVain && !world.mails.some(({ body }) => body.includes('AUTOMATIC ACTS ARE PAUSED')))
    throw new Error('SILENT: no mail says that automatic acts are paused');
  const open = world.acts.filter(isOpenAct);
  if (open.length > 0) throw new Error(`SILENT: still open after an hour: ${JSON.stringify(open)}`);
  for (const act of world.recorded.filter((one) => one.instanceId !== IN_VAIN.instanceId)) {
    const ended = world.acts.find((one) => isSame(one, act))?.state;
    const verdict =
      ended === 'worked'
        ? /^ {2}- The reboot of .* helped:/m
        : /^ {2}- The reboot of .* did not help:|^ {2}- It is not known whether the reboot of .* was executed:|^ {2}COULD NOT BE DONE: /m;
    const mailed = world.mails.filter(({ attributes }) => attributes.instanceIds.includes(act.instanceId));
    if (!mailed.some(({ body }) => verdict.test(unwrapped(body))))
      throw new Error(`SILENT: no mail about ${JSON.stringify(act)}`);
  }
}

/** A check sees that the host is back: its boot id, and no flag any more. It keeps what a remedy has noted. */
function comeBack(world: ModelState, id: string): void {
  Object.assign(world.hosts[id]!, { hangs: false, boots: 1 });
  const well = { [TAG.status]: 'OK', [NOTE.since]: isoSeconds(at(world.minute)), [NOTE.seen]: 'ffffffff/0' };
  const { acted } = rememberedOf(world, id);
  remember(world, id, { ...rememberedBy(well), acted });
  tag(world, id, { [TAG.status]: 'OK' }, [TAG.flag]);
}

const reportSize = (what: string, { states, worlds, runs, ends }: Explored): void =>
  void process.stderr.write(`\nMODEL ${what}: ${states} states, ${worlds} worlds, ${ends} ends, ${runs} runs\n`);

const CLI = person('eve@host', ONE);
const WAITING: Act = {
  ...{
    remedy: 'reboot',
    instanceId: ONE,
    at: at(-20),
    state: 'done',
    requester: 'schedule',
    boot: '1a2b3c4d',
    since: null,
  },
};
/** Of a host that is gone; its end was mailed. */
const IN_VAIN: Act = { ...WAITING, instanceId: 'i-00000000000000009', at: at(-300), state: 'failed' };
const SECOND_IN_VAIN: Story = {
  ...{ hosts: [ONE, TWO], acts: [IN_VAIN, WAITING], isInVain: true },
  ...{ requests: { schedule: AUTO, again: AUTO }, faultsAtMost: 1 },
};
const STORIES: readonly (readonly [string, Story])[] = [
  [
    'one flagged host, wanted by all three',
    { hosts: [ONE], requests: { schedule: AUTO, cli: CLI, widget: person('dashboard', ONE) }, faultsAtMost: 0 },
  ],
  [
    'two flagged hosts, a person for each',
    { hosts: [ONE, TWO], requests: { schedule: AUTO, cli: CLI, widget: person('dashboard', TWO) }, faultsAtMost: 0 },
  ],
  [
    'a flag that is only a tag, wanted by all three',
    {
      hosts: [ONE],
      isForged: true,
      requests: { schedule: AUTO, cli: CLI, widget: person('dashboard', ONE) },
      faultsAtMost: 1,
    },
  ],
  [
    'a flagged host, while a check writes as well, and any one call is lost',
    { hosts: [ONE], hasCheck: true, requests: { schedule: AUTO, cli: CLI }, faultsAtMost: 1 },
  ],
  [
    'a host that has just recovered, while a stale read still shows its flag',
    { hosts: [ONE], hangs: false, requests: { schedule: AUTO, cli: CLI }, faultsAtMost: 0 },
  ],
  [
    'one flagged host, and a request or an answer that is lost at any one place',
    { hosts: [ONE], requests: { schedule: AUTO, cli: CLI }, faultsAtMost: 1 },
  ],
  [
    'a reboot that has not been mailed waits to be given up',
    { hosts: [ONE], acts: [WAITING], requests: { schedule: AUTO, cli: CLI }, faultsAtMost: 1 },
  ],
  ['the second reboot in vain waits to be given up, and two checks ask at once', SECOND_IN_VAIN],
  [
    'a reboot that helped waits to be mailed',
    { hosts: [ONE], acts: [WAITING], hangs: false, requests: { schedule: AUTO, cli: CLI }, faultsAtMost: 1 },
  ],
];

describe('the model', () => {
  it.each([
    ['two reboots, where the record is written whatever was read', { withoutLease: true }, 'DOUBLE REBOOT'],
    ['a reboot that is not on record', { withoutRecord: true }, 'SILENT: the reboot'],
    ['a flag whose tag is lost', { dropsFlag: 'tag' }, 'LOST FLAG of i-00000000000000001: its tag'],
    ['a flag that is forgotten', { dropsFlag: 'remembered' }, 'LOST FLAG of i-00000000000000001: nothing'],
    ['a note that a check overwrites', { overwrites: true }, 'LOST NOTE'],
    ['a reboot for a tag alone', { trustsTag: true }, 'WRONG REBOOT'],
    ['an act that is not mailed', { withoutMail: true }, 'SILENT: no mail about'],
  ] satisfies [string, Spoilt, string][])('finds %s', async (_, spoilt, found) => {
    const requests = { cli: CLI, widget: person('dashboard', ONE) };
    const looksAhead = !('withoutLease' in spoilt);
    const isForged = 'trustsTag' in spoilt;
    const hasCheck = 'overwrites' in spoilt;
    const model = modelOf({ hosts: [ONE], isForged, hasCheck, requests, faultsAtMost: 0, spoilt, looksAhead });
    await expect(explore(model, STATES_AT_MOST)).rejects.toThrow(found);
  });
});

describe('the model of a check that asks', () => {
  it('finds news that is acknowledged before it is mailed', async () => {
    const spoilt = { acknowledgesFirst: true };
    const story = {
      hosts: [ONE],
      acts: [WAITING],
      hangs: false,
      requests: { schedule: AUTO },
      faultsAtMost: 0,
      spoilt,
    };
    await expect(explore(modelOf(story), STATES_AT_MOST)).rejects.toThrow('SILENT: no mail about');
  });
});

describe('the model of reboots in vain', () => {
  it('finds an automatic reboot after the second', async () => {
    const spoilt = { ...SECOND_IN_VAIN, faultsAtMost: 0, spoilt: { resumesAlways: true } };
    await expect(explore(modelOf(spoilt), STATES_AT_MOST)).rejects.toThrow('WRONG REBOOT');
  });
});

describe('schedule, command line and dashboard at the same moment, wherever one of them dies', () => {
  it.each(STORIES)('never reboot twice, lose a flag or keep silent: %s', async (what, story) => {
    const explored = await explore(modelOf(story), STATES_AT_MOST);
    reportSize(what, explored);
    expect(explored.ends).toBeGreaterThan(1);
  });
});
