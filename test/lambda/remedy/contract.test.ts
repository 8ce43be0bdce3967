import { describe, expect, it } from 'vitest';
import { isFromWidget, parseRemedyRequest, type RemedyAnswer, remedyAnswer } from '../../../lambda/remedy/contract.ts';
import { NOW } from '../../support/fleet.ts';
import { ID } from '../../support/remedy-cases.ts';

const parse = (event: unknown) => parseRemedyRequest(event, NOW);
const ana = { kind: 'person', name: 'ana', overrides: [] };

describe('parseRemedyRequest', () => {
  it.each([
    [
      'nothing',
      undefined,
      'action must be one of auto, plan, restart-worker, restart-sshd, reboot, unflag, ack, pause',
    ],
    ['text', 'reboot', 'action must be one of'],
    ['a list', [{ action: 'reboot' }], 'action must be one of'],
    ['no action', { instanceId: ID }, 'action must be one of'],
    ['an action of no such name', { action: 'terminate' }, 'action must be one of'],
    ['an action named like a built-in', { action: 'constructor' }, 'action must be one of'],
    ['no instance', { action: 'reboot' }, 'instanceId must be an EC2 instance id, like i-0123456789abcdef0'],
    ['a list of instances', { action: 'reboot', instanceId: [ID] }, 'instanceId must be an EC2 instance id'],
    ['a wildcard', { action: 'reboot', instanceId: 'i-*' }, 'instanceId must be an EC2 instance id'],
    ['markup behind an id', { action: 'unflag', instanceId: `${ID}<script>` }, 'instanceId must be an EC2 instance id'],
    [
      'a line break behind an id',
      { action: 'history', instanceId: `${ID}\n` },
      'instanceId must be an EC2 instance id',
    ],
    ['a slip in dryRun', { action: 'reboot', instanceId: ID, dryrun: true }, 'reboot takes no "dryrun"; it takes'],
    ['tags', { action: 'reboot', instanceId: ID, tags: {} }, 'reboot takes no "tags"; it takes instanceId, requester'],
    ['an instance to pause', { action: 'pause', instanceId: ID, why: 'x' }, 'pause takes no "instanceId"'],
    ['a requester to the schedule', { action: 'auto', requester: 'ana' }, 'auto takes no "requester"'],
    [
      'a key that is a slip, before what it leaves out',
      { action: 'reboot', instance: ID },
      'reboot takes no "instance"',
    ],
    ['the prototype for a key', JSON.parse('{"action":"plan","__proto__":{}}'), 'plan takes no "__proto__"'],
    [
      'a key of any length, cut',
      { action: 'plan', ['x'.repeat(9000)]: 1 },
      `plan takes no "${'x'.repeat(40)}"; it takes requester`,
    ],
    ['a key in another alphabet', { action: 'plan', 'd\u0456': 1 }, 'plan takes no "d?"'],
    [
      'a requester that is no text',
      { action: 'plan', requester: { name: 'ana' } },
      'requester must be a text: who asks',
    ],
    [
      'an override of another guard',
      { action: 'reboot', instanceId: ID, overrides: ['muted'] },
      'overrides must be a list of asg, spot, event',
    ],
    ['overrides that are no list', { action: 'reboot', instanceId: ID, overrides: 'asg' }, 'overrides must be a list'],
    ['a schedule without a time', { action: 'auto', scheduledTime: 'now' }, 'scheduledTime must be a time like'],
    [
      'a pause without why',
      { action: 'pause', requester: 'ana' },
      'why must be a text: it is shown to everybody whose act',
    ],
    ['a pause with an empty why', { action: 'pause', why: ' ' }, 'why must be a text'],
    ['a pause until no time', { action: 'pause', why: 'x', until: 'later' }, 'until must be a time like'],
    ['an ack of no instance', { action: 'ack', requester: 'ana' }, 'instanceId must be an EC2 instance id'],
    ['an ack that is taken back by a text', { action: 'ack', instanceId: ID, off: 'no' }, 'off must be true or false'],
    ['an ack for good', { action: 'ack', instanceId: ID, until: null }, 'ack takes no "until"'],
    ['a pause until a number', { action: 'pause', why: 'x', until: 5 }, 'until must be a time like'],
    [
      'a pause until now',
      { action: 'pause', why: 'x', until: NOW.toISOString() },
      'until must be later than now (2026-11-22T08:15',
    ],
  ])('refuses %s', (_, event, why) => {
    expect(parse(event)).toMatchObject({ ok: false, why: expect.stringContaining(why) });
  });

  it.each([
    [{ action: 'reboot', instanceId: ID, more: 1 }, ID],
    [{ action: 'reboot', instanceId: 'i-<b>' }, null],
  ])('names the instance of what it refuses only where it is one: %j', (event, instanceId) => {
    expect(parse(event)).toMatchObject({ ok: false, instanceId });
  });

  it.each([
    [{ action: 'auto' }, { scheduledTime: null }],
    [{ action: 'auto', scheduledTime: '2026-11-22T08:15:00Z' }, { scheduledTime: NOW }],
    [{ action: 'plan', requester: 'ana' }, { requester: ana }],
    [
      { action: 'reboot', instanceId: ID, requester: 'ana' },
      { instanceId: ID, requester: ana, dryRun: false },
    ],
    [
      { action: 'reboot', instanceId: 'i-0123abcd', requester: 'ana', overrides: ['asg', 'event'], dryRun: false },
      { instanceId: 'i-0123abcd', requester: { ...ana, overrides: ['asg', 'event'] }, dryRun: false },
    ],
    [
      { action: 'restart-worker', instanceId: ID, requester: 'ana' },
      { instanceId: ID, requester: ana, dryRun: false },
    ],
    [
      { action: 'restart-sshd', instanceId: ID, requester: 'ana' },
      { instanceId: ID, requester: ana, dryRun: false },
    ],
    [
      { action: 'unflag', instanceId: ID, requester: 'ana' },
      { instanceId: ID, requester: ana, dryRun: false },
    ],
    [
      { action: 'pause', requester: 'ana', why: ' a\tb ', until: null },
      { requester: ana, why: 'a?b', until: null, dryRun: false },
    ],
    [
      { action: 'pause', requester: 'ana', why: 'x', until: '2026-11-22T08:15:00.001Z' },
      { requester: ana, why: 'x', until: new Date(NOW.getTime() + 1), dryRun: false },
    ],
    [
      { action: 'resume', requester: 'ana' },
      { requester: ana, dryRun: false },
    ],
    [
      { action: 'history', instanceId: ID, requester: 'ana' },
      { instanceId: ID, requester: ana },
    ],
  ])('reads %j', (event, request) => {
    expect(parse(event)).toEqual({ ok: true, request: { action: event.action, ...request } });
  });

  it.each([true, null, 'false', 0])('takes dryRun %j for a rehearsal', (dryRun) => {
    expect(parse({ action: 'reboot', instanceId: ID, dryRun })).toMatchObject({ request: { dryRun: true } });
  });

  it.each([
    ['a line, cut', { requester: `eve\n${'x'.repeat(100)}` }, `eve?${'x'.repeat(60)}`],
    ['unknown where nobody is named', {}, 'unknown'],
    ['unknown where the name is blank', { requester: ' ' }, 'unknown'],
    ['the dashboard where its widget asks', { widgetContext: {} }, 'dashboard'],
    ['the name given where a widget asks', { widgetContext: {}, requester: 'ana' }, 'ana'],
  ])('keeps of the requester %s', (_, more, name) => {
    expect(parse({ action: 'plan', ...more })).toMatchObject({ ok: true, request: { requester: { name } } });
  });
});

