import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateTagsCommand, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { STATE_KEY, TAG } from '../../../lambda/model/index.ts';
import { fresh } from '../../support/remedy-cases.ts';
import { ID, OTHER, RemedyStack } from '../../support/remedy-stack.ts';
import { NOTE } from '../../support/remembered.ts';
import { WORKER_TAG } from '../../support/sandbox-fleet.ts';
import { unwrapped } from '../../support/unwrapped.ts';

const flagged = (settings: object = {}) => new RemedyStack(2, settings).flag(1);
/** As EC2 and the next check find it. */
const comesBack = (stack: RemedyStack, n: number) => {
  stack.fleet.host(n, { bootId: '99999999-0000-4000-8000-000000000000', uptimeSeconds: 60 });
  stack.instance(n).status = 'ok';
};
const fail = (text: string) => () => Promise.reject(new Error(text));

describe('what a person asks for', () => {
  it.each([
    ['the instance can not be described', { describeInstance: fail('down') }, 'it could not be described: down'],
    ['the record can not be read', { readRecord: fail('down') }, 'the record of acts could not be read: down'],
  ])('is not done where %s', async (_, ports, why) => {
    const stack = flagged();
    stack.ports = ports;
    await expect(stack.reboot()).rejects.toThrow(why);
    expect(stack.rebooted).toEqual([]);
  });

  it.each([
    ['it can not be checked again', { freshCheck: fail('down') }, 'unknown', 'it could not be checked again: down'],
    ['EC2 would refuse it', { rehearseReboot: fail('no') }, 'refused', 'EC2 would refuse the reboot: no'],
    ['the lease can not be taken', { saveActs: fail('down') }, 'lease', 'the lease could not be taken: down'],
    [
      'somebody else has the lease',
      { saveActs: async () => false },
      'lease',
      'another act is being taken at this moment',
    ],
  ])('is held back where %s', async (_, ports, heldBy, why) => {
    const stack = flagged();
    stack.ports = ports;
    const answer = await stack.reboot();
    expect(answer).toMatchObject({ done: false, why, decisions: [{ heldBy, remedy: 'reboot' }] });
    expect(stack.rebooted).toEqual([]);
    expect((await stack.history())[0]).toMatchObject({ outcome: 'held', heldBy, requester: 'eve@host' });
  });

  it('is not done to a host that answers by now, whatever its tags say', async () => {
    const stack = flagged();
    stack.fleet.host(1, {});
    expect(await stack.reboot()).toMatchObject({ done: false, why: expect.stringContaining('just now it answered') });
    expect(stack.rebooted).toEqual([]);
  });

  it('is done, put on record, tagged, kept as history and mailed', async () => {
    const stack = flagged();
    const answer = await stack.reboot();
    expect(answer).toMatchObject({ done: true, instanceId: ID, problems: [] });
    expect(answer.why).toContain('EC2 has queued the reboot; the next checks show whether it helped');
    expect(stack.rebooted).toEqual([ID]);
    expect((await stack.record()).acts).toMatchObject([
      { remedy: 'reboot', state: 'done', requester: 'eve@host', boot: '1a2b3c4d' },
    ]);
    expect(stack.fleet.tags(1)).toMatchObject({
      [TAG.acted]: 'reboot@2026-11-22T08:00:00Z',
      [TAG.flag]: expect.any(String),
    });
    expect((await stack.history()).map(({ outcome }) => outcome).toSorted()).toEqual(['begun', 'done']);
    const begun = (await stack.history()).find(({ outcome }) => outcome === 'begun');
    expect(begun?.evidence).toContainEqual(expect.stringContaining('BannerTimeout'));
    expect(stack.mails.map(({ subject }) => subject)).toEqual(['REBOOTING crawler1 SSH silent']);
  });

  it.each([true, 'yes', null])('is only rehearsed where dryRun is %j', async (dryRun) => {
    const stack = flagged();
    const answer = await stack.reboot(ID, { dryRun });
    expect(answer).toMatchObject({ done: false, decisions: [{ heldBy: null }] });
    expect(answer.why).toMatch(/^dry run: would reboot: /);
    expect([stack.rebooted, stack.table.items.size, stack.mails]).toEqual([[], 0, []]);
  });

  it('is reported as failed where EC2 refuses, and as unknown where its answer is lost', async () => {
    const refused = flagged();
    refused.ports = { rehearseReboot: async () => {} };
    refused.fleet.aws.fail(RebootInstancesCommand, 'IncorrectInstanceState');
    expect((await refused.reboot()).why).toContain('it was tried and refused; EC2: IncorrectInstanceState');
    expect((await refused.record()).acts).toMatchObject([{ state: 'failed' }]);
    expect(refused.fleet.tags(1)).not.toHaveProperty(TAG.acted);
    expect(refused.mails[0]?.body).toContain('COULD NOT BE DONE');

    const lost = flagged();
    lost.ports = { rehearseReboot: async () => {} };
    lost.fleet.aws.fail(RebootInstancesCommand, new Error('socket hang up'));
    expect((await lost.reboot()).why).toContain('it is not known whether it was executed');
    expect((await lost.record()).acts).toMatchObject([{ state: 'begun' }]);
    expect(lost.fleet.tags(1)).toHaveProperty(TAG.acted);
  });

  it('does not destroy what could not be saved', async () => {
    const stack = flagged();
    stack.ports = { saveHistory: fail('down') };
    const { done, why } = await stack.reboot();
    expect([done, stack.rebooted]).toEqual([false, []]);
    expect(why).toContain('nothing was done, since its evidence could not be saved');
  });

  it('is not made where AWS took minutes to put it on record: what it was decided on may be over', async () => {
    const stack = flagged();
    stack.ports = {
      saveHistory: async () => {
        stack.fleet.now = new Date(stack.fleet.now.getTime() + 61_000);
      },
    };
    const { done, why } = await stack.reboot();
    expect([done, stack.rebooted]).toEqual([false, []]);
    expect(why).toContain('nothing was done, since AWS took so long');
    expect((await stack.record()).acts).toMatchObject([{ state: 'failed', undone: 'throttled' }]);
  });

  it('is reported although its tag can not be written', async () => {
    const stack = flagged();
    stack.fleet.aws.fail(CreateTagsCommand, 'TagLimitExceeded');
    const { done, why } = await stack.reboot();
    expect([done, stack.rebooted]).toEqual([true, [ID]]);
    expect(why).toContain('its tag crawlwatch:acted could not be written: TagLimitExceeded');
  });

  it('is done and reports that the mail failed', async () => {
    const stack = flagged();
    stack.ports = { notify: fail('no topic') };
    expect(await stack.reboot()).toMatchObject({
      done: true,
      why: expect.stringMatching(/; the mail: no topic$/),
      problems: ['the mail: no topic'],
    });
  });

  it('lets one of two at the same moment through', async () => {
    const stack = flagged().flag(2);
    const answers = await Promise.all([stack.reboot(ID), stack.reboot(OTHER)]);
    expect(answers.filter(({ done }) => done)).toHaveLength(1);
    expect(stack.rebooted).toHaveLength(1);
  });
});

