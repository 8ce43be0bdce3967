import { describe, expect, it } from 'vitest';
import { howToSubscribe } from '../../../lambda/alert/index.ts';
import { REASON_WORDS } from '../../../lambda/judge/words.ts';
import { REASON_CLASS, TAG } from '../../../lambda/model/index.ts';
import { parseRemedyRequest } from '../../../lambda/remedy/contract.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { noticesOf, type WidgetHealth } from '../../../lambda/widget/notices.ts';
import { fleetRows, pageOf } from '../../../lambda/widget/rows.ts';
import { emptyView, failureView, fleetView, type WidgetLook } from '../../../lambda/widget/view.ts';
import { hungFor, instance, minutesAgo, NOW, SSH } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';
import { REMEDY_ARN, WIDGET_ARN } from '../../support/widget-fleet.ts';

const FLAG = { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` };
const MUTE = { [TAG.mute]: 'until=2026-11-22T18:00:00Z' };
const look = (over: Partial<WidgetLook> = {}): WidgetLook => ({
  theme: 'light',
  now: NOW,
  settings: SSH,
  endpoints: { widgetArn: WIDGET_ARN, remedyArn: REMEDY_ARN, region: 'eu-central-1' },
  notices: [],
  ...over,
});
const drawn = (tags: Record<string, string>, over = {}, given: Partial<WidgetLook> = {}) =>
  fleetView(pageOf(fleetRows([instance({ tags, ...over })], NOW), 1), look(given));
const endpoints = (remedyArn: string | null) => ({ widgetArn: WIDGET_ARN, remedyArn, region: 'eu-central-1' });

const standing = (codes: string, more = {}) => ({
  [TAG.status]: `CRITICAL:${codes}`,
  [NOTE.since]: minutesAgo(20),
  ...more,
});
const WORKER = { [TAG.worker]: 'sidekiq.service' };

describe('the button of a remedy', () => {
  it.each([
    ['on a hung instance that is not flagged', hungFor(2), {}, REMEDY_ARN],
    ['on one whose disk is full', standing('DiskLow', WORKER), {}, REMEDY_ARN],
    ['on one whose worker no tag names', standing('MemoryExhaustedResponsive'), {}, REMEDY_ARN],
    ['on a muted one whose worker is down', { ...standing('WorkerDown', WORKER), ...MUTE }, {}, REMEDY_ARN],
    ['on a host that has run out of memory and hangs', standing('BannerTimeout,WorkerDown', WORKER), {}, REMEDY_ARN],
    ['on a muted one', { ...FLAG, ...MUTE }, {}, REMEDY_ARN],
    ['on a stopped one', FLAG, { state: 'stopped' }, REMEDY_ARN],
    ['where no remedy function is known', FLAG, {}, null],
    ['where its ARN is none', FLAG, {}, 'arn:aws:lambda:x"><script>'],
    ['on what is no instance id', FLAG, { id: 'i-0abc","x":"' }, REMEDY_ARN],
    ['on an id in capitals', FLAG, { id: 'i-0ABCDEF012345678' }, REMEDY_ARN],
  ])('is not there %s', (_, tags, over, remedyArn) => {
    expect(drawn(tags, over, { endpoints: endpoints(remedyArn) })).not.toContain('cwdb-action');
  });

  it('is for a reboot on a flagged one, and names it without characters of any markup', () => {
    const html = drawn(FLAG, { name: 'web<1>"&' });
    expect(html).toContain(`endpoint="${REMEDY_ARN}" confirmation="Reboot web?1??? (i-00000000000000001)?`);
    expect(html).toContain(
      '>{"action":"reboot","instanceId":"i-00000000000000001","requester":"dashboard"}</cwdb-action>',
    );
    expect(html).toContain(
      '>{"action":"unflag","instanceId":"i-00000000000000001","requester":"dashboard"}</cwdb-action>',
    );
  });
});

describe('the buttons of the restarts', () => {
  it.each([
    ['Restart worker', 'restart-worker', 'MemoryExhaustedResponsive', WORKER],
    ['Restart worker', 'restart-worker', 'WorkerDown,SshdDown', WORKER],
    ['Restart sshd', 'restart-sshd', 'SshdDown', {}],
  ])('are there where the check recommends them: %s', (label, action, codes, tags) => {
    const html = drawn(standing(codes, tags));
    expect(html).toContain(`>${label}</a><cwdb-action action="call" display="popup" endpoint="${REMEDY_ARN}"`);
    expect(html).toContain(`{"action":"${action}","instanceId":"i-00000000000000001","requester":"dashboard"}`);
    expect(html.match(/cwdb-action /g)).toHaveLength(1);
  });
});

