import { GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  EC2ServiceException,
  GetConsoleOutputCommand,
  RebootInstancesCommand,
} from '@aws-sdk/client-ec2';
import { PublishCommand } from '@aws-sdk/client-sns';
import { ListCommandInvocationsCommand, SendCommandCommand, SSMServiceException } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { SandboxAws } from '../../sandbox/aws.ts';

const NOW = new Date('2026-11-22T08:00:00Z');
const sandbox = () => new SandboxAws({ now: () => NOW });
const send = (documentName: string, over: object = {}) =>
  new SendCommandCommand({ DocumentName: documentName, InstanceIds: ['i-1'], TimeoutSeconds: 30, ...over });

describe('SandboxAws refuses what AWS refuses', () => {
  const tags = (count: number, value = '') => Array.from({ length: count }, (_, n) => ({ Key: `k${n}`, Value: value }));
  const datum = { MetricName: 'M', Value: 1, Timestamp: NOW };
  const named = (Value: string) => ({ ...datum, Dimensions: [{ Name: 'Name', Value }] });
  const put = (MetricData: object[]) =>
    new PutMetricDataCommand({ Namespace: 'Crawlwatch', MetricData: MetricData as [] });
  const query = { Id: 'a', MetricStat: { Metric: { MetricName: 'M' }, Period: 60, Stat: 'Maximum' } };
  const get = (MetricDataQueries: object[], StartTime = new Date(0)) =>
    new GetMetricDataCommand({ MetricDataQueries: MetricDataQueries as [], StartTime, EndTime: NOW });

  it.each([
    [
      'DescribeInstances with ids and MaxResults',
      new DescribeInstancesCommand({ InstanceIds: ['i-1'], MaxResults: 5 }),
    ],
    ['DescribeInstances by fours', new DescribeInstancesCommand({ MaxResults: 4 })],
    ['a token it never gave', new DescribeInstancesCommand({ NextToken: 'x' })],
    ['an instance that is gone', new DescribeInstancesCommand({ InstanceIds: ['i-1', 'i-9'] })],
    ['more than 100 ids', new DescribeInstanceStatusCommand({ InstanceIds: Array<string>(101).fill('i-1') })],
    ['a console that is not the latest', new GetConsoleOutputCommand({ InstanceId: 'i-1', Latest: true })],
    ['tags on an instance that is gone', new CreateTagsCommand({ Resources: ['i-1', 'i-9'], Tags: tags(1) })],
    ['tags on nothing', new CreateTagsCommand({ Resources: [], Tags: tags(1) })],
    ['no tags', new CreateTagsCommand({ Resources: ['i-1'], Tags: [] })],
    [
      'more than 1,000 resources',
      new CreateTagsCommand({ Resources: Array<string>(1_001).fill('i-1'), Tags: tags(1) }),
    ],
    ['a value of 257 characters', new CreateTagsCommand({ Resources: ['i-1'], Tags: tags(1, 'x'.repeat(257)) })],
    ['an aws: key', new CreateTagsCommand({ Resources: ['i-1'], Tags: [{ Key: 'aws:x', Value: '' }] })],
    ['more than 50 tags', new CreateTagsCommand({ Resources: ['i-1'], Tags: tags(51) })],
    ['DeleteTags without tags', new DeleteTagsCommand({ Resources: ['i-1'], Tags: undefined })],
  ])('%s', async (_what, command) => {
    const aws = sandbox();
    aws.launch('i-1', { nitro: false, tags: { kept: 'yes' } });
    await expect(aws.ec2.send(command)).rejects.toBeInstanceOf(EC2ServiceException);
    expect([...aws.instances.get('i-1')!.tags]).toEqual([['kept', 'yes']]);
  });

  it.each([
    ['a document that is not there', { DocumentName: 'Other' }],
    ['51 instances', { InstanceIds: Array.from({ length: 51 }, (_, n) => `i-${n}`) }],
    ['an instance twice', { InstanceIds: ['i-1', 'i-1'] }],
    ['an instance that SSM does not manage', { InstanceIds: ['i-1', 'i-2'] }],
    ['a timeout under 30 s', { TimeoutSeconds: 29 }],
    ['a parameter that the pattern forbids', { Parameters: { Units: ['a;b'] } }],
    ['a parameter that the document lacks', { Parameters: { commands: ['reboot'] } }],
  ])('SendCommand with %s', async (_what, over) => {
    const aws = sandbox();
    aws.manage('i-1', async () => '');
    await expect(aws.ssm.send(send(aws.documentName, over))).rejects.toBeInstanceOf(SSMServiceException);
  });

  it.each([
    ['1,001 datums', put(Array(1_001).fill(datum))],
    ['no datum', put([])],
    ['NaN', put([{ ...datum, Value: Number.NaN }])],
    ['infinity', put([datum, { ...datum, Value: Number.POSITIVE_INFINITY }])],
    ['an empty dimension', put([named('')])],
    ['a dimension that is not ASCII', put([named('Müller')])],
    ['a value from the year before', put([{ ...datum, Timestamp: new Date('2025-11-22') }])],
    ['more than 1 MB', put(Array(1_000).fill(named('x'.repeat(1_000))))],
    ['501 queries', get(Array.from({ length: 501 }, (_, n) => ({ ...query, Id: `q${n}` })))],
    ['the same id twice', get([query, query])],
    ['an id that begins with a capital', get([{ ...query, Id: 'A' }])],
    ['a period of 90 s', get([{ ...query, MetricStat: { ...query.MetricStat, Period: 90 } }])],
    ['a time range of nothing', get([query], NOW)],
  ])('CloudWatch: %s', async (_what, command) => {
    await expect(sandbox().cloudwatch.send(command)).rejects.toMatchObject({ name: 'InvalidParameterValue' });
  });

  it.each([
    ['another topic', { TopicArn: 'arn:aws:sns:x:1:Other' }],
    ['a subject of 100 characters', { Subject: 'x'.repeat(100) }],
    ['a subject of two lines', { Subject: 'a\nb' }],
    ['a message over 256 KiB', { Message: 'x'.repeat(262_145) }],
    ['an attribute without a value', { MessageAttributes: { a: { DataType: 'String', StringValue: '' } } }],
  ])('Publish with %s', async (_what, over) => {
    const aws = sandbox();
    const command = new PublishCommand({ TopicArn: aws.topic.arn, Subject: 's', Message: 'm', ...over });
    await expect(aws.sns.send(command)).rejects.toThrow();
    expect(aws.topic.published).toEqual([]);
  });

  it('a command that it has never heard of', async () => {
    await expect(sandbox().ec2.send(new RebootInstancesCommand({ InstanceIds: [] }))).rejects.toThrow(
      'the sandbox has no RebootInstancesCommand',
    );
  });
});