const REQUESTS = ['reboot', 'restart-worker', 'unflag'].map((action) => ({
  action,
  instanceId: ID,
  requester: 'eve@host',
}));

describe('where what checks remember can not be read', () => {
  const flaggedAndDown = () =>
    flagged().tag(2, { ...WORKER_TAG, [TAG.auto]: 'restart', [TAG.status]: 'CRITICAL:WorkerDown' });
  const expectUntouched = ({ fleet, rebooted, restarted, table }: RemedyStack) => {
    expect([rebooted, restarted, table.items.size]).toEqual([[], [], 0]);
    expect(fleet.tags(1)).toHaveProperty(TAG.flag);
  };

  it.each([{ action: 'auto' }, { action: 'plan' }, ...REQUESTS])(
    'nothing is done, and why is said: %j',
    async (request) => {
      const stack = flaggedAndDown();
      stack.fleet.files.fail(Object.assign(new Error('s3:GetObject'), { name: 'AccessDenied' }));
      await expect(stack.ask(request)).rejects.toThrow(
        /could not be described: state.json.gz could not be read: AccessDenied: s3:GetObject$/,
      );
      expectUntouched(stack);
    },
  );

  it.each([{ action: 'auto' }, ...REQUESTS])('as there is no bucket, nothing is done: %j', async (request) => {
    const stack = flaggedAndDown();
    stack.withoutState = true;
    await expect(stack.ask(request)).rejects.toThrow('CRAWLWATCH_BUCKET is not set');
    expectUntouched(stack);
  });

  it('any more right before the act, it is held back', async () => {
    const stack = flagged();
    stack.ports = {
      freshCheck: async () => {
        stack.fleet.files.fail(new Error('503'));
        return fresh({ at: stack.fleet.now });
      },
    };
    expect((await stack.auto()).decisions).toMatchObject([
      { heldBy: 'unknown', why: 'it could not be described: state.json.gz could not be read: Error: 503' },
    ]);
    expect(stack.rebooted).toEqual([]);
  });

  it.each([
    ['is damaged', 'rubbish', 'no check remembers flagging it, whatever its tag says'],
    ['is of a newer version', '{"format":"crawlwatch state","version":99}', 'was written by a newer version'],
  ])('as it %s, the tag alone has nothing rebooted', async (_, file, why) => {
    const stack = flagged();
    stack.fleet.files.replace(STATE_KEY, file);
    const said = await stack.reboot().then((answer) => answer.why, String);
    expect(said).toContain(why);
    expect([stack.rebooted, (await stack.record()).acts]).toEqual([[], []]);
  });
});

