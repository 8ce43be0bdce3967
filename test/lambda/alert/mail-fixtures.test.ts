import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { composeAlert, composeRemedyAlert, type MailContext } from '../../../lambda/alert/message.ts';
import { planMail } from '../../../lambda/alert/plan.ts';
import { type Confirmation, planFlags, withFlags } from '../../../lambda/flag/plan.ts';
import { assess } from '../../../lambda/judge/assess.ts';
import { type Transition, transition } from '../../../lambda/memory/transition.ts';
import type { Act, ActNews, Decision, FailureReason, RemedyNews } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { exhausted } from '../../../lambda/remedy/ladder.ts';
import { automaticPause } from '../../../lambda/remedy/vain.ts';
import { verifyActs } from '../../../lambda/remedy/verify.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { BOOT_ID, HOST_KEY, hungFor, instance, minutesAgo, NOW, read, SSH, vitals } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';
import { idOf, SandboxFleet, WORKER_TAG, worker } from '../../support/sandbox-fleet.ts';
import { TwoPlaces } from '../../support/two-places.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/mails');
const CONSOLE = [
  '[90212.201934] ruby invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0',
  '[90212.207712] Out of memory: Killed process 2213 (ruby) total-vm:15211048kB, anon-rss:13770420kB, file-rss:0kB',
].join('\n');

/** As the SSH transport words them. */
const SAID: Readonly<Partial<Record<FailureReason, string>>> = {
  BannerTimeout: '10.0.0.7:22 accepted the connection but sent no SSH banner within 15 s.',
  ConnectTimeout: '10.0.0.1:22 did not accept a TCP connection within 15 s.',
  ConnectionReset: '10.0.0.6:22 reset the connection before an SSH banner.',
  HostUnreachable: 'There is no route to 10.0.0.20:22 (EHOSTUNREACH).',
  AuthenticationFailed: '10.0.0.3:22 accepts none of our keys for ubuntu.',
  HostKeyMismatch: '10.0.0.8:22 showed another host key than the one pinned.',
};
interface Mail {
  readonly subject: string;
  readonly body: string;
}

/** Through the whole pipeline: the last mail of the story. */
function fleetOf(count: number, given: object = {}): SandboxFleet {
  const fleet = new SandboxFleet(0, given);
  for (let n = 1; n <= count; n++) fleet.launch(n, { Name: `ficrawler${n}` });
  fleet.says = (reason) => SAID[reason] ?? reason;
  return fleet;
}
const lastOf = ({ aws }: { readonly aws: SandboxFleet['aws'] }): Mail | undefined => aws.topic.published.at(-1);

/** One check of a host at 08:15 by what is remembered of it; the other nine are well. */
function seen(
  n: number,
  outcome: FailureReason | ReturnType<typeof read>,
  tags: Readonly<Record<string, string>>,
  forecasts?: Parameters<typeof assess>[3],
): Transition {
  const one = instance({
    id: idOf(n),
    name: `ficrawler${n}`,
    tags: { ...WORKER_TAG, ...tags },
    address: `10.0.0.${n}`,
  });
  const failed = (reason: FailureReason) => ({ kind: 'failed', reason, text: SAID[reason] ?? reason }) as const;
  const result = typeof outcome === 'string' ? failed(outcome) : outcome;
  const probed = { instance: one, outcome: result, hostKey: HOST_KEY, durationMs: 1 };
  return transition(probed, assess(one, result, SSH, forecasts), NOW, SSH);
}
const WELL = Array.from({ length: 9 }, (_, n) => seen(20 + n, read(), {}));

function mailOf(
  t: Transition,
  context: Partial<MailContext>,
  confirmation: Confirmation = { confirmed: true, evidence: null },
): Mail | null {
  const all = [t, ...WELL];
  const plan = planFlags(all, new Map([[t.instance.id, confirmation]]), [], NOW, SSH);
  const transitions = withFlags(all, plan, NOW);
  const { evidence } = confirmation;
  return composeAlert(planMail(transitions, plan, false, NOW, SSH).entries, {
    ...{ at: NOW, checked: all.length, breaker: plan.breaker, departed: [], untagged: [], transitions },
    ...{ maybeMailedAt: null, unremembered: null, settings: SSH, home: 'eu-central-1' },
    evidence: new Map(evidence === null ? [] : [[t.instance.id, evidence]]),
    ...context,
  });
}