describe('a row of a host that people have decided about', () => {
  it('says until when it is muted, or in which window', () => {
    expect(drawn(MUTE)).toContain('muted until 18:00<');
    expect(drawn({ [TAG.mute]: 'window=Sun 08:00-09:00 UTC' })).toContain(
      'muted in the window Sun 08:00-09:00 UTC, until 09:00 UTC',
    );
    expect(drawn({ [TAG.mute]: 'window=Sat 08:00-09:00 UTC' })).not.toContain('muted in');
  });

  it('says who acknowledged its trouble, and since when', () => {
    const one = instance({ tags: standing('DiskLow') });
    const ack = { by: 'eve<b>', at: new Date(minutesAgo(5)), why: '<i>"', class: 'c', codes: [] } as const;
    const incident = { ...one.remembered.incident!, ack };
    const html = fleetView(
      pageOf(fleetRows([{ ...one, remembered: { ...one.remembered, incident } }], NOW), 1),
      look(),
    );
    expect(html).toContain('acknowledged by eve&lt;b&gt; 5 min ago: &lt;i&gt;&quot;');
  });
});

describe('a row of a host that was rebooted', () => {
  it.each([
    ['a quarter of an hour is not over', minutesAgo(15), false],
    ['it was before the flag', minutesAgo(60), false],
    ['it hangs for longer than that', minutesAgo(16), true],
  ])('says whether it needs a person, where %s', (_, at, asks) => {
    const flag = `BannerTimeout@${minutesAgo(30)}`;
    const html = drawn({ ...hungFor(8), [TAG.flag]: flag, [TAG.acted]: `reboot@${at}` });
    expect(html.includes('The reboot at 07:59, 16 min ago, did not help: needs a person')).toBe(asks);
  });
});