describe('an act', () => {
  it('that helped is mailed and settled by the run after the check that saw it', async () => {
    const stack = flagged();
    await stack.auto();
    expect(stack.rebooted).toEqual([ID]);
    comesBack(stack, 1);
    await stack.fleet.check(5);
    await stack.auto();
    expect((await stack.record()).acts).toMatchObject([{ state: 'worked' }]);
    expect(unwrapped(stack.mails.at(-1)?.body ?? '')).toContain(
      'The reboot of 08:00 UTC helped: it came back with a new boot id',
    );
    const before = stack.mails.length;
    await stack.wait(5).auto();
    expect(stack.mails).toHaveLength(before);
  });

  it('that did not help is given up, and then escalated', async () => {
    const stack = flagged();
    await stack.auto();
    for (let n = 0; n < 5; n++) {
      await stack.fleet.check(5);
      await stack.auto();
    }
    expect(stack.rebooted).toEqual([ID]);
    const reported = stack.mails.filter(({ body }) => /^Written at/m.test(body) && /did not help/.test(body));
    expect(reported.map(({ subject }) => subject)).toEqual(['IN VAIN crawler1 SSH silent']);
    const lines = (await stack.history()).filter(({ remedy }) => remedy === 'escalated');
    expect(lines).toMatchObject([{ outcome: 'held', heldBy: 'escalated' }]);
  });

  it('is reported again where the mail failed', async () => {
    const stack = flagged();
    await stack.auto();
    comesBack(stack, 1);
    await stack.fleet.check(5);
    stack.ports = { notify: fail('down') };
    expect((await stack.auto()).problems).toEqual(['the mail: down']);
    expect((await stack.record()).acts).toMatchObject([{ state: 'done' }]);
    stack.ports = {};
    await stack.wait(5).auto();
    expect((await stack.record()).acts).toMatchObject([{ state: 'worked' }]);
    expect(stack.mails.at(-1)?.body).toContain('RECOVERED');
  });
});

