import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTagsCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { PublishCommand } from '@aws-sdk/client-sns';
import { describe, expect, it } from 'vitest';
import { checkFleet } from '../../../lambda/check/pipeline.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';

describe('a check that only reads, of more hosts than its report is to hold', () => {
  it('hands each of them out once, and counts them', async () => {
    const fleet = new SandboxFleet(5);
    fleet.host(2, 'BannerTimeout');
    const seen: string[] = [];
    const ports = { ...fleet.ports(), outlets: null, state: null };
    const watch = { assessed: ({ id, status }: { id: string; status: string }) => seen.push(`${id} ${status}`) };
    const check = (streamsFrom: number) =>
      checkFleet(fleet.settings, { ...ports, watch }, { deadlineMs: 1000, streamsFrom });
    const [streamed, held] = [await check(5), await check(6)];
    expect(streamed.report.instances).toEqual([]);
    expect(streamed.report.summary).toEqual({ checked: 5, ok: 4, warning: 0, critical: 1, unknown: 0 });
    expect(held.report.summary).toEqual(streamed.report.summary);
    expect(held.report.instances.map(({ id, status }) => `${id} ${status}`)).toEqual(seen.slice(5).toSorted());
    expect(seen.slice(0, 5).toSorted()).toEqual(seen.slice(5).toSorted());
  });
});

describe('a check whose discovery fails', () => {
  it('fails as a whole, and neither flags nor mails', async () => {
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
    expect(fleet.subjects.slice(1)).toEqual(['FLAGGED crawler1 SSH silent']);
  });

  it('writes state and flag when the mail fails, and mails in the next check', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(2);
    fleet.aws.fail(PublishCommand, 'ThrottledException');
    const { errors } = await fleet.check();
    expect(errors).toEqual([expect.stringContaining('mail: ThrottledException')]);
    expect(fleet.remembered(1)).toMatchObject({ failures: 3, incident: { flagMailed: false } });
    expect(fleet.tags(1)[TAG.flag]).toBeDefined();
    expect((await fleet.check()).errors).toEqual([]);
    await fleet.checks(3);
    expect(fleet.subjects.slice(1)).toEqual(['FLAGGED crawler1 SSH silent']);
    expect(fleet.lastMail).not.toContain('may have said this already');
  });

  it('mails as ever while tags can not be written, and reports it there and in the mail', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.aws.fail(CreateTagsCommand, 'UnauthorizedOperation', 10_000);
    await fleet.host(1, 'BannerTimeout').checks(2);
    const { errors, report, flagged } = await fleet.check();
    expect([errors, flagged]).toEqual([[], 1]);
    expect(report.problems).toEqual([
      expect.stringMatching(/^tags of i-0+1 could not be written: UnauthorizedOperation/),
    ]);
    await fleet.checks(21);
    expect(fleet.subjects).toEqual(['CRIT crawler1 SSH silent', 'FLAGGED crawler1 SSH silent']);
    expect(fleet.lastMail).toMatch(/^Tags of i-0+1 can't be written \(UnauthorizedOperation/m);
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
    expect(report.problems).toContainEqual(
      expect.stringMatching(/^tags of i-0+2 could not be written: InvalidInstanceID/),
    );
    expect(errors).toEqual([]);
    expect(fleet.tags(1)[TAG.stack]).toBe('CrawlwatchStack');
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

  it('mails a hang at the second check, flags it at the third, and mails its recovery', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'ConnectionReset');
    await fleet.checks(2);
    expect(fleet.remembered(1).failures).toBe(2);
    expect(fleet.tags(1)).toMatchObject({ [TAG.status]: 'CRITICAL:ConnectionReset' });
    expect(fleet.subjects).toEqual(['CRIT crawler1 SSH resets']);
    expect(fleet.lastMail).toContain('Not flagged yet: 2 failed checks in a row, of 3.');
    const { report, flagged } = await fleet.check();
    expect(flagged).toBe(1);
    expect(report.instances[0]).toMatchObject({ flagged: true, recommendation: 'reboot' });
    expect(fleet.tags(1)[TAG.flag]).toBe('ConnectionReset@2026-11-22T08:20:00Z');
    await fleet.checks(5);
    fleet.host(1, { bootId: 'ffffffff-0000-4000-8000-000000000000' });
    await fleet.checks(3);
    expect(fleet.subjects.slice(1)).toEqual(['FLAGGED crawler1 SSH resets', 'RECOVERED crawler1 SSH resets, 40 min']);
    expect(fleet.remembered(1)).toMatchObject({ failures: 0, seen: { boot: 'ffffffff' }, incident: null });
    expect(fleet.tags(1)).toMatchObject({ [TAG.status]: 'OK' });
    expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
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
    fleet.now = new Date(fleet.now.getTime() + 300_000);
    const { report } = await checkFleet(fleet.settings, { ...ports, transports: { ssh } }, { deadlineMs: 1000 });
    expect(attempts).toBe(2);
    expect(report.instances[0]).toMatchObject({ status: 'OK', flagged: false });
    expect(fleet.remembered(1).failures).toBe(0);
  });

  it('suppresses flagging and reports it once when half the fleet fails at once, and starts again after two clean checks', async () => {
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
    expect(fleet.subjects).toEqual(['UNKNOWN crawler1 cannot log in (+1 more)']);
    expect(fleet.lastMail).toContain('crawler1 (i-00000000000000001)\ncrawler2 (i-00000000000000002)\n');
    expect(fleet.lastMail).toMatch(/To mend it, see that ssh\.user/);
    expect(fleet.remembered(1).failures).toBe(0);
  });
});
