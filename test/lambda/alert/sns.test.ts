import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { publishAlert, subscriptionState } from '../../../lambda/alert/sns.ts';
import type { Alert } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { clientThat } from '../../support/client-that.ts';

const alert = (over: Partial<Alert> = {}, instanceIds: readonly string[] = ['i-1']): Alert => ({
  subject: '[CRITICAL] ficrawler9',
  body: 'ficrawler9 (i-1)\n',
  attributes: { status: 'CRITICAL', reasons: ['BannerTimeout'], instanceIds },
  entries: [],
  acts: null,
  ...over,
});

describe('publishAlert', () => {
  it('rejects with what SNS says', async () => {
    const aws = new SandboxAws();
    aws.fail(PublishCommand, 'AuthorizationErrorException');
    await expect(publishAlert(aws.sns, aws.topic.arn, alert(), 'CrawlwatchStack')).rejects.toThrow('as ordered');
    await expect(publishAlert(aws.sns, 'arn:aws:sns:x:1:Other', alert(), 'CrawlwatchStack')).rejects.toThrow(
      'Topic does not exist',
    );
  });

  it('carries status, reasons and ids for machines', async () => {
    const aws = new SandboxAws();
    await publishAlert(aws.sns, aws.topic.arn, alert(), 'CrawlwatchStack');
    expect(aws.topic.published).toEqual([
      {
        subject: '[CRITICAL] ficrawler9',
        body: 'ficrawler9 (i-1)\n',
        structure: expect.objectContaining({ default: 'ficrawler9 (i-1)\n', sms: '[CRITICAL] ficrawler9' }),
        attributes: { status: 'CRITICAL', reasons: '["BannerTimeout"]', instanceIds: '["i-1"]' },
      },
    ]);
  });

  it('cuts a list of ten thousand ids between two ids, and says how many are missing', async () => {
    const aws = new SandboxAws();
    const ids = Array.from({ length: 10_000 }, (_, n) => `i-${String(n).padStart(17, '0')}`);
    await publishAlert(aws.sns, aws.topic.arn, alert({}, ids), 'CrawlwatchStack');
    const { instanceIds = '', instanceIdsOmitted } = aws.topic.published[0]?.attributes ?? {};
    const kept = JSON.parse(instanceIds) as string[];
    expect(instanceIds.length).toBeLessThanOrEqual(32 * 1024);
    expect(kept).toEqual(ids.slice(0, kept.length));
    expect(Number(instanceIdsOmitted)).toBe(10_000 - kept.length);
  });

  it('cuts a body that SNS would refuse, between two characters, and says how much is left out', async () => {
    const aws = new SandboxAws();
    await publishAlert(aws.sns, aws.topic.arn, alert({ body: `x${'ü'.repeat(200_000)}` }), 'CrawlwatchStack');
    const body = aws.topic.published[0]?.body ?? '';
    const [, kept = '', left] = /^(xü+)\n\n\[cut here: (\d+) of 200001 characters are left out\]\n$/.exec(body) ?? [];
    expect(kept.length + Number(left)).toBe(200_001);
    expect(Buffer.byteLength(body)).toBeGreaterThan(96 * 1024);
  });
});

describe('subscriptionState', () => {
  it.each([
    { of: [], expected: 'none' },
    { of: [false, false, false], expected: 'pending' },
    { of: [false, false, true], expected: 'confirmed' },
  ])('is $expected for subscriptions confirmed: $of', async ({ of, expected }) => {
    const aws = new SandboxAws({ pageSize: 2 });
    aws.topic.subscriptions.push(...of.map((confirmed, n) => ({ endpoint: `ops${n}@example.com`, confirmed })));
    expect(await subscriptionState(aws.sns, aws.topic.arn)).toBe(expected);
  });

  it('counts one that was deleted for nothing', async () => {
    const sns = clientThat(SNSClient, async () => ({ Subscriptions: [{ SubscriptionArn: 'Deleted' }] }));
    expect(await subscriptionState(sns, 'arn:aws:sns:x:1:Alerts')).toBe('none');
  });
});
