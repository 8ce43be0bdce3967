import { GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { readHypervisors } from '../../../lambda/flag/cloudwatch.ts';
import type { CloudWatch } from '../../../lambda/kit/index.ts';
import { type FailureReason, NOTHING_REMEMBERED, TAG } from '../../../lambda/model/index.ts';
import { type HypervisorFigures, SandboxAws } from '../../../sandbox/aws.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';
import { unwrapped } from '../../support/unwrapped.ts';

const BOTH = { transport: 'auto', vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } };
const REBOOTED = { bootId: 'ffffffff-0000-4000-8000-000000000000' };

/** Five hosts that answered once, of which the first then hangs; asked over SSM it does as said. */
async function hanging(over: Parameters<SandboxFleet['host']>[1] | null, given: object = BOTH): Promise<SandboxFleet> {
  const fleet = new SandboxFleet(5, given);
  await fleet.checks(1);
  if (over !== null) fleet.overSsm.set(idOf(1), over);
  return fleet.host(1, 'BannerTimeout');
}

describe('the other transport', () => {
  it('is no evidence when it has an answer of its own to give: not managed, not allowed, only a lost ping', async () => {
    for (const reason of ['SsmNotManaged', 'SsmAccessDenied', 'SsmConnectionLost'] as const) {
      const fleet = await hanging(reason);
      await fleet.checks(3);
      const unknown = reason === 'SsmAccessDenied' ? '; not all that could speak against it is known' : '';
      expect(fleet.lastMail).toContain(`one more attempt just now; no other evidence${unknown}.`);
    }
  });

  it('is not asked where the stack may not use it', async () => {
    const fleet = await hanging('CommandTimeout', { transport: 'ssh' });
    await fleet.checks(3);
    expect(fleet.lastMail).not.toContain('SSM');
  });

  it('corroborates the hang when its command goes unanswered, and is named in the mail', async () => {
    const fleet = await hanging('SsmDeliveryTimedOut');
    await fleet.checks(3);
    expect(fleet.tags(1)[TAG.flag]).toMatch(/^BannerTimeout@/);
    expect(fleet.lastMail).toContain('corroborated by a command over SSM that went unanswered.');
    expect(fleet.lastMail).toContain('Over SSM: SsmDeliveryTimedOut: It was SsmDeliveryTimedOut.');
  });

  it('turns the verdict to SshdDown when it answers: never flagged, not counted, mailed as what it is, and its end too', async () => {
    const fleet = await hanging({ availableKb: 4_000_000 });
    await fleet.checks(3);
    expect(fleet.tags(1)).toMatchObject({ [TAG.status]: 'CRITICAL:SshdDown' });
    const { report } = await fleet.check();
    expect(report.instances[0]).toMatchObject({ status: 'CRITICAL', recommendation: 'restart-sshd', flagged: false });
    expect(report.instances[0]?.vitals?.memory.totalBytes).toBe(16_000_000 * 1024);
    expect(report.instances[0]?.evidence).toContain('Over SSH: BannerTimeout: It was BannerTimeout.');
    await fleet.checks(20);
    expect(fleet.subjects).toEqual(['CRIT crawler1 SSH silent', 'CRIT crawler1 sshd down']);
    expect(fleet.lastMail).toContain('Restart sshd there: sudo systemctl restart ssh');
    expect(fleet.remembered(1).failures).toBe(0);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    fleet.host(1, {});
    await fleet.checks(2);
    expect(fleet.subjects.slice(2)).toEqual(['RECOVERED crawler1 SSH silent, 2 h']);
  });

  it('keeps the flag off, and says where to look, when sshd answers on the host itself', async () => {
    const fleet = await hanging({ sshd: true });
    await fleet.checks(3);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    expect(fleet.lastMail).toContain('its sshd answers on the host itself');
  });
});

