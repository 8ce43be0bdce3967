import { CreateTagsCommand, DeleteTagsCommand, type DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { findFleet } from '../../../lambda/discover/ec2.ts';
import { writeTags } from '../../../lambda/memory/ec2.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { clientThat } from '../../support/client-that.ts';

const REGION = 'eu-central-1';
const SETTINGS = parseSettings();
const watched = { crawlwatch: 'true' };

const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => `i-${String(n).padStart(17, '0')}`);

describe('findFleet', () => {
  it('rejects when a later page fails, for half a fleet must not pass for the whole', async () => {
    const aws = new SandboxAws({ pageSize: 2 });
    for (const id of ids(3)) aws.launch(id, { tags: watched });
    let pages = 0;
    const failing = clientThat(EC2Client, async (command: DescribeInstancesCommand) => {
      pages += 1;
      if (pages === 2) throw aws.ec2.error('RequestLimitExceeded', 'Request limit exceeded.');
      return aws.ec2.send(command);
    });
    await expect(findFleet(failing, REGION, SETTINGS)).rejects.toThrow('Request limit exceeded');
  });

  it('walks every page, empty ones too, until there is no token', async () => {
    const replies = [
      { Reservations: [], NextToken: 'a' },
      { Reservations: [{ OwnerId: '1', Instances: [{ InstanceId: 'i-1' }, { InstanceId: 'i-2' }] }], NextToken: 'b' },
      { NextToken: 'c' },
      { Reservations: [{ Instances: [{ InstanceId: 'i-3' }] }] },
    ];
    const asked: (string | undefined)[] = [];
    const ec2 = clientThat(EC2Client, async (command: DescribeInstancesCommand) => {
      asked.push(command.input.NextToken);
      return replies[asked.length - 1];
    });
    const fleet = await findFleet(ec2, REGION, SETTINGS);
    expect(fleet.map((instance) => [instance.id, instance.account])).toEqual([
      ['i-1', '1'],
      ['i-2', '1'],
      ['i-3', null],
    ]);
    expect(asked).toEqual([undefined, 'a', 'b', 'c']);
  });

  it.each([
    ['spot', true],
    ['capacity-block', false],
    [undefined, false],
  ] as const)('knows by the life cycle %s whether an instance is a Spot one: %s', async (InstanceLifecycle, spot) => {
    const Reservations = [{ Instances: [{ InstanceId: 'i-1', InstanceLifecycle }] }];
    const ec2 = clientThat(EC2Client, async () => ({ Reservations }));
    expect(await findFleet(ec2, REGION, SETTINGS)).toMatchObject([{ id: 'i-1', spot }]);
  });

  it.each(['*', 'tr?e', 'a\\b', '\\*'])(
    'takes the tag value %j for what it is, not for a pattern',
    async (tagValue) => {
      const aws = new SandboxAws();
      aws.launch('i-1', { tags: { crawlwatch: 'true' } });
      aws.launch('i-2', { tags: { crawlwatch: tagValue } });
      const fleet = await findFleet(aws.ec2, REGION, parseSettings({ tag: { value: tagValue } }));
      expect(fleet.map((instance) => instance.id)).toEqual(['i-2']);
    },
  );

  it('finds those that may come back, and no terminated one', async () => {
    const aws = new SandboxAws();
    for (const state of ['pending', 'running', 'shutting-down', 'terminated', 'stopping', 'stopped'] as const) {
      aws.launch(`i-${state}`, { state, tags: watched });
    }
    aws.launch('i-other');
    const fleet = await findFleet(aws.ec2, REGION, SETTINGS);
    expect(fleet.map((instance) => instance.state)).toEqual(['pending', 'running', 'stopping', 'stopped']);
  });

  it.each([
    { address: 'private', ips: {}, expected: null },
    { address: 'private', ips: { publicIp: '203.0.113.9' }, expected: null },
    { address: 'public', ips: { privateIp: '10.0.1.7' }, expected: null },
    { address: 'private', ips: { privateIp: '10.0.1.7', publicIp: '203.0.113.9' }, expected: '10.0.1.7' },
    { address: 'public', ips: { privateIp: '10.0.1.7', publicIp: '203.0.113.9' }, expected: '203.0.113.9' },
    { address: 'private', ips: { ipv6: '2001:db8::7' }, expected: '2001:db8::7' },
  ] as const)('gives $expected as the $address address of $ips', async ({ address, ips, expected }) => {
    const aws = new SandboxAws();
    aws.launch('i-1', { tags: watched, ...ips });
    expect((await findFleet(aws.ec2, REGION, parseSettings({ ssh: { address } })))[0]?.address).toBe(expected);
  });

  it('names an instance by its Name tag, and by its id where that is missing or blank', async () => {
    const aws = new SandboxAws();
    aws.launch('i-1', { tags: { ...watched, Name: ' ficrawler7 ' }, platform: 'Windows' });
    aws.launch('i-2', { tags: { ...watched, Name: '  ' } });
    aws.launch('i-3', { tags: watched });
    const fleet = await findFleet(aws.ec2, REGION, SETTINGS);
    expect(fleet.map((instance) => instance.name)).toEqual(['ficrawler7', 'i-2', 'i-3']);
    expect(fleet[0]).toMatchObject({ platform: 'Windows', account: aws.account, region: 'eu-central-1' });
    expect(fleet[0]?.tags).toEqual({ crawlwatch: 'true' });
    expect(fleet[0]?.launchedAt).toBeInstanceOf(Date);
  });
});

