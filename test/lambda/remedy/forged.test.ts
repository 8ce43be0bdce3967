import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { mayBeAPerson, parseAutomaticRequest } from '../../../lambda/remedy/contract.ts';
import { remedy } from '../../../lambda/remedy-handler.ts';
import { ID, RemedyStack } from '../../support/remedy-stack.ts';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:CrawlwatchStack-Remedy1-ab_C';

describe('who asks', () => {
  it.each([
    ['the function itself', ARN, true],
    ['the function in China', ARN.replace('aws', 'aws-cn'), true],
    ['its newest version', `${ARN}:$LATEST`, true],
    ["the check's alias", `${ARN}:automatic`, false],
    ['an alias in other case', `${ARN}:Automatic`, false],
    ['an alias that is not known here', `${ARN}:people`, false],
    ['a version', `${ARN}:3`, false],
    ['two qualifiers', `${ARN}:$LATEST:automatic`, false],
    ['a line behind it', `${ARN}\n`, false],
    ['no ARN', undefined, false],
    ['null', null, false],
    ['an empty text', '', false],
    ['a name', 'Remedy', false],
    ['a list of ARNs', [ARN], false],
    ['an object that reads as one', { toString: (): string => ARN }, false],
  ])('through %s', (_, arn, isPerson) => {
    expect(mayBeAPerson(arn)).toBe(isPerson);
  });
});

const RECEIPT = '7d9f4e0a-6a43-4a52-9d1b-6f3f0f6f2c11';
const PERSONS = ['plan', 'reboot', 'restart-worker', 'restart-sshd', 'unflag', 'pause', 'resume', 'history'];
/** What people send, field by field, and what nobody should. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  action: fc.constantFrom(...PERSONS, 'auto', 'mailed', 'Auto', 'AUTO', ' auto', ['auto'], { auto: true }, null),
  instanceId: fc.constantFrom(ID, [ID], '*', null),
  requester: fc.constantFrom('eve@host', 'schedule', null, { kind: 'person' }, 'x'.repeat(100_000)),
  dryRun: fc.constantFrom(true, false, null, 'no'),
  overrides: fc.constantFrom(['asg', 'spot', 'event'], [], null),
  why: fc.constantFrom('a deploy', ''),
  until: fc.constantFrom(null, '2036-01-01T00:00:00Z'),
  widgetContext: fc.constantFrom({}, null, { theme: 'dark' }),
  scheduledTime: fc.constantFrom(null, '2026-11-22T08:00:00Z', '2036-01-01T00:00:00Z', 0, {}),
  receipt: fc.constantFrom(
    RECEIPT,
    RECEIPT.toUpperCase(),
    `${RECEIPT} `,
    [RECEIPT],
    '*',
    '',
    null,
    'x'.repeat(100_000),
  ),
  Action: fc.constantFrom('reboot'),
  ACTION: fc.constantFrom('pause'),
  instanceid: fc.constantFrom(ID),
  __proto__x: fc.constantFrom({ action: 'reboot' }),
  constructor: fc.constantFrom({ action: 'reboot' }),
  toString: fc.constantFrom('reboot'),
};
const forged = fc
  .oneof(
    { weight: 6, arbitrary: fc.record(FIELDS, { requiredKeys: [] }) },
    // As every person's request may look, with an `auto` in place of its action.
    { weight: 2, arbitrary: fc.record({ ...FIELDS, action: fc.constant('auto') }, { requiredKeys: ['action'] }) },
    { weight: 2, arbitrary: fc.record({ action: fc.constant('auto'), scheduledTime: FIELDS.scheduledTime! }) },
    { weight: 2, arbitrary: fc.record({ action: fc.constant('mailed'), receipt: FIELDS.receipt! }) },
    { weight: 2, arbitrary: fc.jsonValue() },
    { weight: 1, arbitrary: fc.array(fc.record(FIELDS, { requiredKeys: [] })) },
  )
  // As it comes over the wire; `__proto__` is an own key there.
  .map((value) => JSON.stringify(value)?.replace('"__proto__x"', '"__proto__"') ?? 'null');

describe("whatever the check's role sends through its alias", () => {
  it('is a look at the whole fleet, the word that a mail is out, or nothing', () => {
    const seen = new Set<string>();
    fc.assert(
      fc.property(forged, (text) => {
        const parsed = parseAutomaticRequest(JSON.parse(text));
        if (!parsed.ok) {
          expect(parsed).toEqual({ ok: false, instanceId: null, why: expect.stringContaining('alias automatic') });
          return;
        }
        const { action } = parsed.request;
        seen.add(action);
        const field = action === 'mailed' ? 'receipt' : 'scheduledTime';
        expect(Object.keys(parsed.request).toSorted()).toEqual(['action', field]);
        if (action === 'mailed') expect(parsed.request.receipt).toMatch(/^[0-9a-fA-F-]{36}$/);
      }),
      { numRuns: 5_000 },
    );
    expect(seen).toEqual(new Set(['auto', 'mailed']));
  });

  it('does nothing that a person alone may', async () => {
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(forged, async (text) => {
        // Flagged, not opted in, of an Auto Scaling group: a person with overrides could reboot it.
        const stack = new RemedyStack(1).flag(1).tag(1, { [TAG.auto]: 'restart', 'aws:autoscaling:groupName': 'web' });
        stack.ports = {};
        const answer = await remedy(JSON.parse(text), stack.world, { isAutomatic: true });
        seen.add(answer.why.slice(0, 30));
        expect([stack.rebooted, stack.restarted, stack.mails]).toEqual([[], [], []]);
        expect(stack.fleet.tags(1)).toHaveProperty(TAG.flag);
        const { acts, pause, resumedAt } = await stack.record();
        expect([acts, pause, resumedAt]).toEqual([[], null, null]);
        for (const entry of await stack.history())
          expect(entry).toMatchObject({ outcome: 'held', requester: 'schedule' });
      }),
      { numRuns: 150 },
    );
    // Both kinds came up.
    expect(seen.size).toBeGreaterThan(1);
  });

  it('marks nothing as mailed that the function has not found by itself', async () => {
    const stack = new RemedyStack(1).flag(1);
    await stack.ask({ action: 'auto', scheduledTime: null });
    const answer = await remedy({ action: 'mailed', receipt: RECEIPT }, stack.world, { isAutomatic: true });
    expect(answer).toMatchObject({ done: false, why: expect.stringContaining('another run has found news since') });
    expect((await stack.record()).acts).toMatchObject([{ instanceId: ID, state: 'done' }]);
    // Nor does a person say so.
    expect(await remedy({ action: 'mailed', receipt: RECEIPT }, stack.world)).toMatchObject({
      done: false,
      why: expect.stringContaining('action must be one of auto, plan'),
    });
  });

  it.each([
    ['reboot', { action: 'reboot', instanceId: ID, requester: 'eve', overrides: ['asg'] }],
    ['pause', { action: 'pause', why: 'x', requester: 'eve' }],
    ['resume', { action: 'resume', requester: 'eve' }],
    ['unflag', { action: 'unflag', instanceId: ID, requester: 'eve' }],
  ])('asks AWS nothing where it is a person’s %s', async (_, event) => {
    const { world, fleet, dynamoDb } = new RemedyStack(1).flag(1);
    expect(await remedy(event, world, { isAutomatic: true })).toMatchObject({ done: false, instanceId: null });
    expect([fleet.aws.ec2.calls.size, dynamoDb.calls.size]).toEqual([0, 0]);
  });
});