describe('evidence', () => {
  it('names the last good figures, and takes them for evidence where memory was gone', async () => {
    for (const [availableKb, share, flags] of [
      [320_000, '2 %', true],
      [800_000, '5 %', false],
      [1_760_000, '11 %', false],
    ] as const) {
      const fleet = new SandboxFleet(5).host(1, { availableKb, diskUsedPercent: 70 });
      await fleet.checks(1);
      fleet.host(1, 'ConnectionRefused');
      await fleet.checks(3);
      expect(fleet.tags(1)[TAG.flag] !== undefined).toBe(flags);
      const corroborated = `corroborated by its memory at its last answer (${share} available)`;
      expect(fleet.lastMail.includes(corroborated)).toBe(flags);
      expect(fleet.lastMail).toContain(
        `It last answered at 08:05 UTC, with ${share} of memory and 30 % of its fullest disk available.`,
      );
    }
  });

  it('counts an OOM kill since the last answer, by the clock of its kernel; an older one is only shown', async () => {
    // The host has been up for 25 hours when it last answers.
    for (const [stamp, word] of [
      [89_000, 'no other evidence'],
      [90_100, 'corroborated by an OOM kill in its console since its last answer'],
    ] as const) {
      const fleet = new SandboxFleet(5).host(1, { oomKills: 0 });
      await fleet.checks(1);
      const host = fleet.aws.instances.get(idOf(1));
      const line = `[ ${stamp}.1] Out of memory: Killed process 7 (ruby) total-vm:1kB`;
      if (host !== undefined) host.console = line;
      fleet.host(1, 'BannerTimeout');
      await fleet.checks(3);
      expect(fleet.lastMail).toContain(word);
      expect(fleet.lastMail).toContain(`Console: ${line}`);
    }
  });
});

const USUAL = { networkOut: 12e6, cpu: 40, readOps: 500 };
const THRASHING = { networkOut: 4_000, cpu: 99, readOps: 900_000 };
const IDLE = { networkOut: 4_000, cpu: 1, readOps: 0 };

/** A fleet that answered at 08:05, the first of which is silent from then on, and measures so from 08:06 on. */
async function silent(
  count: number,
  measures: HypervisorFigures | null,
  reason: FailureReason = 'ConnectTimeout',
  lateMinutes = 0,
): Promise<SandboxFleet> {
  const fleet = new SandboxFleet(count);
  const hungAt = new Date('2026-11-22T08:06:00Z');
  for (let n = 1; n <= count; n++) {
    fleet.hypervisor(n, (at) => (n > 1 || at < hungAt ? USUAL : measures));
  }
  if (measures === null) fleet.hypervisor(1, null);
  fleet.metricsLateMinutes = lateMinutes;
  await fleet.checks(1);
  return fleet.host(1, reason);
}
/** The check, from the first that failed on, in which it was flagged. */
async function flaggedIn(fleet: SandboxFleet, checks = 12): Promise<number | null> {
  for (let n = 1; n <= checks; n++) {
    await fleet.check();
    if (fleet.tags(1)[TAG.flag] !== undefined) return n;
  }
  return null;
}

describe("the hypervisor's metrics", () => {
  it.each<[string, Parameters<typeof silent>, number | null]>([
    ['thrashes, alone', [1, THRASHING], 3],
    ['thrashes, with metrics ten minutes late', [5, THRASHING, 'ConnectTimeout', 10], 4],
    ['thrashes alone, with metrics ten minutes late', [1, THRASHING, 'ConnectTimeout', 10], 5],
    ['has no metrics', [3, null], 3],
    ['has no metrics, alone', [1, null], null],
    ['is idle', [5, IDLE], 3],
    ['is idle, one of two', [2, IDLE], null],
    ['works', [5, USUAL], null],
    ['works, alone', [1, USUAL], null],
    ['works, with metrics ten minutes late', [5, USUAL, 'ConnectTimeout', 10], null],
    ['works, but for its sshd', [5, USUAL, 'BannerTimeout'], 3],
    ['is reached, with metrics ten minutes late', [5, THRASHING, 'BannerTimeout', 10], 3],
  ])('of a silent host that %s', async (_, given, expected) => {
    expect(await flaggedIn(await silent(...given))).toBe(expected);
  });

  it('say in the mail that it is working, with what to look at, and what the flag was decided on', async () => {
    const working = await silent(5, USUAL);
    await working.checks(4);
    expect(working.lastMail).toContain(
      'it cannot be reached, but it is working: it sends as it usually does (11 MiB sent',
    );
    expect(working.lastMail).toContain('Look at its security groups, route, NAT, network ACL and key');
    expect(working.remembered(1).decisions).toHaveLength(2);
    expect(working.remembered(1).decisions.at(-1)).toMatchObject({
      flag: false,
      for: [],
      against: [expect.stringMatching(/^it sends as it usually does/)],
    });
    const late = await silent(5, USUAL, 'ConnectTimeout', 10);
    await late.checks(6);
    expect(late.aws.topic.published.map(({ body }) => body).join()).not.toContain('not published yet');
    expect(late.lastMail).toContain('it cannot be reached, but it is working');
    const reached = await silent(5, USUAL, 'BannerTimeout');
    await reached.checks(3);
    expect(reached.remembered(1).flag).toMatchObject({ evidence: 'against' });
    expect(reached.lastMail).toContain('its sshd or its login rather than the host');
  });

  it('are asked of those that are due alone, a hundred a call, and cost a gap where they are denied', async () => {
    const fleet = await silent(5, THRASHING);
    await fleet.checks(2);
    expect(fleet.aws.calls('GetMetricDataCommand')).toBe(0);
    fleet.aws.fail(GetMetricDataCommand, 'AccessDeniedException', 99);
    await fleet.checks(3);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    await fleet.check();
    expect(fleet.tags(1)).toHaveProperty(TAG.flag);
    expect(fleet.lastMail).toContain("Not known: the hypervisor's metrics: AccessDeniedException");
    expect(fleet.lastMail).toContain('not all that could speak against it is known');
  });

  it('read over many pages are the same', async () => {
    const fleet = await silent(1, THRASHING);
    const { cloudwatch } = fleet.aws;
    const paged = new SandboxAws({ now: () => fleet.now, pageSize: 100 });
    for (const [id, one] of fleet.aws.instances) paged.instances.set(id, one);
    const failingSince = new Date('2026-11-22T08:10:00Z');
    const read = (from: CloudWatch) =>
      readHypervisors(from, [{ id: idOf(1), remembered: { ...NOTHING_REMEMBERED, failingSince } }], fleet.now);
    expect(await read(paged.cloudwatch)).toEqual(await read(cloudwatch));
    expect(paged.calls('GetMetricDataCommand')).toBeGreaterThan(10);
  });
});

