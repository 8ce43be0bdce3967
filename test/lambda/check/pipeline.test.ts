import { GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTagsCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { checkFleet } from '../../../lambda/check/pipeline.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { NOTE } from '../../support/remembered.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

describe('a check whose discovery fails', () => {
  it('fails as a whole, flags nobody and mails nobody', async () => {
    const fleet = new SandboxFleet(3);
    await fleet.check();
    const before = fleet.tags(1);
    fleet.aws.fail(DescribeInstancesCommand, 'RequestLimitExceeded');
    await expect(fleet.check()).rejects.toThrow();
    expect(fleet.tags(1)).toEqual(before);
    expect(fleet.subjects).toEqual([]);
  });
});

describe('a check of which one step fails', () => {
  it('still writes tags and mails when metrics can not be published, and says what failed', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    fleet.aws.fail(PutMetricDataCommand, 'InternalServiceFault', 2);
    const { errors } = await fleet.check();
    expect(errors).toEqual([expect.stringContaining('metrics:')]);
    expect(fleet.tags(1)[TAG.flag]).toMatch(/^BannerTimeout@/);
    expect(fleet.subjects).toEqual(['crawlwatch: 1 flagged for reboot (crawler1)']);
  });

  it('writes counters and the flag when the mail fails, leaves status and since, and mails in the next check', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    const { [TAG.status]: status, [NOTE.since]: since } = fleet.tags(1);
    fleet.aws.fail(PublishCommand, 'InternalErrorException');
    const { errors } = await fleet.check();
    expect(errors).toEqual([expect.stringContaining('notify:')]);
    expect(fleet.tags(1)).toMatchObject({ [NOTE.failures]: '3', [TAG.status]: status, [NOTE.since]: since });
    expect(fleet.tags(1)[TAG.flag]).toBeDefined();
    expect((await fleet.check()).errors).toEqual([]);
    await fleet.checks(3);
    expect(fleet.subjects).toEqual(['crawlwatch: 1 flagged for reboot (crawler1)']);
  });

  it('mails once an hour, saying so, while tags can not be written', async () => {
    const fleet = new SandboxFleet(5, { alerts: { remindHours: 0 } });
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    fleet.aws.fail(CreateTagsCommand, 'UnauthorizedOperation', 10_000);
    const errors: string[] = [];
    for (let check = 0; check < 24; check++) errors.push(...(await fleet.check()).errors);
    expect(fleet.subjects).toHaveLength(2);
    expect(fleet.lastMail).toMatch(/Tags can't be written \(UnauthorizedOperation/);
    expect(errors).toHaveLength(24);
    expect(errors[0]).toMatch(/^tags: the state of 1 instance was not saved: UnauthorizedOperation/);
  });

  it('reports those whose tags could not be written, and is done all the same when they are gone', async () => {
    const fleet = new SandboxFleet(3);
    const ports = fleet.ports();
    const discover = async () => {
      const found = await ports.discover();
      fleet.aws.instances.delete(idOf(2));
      return found;
    };
    const { report, errors } = await checkFleet(fleet.settings, { ...ports, discover }, { deadlineMs: 1000 });
    expect(report.problems).toEqual([expect.stringMatching(/^StateNotSaved: i-0+2: InvalidInstanceID/)]);
    expect(errors).toEqual([]);
    expect(fleet.tags(1)[TAG.status]).toBe('OK');
  });

  it('does not flag when it can not tell whether flagging was suppressed', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    fleet.aws.fail(GetMetricDataCommand, 'InternalServiceFault');
    const { errors } = await fleet.check();
    expect(errors).toEqual([expect.stringContaining('breaker:')]);
    expect(fleet.tags(1)[TAG.flag]).toBeUndefined();
    await fleet.check();
    expect(fleet.tags(1)[TAG.flag]).toBeDefined();
  });
});