describe('the buttons that pause and resume', () => {
  const PAUSE = { who: 'eve', why: 'a release', from: NOW, until: null };
  const paused = noticesOf(
    {
      topicArn: null,
      subscription: 'confirmed',
      suppressed: false,
      pauses: { pause: PAUSE, automaticPause: null },
      figures: null,
    },
    SSH,
    NOW,
  );
  const page = pageOf(fleetRows([instance()], NOW), 1);

  it('pause, with what that stops and what not, where nothing is paused', () => {
    const html = fleetView(page, look({ isPaused: false }));
    expect(html).toContain('Checks, flags and mails go on. What has begun is not called back.');
    expect(html).toContain('>{"action":"pause","requester":"dashboard","why":"from the dashboard"}</cwdb-action>');
    expect(html).not.toContain('"action":"resume"');
  });

  it('resume, beside who paused and why', () => {
    const html = fleetView(page, look({ isPaused: true, notices: paused }));
    expect(html).toContain('eve paused all restarts and reboots at 08:15');
    expect(html).toContain('>{"action":"resume","requester":"dashboard"}</cwdb-action>');
    expect(html).not.toContain('"action":"pause"');
  });

  it.each([
    ['where it is not known whether acting is paused', { isPaused: null }],
    ['where there is no function that acts', { isPaused: false, endpoints: endpoints(null) }],
  ])('are not there %s', (_, given) => {
    expect(fleetView(page, look(given))).not.toContain('cwdb-action');
  });

  it('send what the remedy function takes', () => {
    const html = fleetView(page, look({ isPaused: false })) + fleetView(page, look({ notices: paused })) + drawn(FLAG);
    const requests = [...html.matchAll(/>(\{"action"[^<]*)<\/cwdb-action>/g)].map(([, json = '']) => JSON.parse(json));
    expect(requests.map(({ action }) => action)).toEqual(['pause', 'resume', 'reboot', 'unflag']);
    for (const request of requests) {
      expect(parseRemedyRequest({ ...request, widgetContext: {} }, NOW)).toMatchObject({ ok: true });
    }
  });
});

describe('the table', () => {
  it.each(['Europe/Berlin', 'Asia/Kolkata'])('has its times in the zone of the settings: %s', (timeZone) => {
    const settings = parseSettings({ alerts: { timeZone } });
    const html = drawn(standing('DiskLow'), {}, { settings });
    expect(html).toContain(`since ${timeZone === 'Europe/Berlin' ? '08:55' : '13:25'},</span> <b>20 min</b>`);
    expect(html).toContain(`times in ${timeZone}`);
  });

  it('has the day where a time is of another, and the last act in words', () => {
    const tags = {
      [TAG.status]: 'CRITICAL:DiskLow',
      [NOTE.since]: minutesAgo(20 * 60),
      [TAG.acted]: `reboot@${minutesAgo(12)}`,
    };
    expect(drawn(tags)).toContain('since 21 Nov 12:15,</span> <b>20 h</b>');
    expect(drawn(tags)).toContain('rebooted 12 min ago');
  });

  it('shows a host whose worker is dead in red, however little memory it uses', () => {
    const sample = { at: NOW, available: 0.98 };
    const row = (tags: Record<string, string>) => {
      const [one] = fleetRows([instance({ tags })], NOW);
      return fleetView(pageOf([{ ...one!, memory: { latest: sample, samples: [sample] } }], 1), look());
    };
    expect(row(standing('WorkerDown'))).toContain('cw-gauge cw-tone-critical cw-alarm"');
    expect(row(standing('WorkerDown'))).toContain('<b>the worker is down</b>');
    expect(row(standing('DiskLow'))).toContain('cw-gauge cw-tone-calm"');
  });

  it('names who holds the memory, escaped and cut, and only where that is known', () => {
    const sample = { at: NOW, available: 0.02 };
    const [one] = fleetRows([instance()], NOW);
    const row = { ...one!, memory: { latest: sample, samples: [sample] } };
    const name = `<b>ruby</b>${'x'.repeat(60)}`;
    const html = fleetView(pageOf([{ ...row, processes: [{ name, residentBytes: 3 * 1024 ** 3 }] }], 1), look());
    expect(html).toContain(`most of it: <b>&lt;b&gt;ruby&lt;/b&gt;${'x'.repeat(29)}</b> 3.0 GiB`);
    expect(fleetView(pageOf([row], 1), look())).not.toContain('most of it');
  });

  it('says who has acknowledged a host, and until when it is muted', () => {
    const [one] = fleetRows([instance({ tags: { ...hungFor(2), ...MUTE } })], NOW);
    expect(fleetView(pageOf([{ ...one!, ack: 'acknowledged by <ann>' }], 1), look())).toMatch(
      /cw-badge">muted until 18:00<.*cw-badge">acknowledged by &lt;ann&gt;</,
    );
  });

  it('uses nothing that the console strips', () => {
    expect(drawn(FLAG)).not.toMatch(/<(script|iframe|use|link)|\son[a-z]+=|javascript:/i);
  });

  it('has no pager where everything is on one page', () => {
    expect(drawn(hungFor(2))).not.toContain('Page 1');
  });

  it.each([
    [0.02, 'critical'],
    [0.1, 'warning'],
    [0.5, 'calm'],
  ])('draws memory of which %d is available as %s', (available, tone) => {
    const sample = { at: NOW, available };
    const [row] = fleetRows([instance()], NOW);
    const page = pageOf([{ ...row!, memory: { latest: sample, samples: [sample] } }], 1);
    expect(fleetView(page, look())).toContain(`cw-gauge cw-tone-${tone}"`);
  });

  it('leaves a gap in the line where checks went unanswered, and fades what is old', () => {
    const at = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
    const samples = [170, 165, 160, 60, 55, 50].map((minutes) => ({ at: at(minutes), available: 0.5 }));
    const [row] = fleetRows([instance()], NOW);
    const html = fleetView(pageOf([{ ...row!, memory: { latest: samples.at(-1)!, samples } }], 1), look());
    expect(html.match(/<polyline/g)).toHaveLength(2);
    expect(html).toContain('cw-old');
    expect(html).toContain('50 min ago, at 07:25<');
  });

  it('has words for every reason, so that none has to be looked up', () => {
    expect(Object.keys(REASON_WORDS).sort()).toEqual(Object.keys(REASON_CLASS).sort());
    for (const words of Object.values(REASON_WORDS)) expect(words.length).toBeLessThan(60);
  });
});

describe('the empty view', () => {
  it('has the command that tags an instance, quoted for a shell', () => {
    const settings = parseSettings({ tag: { key: 'my team', value: "it's" } });
    expect(emptyView(look({ settings }))).toContain(
      '--tags &#39;Key=my team,Value=it&#39;\\&#39;&#39;s&#39; --region eu-central-1',
    );
  });
});

describe('the failure view', () => {
  it.each([
    ['UnauthorizedOperation', 'role lacks a right'],
    ['ThrottlingException', 'refresh in a minute'],
    ['TimeoutError', 'refresh in a minute'],
    ['SettingsError', 'cdk.json'],
    ['TypeError', 'widget.failed'],
  ])('of %s says what to do', (name, advice) => {
    expect(failureView({ name, text: `${name}: it was <so>` }, 'dark')).toContain(advice);
    expect(failureView({ name, text: `${name}: it was <so>` }, 'dark')).toContain(`${name}: it was &lt;so&gt;`);
  });
});

describe('the notices above the table', () => {
  const WELL: WidgetHealth = {
    topicArn: 'arn:aws:sns:x:1:t',
    subscription: 'confirmed',
    suppressed: false,
    pauses: { pause: null, automaticPause: null },
    figures: null,
  };
  const PAUSE = {
    who: 'crawlwatch',
    why: '2 reboots in a row did not help',
    from: new Date(minutesAgo(10)),
    until: null,
  };
  const notices = (health: Partial<WidgetHealth>) => noticesOf({ ...WELL, ...health }, SSH, NOW);

  it('are none where all is well', () => {
    expect(notices({})).toEqual([]);
  });

  it.each([
    ['an unconfirmed subscription', { subscription: 'pending' }, 'red', 'not confirmed'],
    ['a topic without a subscription', { subscription: 'none' }, 'red', 'no subscription'],
    ['a checker that is silent', { suppressed: null }, 'red', 'No check has finished for 15 minutes'],
    ['flags that are held back', { suppressed: true }, 'amber', 'nothing new is flagged'],
    ['subscriptions that cannot be read', { subscription: { unread: 'Throttled' } }, 'amber', 'Throttled'],
    ['a heartbeat that cannot be read', { suppressed: { unread: 'Throttled' } }, 'amber', 'Throttled'],
    ['pauses that cannot be read', { pauses: { unread: 'Throttled' } }, 'amber', 'acting is paused: Throttled'],
    [
      'automatic acts that are paused',
      { pauses: { pause: null, automaticPause: PAUSE } },
      'red',
      'crawlwatch paused its own restarts and reboots at 08:05, 10 min ago: 2 reboots in a row did not help. Checks, flags and mails go on, and people may still restart and reboot. To end it:',
    ],
    [
      'acting that is paused',
      { pauses: { pause: { ...PAUSE, who: 'eve' }, automaticPause: null } },
      'amber',
      'eve paused all restarts and reboots at 08:05, 10 min ago: 2 reboots in a row did not help. Checks, flags and mails go on; neither crawlwatch nor people can restart or reboot a host. To end it:',
    ],
    ['figures that cannot be read', { figures: 'Throttled' }, 'amber', 'memory and disk: Throttled'],
  ] as const)('warn of %s', (_, health, level, text) => {
    expect(notices(health)).toEqual([expect.objectContaining({ level, text: expect.stringContaining(text) })]);
  });

  it('give the command that resumes', () => {
    expect(notices({ pauses: { pause: PAUSE, automaticPause: null } })[0]?.command).toBe('crawlwatch resume');
  });

  it('give the command that subscribes an address, where a deploy is no help', () => {
    for (const subscription of ['none', 'pending'] as const) {
      const { text, command } = howToSubscribe('arn:aws:sns:x:1:t', subscription);
      expect(command).toBe(
        'aws sns subscribe --region x --topic-arn arn:aws:sns:x:1:t --protocol email --notification-endpoint you@example.com',
      );
      const [notice] = notices({ subscription });
      expect(notice).toMatchObject({ level: 'red', text: expect.stringContaining(text), command });
      expect(notice?.text).toMatch(
        /^Nobody gets the alerts: .*no deploy makes it again|a deploy makes no subscription/,
      );
    }
  });
});