describe('what is done on schedule', () => {
  it('is nothing where the check that asks is long over', async () => {
    const stack = flagged();
    expect(await stack.ask({ action: 'auto', scheduledTime: '2026-11-22T07:49:00Z' })).toMatchObject({ done: false });
    expect(stack.rebooted).toEqual([]);
  });

  it('is one reboot, and where the look before holds it back, the next in line', async () => {
    const stack = new RemedyStack(3).flag(1).flag(2).flag(3);
    stack.fleet.host(1, {});
    const { acts, decisions } = await stack.auto();
    expect(acts).toMatchObject([{ instanceId: OTHER }]);
    expect(decisions?.map(({ heldBy }) => heldBy)).toEqual(['not-needed', null, 'in-flight']);
  });

  it('is every restart that is due, before any reboot', async () => {
    const stack = new RemedyStack(3).flag(1);
    const tags = {
      ...WORKER_TAG,
      [TAG.auto]: 'restart',
      [TAG.status]: 'CRITICAL:WorkerDown',
      [NOTE.since]: '2026-11-22T07:50:00Z',
    };
    for (const n of [2, 3]) {
      stack.tag(n, tags);
      stack.fleet.host(n, { unit: 'sidekiq.service failed 0' });
    }
    const { acts } = await stack.auto();
    expect(acts?.map(({ remedy }) => remedy)).toEqual(['restart-worker', 'restart-worker', 'reboot']);
    expect(stack.restarted).toHaveLength(2);
  });

  it('does not begin what its time would cut off', async () => {
    const stack = flagged();
    const { done, decisions } = await stack.ask({ action: 'auto' }, 100_000);
    expect([done, stack.rebooted]).toEqual([false, []]);
    expect(decisions).toMatchObject([{ heldBy: null }]);
  });

  it('writes one line of history for a guard that holds all night', async () => {
    const stack = flagged({ remedies: {} });
    for (let n = 0; n < 3; n++) await stack.wait(5).auto();
    expect(await stack.history()).toMatchObject([{ outcome: 'held', heldBy: 'off' }]);
  });

  it('says what went wrong beside, and has done the rest', async () => {
    const stack = flagged();
    stack.dynamoDb.fail(PutItemCommand, stack.dynamoDb.error('InternalServerError', 'down'), 1);
    expect((await stack.auto()).decisions).toMatchObject([{ heldBy: 'lease' }]);
    expect(stack.mails).toEqual([]);
  });
});

