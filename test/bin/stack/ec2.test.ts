import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { describeMarked, writeMute } from '../../../bin/stack/ec2.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { NOTE } from '../../support/remembered.ts';

describe('instances that crawlwatch wrote on', () => {
  it('are all or none: a page that can not be read is an error', async () => {
    const aws = new SandboxAws();
    aws.launch('i-1', { tags: { [NOTE.seen]: '1a2b3c4d/0' } });
    aws.fail(DescribeInstancesCommand, 'RequestLimitExceeded');
    await expect(describeMarked(aws.ec2)).rejects.toThrow('as ordered');
  });

  it('are found page by page, in every state but gone, with their own tags alone', async () => {
    const aws = new SandboxAws({ pageSize: 2 });
    for (let n = 1; n <= 5; n++) aws.launch(`i-${n}`, { tags: { Name: `crawler${n}`, [NOTE.seen]: '1a2b3c4d/0' } });
    aws.launch('i-6', { state: 'stopped', tags: { [TAG.flag]: 'x', [TAG.mute]: 'until=never' } });
    aws.launch('i-7', { state: 'terminated', tags: { [TAG.flag]: 'x' } });
    aws.launch('i-8', { tags: { crawlwatch: 'true', [TAG.auto]: 'never' } });
    const found = await describeMarked(aws.ec2);
    expect(found.map(({ id }) => id)).toEqual(['i-1', 'i-2', 'i-3', 'i-4', 'i-5', 'i-6']);
    expect(found[5]?.tags).toEqual({ [TAG.flag]: 'x' });
  });
});

describe('the mute tag', () => {
  it('is taken away whatever it holds, and nothing else is', async () => {
    const aws = new SandboxAws();
    aws.launch('i-1', { tags: { [TAG.mute]: 'until=never', [TAG.flag]: 'x' } });
    await writeMute(aws.ec2, ['i-1'], null);
    expect([...(aws.instances.get('i-1')?.tags ?? [])]).toEqual([[TAG.flag, 'x']]);
  });
});
