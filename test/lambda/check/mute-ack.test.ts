/** What people decide about an instance, in the course of checks: a mute in a window, an acknowledged incident. */
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { ID, RemedyStack } from '../../support/remedy-stack.ts';
import { SandboxFleet } from '../../support/sandbox-fleet.ts';

/** The fleet's clock begins at 08:00 on a Sunday, and the first check is at 08:05. */
const WINDOW = { [TAG.mute]: 'window=Sun 09:00-09:30 Europe/Berlin,Sun 09:30-09:45 Europe/Berlin;why=backups' };
const FULL = { diskUsedPercent: 99 };

describe('a window that recurs', () => {
  const fleet = async () => {
    const one = new SandboxFleet(5);
    one.launch(6, WINDOW);
    await one.checks(1);
    return one;
  };

  it('keeps a hang silent and unflagged while it lasts, and mails what still lasts after it', async () => {
    const one = await fleet();
    one.host(6, 'BannerTimeout');
    await one.checks(7);
    expect(one.now.toISOString()).toBe('2026-11-22T08:40:00.000Z');
    expect(one.subjects).toEqual([]);
    expect(one.remembered(6).flag).toBe(null);
    const { report } = await one.check();
    expect(one.subjects).not.toEqual([]);
    expect(one.lastMail).toContain('crawler6');
    expect(report.instances.at(-1)?.notes).toEqual([]);
  });

  it('never mails what is over by its end, though that is confirmed after it', async () => {
    const one = await fleet();
    one.host(6, 'BannerTimeout');
    await one.checks(6);
    one.host(6, {});
    await one.checks(1);
    expect(one.now.toISOString()).toBe('2026-11-22T08:40:00.000Z');
    await one.checks(5);
    expect(one.subjects).toEqual([]);
    expect(one.remembered(6)).toMatchObject({ incident: null, fresh: expect.any(Number) });
  });

  it('is named in the report, with its window, its end and why', async () => {
    const one = await fleet();
    const { report } = await one.check();
    expect(report.instances.at(-1)?.notes).toEqual([
      'It is muted in the window Sun 09:00-09:30 Europe/Berlin, until 08:45 UTC (backups): no mail, no flag and no act.',
    ]);
  });
});

describe('the end of an incident that was mailed before its host was muted', () => {
  const UNTIL = 'until=2026-11-22T12:00:00Z';
  const types = (one: SandboxFleet) => one.aws.bus.events.map(({ detailType }) => detailType);
  /** A full disk, mailed; then muted, and well. */
  const well = async () => {
    const one = new SandboxFleet(5);
    one.launch(6, {});
    await one.checks(1);
    one.host(6, FULL);
    await one.checks(2);
    expect(one.subjects).toHaveLength(1);
    one.tag(6, TAG.mute, UNTIL);
    one.host(6, {});
    return one;
  };

  it('reaches those who open and close by events, once and by the same key, and is not mailed', async () => {
    const one = await well();
    await one.checks(6);
    expect(types(one)).toEqual(['Crawlwatch Incident Opened', 'Crawlwatch Incident Ended']);
    const [opened, ended] = one.aws.bus.events.map(({ detail }) => detail);
    expect(ended).toMatchObject({
      dedupKey: opened?.dedupKey,
      severity: 'info',
      incident: { change: 'ended', status: 'OK', reasons: [{ code: 'DiskLow' }] },
    });
    expect(ended?.details).toContain('It was muted, so no mail says this.');
    expect(one.subjects).toHaveLength(1);
    expect(one.remembered(6).incident).toBe(null);
  });

  it('is sent by the next check where EventBridge did not take it, and reported', async () => {
    const one = await well();
    one.aws.bus.refusals.push('NotAuthorizedForDetailTypeException');
    await one.checks(1);
    const { errors } = await one.check();
    expect(errors).toEqual([expect.stringContaining('1 of 1 event could not be sent to EventBridge')]);
    expect(types(one)).toEqual(['Crawlwatch Incident Opened']);
    await one.checks(3);
    expect(types(one)).toEqual(['Crawlwatch Incident Opened', 'Crawlwatch Incident Ended']);
    expect(one.remembered(6).incident).toBe(null);
  });

  it('is tried for an hour, not for ever', async () => {
    const one = await well();
    one.aws.bus.refusals.push(...Array.from({ length: 100 }, () => 'NotAuthorizedForDetailTypeException'));
    await one.checks(20);
    expect(one.remembered(6).incident).toBe(null);
    expect((await one.check()).errors).toEqual([]);
  });

  it('is sent where the muted host was stopped', async () => {
    const one = await well();
    for (const host of one.aws.instances.values()) if (host.tags.get('Name') === 'crawler6') host.state = 'stopped';
    await one.checks(3);
    expect(types(one)).toEqual(['Crawlwatch Incident Opened', 'Crawlwatch Incident Ended']);
    expect(one.subjects).toHaveLength(1);
  });

  it('is sent, too, where a day has no mail left for it', async () => {
    const one = new SandboxFleet(6);
    await one.checks(1);
    one.host(6, FULL);
    await one.checks(2);
    one.remember(6, { mails: Array.from({ length: 7 }, () => one.now) });
    one.host(6, {});
    await one.checks(30);
    expect(types(one)).toEqual(['Crawlwatch Incident Opened', 'Crawlwatch Incident Ended']);
    expect(one.aws.bus.events[1]?.detail.details).toContain(
      'It was mailed as often as a day allows, so no mail says this.',
    );
    expect(one.subjects).toHaveLength(1);
  });

  it('has no event where nobody was mailed of its beginning', async () => {
    const one = new SandboxFleet(5);
    one.launch(6, { [TAG.mute]: UNTIL });
    await one.checks(1);
    one.host(6, FULL);
    await one.checks(3);
    one.host(6, {});
    await one.checks(4);
    expect(types(one)).toEqual([]);
  });
});

