import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateTagsCommand, DescribeInstancesCommand, RebootInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { TAG } from '../lambda/names.ts';
import { answerHtml, remedy } from '../lambda/remedy-handler.ts';
import { SandboxAws } from '../sandbox/aws.ts';
import { addReboots, type SandboxTable, sandboxDynamoDb } from '../sandbox/aws-remedy.ts';
import { NOW, SSH } from './support/fleet.ts';

const ID = 'i-00000000000000001';
const OTHER = 'i-00000000000000002';
const FLAG = 'BannerTimeout@2026-11-22T08:05:00Z';

function setUp() {
  let now = NOW;
  const aws = new SandboxAws({ now: () => now });
  const rebooted = addReboots(aws);
  const table: SandboxTable = { name: 'lease', items: new Map() };
  const dynamoDb = sandboxDynamoDb(table);
  const lines: unknown[] = [];
  const line = (event: string, fields?: unknown) => void lines.push({ event, fields });
  const log = { info: line, warn: line, error: line };
  for (const id of [ID, OTHER]) {
    aws.launch(id, {
      launchedAt: new Date('2026-11-01T00:00:00Z'),
      tags: { Name: id, crawlwatch: 'true', [TAG.flag]: FLAG },
    });
  }
  const { ec2, region } = aws;
  const world = { settings: SSH, region, ec2, dynamoDb, leaseTable: 'lease', clock: { now: () => now }, log };
  const ask = (event: unknown) => remedy(event, world);
  const reboot = (instanceId: string, more: object = {}) =>
    ask({ instanceId, action: 'reboot', asker: 'test', ...more });
  const wait = (minutes: number) => {
    now = new Date(now.getTime() + minutes * 60_000);
  };
  return {
    aws,
    rebooted,
    table,
    dynamoDb,
    lines,
    ask,
    reboot,
    wait,
    acted: () => aws.instances.get(ID)!.tags.get(TAG.acted),
  };
}

