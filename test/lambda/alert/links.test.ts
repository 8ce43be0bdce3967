import { describe, expect, it } from 'vitest';
import { dashboardUrl, instanceUrl, runbookUrl } from '../../../lambda/alert/links.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

const ID = 'i-0f1c2a3b4d5e60009';

describe('links', () => {
  it.each([
    ['eu-central-1', 'eu-central-1.console.aws.amazon.com'],
    ['cn-north-1', 'cn-north-1.console.amazonaws.cn'],
    ['us-gov-west-1', 'us-gov-west-1.console.amazonaws-us-gov.com'],
  ])('open in the console of the partition of %s', (region, host) => {
    expect(instanceUrl(region, ID)).toBe(`https://${host}/ec2/home?region=${region}#InstanceDetails:instanceId=${ID}`);
    expect(dashboardUrl(region, 'Crawlers')).toBe(
      `https://${host}/cloudwatch/home?region=${region}#dashboards/dashboard/Crawlers-${region}`,
    );
  });

  it.each([
    ['no Region', null, ID],
    ['a Region that is none', 'eu-central-1.evil.example/#', ID],
    ['an id that is none', 'eu-central-1', 'i-1"><script>'],
    ['a host of an inventory', 'eu-central-1', 'ficrawler9'],
  ])('are not made of %s', (_, region, id) => {
    expect(instanceUrl(region, id)).toBeNull();
  });

  it('of the dashboard are not made where the Region of the stack is not known', () => {
    expect([dashboardUrl(null, 'Crawlers'), dashboardUrl('nowhere', 'Crawlers')]).toEqual([null, null]);
  });

  it('go to the part of the own runbook on the reason', () => {
    const settings = parseSettings({ alerts: { runbookUrl: 'https://wiki.example.com/{reason}?of={reason}' } });
    expect(runbookUrl(settings, 'DiskLow')).toBe('https://wiki.example.com/DiskLow?of=DiskLow');
    expect(runbookUrl(parseSettings({}), 'DiskLow')).toBeNull();
  });
});
