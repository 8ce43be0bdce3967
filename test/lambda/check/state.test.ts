import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { NOTE } from '../../support/remembered.ts';
import { SandboxFleet, WORKER_TAG, worker } from '../../support/sandbox-fleet.ts';

describe('a check that measures', () => {
  it('mails a dead worker when it has stood two checks, adds the OOM kill as a line, and tells the recovery once', async () => {
    const fleet = new SandboxFleet(0);
    fleet.launch(1, WORKER_TAG);
    fleet.launch(2);
    fleet.host(1, worker('active'));
    await fleet.checks(1);
    fleet.host(1, { ...worker('failed'), availableKb: 15_700_000, oomKills: 1 });
    const { report } = await fleet.check();
    expect(report.instances[0]?.reasons.map((one) => one.code)).toEqual(['WorkerDown', 'OomKill']);
    expect(fleet.subjects).toEqual([]);
    await fleet.checks(3);
    expect(fleet.subjects).toEqual(['crawlwatch: 1 CRITICAL (crawler1)']);
    expect(fleet.lastMail).toContain('sudo systemctl restart sidekiq.service');
    fleet.host(1, worker('active'));
    await fleet.checks(2);
    expect(fleet.subjects.slice(1)).toEqual(['crawlwatch: 1 recovered (crawler1)']);
  });

  it('writes nothing while nothing changes', async () => {
    const fleet = new SandboxFleet(20);
    await fleet.checks(1);
    const calls = fleet.aws.calls('CreateTagsCommand');
    await fleet.checks(5);
    expect(fleet.aws.calls('CreateTagsCommand')).toBe(calls);
    expect(fleet.aws.calls('DescribeInstancesCommand')).toBe(6);
    expect(fleet.subjects).toEqual([]);
  });

  it('reports the stopped and the Windows ones as skipped, and why', async () => {
    const fleet = new SandboxFleet(1);
    fleet.aws.launch('i-0000000000000aaaa', { state: 'stopped', tags: { crawlwatch: 'true', Name: 'asleep' } });
    fleet.aws.launch('i-0000000000000bbbb', { platform: 'Windows', tags: { crawlwatch: 'true' } });
    const { report } = await fleet.check();
    expect(report.summary.checked).toBe(1);
    expect(report.skipped).toEqual([
      { id: 'i-0000000000000aaaa', name: 'asleep', why: 'is stopped, not running' },
      { id: 'i-0000000000000bbbb', name: 'i-0000000000000bbbb', why: 'runs Windows, not Linux' },
    ]);
  });

  it('probes nobody whose override is bad, and says what is allowed', async () => {
    const fleet = new SandboxFleet(0);
    fleet.launch(1, { [TAG.ssh]: 'port=99999' });
    const { report } = await fleet.check();
    expect(fleet.probes).toBe(0);
    expect(report.instances[0]).toMatchObject({ status: 'UNKNOWN', reasons: [{ code: 'BadOverride' }] });
    expect(report.instances[0]?.reasons[0]?.text).toContain('allowed: user=NAME;port=1..65535');
  });

  it('neither mails nor flags a muted instance, but measures it', async () => {
    const fleet = new SandboxFleet(5);
    fleet.launch(6, { [TAG.mute]: 'until=2026-11-23T06:00:00Z' });
    await fleet.checks(1);
    fleet.host(6, 'BannerTimeout');
    await fleet.checks(5);
    expect(fleet.subjects).toEqual([]);
    expect(fleet.tags(6)).toMatchObject({ [NOTE.failures]: '3', [TAG.status]: 'CRITICAL:BannerTimeout' });
    expect(fleet.tags(6)).not.toHaveProperty(TAG.flag);
  });

  it('reminds once a day while an instance is flagged', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(3);
    for (let hour = 0; hour < 49; hour++) await fleet.check(60);
    expect(fleet.subjects.slice(1)).toEqual(Array(2).fill('crawlwatch: 1 still flagged (crawler1)'));
  });

  it('is harmless when two runs overlap: both come to the same state', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(1);
    await Promise.all([fleet.check(5), fleet.check(0)]);
    expect(fleet.tags(1)[NOTE.failures]).toBe('2');
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
  });
});
