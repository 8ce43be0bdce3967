import { describe, expect, it } from 'vitest';
import { TAG } from '../../lambda/model/index.ts';
import { answerHtml, remedy } from '../../lambda/remedy-handler.ts';
import { ID, RemedyStack } from '../support/remedy-stack.ts';

describe('the remedy function', () => {
  it.each([
    ['nothing', undefined, 'action must be one of auto, plan'],
    ['text', 'reboot', 'action must be one of auto, plan'],
    ['another action', { instanceId: ID, action: 'terminate' }, 'action must be one of auto, plan'],
    ['no id', { action: 'reboot' }, 'instanceId must be an EC2 instance id'],
    ['a list of ids', { action: 'reboot', instanceId: [ID] }, 'instanceId must be an EC2 instance id'],
    ['a wildcard', { action: 'reboot', instanceId: 'i-*' }, 'instanceId must be an EC2 instance id'],
    ['markup for an id', { action: 'reboot', instanceId: `${ID}<script>` }, 'instanceId must be an EC2 instance id'],
    ['a word too many', { action: 'reboot', instanceId: ID, dryrun: true }, 'reboot takes no "dryrun"'],
  ])('asks AWS nothing where it is given %s', async (_, event, why) => {
    const { world, fleet, dynamoDb } = new RemedyStack(1);
    expect(await remedy(event, world)).toMatchObject({ done: false, why: expect.stringContaining(why) });
    expect([fleet.aws.ec2.calls.size, dynamoDb.calls.size]).toEqual([0, 0]);
  });

  it('answers with what failed, and logs it', async () => {
    const stack = new RemedyStack(1);
    stack.fleet.aws.instances.clear();
    const why = expect.stringContaining('it could not be described: ');
    expect(await remedy({ action: 'reboot', instanceId: ID }, stack.world)).toEqual({
      done: false,
      instanceId: ID,
      why,
      problems: [why],
    });
    const fields = expect.objectContaining({ instanceId: ID, done: false, why });
    expect(stack.fleet.logged).toContainEqual({ level: 'info', event: 'remedy.answered', fields });
  });

  it('takes nothing from the requester but which instance is meant', async () => {
    const stack = new RemedyStack(1);
    const answer = await remedy({ action: 'reboot', instanceId: ID, requester: 'root' }, stack.world);
    expect(answer).toMatchObject({ done: false, why: 'it carries no reboot flag' });
    expect(stack.rebooted).toEqual([]);
  });

  it('answers with the plan, the pause and the acts, and changes nothing', async () => {
    const stack = new RemedyStack(2).flag(1);
    const before = stack.table.items.size;
    const answer = await remedy({ action: 'plan', requester: 'eve@host' }, stack.world);
    expect(answer).toMatchObject({
      done: true,
      pause: null,
      acts: [],
      decisions: [{ instanceId: ID, heldBy: 'breaker' }],
    });
    expect([stack.table.items.size, stack.mails, stack.rebooted]).toEqual([before, [], []]);
  });

  it('is paused by one person for all, until somebody resumes', async () => {
    const stack = new RemedyStack(1).flag(1);
    const ask = (event: object) => remedy({ requester: 'eve@host', ...event }, stack.world);
    expect(await ask({ action: 'pause', why: 'a deploy', dryRun: true })).toMatchObject({ done: false, pause: null });
    expect(await ask({ action: 'pause', why: 'a deploy', until: null })).toMatchObject({
      done: true,
      why: 'nothing is done from now on, until somebody resumes; checks and mails go on',
      pause: { who: 'eve@host', why: 'a deploy' },
    });
    expect(await stack.reboot()).toMatchObject({ done: false, decisions: [{ heldBy: 'paused' }] });
    expect(await ask({ action: 'resume' })).toMatchObject({
      done: true,
      why: 'the pause by eve@host since 08:00 UTC is over',
      pause: null,
    });
    expect(await ask({ action: 'resume' })).toMatchObject({ done: true, why: 'nothing was paused' });
    expect(await stack.reboot()).toMatchObject({ done: true });
  });

  it('takes a flag away where a person asks, and keeps that as history', async () => {
    const stack = new RemedyStack(1).flag(1);
    const ask = (event: object) =>
      remedy({ action: 'unflag', instanceId: ID, requester: 'eve@host', ...event }, stack.world);
    const flag = 'BannerTimeout@2026-11-22T07:50:00Z';
    expect(await ask({ dryRun: true })).toMatchObject({
      done: false,
      why: `dry run: would take away the flag ${flag}`,
    });
    expect(stack.fleet.tags(1)).toHaveProperty('crawlwatch:reboot-flag');
    expect(await ask({})).toMatchObject({ done: true, why: expect.stringContaining(`the flag ${flag} is taken away`) });
    expect(stack.fleet.tags(1)).not.toHaveProperty('crawlwatch:reboot-flag');
    expect(await ask({})).toMatchObject({ done: false, decisions: [{ heldBy: 'not-flagged' }] });
    expect(await remedy({ action: 'history', instanceId: ID }, stack.world)).toMatchObject({
      done: true,
      history: [{ remedy: 'unflag', outcome: 'done', requester: 'eve@host' }],
    });
  });

  it('takes a remembered flag away whose tag is missing, and a tag that no check remembers', async () => {
    const unflag = async (stack: RemedyStack) => {
      const answer = await remedy({ action: 'unflag', instanceId: ID, requester: 'eve@host' }, stack.world);
      return [answer.done, answer.why, stack.fleet.remembered(1).flag, stack.fleet.tags(1)[TAG.flag]];
    };
    const taken = [
      true,
      expect.stringContaining('the flag BannerTimeout@2026-11-22T07:50:00Z is taken away'),
      null,
      undefined,
    ];
    const stripped = new RemedyStack(1).flag(1);
    stripped.instance(1).tags.delete(TAG.flag);
    expect(await unflag(stripped)).toEqual(taken);
    const forged = new RemedyStack(1).flag(1);
    forged.fleet.remember(1, { flag: null });
    expect(await unflag(forged)).toEqual(taken);
  });

  it('does not take a flag away where EC2 refuses', async () => {
    const stack = new RemedyStack(1).flag(1);
    stack.fleet.aws.denied.add(ID);
    expect(await remedy({ action: 'unflag', instanceId: ID, requester: 'eve' }, stack.world)).toMatchObject({
      done: false,
      why: expect.stringContaining('the flag could not be taken away: '),
    });
  });
});