describe('what a check gets to mail', () => {
  const asked = (stack: RemedyStack) => stack.ask({ action: 'auto', scheduledTime: null });
  const mailed = (stack: RemedyStack, receipt: unknown) => stack.ask({ action: 'mailed', receipt });

  it('is the news and a receipt; nothing is mailed by the function itself, and where nothing is news there is none', async () => {
    const stack = flagged();
    const { news, receipt } = await asked(stack);
    expect(news).toMatchObject({ outcomes: [], escalated: [], pausedNow: null, acted: [{ act: { state: 'done' } }] });
    expect([typeof receipt, stack.mails]).toEqual(['string', []]);
    expect(await asked(new RemedyStack(1))).toMatchObject({ news: null, receipt: null });
  });

  it('is an act once more until it is acknowledged, and then no more', async () => {
    const stack = flagged();
    const first = await asked(stack);
    const second = await asked(stack.wait(5));
    expect(first.news?.acted).toMatchObject(second.news?.acted ?? []);
    expect(second.news?.acted).toHaveLength(1);
    expect(await mailed(stack, first.receipt)).toMatchObject({
      done: false,
      why: 'another run has found news since: the check that asked for it mails this once more',
    });
    expect(await mailed(stack, second.receipt)).toMatchObject({ done: true, why: 'what was mailed is on record' });
    expect((await asked(stack.wait(1))).news).toBeNull();
    expect(stack.rebooted).toEqual([ID]);
  });

  it('is what an act came to in place of the act, and on record once it is acknowledged, however often that is', async () => {
    const stack = flagged();
    await asked(stack);
    comesBack(stack, 1);
    await stack.fleet.check(5);
    for (let n = 0; n < 2; n++) {
      const { news } = await asked(stack.wait(1));
      expect(news).toMatchObject({ acted: [], outcomes: [{ outcome: 'worked', act: { instanceId: ID } }] });
      expect((await stack.record()).acts).toMatchObject([{ state: 'done' }]);
    }
    const { receipt } = await asked(stack);
    for (let n = 0; n < 2; n++) await mailed(stack, receipt);
    expect((await stack.record()).acts).toMatchObject([{ state: 'worked' }]);
    expect((await stack.history()).filter(({ outcome }) => outcome === 'worked')).toHaveLength(1);
  });

  it('is a refused act once more, on record as failed only once it is acknowledged', async () => {
    const stack = flagged();
    stack.ports = { rehearseReboot: async () => {} };
    stack.fleet.aws.fail(RebootInstancesCommand, 'IncorrectInstanceState');
    await asked(stack);
    expect((await stack.record()).acts).toMatchObject([{ state: 'begun' }]);
    const { news, receipt } = await asked(stack.wait(5));
    expect(news?.acted).toMatchObject([{ act: { state: 'failed', undone: 'refused' } }]);
    await mailed(stack, receipt);
    expect((await stack.record()).acts).toMatchObject([{ state: 'failed', undone: 'refused' }]);
    expect((await stack.history()).map(({ outcome }) => outcome)).toContain('failed');
  });

  it('can not be acknowledged where it could not be kept, and comes again', async () => {
    const stack = flagged();
    stack.ports = { saveUnmailed: fail('down') };
    const { news, receipt, problems } = await asked(stack);
    expect([news?.acted.length, receipt]).toEqual([1, null]);
    expect(problems).toEqual(['the news could not be kept until it is mailed: down']);
    stack.ports = { readUnmailed: fail('down') };
    expect((await asked(stack)).problems).toEqual(['news that is not mailed yet could not be read: down']);
    await expect(mailed(stack, '7d9f4e0a-6a43-4a52-9d1b-6f3f0f6f2c11')).rejects.toThrow('could not be read: down');
    stack.ports = {};
    comesBack(stack, 1);
    await stack.fleet.check(5);
    expect((await asked(stack)).news?.outcomes).toMatchObject([{ outcome: 'worked' }]);
  });

  it('is not lost between two runs at the same moment', async () => {
    const stack = flagged().flag(2);
    const answers = await Promise.all([asked(stack), asked(stack)]);
    const acted = (answer: (typeof answers)[number]) => answer.news?.acted.map(({ act }) => act.instanceId) ?? [];
    expect(answers.flatMap(acted)).toContain(stack.rebooted[0]);
    const later = await asked(stack.wait(2));
    expect(acted(later)).toEqual(stack.rebooted);
  });

  it('leaves a host that is handed over to a person for the next mail until it is acknowledged', async () => {
    const stack = flagged();
    await stack.auto();
    for (let n = 0; n < 4; n++) await stack.fleet.check(5);
    const escalated = async () => (await stack.history()).filter(({ remedy }) => remedy === 'escalated').length;
    for (let n = 0; n < 2; n++) {
      expect((await asked(stack)).news?.escalated).toMatchObject([{ instanceId: ID }]);
      expect(await escalated()).toBe(0);
    }
    const { receipt } = await asked(stack);
    await mailed(stack, receipt);
    expect(await escalated()).toBe(1);
    expect((await asked(stack)).news).toBeNull();
  });

  it('fits one item of the table, and so leaves the rest for later', async () => {
    const stack = new RemedyStack(60);
    const tags = { ...WORKER_TAG, [TAG.auto]: 'restart', [TAG.status]: 'CRITICAL:WorkerDown' };
    for (let n = 1; n <= 60; n++) {
      stack.tag(n, { ...tags, [NOTE.since]: '2026-11-22T07:50:00Z' });
      stack.fleet.host(n, { unit: 'sidekiq.service failed 0' });
    }
    const { acts, news } = await asked(stack);
    expect([acts?.length, news?.acted.length]).toEqual([60, 30]);
    // Their outcomes are news as well, fifty at a time.
    for (let n = 1; n <= 60; n++) stack.fleet.host(n, { unit: 'sidekiq.service active 0' });
    await stack.fleet.check(5);
    const counts: (number | undefined)[] = [];
    for (let n = 0; n < 2; n++) {
      const { news: found, receipt } = await asked(stack);
      counts.push(found?.outcomes.length);
      await mailed(stack, receipt);
    }
    expect(counts).toEqual([50, 10]);
  });
});