describe('the remedy function', () => {
  it.each([
    ['nothing', undefined, 'action must be "reboot"'],
    ['text', 'reboot', 'action must be "reboot"'],
    ['no action', { instanceId: ID }, 'action must be "reboot"'],
    ['another action', { instanceId: ID, action: 'terminate' }, 'action must be "reboot"'],
    ['no id', { action: 'reboot' }, 'instanceId must be an EC2 instance id'],
    ['a list of ids', { action: 'reboot', instanceId: [ID] }, 'instanceId must be an EC2 instance id'],
    ['a wildcard', { action: 'reboot', instanceId: 'i-*' }, 'instanceId must be an EC2 instance id'],
    ['markup for an id', { action: 'reboot', instanceId: `${ID}<script>` }, 'instanceId must be an EC2 instance id'],
  ])('asks AWS nothing where it is given %s', async (_, event, why) => {
    const { ask, aws } = setUp();
    expect(await ask(event)).toMatchObject({ done: false, why: expect.stringContaining(why) });
    expect(aws.ec2.calls.size).toBe(0);
  });

  it.each([
    ['the instance can not be read', DescribeInstancesCommand, 'RequestLimitExceeded', 'its tags could not be read'],
    ['EC2 would refuse it', RebootInstancesCommand, 'UnauthorizedOperation', 'EC2 would refuse the reboot'],
  ])('reboots nothing and takes no lease where %s', async (_, command, code, why) => {
    const { aws, reboot, rebooted, table } = setUp();
    aws.fail(command as typeof DescribeInstancesCommand, code);
    expect(await reboot(ID)).toEqual({ done: false, instanceId: ID, why: `${why}: ${code}: as ordered` });
    expect([rebooted, table.items.size]).toEqual([[], 0]);
  });

  it.each([
    ['read', GetItemCommand, 'the record of acts could not be read'],
    ['taken', PutItemCommand, 'the lease could not be taken'],
  ])('reboots nothing where the lease can not be %s', async (_, command, why) => {
    const { dynamoDb, reboot, rebooted } = setUp();
    dynamoDb.fail(command as typeof GetItemCommand, dynamoDb.error('InternalServerError', 'down'), 1);
    expect(await reboot(ID)).toMatchObject({ done: false, why: `${why}: InternalServerError: down` });
    expect(rebooted).toEqual([]);
  });

  it.each([
    ['no list', { key: { S: 'acts' } }],
    ['another kind of list', { key: { S: 'acts' }, acts: { L: [{ N: '1' }] } }],
    ['a line without a time', { key: { S: 'acts' }, acts: { L: [{ S: `reboot ${ID} soon` }] } }],
  ])('reboots nothing where the record of acts holds %s', async (_, item) => {
    const { reboot, rebooted, table } = setUp();
    table.items.set('acts', item);
    expect(await reboot(ID)).toMatchObject({ done: false, why: expect.stringContaining('the record of acts') });
    expect(rebooted).toEqual([]);
  });

  it('reboots nothing that its tags speak against, whatever the caller says of them', async () => {
    const { aws, reboot, rebooted } = setUp();
    aws.instances.get(ID)!.tags.delete(TAG.flag);
    expect(await reboot(ID, { tags: { [TAG.flag]: FLAG }, force: true })).toEqual({
      done: false,
      instanceId: ID,
      why: 'it carries no reboot flag',
    });
    expect(rebooted).toEqual([]);
  });

  it('reboots what is flagged, records it, and leaves the other tags alone', async () => {
    const { aws, reboot, rebooted, table, acted } = setUp();
    expect(await reboot(ID)).toEqual({
      done: true,
      instanceId: ID,
      why: `it carries the flag ${FLAG}; the next checks tell whether it came back`,
    });
    expect(rebooted).toEqual([ID]);
    expect(acted()).toBe('reboot@2026-11-22T08:15:00Z');
    expect(aws.instances.get(ID)!.tags.get(TAG.flag)).toBe(FLAG);
    expect(table.items.get('acts')).toEqual({
      key: { S: 'acts' },
      acts: { L: [{ S: `reboot ${ID} 2026-11-22T08:15:00.000Z` }] },
      expiresAt: { N: String(Date.parse('2026-11-23T08:15:00Z') / 1000) },
    });
  });

  it('says so when the reboot is under way but its tag could not be written', async () => {
    const { aws, reboot, rebooted } = setUp();
    aws.fail(CreateTagsCommand, 'TagLimitExceeded');
    const { done, why } = await reboot(ID);
    expect([done, rebooted]).toEqual([true, [ID]]);
    expect(why).toContain('its tag crawlwatch:acted could not be written (TagLimitExceeded: as ordered)');
  });

  it.each([true, 'yes', null])('only rehearses where dryRun is %j', async (dryRun) => {
    const { reboot, rebooted, table, acted } = setUp();
    expect(await reboot(ID, { dryRun })).toMatchObject({ done: false, why: expect.stringContaining('dry run: would') });
    expect([rebooted, table.items.size, acted()]).toEqual([[], 0, undefined]);
  });

  it('waits fifteen minutes before it reboots another', async () => {
    const { reboot, rebooted, wait } = setUp();
    await reboot(ID);
    wait(14);
    expect(await reboot(OTHER)).toMatchObject({ done: false, why: expect.stringContaining('15 minutes apart') });
    wait(1);
    expect(await reboot(OTHER)).toMatchObject({ done: true });
    expect(rebooted).toEqual([ID, OTHER]);
  });

  it('lets one of two at the same moment through', async () => {
    const { reboot, rebooted } = setUp();
    const answers = await Promise.all([reboot(ID), reboot(OTHER)]);
    expect(answers.map(({ done }) => done)).toEqual([true, false]);
    expect(answers[1]?.why).toBe('another reboot was begun at the same moment');
    expect(rebooted).toEqual([ID]);
  });

  it('keeps no act on record for longer than a day', async () => {
    const { reboot, wait, table } = setUp();
    await reboot(ID);
    wait(24 * 60);
    await reboot(OTHER);
    expect(table.items.get('acts')?.acts?.L).toHaveLength(1);
  });

  it('logs who asked, cut to a line', async () => {
    const { reboot, lines } = setUp();
    await reboot(ID, { asker: `eve\n${'x'.repeat(100)}` });
    expect(lines).toEqual([
      {
        event: 'remedy.answered',
        fields: expect.objectContaining({ instanceId: ID, asker: `eve?${'x'.repeat(60)}`, done: true }),
      },
    ]);
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
});
