import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { aboutToReboot } from '../../support/about-to-reboot.ts';
import { ID, RemedyStack } from '../../support/remedy-stack.ts';
import { WORKER_TAG, worker } from '../../support/sandbox-fleet.ts';

const MAY_BE_ACTING =
  /What crawlwatch did by itself in this check is not known \(.+\): a restart or a reboot may be under way\. The next mail says what was done\./;
const rebootedAt = (time: string) =>
  new RegExp(
    `^crawler1 \\(i-\\w+\\)\\n {2}BEING REBOOTED: .*\\n {2}.*being rebooted by crawlwatch at ${time} UTC: nothing to do`,
    'im',
  );
const REBOOTED = rebootedAt('08:20');
const HELPED = /The reboot of 08:20 UTC helped: it came back with a new boot id/;
const RECOVERED = /^crawler1 \(i-\w+\)\n {2}RECOVERED: is OK again after \d+ minutes; what was wrong: SSH accepts/m;
const FLAGGED = /^ {2}FLAGGED and being rebooted/m;
const fail = (text: string) => async () => {
  throw new Error(text);
};

describe('the one mail of a check', () => {
  it('says that a host is flagged and that it was rebooted, the next that it is back and that the reboot helped', async () => {
    const { fleet, bodies, boots, states } = await aboutToReboot();
    expect((await fleet.check()).errors).toEqual([]);
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toMatch(FLAGGED);
    expect(bodies()[0]).toMatch(REBOOTED);
    expect(await states()).toEqual(['done']);
    boots();
    await fleet.checks(3);
    expect(bodies()).toHaveLength(2);
    expect(bodies()[1]).toMatch(RECOVERED);
    expect(bodies()[1]).toMatch(HELPED);
    expect(await states()).toEqual(['worked']);
    expect([fleet.state.mailing, fleet.state.asking]).toEqual([null, null]);
  });

  it('says once that a reboot did not help, and no later check says it again', async () => {
    const { fleet, bodies, states } = await aboutToReboot();
    await fleet.checks(8);
    const said = bodies().filter((body) => body.includes('did not help'));
    expect(said).toHaveLength(1);
    // The first line says what to do, and the entry what is the case.
    const [todo = '', ...rest] = said[0]?.split('\n') ?? [];
    expect(todo).toBe('Do: see to crawler1: its reboot was in vain.');
    expect(rest.join('\n').match(/did not help/g)).toHaveLength(1);
    expect(said[0]?.match(/needs a person/g)).toHaveLength(1);
    expect(said[0]).toContain('It needs a person: save its console output');
    expect(await states()).toEqual(['failed']);
  });

  it('says it once, too, where the check knew it before the remedy function answered again', async () => {
    const { fleet, bodies, states } = await aboutToReboot();
    await fleet.check();
    const { remedy } = fleet;
    fleet.remedy = fail('socket hang up');
    await fleet.checks(5);
    expect(bodies().filter((body) => body.includes('REBOOTED IN VAIN'))).toHaveLength(1);
    expect(await states()).toEqual(['done']);
    fleet.remedy = remedy;
    await fleet.checks(3);
    expect(bodies().filter((body) => body.includes('REBOOTED IN VAIN'))).toHaveLength(1);
    expect(await states()).toEqual(['failed']);
  });

  it('is sent for acts alone where nothing else is news', async () => {
    const stack = new RemedyStack(2).wired();
    const { fleet } = stack;
    for (const [key, value] of Object.entries({ ...WORKER_TAG, [TAG.auto]: 'restart' })) {
      stack.instance(1).tags.set(key, value);
    }
    await fleet.host(1, worker('active')).checks(1);
    await fleet.host(1, worker('failed')).checks(1);
    expect(stack.restarted).toEqual([['restart-worker', ID]]);
    expect(fleet.subjects).toEqual(['RESTARTED crawler1 worker']);
    await fleet.host(1, worker('active')).checks(1);
    expect(fleet.subjects.slice(1)).toEqual(['RECOVERED crawler1 worker down, 5 min']);
    expect(stack.mails.at(-1)?.body).toContain('The worker restart of 08:10 UTC helped');
  });

  const lostAnswer = (stack: RemedyStack) => async (at: Date) => {
    await stack.ask({ action: 'auto', scheduledTime: at.toISOString() });
    throw new Error('socket hang up');
  };
  it.each([
    ['fails before it acts', () => fail('the remedy function failed: {"errorType":"Error"}'), false],
    ['answers with garbage after it has acted', lostAnswer, true],
    ['acts, and the answer is lost', lostAnswer, true],
  ])('goes out without the acts where the remedy function %s, and the next one has them', async (_, remedy, acts) => {
    const { stack, fleet, bodies, states } = await aboutToReboot();
    const { remedy: real } = fleet;
    fleet.remedy = remedy(stack);
    const { errors, flagged } = await fleet.check();
    expect([errors.length, flagged]).toEqual([1, 1]);
    expect(bodies()).toEqual([expect.stringMatching(MAY_BE_ACTING)]);
    expect(await states()).toEqual(acts ? ['done'] : []);
    fleet.remedy = real;
    expect((await fleet.check()).errors).toEqual([]);
    expect(bodies()).toHaveLength(2);
    expect(bodies()[1]).toMatch(acts ? REBOOTED : rebootedAt('08:25'));
    await fleet.checks(1);
    expect(bodies()).toHaveLength(2);
    expect(stack.rebooted).toEqual([ID]);
  });

  it.each([
    ['refuses', 'AuthorizationError', null],
    ['does not answer', Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), expect.anything()],
  ])('is sent again with its acts where SNS %s', async (_, error, left) => {
    const { fleet, bodies, boots, states, stack } = await aboutToReboot();
    fleet.aws.fail(PublishCommand, error);
    expect((await fleet.check()).errors).toEqual([expect.stringMatching(/^mail: /)]);
    expect([bodies(), await states()]).toEqual([[], ['done']]);
    expect([fleet.state.mailing, fleet.state.asking]).toEqual([left, null]);
    await fleet.check();
    expect(bodies()).toHaveLength(1);
    expect(bodies()[0]).toMatch(FLAGGED);
    expect(bodies()[0]).toMatch(REBOOTED);
    // Its outcome waits for a mail as well.
    boots();
    fleet.aws.fail(PublishCommand, 'AuthorizationError');
    await fleet.check();
    expect(await states()).toEqual(['done']);
    await fleet.check();
    expect(bodies()[1]).toMatch(HELPED);
    expect([await states(), stack.rebooted]).toEqual([['worked'], [ID]]);
  });

  it('is followed by one that says it again where it can not be acknowledged', async () => {
    const { fleet, bodies, boots, states } = await aboutToReboot();
    const { mailed } = fleet;
    fleet.mailed = fail('TooManyRequestsException');
    const { errors } = await fleet.check();
    expect(errors).toEqual([
      'remedy: that acts were mailed could not be put on record: Error: TooManyRequestsException',
    ]);
    boots();
    await fleet.check();
    expect(bodies().filter((body) => HELPED.test(body))).toHaveLength(1);
    expect(await states()).toEqual(['done']);
    fleet.mailed = mailed;
    await fleet.checks(3);
    expect(bodies().filter((body) => HELPED.test(body))).toHaveLength(2);
    expect(await states()).toEqual(['worked']);
  });

  it('is acknowledged for the news that it held, and for no other', async () => {
    const { stack, fleet, bodies } = await aboutToReboot();
    // While this check mails, another one asks.
    fleet.mailed = async (receipt) => {
      await stack.ask({ action: 'auto', scheduledTime: null });
      return stack.ask({ action: 'mailed', receipt });
    };
    const { errors, report } = await fleet.check();
    expect([errors, bodies().length]).toEqual([[], 1]);
    expect(report.problems).toContainEqual(
      expect.stringContaining('that acts were mailed is not on record: another run has found news since'),
    );
    await stack.wired().fleet.checks(2);
    expect(bodies().filter((body) => REBOOTED.test(body))).toHaveLength(2);
  });

  it('names what failed beside the acts', async () => {
    const { stack, fleet, bodies } = await aboutToReboot();
    stack.ports = { noteActed: fail('TagLimitExceeded') };
    const { errors } = await fleet.check();
    expect(errors).toEqual(['remedy: it could not be noted with the instance: TagLimitExceeded']);
    expect(bodies()[0]).toMatch(REBOOTED);
  });
});