describe('a mute that can not be read', () => {
  it('silences nothing, and says what is allowed: in the log, the report and the mail', async () => {
    const fleet = new SandboxFleet(5);
    fleet.launch(6, { [TAG.mute]: 'window=Sunday' });
    await fleet.checks(1);
    fleet.host(6, FULL);
    await fleet.checks(1);
    const { report } = await fleet.check();
    const allowed = /can't be read, so it is not muted, and nothing acts on it; allowed: until=.* or window=/;
    expect(report.instances.at(-1)?.notes).toEqual([expect.stringMatching(allowed)]);
    expect(fleet.logged).toContainEqual(expect.objectContaining({ level: 'warn', event: 'mute.unreadable' }));
    expect(fleet.subjects).toHaveLength(1);
    expect(fleet.lastMail.replace(/\s+/g, ' ')).toMatch(allowed);
  });

  it('is mailed with what can be typed, not with the time in the zone of the mail', async () => {
    const fleet = new SandboxFleet(5, { alerts: { timeZone: 'Europe/Berlin' } });
    fleet.launch(6, { [TAG.mute]: 'window=Sunday' });
    await fleet.host(6, FULL).checks(2);
    expect(fleet.lastMail).toContain('at 09:10 CET');
    expect(fleet.lastMail.replace(/\s+/g, ' ')).toContain('allowed: until=2026-11-23T06:00:00Z or');
  });
});