describe('a failure domain', () => {
  it('suspends flags in it alone, says so once, and is released after two clean checks', async () => {
    const fleet = new SandboxFleet(20);
    for (let n = 1; n <= 5; n++) fleet.place(n, { subnet: 'subnet-a', zone: 'z' });
    for (let n = 6; n <= 20; n++) fleet.place(n, { subnet: 'subnet-b', zone: 'z' });
    await fleet.checks(1);
    for (let n = 1; n <= 4; n++) fleet.host(n, 'ConnectTimeout');
    fleet.host(6, 'ConnectTimeout');
    await fleet.checks(6);
    expect([1, 2, 3, 4].flatMap((n) => fleet.tags(n)[TAG.flag] ?? [])).toEqual([]);
    expect(fleet.tags(6)).toHaveProperty(TAG.flag);
    const mailed = fleet.aws.topic.published.filter(({ body }) => body.includes('FLAGGING SUPPRESSED'));
    expect(mailed).toHaveLength(1);
    expect(unwrapped(mailed[0]?.body ?? '')).toContain(
      '4 of 5 instances in subnet subnet-a began to fail within 30 min of each other',
    );
    expect(fleet.state.breaker).toEqual({ suppressed: true, mailed: true, suspended: ['subnet subnet-a'] });
    for (let n = 1; n <= 4; n++) fleet.host(n, {});
    await fleet.checks(1);
    expect(fleet.state.breaker).toEqual({ suppressed: false, mailed: false, suspended: [] });
  });

  it('is seen though its members fall silent step by step', async () => {
    const fleet = new SandboxFleet(20);
    for (let n = 1; n <= 10; n++) fleet.place(n, { zone: 'z' });
    await fleet.checks(1);
    for (let n = 1; n <= 8; n++) {
      fleet.host(n, 'ConnectTimeout');
      await fleet.check();
    }
    await fleet.checks(12);
    // Before more than half of ten were silent nothing distinguished them from hosts that hang.
    expect([1, 2, 3, 4, 5, 6, 7, 8].filter((n) => fleet.tags(n)[TAG.flag] !== undefined)).toEqual([1, 2, 3]);
  });
});

