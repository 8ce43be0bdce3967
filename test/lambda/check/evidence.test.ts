import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

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
  it('is no witness when it has an answer of its own to give: not managed, not allowed, only a lost ping', async () => {
    for (const reason of ['SsmNotManaged', 'SsmAccessDenied', 'SsmConnectionLost'] as const) {
      const fleet = await hanging(reason);
      await fleet.checks(3);
      expect(fleet.lastMail).toContain('one more attempt just now; no other evidence.');
    }
  });

  it('is not asked where the stack may not use it', async () => {
    const fleet = await hanging('CommandTimeout', { transport: 'ssh' });
    await fleet.checks(3);
    expect(fleet.lastMail).not.toContain('SSM');
  });

  it('bears the hang out when its command goes unanswered, and is named in the mail', async () => {
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
    expect(fleet.subjects).toEqual(['crawlwatch: 1 not answering (crawler1)', 'crawlwatch: 1 CRITICAL (crawler1)']);
    expect(fleet.lastMail).toContain('then: sudo systemctl restart ssh');
    expect(fleet.remembered(1).failures).toBe(0);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    fleet.host(1, {});
    await fleet.checks(2);
    expect(fleet.subjects.slice(2)).toEqual(['crawlwatch: 1 recovered (crawler1)']);
  });

  it('keeps the flag off, and says where to look, when sshd answers on the host itself', async () => {
    const fleet = await hanging({ sshd: true });
    await fleet.checks(3);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    expect(fleet.lastMail).toContain('its sshd answers on the host itself');
  });
});

describe('evidence', () => {
  it('tells the last good figures, and takes them for a witness where memory was nearly gone', async () => {
    const fleet = new SandboxFleet(5).host(1, { availableKb: 800_000, diskUsedPercent: 70 });
    await fleet.checks(1);
    fleet.host(1, 'ConnectionRefused');
    await fleet.checks(3);
    expect(fleet.tags(1)[TAG.flag]).toMatch(/^ConnectionRefused@/);
    expect(fleet.lastMail).toContain('corroborated by its memory at its last answer (5 % available).');
    expect(fleet.lastMail).toContain(
      'It last answered at 08:05 UTC, with 5 % of memory and 30 % of its fullest disk available.',
    );
  });

  it('takes an OOM kill that the counter did not know yet for a witness, an old one only for evidence', async () => {
    for (const [known, word] of [
      [1, 'no other evidence'],
      [0, 'corroborated by an OOM kill in its console since its last answer'],
    ] as const) {
      const fleet = new SandboxFleet(5).host(1, { oomKills: known });
      await fleet.checks(1);
      const host = fleet.aws.instances.get(idOf(1));
      if (host !== undefined) host.console = '[ 99.1] Out of memory: Killed process 7 (ruby) total-vm:1kB';
      fleet.host(1, 'BannerTimeout');
      await fleet.checks(3);
      expect(fleet.lastMail).toContain(word);
      expect(fleet.lastMail).toContain('Console: [ 99.1] Out of memory: Killed process 7 (ruby)');
    }
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
    expect(fleet.subjects.slice(1)).toEqual([
      'crawlwatch: 1 flagged for reboot (crawler1)',
      'crawlwatch: 1 no longer checked (crawler1)',
    ]);
    expect(fleet.lastMail).toContain('is stopped, not running; it was BannerTimeout. Its reboot flag is removed.');
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
    expect(fleet.lastMail).toContain('crawler2 (i-00000000000000002): the kernel killed a process');
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
    expect(fleet.subjects).toEqual(['crawlwatch: 1 CRITICAL (crawler1)', 'crawlwatch: 1 recovered (crawler1)']);
  });

  it('is tried again until it is out, and meanwhile flags nobody of the many that fell silent together', async () => {
    const fleet = new SandboxFleet(10);
    await fleet.checks(1);
    fleet.aws.fail(PublishCommand, 'InternalErrorException', 12);
    for (let n = 1; n <= 5; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.checks(20);
    expect(fleet.subjects).toEqual(['crawlwatch: 5 not answering of 10 instances']);
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
    expect(fleet.subjects).toEqual(['crawlwatch: 1 CRITICAL (crawler1)']);
    await fleet.host(1, {}).checks(2);
    expect(fleet.subjects.slice(1)).toEqual(['crawlwatch: 1 recovered (crawler1)']);
    expect(fleet.lastMail).toContain('it was DiskLow, MemoryLow.');
  });
});