describe('SandboxAws', () => {
  it('fails as often as ordered, as the SDK does, and counts every call', async () => {
    const aws = sandbox();
    aws.fail(DescribeInstancesCommand, 'RequestLimitExceeded', 2);
    const ask = () => aws.ec2.send(new DescribeInstancesCommand({}));
    const limited = { name: 'RequestLimitExceeded', $fault: 'client', $metadata: { httpStatusCode: 400 } };
    await expect(ask()).rejects.toMatchObject(limited);
    await expect(ask()).rejects.toMatchObject(limited);
    await expect(ask()).resolves.toMatchObject({ Reservations: [] });
    expect(aws.calls('DescribeInstancesCommand')).toBe(3);
    const broken = new Error('socket hang up');
    aws.fail(SendCommandCommand, broken);
    await expect(aws.ssm.send(send(aws.documentName))).rejects.toBe(broken);
  });

  it('refuses a call whose signal has fired', async () => {
    const command = new DescribeInstancesCommand({});
    const aborted = sandbox().ec2.send(command, { abortSignal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  });

  it.each([
    ['tr*', ['true', 'tr*']],
    ['tr\\*', ['tr*']],
    ['t?ue', ['true']],
    ['TRUE', []],
  ])('reads the filter value %j as EC2 does', async (pattern, found) => {
    const aws = sandbox();
    for (const value of ['true', 'tr*', 'false']) aws.launch(`i-${value}`, { tags: { watch: value } });
    const { Reservations = [] } = await aws.ec2.send<{ Reservations?: { Instances: { InstanceId: string }[] }[] }>(
      new DescribeInstancesCommand({ Filters: [{ Name: 'tag:watch', Values: [pattern] }] }),
    );
    expect(Reservations.map((each) => each.Instances[0]?.InstanceId)).toEqual(found.map((value) => `i-${value}`));
  });

  it('deletes a tag by key, and by key and value only where both are right', async () => {
    const aws = sandbox();
    const { tags } = aws.launch('i-1', { tags: { a: '1', b: '2' } });
    const drop = (Tags: { Key: string; Value?: string }[]) =>
      aws.ec2.send(new DeleteTagsCommand({ Resources: ['i-1'], Tags }));
    await drop([{ Key: 'a', Value: '' }]);
    expect([...tags.keys()]).toEqual(['a', 'b']);
    await drop([{ Key: 'a' }, { Key: 'b', Value: '2' }]);
    expect(tags.size).toBe(0);
  });

  it.each([
    ['Maximum', 8],
    ['Minimum', 2],
    ['Average', 5],
    ['Sum', 15],
    ['SampleCount', 3],
  ])('takes the %s over a period', async (Stat, expected) => {
    const aws = sandbox();
    const MetricData = [2, 8, 5].map((Value, n) => ({
      MetricName: 'M',
      Value,
      Timestamp: new Date(+NOW - n * 60_000 - 1),
    }));
    await aws.cloudwatch.send(new PutMetricDataCommand({ Namespace: 'N', MetricData }));
    const result = await aws.cloudwatch.send<{ MetricDataResults: { Timestamps: Date[]; Values: number[] }[] }>(
      new GetMetricDataCommand({
        MetricDataQueries: [
          { Id: 'a', MetricStat: { Metric: { Namespace: 'N', MetricName: 'M' }, Period: 300, Stat } },
        ],
        StartTime: new Date(+NOW - 3_600_000),
        EndTime: NOW,
      }),
    );
    expect(result.MetricDataResults[0]?.Values).toEqual([expected]);
    expect(result.MetricDataResults[0]?.Timestamps).toEqual([new Date('2026-11-22T07:55:00Z')]);
  });

  it('cuts output where SSM does, and lists it only with details', async () => {
    const aws = sandbox();
    aws.manage('i-1', async () => 'x'.repeat(3_000));
    const { Command } = await aws.ssm.send<{ Command: { CommandId: string } }>(send(aws.documentName));
    const list = (Details: boolean) =>
      aws.ssm.send<{ CommandInvocations: { CommandPlugins?: { Output: string }[] }[] }>(
        new ListCommandInvocationsCommand({ CommandId: Command.CommandId, Details }),
      );
    const output = (await list(true)).CommandInvocations[0]?.CommandPlugins?.[0]?.Output ?? '';
    expect(output).toHaveLength(2_500);
    expect(output).toMatch(/^x+\n---Output truncated---$/);
    expect((await list(false)).CommandInvocations[0]?.CommandPlugins).toBeUndefined();
  });
});
