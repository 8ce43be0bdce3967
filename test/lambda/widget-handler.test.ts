import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { packedFiles } from '../../lambda/kit/index.ts';
import { SettingsError } from '../../lambda/settings/settings.ts';
import { drawWidget } from '../../lambda/widget-handler.ts';
import { SandboxFleet } from '../support/sandbox-fleet.ts';
import { manyHosts, TEN_HOSTS, WIDGET_ARN, WidgetFleet } from '../support/widget-fleet.ts';

const names = (html: string) => [...html.matchAll(/<div class="cw-name">([^<]+)/g)].map(([, name]) => name);
const denied = (service: WidgetFleet['aws']['ec2']) => service.error('AccessDenied', 'not authorized');

describe('the fleet table', () => {
  it.each([null, {}, { page: { evil: true } }, { widgetContext: {} }, { describe: 'true' }])(
    'is drawn for the event %j',
    async (event) => {
      const html = await (await new WidgetFleet().add(TEN_HOSTS.slice(0, 2))).draw(event);
      expect(names(html)).toEqual(['ficrawler1', 'ficrawler2']);
    },
  );

  it('answers describe with its docs, without a call to AWS', async () => {
    const fleet = new WidgetFleet();
    expect(await fleet.draw({ describe: true })).toMatch(/^## crawlwatch: the fleet table[\s\S]*``` yaml\n/);
    const { ec2, cloudwatch, sns } = fleet.aws;
    expect([ec2, cloudwatch, sns].map((service) => service.calls.size)).toEqual([0, 0, 0]);
  });

  it('reads the state and the samples once each, and nothing of CloudWatch', async () => {
    const fleet = await new WidgetFleet().add(manyHosts(250).map(({ name }) => ({ name })));
    await fleet.draw({ page: 3 });
    const { cloudwatch, s3 } = fleet.aws;
    expect([...s3.calls]).toEqual([['GetObjectCommand', 2]]);
    expect([...cloudwatch.calls]).toEqual([]);
  });

  it('writes nothing anywhere', async () => {
    const { aws, world } = await (await new WidgetFleet().beat()).add(TEN_HOSTS.slice(0, 1));
    const before = new Map(aws.cloudwatch.calls);
    await drawWidget({}, WIDGET_ARN, world);
    expect([...aws.ec2.calls.keys()]).toEqual(['DescribeInstancesCommand']);
    expect([...aws.sns.calls.keys()]).toEqual(['ListSubscriptionsByTopicCommand']);
    expect(aws.cloudwatch.calls.get('PutMetricDataCommand')).toBe(before.get('PutMetricDataCommand'));
  });

  it.each([
    ['the state', (fleet: WidgetFleet) => fleet.aws.s3.fail(GetObjectCommand, denied(fleet.aws.ec2), 9)],
    [
      'who gets the mail',
      (fleet: WidgetFleet) => fleet.aws.sns.fail(ListSubscriptionsByTopicCommand, denied(fleet.aws.ec2), 9),
    ],
  ])('is drawn from the tags though %s cannot be read, and a notice names it', async (_, breaks) => {
    const fleet = await new WidgetFleet().add(TEN_HOSTS);
    breaks(fleet);
    const html = await fleet.draw();
    expect(names(html)[0]).toBe('ficrawler9');
    expect(html).toMatch(/AccessDenied: .*not authorized/);
    expect(fleet.logged).toContain('widget.incomplete');
  });

  it('shows a failure instead of throwing, with its name and message and nothing of its stack', async () => {
    const fleet = new WidgetFleet();
    fleet.aws.ec2.fail(DescribeInstancesCommand, denied(fleet.aws.ec2), 9);
    const html = await fleet.draw({ widgetContext: { theme: 'dark' } });
    expect(html).toContain('AccessDenied: not authorized');
    expect(html).toContain('cw-dark');
    expect(html).not.toMatch(/\.ts:\d+|node_modules/);
    expect(fleet.logged).toEqual(['widget.failed']);
  });

  it('shows bad settings as a failure as well', async () => {
    const environment = () => {
      throw new SettingsError(['forks: got 0; allowed: 1 to 500']);
    };
    const html = await drawWidget({}, null, { ...new WidgetFleet().world, environment });
    expect(html).toContain('SettingsError: settings: forks: got 0');
  });

  it('warns in red that the subscription is not confirmed, with an empty fleet too', async () => {
    const html = await new WidgetFleet({ confirmed: false }).draw();
    expect(html).toContain('cw-notice-red');
    expect(html).toContain('the subscription is not confirmed');
    expect(html).toContain('No instance is watched yet');
  });
});

describe('the fleet table after real checks', () => {
  it('shows what the checks found: a hang that was flagged, with its button, and its last figures', async () => {
    const fleet = new SandboxFleet(4);
    fleet.stateFiles = packedFiles(fleet.aws.s3, fleet.aws.bucket.name);
    await fleet.checks(3);
    fleet.host(2, 'BannerTimeout');
    await fleet.checks(4);
    const { aws, now } = fleet;
    const { ec2, s3 } = aws;
    const world = { ...new WidgetFleet().world, ec2, s3, clock: { now: () => now } };
    const html = await drawWidget({}, WIDGET_ARN, world);
    expect(names(html)).toEqual(['crawler2', 'crawler1', 'crawler3', 'crawler4']);
    expect(html).toContain('SSH accepts and says nothing');
    expect(html.match(/cw-reboot/g)).toHaveLength(1);
    expect(html.match(/cw-gauge cw-tone-calm/g)).toHaveLength(8);
    expect(html).not.toContain('No check has finished');
  });
});