describe('a check in which hosts fail', () => {
  it('reads those without an answer as not checked when its time is up, and the others as they are', async () => {
    const fleet = new SandboxFleet(3).host(2, 'never');
    const { report } = await fleet.check(5, 50);
    expect(report.instances.map((one) => [one.name, one.status])).toEqual([
      ['crawler1', 'OK'],
      ['crawler2', 'UNKNOWN'],
      ['crawler3', 'OK'],
    ]);
    expect(report.instances[1]?.reasons).toMatchObject([{ code: 'NotChecked' }]);
  });

  it('gives every host its transport left alone as not checked when the transport fails as a whole', async () => {
    const fleet = new SandboxFleet(2);
    const transports = { ssh: () => Promise.reject(new Error('the key is locked away')) };
    const { report } = await checkFleet(fleet.settings, { ...fleet.ports(), transports }, { deadlineMs: 1000 });
    expect(report.summary).toMatchObject({ checked: 2, unknown: 2 });
    expect(report.instances[0]?.reasons[0]?.text).toContain('the key is locked away');
  });

  it('flags a host after three hung checks, mails once, and tells its recovery', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'ConnectionReset');
    await fleet.checks(2);
    expect(fleet.tags(1)).toMatchObject({ [NOTE.failures]: '2', [TAG.status]: 'CRITICAL:ConnectionReset' });
    expect(fleet.subjects).toEqual([]);
    const { report, flagged } = await fleet.check();
    expect(flagged).toBe(1);
    expect(report.instances[0]).toMatchObject({ flagged: true, recommendation: 'reboot' });
    expect(fleet.tags(1)[TAG.flag]).toBe('ConnectionReset@2026-11-22T08:20:00Z');
    await fleet.checks(5);
    fleet.host(1, { bootId: 'ffffffff-0000-4000-8000-000000000000' });
    await fleet.checks(3);
    expect(fleet.subjects).toEqual([
      'crawlwatch: 1 flagged for reboot (crawler1)',
      'crawlwatch: 1 recovered (crawler1)',
    ]);
    expect(fleet.tags(1)).toMatchObject({ [TAG.status]: 'OK', [NOTE.seen]: 'ffffffff/0' });
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
    expect(fleet.tags(1)).not.toHaveProperty(NOTE.failures);
  });

  it('does not flag a host that answers the second attempt of that check', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    const ports = fleet.ports();
    let attempts = 0;
    const ssh: typeof fleet.transport = (instances, run) => {
      fleet.host(1, attempts++ === 0 ? 'BannerTimeout' : {});
      return fleet.transport(instances, run);
    };
    const { report } = await checkFleet(fleet.settings, { ...ports, transports: { ssh } }, { deadlineMs: 1000 });
    expect(attempts).toBe(2);
    expect(report.instances[0]).toMatchObject({ status: 'OK', flagged: false });
    expect(fleet.tags(1)).not.toHaveProperty(NOTE.failures);
  });

  it('suppresses flagging and says so once when half the fleet fails at once, and starts again after two clean checks', async () => {
    const fleet = new SandboxFleet(10);
    await fleet.checks(1);
    for (let n = 1; n <= 5; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.checks(5);
    expect(fleet.subjects.filter((subject) => subject.includes('FLAGGING SUPPRESSED'))).toHaveLength(1);
    expect([1, 2, 3, 4, 5].map((n) => fleet.tags(n)[TAG.flag])).toEqual(Array(5).fill(undefined));
    const asked = fleet.probes;
    await fleet.check();
    expect(fleet.probes - asked).toBe(10); // No second attempts while the breaker is tripped.
    for (let n = 1; n <= 4; n++) fleet.host(n, {});
    await fleet.check();
    expect(fleet.tags(5)[TAG.flag]).toBeUndefined();
    await fleet.check();
    expect(fleet.tags(5)[TAG.flag]).toBeDefined();
  });

  it('mails an UNKNOWN after three checks, one line for all that share the cause, and never counts it as a failure', async () => {
    const fleet = new SandboxFleet(10).host(1, 'AuthenticationFailed').host(2, 'AuthenticationFailed');
    await fleet.checks(2);
    expect(fleet.subjects).toEqual([]);
    await fleet.checks(4);
    expect(fleet.subjects).toEqual(['crawlwatch: 2 could not be checked of 10 instances']);
    expect(fleet.lastMail).toContain('crawler1 (i-00000000000000001), crawler2 (i-00000000000000002)');
    expect(fleet.lastMail).toMatch(/Fix: /);
    expect(fleet.tags(1)).not.toHaveProperty(NOTE.failures);
  });
});
