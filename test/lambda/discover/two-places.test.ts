import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { reportTable } from '../../../bin/terminal/report-table.ts';
import { placeName } from '../../../lambda/discover/places.ts';
import { fleetTargets, readPlaces } from '../../../lambda/discover/targets.ts';
import { metricDimensions } from '../../../lambda/memory/dimensions.ts';
import { remedy } from '../../../lambda/remedy-handler.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { drawWidget } from '../../../lambda/widget-handler.ts';
import { hungFor } from '../../support/fleet.ts';
import { RemedyStack } from '../../support/remedy-stack.ts';
import { idOf } from '../../support/sandbox-fleet.ts';
import { HOME, MEMBER, TwoPlaces } from '../../support/two-places.ts';
import { WIDGET_ARN, WidgetFleet } from '../../support/widget-fleet.ts';
import { host, plain, reportOf } from '../report/report-fixtures.ts';

const ELSEWHERE = {
  regions: [HOME.region, MEMBER.region],
  accounts: [{ id: MEMBER.account, externalId: 'a-long-secret' }],
};

describe('the places of a fleet', () => {
  const { ec2, ssm } = new TwoPlaces().home;
  const home = { region: HOME.region, ec2, ssm, probeDocument: 'Probe-1a2b' };
  const named = (settings: object) =>
    fleetTargets(parseSettings(settings), home).map((target) => `${placeName(target)}: ${target.probeDocument}`);

  it('are where the stack is, unless the settings say otherwise', () => {
    expect(named({})).toEqual(['eu-central-1: Probe-1a2b']);
  });

  it('are every Region in every account, the own account first', () => {
    expect(named(ELSEWHERE)).toEqual([
      'eu-central-1: Probe-1a2b',
      'us-east-1: crawlwatch-probe',
      'account 210987654321 in eu-central-1: crawlwatch-probe',
      'account 210987654321 in us-east-1: crawlwatch-probe',
    ]);
  });

  it("are not the stack's Region where the settings leave it out", () => {
    expect(named({ regions: ['us-east-1', 'us-east-1'] })).toEqual(['us-east-1: crawlwatch-probe']);
  });

  it('are asked by clients of their own, those of an account with one set of credentials', () => {
    const connected: [string, unknown][] = [];
    const connect = (region: string, credentials: unknown) => {
      connected.push([region, credentials]);
      return { ec2, ssm, probeDocument: null };
    };
    fleetTargets(parseSettings(ELSEWHERE), home, { connect });
    expect(connected.map(([region]) => region)).toEqual(['us-east-1', 'eu-central-1', 'us-east-1']);
    const [own, first, second] = connected.map(([, credentials]) => credentials);
    expect(own).toBeUndefined();
    expect(first).toBe(second);
  });

  it('are the same for the dashboard', () => {
    expect(readPlaces(parseSettings(ELSEWHERE), home).map(placeName)).toEqual(
      fleetTargets(parseSettings(ELSEWHERE), home).map(placeName),
    );
  });
});

describe('what is said of an instance elsewhere', () => {
  it.each([
    ['at home', HOME, { InstanceId: 'i-1', Name: 'web' }],
    [
      'elsewhere',
      { ...MEMBER, elsewhere: true },
      { InstanceId: 'i-1', Name: 'web', Region: 'us-east-1', Account: MEMBER.account },
    ],
    [
      'elsewhere, of an unknown account',
      { region: 'us-east-1', account: null, elsewhere: true },
      { InstanceId: 'i-1', Name: 'web', Region: 'us-east-1', Account: 'unknown' },
    ],
  ])('has dimensions that say so: %s', (_, where, dimensions) => {
    expect(metricDimensions({ id: 'i-1', name: 'web', ...where })).toEqual(dimensions);
  });

  it.each([
    ['no column', [HOME, HOME], undefined],
    ['the Region', [HOME, { ...HOME, region: 'us-east-1' }], /web1 +eu-central-1 +OK[\s\S]*web2 +us-east-1 +OK/],
    [
      'Region and account',
      [HOME, MEMBER],
      /web1 +eu-central-1 123456789012 +OK[\s\S]*web2 +us-east-1 210987654321 +OK/,
    ],
  ])('is %s of the table, as far as hosts differ', (_, places, shows) => {
    const table = reportTable(reportOf(...places.map((place, n) => host(`web${n + 1}`, place))), plain);
    if (shows === undefined) expect(table).not.toContain('WHERE');
    else expect(table).toMatch(shows);
  });

  it('gives way in a narrow terminal', () => {
    const report = reportOf(host('web1', HOME), host('web2', MEMBER));
    expect(reportTable(report, { ...plain, width: 50 })).not.toContain('WHERE');
  });
});

describe('the dashboard of several places', () => {
  const draw = async (account: string, fail = false) => {
    const fleet = await new WidgetFleet({ settings: ELSEWHERE }).add([{ name: 'web1', tags: hungFor(2) }]);
    const other = new TwoPlaces().member;
    const [region, ec2] = ['us-east-1', other.ec2];
    const FLAGGED = { ...hungFor(3), 'crawlwatch:reboot-flag': 'BannerTimeout@2026-11-22T08:10:00Z' };
    other.launch(idOf(7), { tags: { Name: 'web7', crawlwatch: 'true', ...FLAGGED } });
    if (fail) other.fail(DescribeInstancesCommand, 'AccessDenied', 9);
    const home = { region: HOME.region, account: null, elsewhere: false, ec2: fleet.aws.ec2 };
    const places = () => [home, { region, account, elsewhere: true, ec2 }];
    return drawWidget({}, WIDGET_ARN, { ...fleet.world, places });
  };

  it('says where each host is, and offers no act elsewhere', async () => {
    const html = await draw(MEMBER.account);
    expect(html).toContain('us-east-1, account 210987654321');
    // The stack as a whole may be paused from here; no host elsewhere may be acted on.
    expect(html.match(/"action":"[a-z-]+"/g)).toEqual(['"action":"pause"']);
    // Its console is another account's.
    expect(html).not.toContain(`instanceId=${idOf(7)}`);
  });

  it('shows the others where one place fails, and says which', async () => {
    const html = await draw(MEMBER.account, true);
    expect(html).toContain('web1');
    expect(html).not.toContain('web7');
    expect(html).toContain(
      'account 210987654321 in us-east-1 can&#39;t be read, and nothing is known of its instances',
    );
  });
});

describe('the remedy function', () => {
  it('refuses an instance elsewhere in one sentence', async () => {
    const { world } = new RemedyStack(1, ELSEWHERE);
    expect(await remedy({ action: 'reboot', instanceId: idOf(7), requester: 'eve' }, world)).toMatchObject({
      done: false,
      why: `it could not be described: there is no ${idOf(7)} in eu-central-1 of this account, and crawlwatch acts on no instance elsewhere`,
    });
  });
});
