import { describe, expect, it } from 'vitest';
import type { Act } from '../../../lambda/model/index.ts';
import { worthKeeping } from '../../../lambda/remedy/act.ts';
import { planAct, planRemedies } from '../../../lambda/remedy/plan.ts';
import { automaticPause, rebootsInVain } from '../../../lambda/remedy/vain.ts';
import { NOW } from '../../support/fleet.ts';
import {
  ALL_ON,
  act,
  at,
  fresh,
  HUNG,
  host,
  ID,
  known,
  OTHER,
  person,
  SCHEDULE,
  troubled,
} from '../../support/remedy-cases.ts';
import { RemedyStack } from '../../support/remedy-stack.ts';

const THIRD = 'i-00000000000000003';
const failed = (minutes: number, over: Partial<Act> = {}) =>
  act(minutes, { instanceId: OTHER, state: 'failed', ...over });
const TWO = [failed(400), failed(300, { instanceId: THIRD })];

describe('reboots in vain in a row', () => {
  it.each<[string, readonly Act[], Date | null, number]>([
    ['none', [], null, 0],
    ['one', [failed(300)], null, 1],
    ['two, of two hosts', TWO, null, 2],
    ['two of one host', [failed(400), failed(300)], null, 2],
    ['one by a person, one by the schedule', [failed(400, { requester: 'eve' }), failed(300)], null, 2],
    ['days ago', [failed(9_000), failed(8_000)], null, 2],
    ['one that worked in between', [failed(400), act(350), failed(300)], null, 1],
    ['one that worked after', [...TWO, act(100)], null, 0],
    ['restarts', [failed(400, { remedy: 'restart-worker' }), failed(300, { remedy: 'restart-sshd' })], null, 0],
    ['a restart that worked does not end it', [...TWO, act(100, { remedy: 'restart-worker' })], null, 2],
    ['one that EC2 refused', [failed(400), failed(300, { undone: 'refused' })], null, 1],
    ['one that EC2 throttled, between two', [failed(400), failed(350, { undone: 'throttled' }), failed(300)], null, 2],
    ['one that is not decided yet', [failed(400), act(5, { state: 'begun' })], null, 1],
    ['resumed after both', TWO, at(200), 0],
    ['resumed between them', TWO, at(350), 1],
    ['resumed before both', TWO, at(500), 2],
  ])('%s', (_, acts, resumedAt, count) => {
    expect(rebootsInVain(acts, resumedAt)).toHaveLength(count);
    expect(automaticPause(acts, resumedAt) !== null).toBe(count >= 2);
    const one = host(HUNG);
    const heldBy = (requester: typeof SCHEDULE) =>
      planAct(one, 'reboot', requester, fresh(), known({ acts, resumedAt }), ALL_ON).heldBy;
    expect([heldBy(SCHEDULE), heldBy(person())].map((guard) => guard === 'in-vain')).toEqual([count >= 2, false]);
  });

  it('stop every automatic act, and say which reboots they were and what ends it', () => {
    const worker = host(troubled('WorkerDown'));
    const [decision] = planRemedies([worker], known({ acts: TWO }), ALL_ON);
    expect(decision).toMatchObject({ heldBy: 'in-vain', remedy: 'restart-worker' });
    expect(decision?.why).toMatch(
      /^automatic acts are paused until a person runs crawlwatch resume: 2 reboots in a row did not help: i-0{16}2 at \d\d:\d\d UTC, i-0{16}3 at \d\d:\d\d UTC$/,
    );
  });

  it('are kept on record for as long as they stop anything, and no longer', () => {
    const old = [failed(9_000), failed(8_500), failed(8_000)];
    expect(worthKeeping(old, NOW)).toEqual(old.slice(1));
    expect(worthKeeping([...old, act(60)], NOW)).toEqual([act(60)]);
  });
});

/** Ends an act on record as if its time were up without a sign of life. */
async function rebootInVain(stack: RemedyStack, n: number): Promise<void> {
  const id = stack.flag(n).instance(n).id;
  await stack.reboot(id);
  stack.wait(20);
}