const act = (n: number, over: Partial<Act> = {}): Act => ({
  ...{ remedy: 'reboot', instanceId: idOf(n), at: new Date('2026-11-22T08:14:20Z'), state: 'done' },
  ...{ requester: 'schedule', boot: BOOT_ID.slice(0, 8), since: new Date(minutesAgo(10)), trouble: 'BannerTimeout' },
  ...over,
});
const made = (n: number, over: Partial<ActNews> = {}): ActNews => ({
  decision: {
    ...{ instanceId: idOf(n), name: `ficrawler${n}`, remedy: 'reboot', heldBy: null },
    why: 'it carries the flag BannerTimeout@2026-11-22T08:15:00Z (SSH accepts and says nothing)',
  },
  act: act(n),
  text: 'EC2 has queued the reboot',
  evidence: [`BannerTimeout: ${SAID.BannerTimeout}`],
  ...over,
});
const news = (over: Partial<RemedyNews>): RemedyNews => ({
  ...{ outcomes: [], pausedNow: null, acted: [], escalated: [], now: NOW },
  ...over,
});
/** A worker restart by crawlwatch, of a host whose memory is gone. */
function restartOf(t: Transition): ActNews {
  const seenThen = `MemoryExhaustedResponsive: ${t.assessment.reasons[0]?.text}`;
  return made(3, {
    act: act(3, { remedy: 'restart-worker', trouble: 'MemoryExhaustedResponsive', since: NOW }),
    decision: {
      ...{ instanceId: idOf(3), name: 'ficrawler3', remedy: 'restart-worker', heldBy: null },
      why: `sidekiq.service for MemoryExhaustedResponsive since 08:15 UTC; just now ${seenThen}`,
    },
    text: 'sidekiq.service was restarted and is active',
    evidence: [seenThen],
  });
}
/** What the remedy function finds out about acts when it is asked after this check. */
function reviewed(t: Transition, acts: readonly Act[]): RemedyNews {
  const one = { ...t.instance, remembered: t.after };
  const { acts: judged, outcomes } = verifyActs(acts, [one], NOW, SSH);
  const why = exhausted(one, acts.at(-1)?.remedy ?? 'reboot', judged, NOW);
  const escalated: Decision[] =
    why === null ? [] : [{ instanceId: one.id, name: one.name, remedy: 'escalated', heldBy: 'escalated', why }];
  return news({ outcomes, escalated, pausedNow: automaticPause(judged, null) });
}

const OOM_EVIDENCE = {
  direct: [{ kind: 'console', text: 'an OOM kill of its worker in its console since its last answer' }],
  ...{ circumstantial: [], against: [], gaps: [], hasOtherWay: false, awaits: null },
  notes: [
    'It last answered at 08:00 UTC, with 4.7 % of memory and 26 % of its fullest disk available.',
    "EC2's status check: ok (it only asks the network card)",
    ...CONSOLE.split('\n').map((line) => `Console: ${line}`),
  ],
} as const;

const USUAL = { networkOut: 12e6, cpu: 40, readOps: 500 };