describe('an instance that comes and goes', () => {
  it('is given grace when somebody else has rebooted it and it hangs again at once', async () => {
    const fleet = new SandboxFleet(5, { flag: { afterFailures: 1, afterMinutes: 0, graceMinutes: 30 } });
    await fleet.checks(1);
    fleet.host(1, { ...REBOOTED, uptimeSeconds: 120 });
    await fleet.check();
    expect(fleet.remembered(1).acted).toEqual({ what: 'booted', at: new Date('2026-11-22T08:08:00Z') });
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(5);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    expect(fleet.lastMail).toContain('Not flagged: it was launched or rebooted less than 30 min ago.');
    await fleet.check();
    expect(fleet.tags(1)[TAG.flag]).toMatch(/^BannerTimeout@/);
  });

  it('loses its flag and its count when it is stopped, which one mail says', async () => {
    const fleet = await hanging(null);
    await fleet.checks(3);
    expect(fleet.tags(1)).toHaveProperty(TAG.flag);
    const host = fleet.aws.instances.get(idOf(1));
    if (host !== undefined) host.state = 'stopped';
    await fleet.checks(3);
    expect(fleet.subjects.slice(1)).toEqual(['FLAGGED crawler1 SSH silent', 'GONE crawler1 stopped']);
    expect(fleet.lastMail).toContain(
      'is stopped, not running; what was wrong: SSH accepts and says nothing. Its reboot flag is removed.',
    );
    const left = Object.keys(fleet.tags(1)).filter((key) => key.startsWith('crawlwatch:'));
    expect(left).toEqual([TAG.stack]);
    expect(fleet.remembered(1)).toMatchObject({ flag: null, failures: 0, incident: null, pin: expect.any(String) });
  });

  it('begins again after a stop and a start that no check saw', async () => {
    const fleet = await hanging(null);
    await fleet.checks(2);
    const host = fleet.aws.instances.get(idOf(1));
    if (host !== undefined) host.launchedAt = fleet.now;
    await fleet.check(60);
    expect(fleet.remembered(1)).toMatchObject({ failures: 1, failingSince: fleet.now, since: fleet.now });
  });
});

describe('what was mailed', () => {
  it('keeps an OOM kill for the next mail, whatever host that is about', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(2, { oomKills: 1 });
    await fleet.checks(2);
    expect(fleet.subjects).toEqual([]);
    expect(fleet.remembered(2).events).toEqual(['OomKill']);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    expect(fleet.lastMail).toContain('crawler2 (i-00000000000000002)\n  HAPPENED: the kernel killed a process');
    expect(fleet.remembered(2).events).toEqual([]);
  });

  it('is not mailed again when the host fell silent for a check in between', async () => {
    const fleet = new SandboxFleet(5).host(1, { diskUsedPercent: 97 });
    await fleet.checks(2);
    for (const reason of ['BannerTimeout', 'AuthenticationFailed'] as const) {
      await fleet.host(1, reason).check();
      expect(fleet.tags(1)[TAG.status]).toMatch(new RegExp(`:${reason}$`));
      await fleet.host(1, { diskUsedPercent: 97 }).checks(3);
    }
    await fleet.host(1, {}).checks(2);
    expect(fleet.subjects).toEqual(['CRIT crawler1 disk 97%', 'RECOVERED crawler1 SSH silent, 55 min']);
  });

  it('is tried again until it is out, and meanwhile flags nobody of the many that fell silent together', async () => {
    const fleet = new SandboxFleet(10);
    await fleet.checks(1);
    fleet.aws.fail(PublishCommand, 'ThrottledException', 12);
    for (let n = 1; n <= 5; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.checks(20);
    expect(fleet.subjects).toEqual(['CRIT crawler1 no connection (+4 more)']);
    expect(fleet.lastMail).toContain('4 others began to fail within half an hour of it');
    expect([1, 2, 3, 4, 5].flatMap((n) => fleet.tags(n)[TAG.flag] ?? [])).toEqual([]);
  });

  it('counts a hang as one when it was interrupted by a check that could not be made', async () => {
    const fleet = await hanging(null);
    await fleet.checks(2);
    await fleet.host(1, 'NotChecked').check();
    await fleet.host(1, 'BannerTimeout').check();
    const begun = new Date('2026-11-22T08:10:00Z');
    expect(fleet.remembered(1)).toMatchObject({ letters: '.hh-h', failures: 3, since: begun, failingSince: begun });
  });

  it('is one incident until all of its troubles are over', async () => {
    const fleet = new SandboxFleet(5).host(1, { diskUsedPercent: 97, availableKb: 1_000_000 });
    await fleet.checks(2);
    await fleet.host(1, { diskUsedPercent: 97 }).checks(2);
    expect(fleet.subjects).toEqual(['CRIT crawler1 memory 94%']);
    await fleet.host(1, {}).checks(2);
    expect(fleet.subjects.slice(1)).toEqual(['RECOVERED crawler1 disk full, 25 min']);
    expect(fleet.lastMail).toContain('what was wrong: a disk is nearly full; little memory is left.');
  });
});