describe('writeTags', () => {
  const status = { 'crawlwatch:status': 'OK' } as const;
  const fleetOf = (count: number) => {
    const aws = new SandboxAws();
    for (const id of ids(count)) aws.launch(id, { tags: watched });
    return aws;
  };

  it('lets bad ids stand alone and writes the others', async () => {
    const aws = fleetOf(600);
    for (const gone of [3, 77, 599]) aws.instances.delete(ids(600)[gone]!);
    const failures = await writeTags(aws.ec2, [{ action: 'create', ids: ids(600), tags: status }]);
    expect(failures.map((failure) => failure.id).toSorted()).toEqual([3, 77, 599].map((n) => ids(600)[n]));
    expect(failures[0]?.text).toMatch(/^InvalidInstanceID.NotFound: .* do not exist$/);
    expect([...aws.instances.values()].every((instance) => instance.tags.get('crawlwatch:status') === 'OK')).toBe(true);
    expect(aws.calls('CreateTagsCommand')).toBeLessThan(60);
  });

  it.each([
    ['UnauthorizedOperation', 'IAM refuses'],
    ['RequestLimitExceeded', 'EC2 still throttles'],
    ['TimeoutError', 'the network is gone'],
  ])('asks once and reports every instance when the failure is %s: %s', async (code) => {
    const aws = fleetOf(8);
    aws.fail(CreateTagsCommand, code, 99);
    const failures = await writeTags(aws.ec2, [{ action: 'create', ids: ids(8), tags: status }]);
    expect(failures).toHaveLength(8);
    expect(failures[7]?.text).toBe(`${code}: as ordered`);
    expect(aws.calls('CreateTagsCommand')).toBe(1);
  });

  it('tells the one instance that a policy keeps from being tagged from the others', async () => {
    const aws = fleetOf(500);
    aws.denied.add(ids(500)[321]!);
    const failures = await writeTags(aws.ec2, [{ action: 'create', ids: ids(500), tags: status }]);
    expect(failures.map((failure) => failure.id)).toEqual([ids(500)[321]]);
    expect(failures[0]?.text).toContain('not authorized to perform: ec2:CreateTags');
  });

  it('soon stops asking where a policy keeps every instance from being tagged', async () => {
    const aws = fleetOf(500);
    for (const id of ids(500)) aws.denied.add(id);
    expect(await writeTags(aws.ec2, [{ action: 'create', ids: ids(500), tags: status }])).toHaveLength(500);
    expect(aws.calls('CreateTagsCommand')).toBeLessThan(60);
  });

  it('reports an instance with fifty tags without costing its neighbours theirs', async () => {
    const aws = fleetOf(2);
    const full = aws.instances.get(ids(2)[0]!)!;
    for (let n = 0; n < 49; n++) full.tags.set(`k${n}`, '');
    const failures = await writeTags(aws.ec2, [{ action: 'create', ids: ids(2), tags: status }]);
    expect(failures.map((failure) => failure.id)).toEqual([ids(2)[0]]);
    expect(aws.instances.get(ids(2)[1]!)?.tags.get('crawlwatch:status')).toBe('OK');
  });

  it('names an instance once though several of its writes failed', async () => {
    const aws = fleetOf(1);
    aws.fail(CreateTagsCommand, 'UnauthorizedOperation');
    aws.fail(DeleteTagsCommand, 'UnauthorizedOperation');
    const failures = await writeTags(aws.ec2, [
      { action: 'create', ids: ids(1), tags: status },
      { action: 'delete', ids: ids(1), keys: ['crawlwatch:reboot-flag'] },
    ]);
    expect(failures.map((failure) => failure.id)).toEqual(ids(1));
  });

  it('never sends a call without keys: DeleteTags would then delete every tag', async () => {
    const aws = fleetOf(1);
    const failures = await writeTags(aws.ec2, [
      { action: 'delete', ids: ids(1), keys: [] },
      { action: 'create', ids: ids(1), tags: {} },
      { action: 'create', ids: [], tags: status },
    ]);
    expect(failures).toEqual([]);
    expect(aws.ec2.calls.size).toBe(0);
  });

  it('deletes a tag whatever its value, and no other', async () => {
    const aws = fleetOf(2);
    for (const instance of aws.instances.values()) instance.tags.set('crawlwatch:reboot-flag', `of ${instance.id}`);
    const flagged = { action: 'delete', ids: ids(2), keys: ['crawlwatch:reboot-flag'] } as const;
    expect(await writeTags(aws.ec2, [flagged])).toEqual([]);
    expect([...aws.instances.values()].map((instance) => [...instance.tags.keys()])).toEqual([
      ['crawlwatch'],
      ['crawlwatch'],
    ]);
    expect(aws.calls('DeleteTagsCommand')).toBe(1);
  });
});