/** Each is a situation, and the mail that a person reads of it. */
const STORIES: Readonly<Record<string, () => Promise<Mail | null | undefined> | Mail | null>> = {
  async 'hang-flagged'() {
    const fleet = fleetOf(10).host(7, { availableKb: 750_000, diskUsedPercent: 74 });
    await fleet.checks(1);
    const host = fleet.aws.instances.get(idOf(7));
    if (host !== undefined) host.console = CONSOLE;
    await fleet.host(7, 'BannerTimeout').checks(3);
    return lastOf(fleet);
  },
  'being-rebooted': () =>
    mailOf(
      seen(7, 'BannerTimeout', hungFor(2)),
      { acts: news({ acted: [made(7)] }) },
      { confirmed: true, evidence: OOM_EVIDENCE },
    ),
  'flagged-while-another-is-restarted'() {
    const flagged = seen(6, 'ConnectionReset', { ...hungFor(2, 'ConnectionReset'), [TAG.auto]: 'reboot' });
    const settings = parseSettings({ transport: 'ssh', remedies: { reboot: true } });
    const restarted = seen(3, read({ ...vitals({ availableShare: 0.02 }), worker: UP }), {});
    return mailOf(flagged, {
      settings,
      transitions: [flagged, restarted],
      acts: news({ acted: [restartOf(restarted)] }),
    });
  },
  back() {
    const flagged = { ...hungFor(4), [TAG.flag]: `BannerTimeout@${minutesAgo(10)}` };
    const t = seen(7, read({ bootId: 'ffffffff-0000-4000-8000-000000000000', uptimeSeconds: 200 }), flagged);
    return mailOf(t, { acts: reviewed(t, [act(7, { at: new Date(minutesAgo(5)), since: new Date(minutesAgo(20)) })]) });
  },
  'reboot-in-vain'() {
    const tags = {
      ...hungFor(8, 'ConnectionReset'),
      [TAG.flag]: `ConnectionReset@${minutesAgo(30)}`,
      [TAG.acted]: `reboot@${minutesAgo(20)}`,
    };
    const t = seen(6, 'ConnectionReset', tags);
    return mailOf(t, { acts: reviewed(t, [act(6, { at: new Date(minutesAgo(20)), trouble: 'ConnectionReset' })]) });
  },
  'second-reboot-in-vain'() {
    const tags = {
      ...hungFor(8, 'ConnectionReset'),
      [TAG.flag]: `ConnectionReset@${minutesAgo(30)}`,
      [TAG.acted]: `reboot@${minutesAgo(20)}`,
    };
    const t = seen(6, 'ConnectionReset', tags);
    const before = act(9, { at: new Date(minutesAgo(80)), state: 'failed' });
    const last = act(6, { at: new Date(minutesAgo(20)), trouble: 'ConnectionReset' });
    return mailOf(t, { acts: reviewed(t, [before, last]) });
  },
  'worker-restarted-in-time'() {
    const t = seen(3, read({ ...vitals({ availableShare: 0.02 }), worker: UP }), {});
    return mailOf(t, { acts: news({ acted: [restartOf(t)] }) });
  },
  async 'window-for-a-restart'() {
    const fleet = fleetOf(9);
    fleet.launch(10, { Name: 'ficrawler10', ...WORKER_TAG });
    await fleet.host(10, { ...worker('active'), availableKb: 300_000 }).checks(2);
    return lastOf(fleet);
  },
  async 'disk-full'() {
    const alerts = { timeZone: 'Europe/Berlin', runbookUrl: 'https://wiki.example.com/crawlers#{reason}' };
    const fleet = fleetOf(9, { alerts });
    fleet.launch(10, { Name: 'fiweb1' });
    await fleet.host(10, { diskUsedPercent: 96 }).checks(2);
    return lastOf(fleet);
  },
  'memory-forecast'() {
    const tags = { ...hungFor(0), [TAG.status]: 'WARNING:MemoryExhaustionForecast', [NOTE.since]: minutesAgo(5) };
    const memory = { minutes: 40, speaking: true, survivedLow: 0.32 };
    const t = seen(7, read({ availableShare: 0.19 }), tags, { memory, disk: null } as Parameters<typeof assess>[3]);
    const { incident } = t.after;
    return mailOf({ ...t, after: { ...t.after, incident: incident && { ...incident, due: 'w', mailed: null } } }, {});
  },
  async unstable() {
    const fleet = fleetOf(10);
    await fleet.checks(1);
    for (const letter of 'hh..hh..hh..hh') {
      fleet.host(5, letter === 'h' ? 'ConnectionReset' : {});
      await fleet.check();
    }
    return lastOf(fleet);
  },
  async 'cannot-be-reached-but-works'() {
    const fleet = fleetOf(5);
    for (let n = 1; n <= 5; n++) fleet.hypervisor(n, () => USUAL);
    await fleet.checks(1);
    await fleet.host(1, 'ConnectTimeout').checks(4);
    return lastOf(fleet);
  },
  async 'cannot-log-in'() {
    const fleet = fleetOf(10).host(3, 'AuthenticationFailed').host(4, 'AuthenticationFailed');
    await fleet.host(8, 'HostKeyMismatch').checks(3);
    return lastOf(fleet);
  },
  async 'worker-killed-on-two'() {
    const fleet = fleetOf(8);
    for (const n of [9, 10]) {
      fleet.launch(n, { Name: `ficrawler${n}`, ...WORKER_TAG });
      fleet.host(n, worker('active'));
    }
    await fleet.checks(1);
    for (const n of [9, 10]) fleet.host(n, { ...worker('failed'), availableKb: 15_650_000, oomKills: 1 });
    await fleet.checks(2);
    return lastOf(fleet);
  },
  async 'checker-state-unreadable'() {
    const fleet = fleetOf(10).host(1, { diskUsedPercent: 96 });
    await fleet.host(7, 'BannerTimeout').checks(10);
    fleet.files.fail(new Error('connect ETIMEDOUT 52.219.75.1:443'), 9, 'get');
    await fleet.checks(4);
    return lastOf(fleet);
  },
  async 'checker-flagging-suppressed'() {
    const fleet = fleetOf(40);
    await fleet.checks(1);
    for (let n = 1; n <= 19; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.host(20, 'HostUnreachable').checks(1);
    return lastOf(fleet);
  },
  async 'checker-region-unread'() {
    const world = new TwoPlaces();
    const own = world.launch(world.home, 1);
    world.launch(world.member, 2);
    for (const n of [3, 4]) world.launch(world.home, n);
    await world.check();
    world.replies.set(own, { kind: 'failed', reason: 'BannerTimeout', text: SAID.BannerTimeout ?? '' });
    world.member.fail(DescribeInstancesCommand, 'RequestLimitExceeded', 100);
    for (let n = 0; n < 3; n++) await world.check();
    return world.home.topic.published.at(-1);
  },
  'answer-about-acts-lost': () =>
    mailOf(
      seen(7, 'BannerTimeout', hungFor(2)),
      { actsUnknown: 'the remedy function did not answer within 3 min' },
      { confirmed: true, evidence: OOM_EVIDENCE },
    ),
  'person-asked-for-a-reboot': () =>
    composeRemedyAlert(news({ acted: [made(7, { act: act(7, { requester: 'eve@laptop' }) })] }), {
      settings: parseSettings({ stack: 'Crawlers' }),
      home: 'eu-central-1',
    }),
};
const UP = { unit: 'sidekiq.service', state: 'active', restarts: 0 };

describe('the mails', () => {
  it.each(Object.keys(STORIES))('reads as test/fixtures/mails/%s.txt', async (name) => {
    const mail = await STORIES[name]?.();
    const text = `Subject: ${mail?.subject}\n\n${mail?.body}`;
    const file = join(FOLDER, `${name}.txt`);
    if (process.env.UPDATE_MAILS === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });

  it('are all that is in the folder', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(
      Object.keys(STORIES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
  });
});