describe('the answer to the widget', () => {
  it('is one sentence in which nothing from outside is markup', () => {
    expect(answerHtml({ done: false, instanceId: ID, why: '<img src=x onerror=alert(1)>' })).toBe(
      `<p><b>${ID} was not rebooted</b>: &lt;img src=x onerror=alert(1)&gt;.</p>`,
    );
    expect(answerHtml({ done: true, instanceId: ID, why: 'it hangs' })).toBe(
      `<p><b>${ID} is being rebooted</b>: it hangs.</p>`,
    );
  });

  it.each([
    ['pause', true, null, '<p><b>Paused</b>: so it was.</p>'],
    ['pause', false, null, '<p><b>Not paused</b>: so it was.</p>'],
    ['resume', true, null, '<p><b>Resumed</b>: so it was.</p>'],
    ['ack', true, ID, `<p><b>Acknowledged ${ID}</b>: so it was.</p>`],
  ])('says of %s what was done: %s', (action, done, instanceId, says) => {
    expect(answerHtml({ done, instanceId, why: 'so it was' }, action)).toBe(says);
  });

  it('says what was restarted, and nothing of what it does not know', () => {
    const answer = { done: true, instanceId: ID, why: 'so it was' };
    expect(answerHtml(answer, 'restart-worker')).toBe(`<p><b>${ID}&#39;s worker was restarted</b>: so it was.</p>`);
    expect(answerHtml({ ...answer, done: false, instanceId: null }, 'toString')).toBe(
      '<p><b>Nothing was not rebooted</b>: so it was.</p>',
    );
  });
});
