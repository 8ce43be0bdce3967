import { describe, expect, it } from 'vitest';
import { planReboot } from '../../lambda/core/plan-remedies.ts';
import type { Act, DescribedInstance } from '../../lambda/model.ts';
import { TAG } from '../../lambda/names.ts';
import { described, minutesAgo, NOW, SSH } from '../support/fleet.ts';

const ID = 'i-00000000000000001';
const FLAGGED = { crawlwatch: 'true', [TAG.flag]: `BannerTimeout@${minutesAgo(20)}` };

const planned = (tags: Readonly<Record<string, string>>, over: Partial<DescribedInstance> = {}, acts: Act[] = []) =>
  planReboot(described({ id: ID, tags: { ...FLAGGED, ...tags }, ...over }), acts, NOW, SSH);
const act = (minutes: number, instanceId = ID): Act => ({
  remedy: 'reboot',
  instanceId,
  at: new Date(NOW.getTime() - minutes * 60_000),
});

describe('planReboot', () => {
  it.each([
    ['does not carry the watch tag', { crawlwatch: 'false' }, 'it does not carry the tag crawlwatch=true'],
    ['is muted', { [TAG.mute]: 'until=2026-11-23T06:00:00Z' }, 'it is muted until 2026-11-23T06:00:00Z'],
    ['has an unreadable mute', { [TAG.mute]: 'tomorrow' }, 'its tag crawlwatch:mute is unreadable'],
    ['opted out', { [TAG.auto]: 'never' }, 'its tag crawlwatch:auto says never'],
    ['has an unreadable opt-in', { [TAG.auto]: 'Never!' }, 'its tag crawlwatch:auto is unreadable'],
    ['is in an Auto Scaling group', { 'aws:autoscaling:groupName': 'web' }, 'it belongs to an Auto Scaling group'],
    ['has a flag without a time', { [TAG.flag]: 'BannerTimeout' }, 'its tag crawlwatch:reboot-flag is unreadable'],
    ['has a flag for no reason known', { [TAG.flag]: `Spite@${minutesAgo(20)}` }, 'reboot-flag is unreadable'],
    ['has an empty flag', { [TAG.flag]: '' }, 'its tag crawlwatch:reboot-flag is unreadable'],
  ])('refuses one that %s', (_, tags, why) => {
    expect(planned(tags as Record<string, string>)).toEqual({ reboot: false, why: expect.stringContaining(why) });
  });

  it('refuses one that is not flagged', () => {
    const one = described({ id: ID, tags: { crawlwatch: 'true' } });
    expect(planReboot(one, [], NOW, SSH)).toEqual({ reboot: false, why: 'it carries no reboot flag' });
  });

  it.each([
    ['is not running', { state: 'stopping' }, 'it is stopping, not running'],
    ['runs Windows', { platform: 'Windows' }, 'it runs Windows, not Linux'],
    ['was started anew since it was flagged', { launchedAt: new Date(minutesAgo(5)) }, 'it was started anew'],
    ['has no launch time', { launchedAt: null }, 'EC2 does not tell since when it runs'],
  ])('refuses one that %s', (_, over, why) => {
    expect(planned({}, over)).toEqual({ reboot: false, why: expect.stringContaining(why) });
  });

  it.each([
    ['within 15 minutes of another', [act(14.9, 'i-00000000000000002')], 'rebooted i-00000000000000002 at'],
    ['within 15 minutes of an act of the future, by a clock that is ahead', [act(-3)], '15 minutes apart'],
    ['within an hour of its last', [act(59)], 'rebooted 1 time within an hour'],
    ['after three in a day', [act(1400), act(700), act(61)], 'rebooted 3 times within a day'],
  ])('refuses a reboot %s', (_, acts, why) => {
    expect(planned({}, {}, acts)).toEqual({ reboot: false, why: expect.stringContaining(why) });
  });

  it.each([
    ['nothing was done lately', {}, []],
    ['the last act in the fleet is 15 minutes past', {}, [act(15, 'i-00000000000000002')]],
    ['its own last is an hour past', {}, [act(60)]],
    ['of its three reboots one is a day past', {}, [act(1440), act(700), act(61)]],
    ['its mute has ended', { [TAG.mute]: `until=${minutesAgo(1)}` }, []],
    ['a person may ask for what crawlwatch does not do there by itself', { [TAG.auto]: 'restart' }, []],
  ])('allows it where it is flagged and %s', (_, tags, acts) => {
    expect(planned(tags as Record<string, string>, {}, acts)).toEqual({
      reboot: true,
      why: `it carries the flag BannerTimeout@${minutesAgo(20)}`,
    });
  });
});