describe('isFromWidget', () => {
  it.each([
    [{ action: 'plan' }, false],
    ['widgetContext', false],
    [null, false],
    [{ action: 'plan', widgetContext: null }, true],
  ])('of %j is %s', (event, expected) => {
    expect(isFromWidget(event)).toBe(expected);
  });
});

describe('the answer', () => {
  const at = new Date('2026-11-22T08:10:00.123Z');
  const answer: RemedyAnswer = {
    ...{ done: true, instanceId: ID, why: 'its history', problems: ['the mail: no topic'] },
    decisions: [{ instanceId: ID, name: 'ficrawler9', remedy: 'reboot', heldBy: null, why: 'it hangs' }],
    history: [
      {
        ...{ at, instanceId: ID, remedy: 'reboot', outcome: 'done', heldBy: null, why: 'it hangs', requester: 'ana' },
        evidence: ['Console: Out of memory'],
      },
    ],
    pause: { who: 'ana', why: 'a deploy', from: at, until: null },
    acts: [{ remedy: 'reboot', instanceId: ID, at, state: 'done', requester: 'schedule' }],
  };

  it('comes out of its JSON as it went in', () => {
    const json = JSON.stringify(remedyAnswer.encode(answer));
    expect(json).toContain('"at":"2026-11-22T08:10:00.123Z"');
    expect(remedyAnswer.parse(JSON.parse(json))).toEqual(answer);
  });

  it('is understood with words and keys of a later version, and without what may be absent', () => {
    const decision = { instanceId: ID, name: 'x', remedy: 'replace', heldBy: 'moon', why: 'y', more: 1 };
    const { more, ...known } = decision;
    const answered = { done: false, instanceId: null, why: 'y' };
    expect(remedyAnswer.parse({ ...answered, decisions: [decision], more })).toEqual({
      ...answered,
      decisions: [known],
    });
  });

  it.each([
    ['no object', 'done'],
    ['no why', { done: true, instanceId: null }],
    ['a date that is none', { ...answer, pause: { who: 'ana', why: 'x', from: 'today' } }],
  ])('is not understood where it is %s', (_, json) => {
    expect(remedyAnswer.safeParse(json).success).toBe(false);
  });
});