describe('a stack whose reboots help nobody', () => {
  it('mails once that it acts no more by itself, lets people act, and goes on after resume', async () => {
    const stack = new RemedyStack(4);
    await rebootInVain(stack, 1);
    await stack.auto();
    expect(stack.mails.at(-1)?.body).not.toContain('PAUSED');
    await rebootInVain(stack, 2);
    stack.flag(3);
    const { decisions } = await stack.auto();
    expect(decisions?.find(({ instanceId }) => instanceId === THIRD)).toMatchObject({ heldBy: 'in-vain' });
    expect(stack.rebooted).toEqual([ID, OTHER]);

    const mail = stack.mails.at(-1);
    expect(mail?.subject).toMatch(/^PAUSED: IN VAIN \S+ SSH silent/);
    expect(mail?.body).toMatch(
      /^AUTOMATIC ACTS ARE PAUSED until a person resumes\.\n {2}- 2 reboots in a row did not help: /m,
    );
    expect(mail?.body).toContain('When the cause is known: AWS_REGION=eu-central-1 crawlwatch resume');

    stack.wait(60);
    await stack.auto();
    await stack.auto();
    expect(stack.mails.filter(({ body }) => body.includes('ARE PAUSED'))).toHaveLength(1);
    expect(await stack.ask({ action: 'plan' })).toMatchObject({ pause: null, automaticPause: { who: 'crawlwatch' } });
    stack.wait(3 * 24 * 60);
    stack.flag(3).flag(4);
    expect((await stack.auto()).decisions?.find(({ instanceId }) => instanceId === THIRD)).toMatchObject({
      heldBy: 'in-vain',
    });
    expect(await stack.reboot(stack.instance(4).id)).toMatchObject({ done: true });
    stack.fleet.host(4, { bootId: '99999999-0000-4000-8000-000000000000', uptimeSeconds: 60 });
    stack.wait(20);

    expect(await stack.ask({ action: 'resume', requester: 'eve', dryRun: true })).toMatchObject({
      done: false,
      automaticPause: { who: 'crawlwatch' },
    });
    expect(await stack.ask({ action: 'resume', requester: 'eve' })).toMatchObject({
      done: true,
      why: 'automatic acts go on, and reboots in vain are counted from now on',
      automaticPause: null,
    });
    stack.flag(3);
    await stack.auto();
    expect(stack.rebooted).toContain(THIRD);
  });

  it('pauses and mails again after two more', async () => {
    const stack = new RemedyStack(4);
    for (const n of [1, 2]) await rebootInVain(stack, n);
    await stack.auto();
    await stack.ask({ action: 'resume', requester: 'eve' });
    for (const n of [3, 4]) await rebootInVain(stack, n);
    await stack.auto();
    expect(stack.mails.filter(({ body }) => body.includes('ARE PAUSED'))).toHaveLength(2);
  });

  it('says it with the next mail where one fails, and stays paused meanwhile', async () => {
    const stack = new RemedyStack(3);
    await rebootInVain(stack, 1);
    await rebootInVain(stack, 2);
    stack.ports = { notify: () => Promise.reject(new Error('down')) };
    stack.flag(3);
    await stack.auto();
    expect(stack.rebooted).toHaveLength(2);
    stack.ports = {};
    await stack.auto();
    expect([stack.rebooted.length, stack.mails.at(-1)?.subject]).toEqual([
      2,
      expect.stringMatching(/^PAUSED: IN VAIN /),
    ]);
  });

  it('has no automatic acts to pause where none is switched on', async () => {
    const stack = new RemedyStack(2, { remedies: {} });
    for (const n of [1, 2]) await rebootInVain(stack, n);
    await stack.ask({ action: 'auto', scheduledTime: null });
    expect(stack.mails.some(({ body }) => body.includes('PAUSED'))).toBe(false);
  });
});

describe('a throttled act', () => {
  it('is no reason to hand its host over: it is tried again within its budget', () => {
    const at = (minutes: number) =>
      planAct(
        host(HUNG),
        'reboot',
        SCHEDULE,
        fresh(),
        known({ acts: [failed(minutes, { instanceId: ID, undone: 'throttled' })] }),
        ALL_ON,
      ).heldBy;
    expect([at(10), at(30), at(61)]).toEqual(['spacing', 'budget', null]);
  });
});