describe('an incident that is acknowledged', () => {
  /** A full disk, mailed at 08:15. */
  const stack = async () => {
    const one = new RemedyStack(6);
    await one.fleet.checks(1);
    one.fleet.host(1, FULL);
    await one.fleet.checks(2);
    expect(one.fleet.subjects).toHaveLength(1);
    return one;
  };
  const ack = (one: RemedyStack, more: object = {}) =>
    one.ask({ action: 'ack', instanceId: ID, requester: 'ann@laptop', ...more });
  const days = async ({ fleet }: RemedyStack, count: number) => {
    for (let hour = 0; hour < count * 24; hour++) await fleet.check(60);
  };

  it('is reminded of where nobody has', async () => {
    const one = await stack();
    await days(one, 2);
    expect(one.fleet.subjects.length).toBeGreaterThan(1);
  });

  it('sends no reminder, and says in the report who knows of it', async () => {
    const one = await stack();
    expect(await ack(one, { why: 'bigger disk' })).toMatchObject({
      done: true,
      why: expect.stringMatching(/^its incident since 08:10 UTC is acknowledged: no reminder until it gets worse, /),
    });
    await days(one, 3);
    expect(one.fleet.subjects).toHaveLength(1);
    const { report } = await one.fleet.check();
    expect(report.instances[0]?.notes).toEqual([
      'Its incident is acknowledged by ann@laptop since 2026-11-22 08:15 UTC: bigger disk; no reminder until it changes.',
    ]);
    expect(await one.history()).toMatchObject([
      { remedy: 'ack', outcome: 'done', requester: 'ann@laptop', why: 'bigger disk' },
    ]);
  });

  it('is mailed where it gets worse, with who knew of it, and reminded of from then on', async () => {
    const one = await stack();
    await ack(one);
    one.fleet.host(1, 'BannerTimeout');
    await one.fleet.checks(2);
    expect(one.fleet.subjects).toHaveLength(2);
    expect(one.fleet.lastMail.replace(/\s+/g, ' ')).toContain(
      'was acknowledged by ann@laptop since 08:15 UTC; it has changed since',
    );
    expect(one.fleet.remembered(1).incident).not.toHaveProperty('ack');
    const mails = one.fleet.subjects.length;
    await days(one, 3);
    expect(one.fleet.subjects.length).toBeGreaterThan(mails + 1);
  });

  it('is mailed once where it has another reason in two checks, and not where in one', async () => {
    const one = await stack();
    await ack(one);
    const more = { ...FULL, availableKb: 1_000_000 };
    one.fleet.host(1, more);
    await one.fleet.checks(1);
    one.fleet.host(1, FULL);
    await one.fleet.checks(3);
    expect(one.fleet.subjects).toHaveLength(1);
    one.fleet.host(1, more);
    await one.fleet.checks(4);
    expect(one.fleet.subjects).toHaveLength(2);
    expect(one.fleet.lastMail.replace(/\s+/g, ' ')).toContain('it has changed since');
  });

  it('is silent on how a hang shows, from check to check, and is mailed when it is flagged', async () => {
    const one = new RemedyStack(6);
    await one.fleet.checks(1);
    one.fleet.host(1, 'BannerTimeout');
    await one.fleet.checks(2);
    await ack(one);
    one.fleet.host(1, 'ConnectionReset');
    await one.fleet.checks(1);
    expect(one.fleet.remembered(1).flag).not.toBe(null);
    expect(one.fleet.lastMail.replace(/\s+/g, ' ')).toContain(
      'was acknowledged by ann@laptop since 08:15 UTC; it has changed since',
    );
    await ack(one);
    for (const behaviour of ['BannerTimeout', 'ConnectionReset', 'BannerTimeout'] as const) {
      one.fleet.host(1, behaviour);
      await days(one, 1);
    }
    expect(one.fleet.subjects).toHaveLength(2);
  });

  it('ends with it: the next one is mailed and reminded of', async () => {
    const one = await stack();
    await ack(one);
    one.fleet.host(1, {});
    await one.fleet.checks(3);
    expect(one.fleet.subjects).toHaveLength(2);
    one.fleet.host(1, FULL);
    await one.fleet.checks(2);
    expect(one.fleet.subjects).toHaveLength(3);
    expect(one.fleet.remembered(1).incident).not.toHaveProperty('ack');
  });

  it('can be taken back', async () => {
    const one = await stack();
    expect(await ack(one, { off: true })).toMatchObject({
      done: false,
      why: expect.stringContaining('is not acknowledged'),
    });
    await ack(one);
    expect(await ack(one, { off: true })).toMatchObject({
      done: true,
      why: 'the acknowledgement by ann@laptop is taken back: reminders go on',
    });
    await days(one, 2);
    expect(one.fleet.subjects.length).toBeGreaterThan(1);
  });

  it('is kept where it is acknowledged while a check mails', async () => {
    const one = await stack();
    one.fleet.host(1, 'BannerTimeout');
    await one.fleet.check();
    const { outlets, ...ports } = one.fleet.ports();
    const { checkFleet } = await import('../../../lambda/check/pipeline.ts');
    one.fleet.now = new Date(one.fleet.now.getTime() + 300_000);
    await checkFleet(
      one.fleet.settings,
      {
        ...ports,
        outlets: {
          ...outlets,
          notify: async (alert) => {
            one.wait(0.1);
            await ack(one);
            return outlets.notify(alert);
          },
        },
      },
      { deadlineMs: 60_000 },
    );
    expect(one.fleet.subjects).toHaveLength(2);
    expect(one.fleet.remembered(1).incident).toMatchObject({ mailed: 'h', ack: { by: 'ann@laptop', class: 'h' } });
  });

  it('has nothing to acknowledge where none is open, and a rehearsal changes nothing', async () => {
    const one = await stack();
    const before = one.fleet.state;
    expect(await ack(one, { dryRun: true })).toMatchObject({
      done: false,
      why: expect.stringMatching(/^dry run: its/),
    });
    expect(one.fleet.state).toEqual(before);
    expect(await ack(one, { instanceId: ID.replace(/1$/, '2') })).toMatchObject({
      done: false,
      why: 'it has no open incident, so there is nothing to acknowledge',
    });
  });
});
