import { describe, expect, it } from 'vitest';
import { packedFiles } from '../../../lambda/kit/index.ts';
import { STATE_KEY, TAG } from '../../../lambda/model/index.ts';
import { SandboxFleet, WORKER_TAG, worker } from '../../support/sandbox-fleet.ts';

const FLAGGED = 'FLAGGED crawler1 SSH silent';
const HUNG = 'CRIT crawler1 SSH silent';
const NO_STATE = `NO STATE: ${HUNG}`;

describe('a check that measures', () => {
  it('mails a dead worker at the second check, adds the OOM kill as a line, and its recovery once', async () => {
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
    expect(fleet.subjects).toEqual(['CRIT crawler1 worker down']);
    expect(fleet.lastMail).toContain('sudo systemctl restart sidekiq.service');
    expect(fleet.lastMail).toContain('OomKill: The kernel killed a process');
    fleet.host(1, worker('active'));
    await fleet.checks(3);
    expect(fleet.subjects.slice(1)).toEqual(['RECOVERED crawler1 worker down, 25 min']);
  });

  it('writes no tag while nothing changes', async () => {
    const fleet = new SandboxFleet(20);
    await fleet.checks(1);
    const calls = fleet.aws.calls('CreateTagsCommand');
    await fleet.checks(5);
    expect(fleet.aws.calls('CreateTagsCommand')).toBe(calls);
    expect(fleet.aws.calls('DescribeInstancesCommand')).toBe(6);
    expect(fleet.tags(1)).not.toHaveProperty(TAG.status);
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

  it('probes no instance whose override is bad, and says what is allowed', async () => {
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
    expect(fleet.remembered(6)).toMatchObject({ letters: '.hhhhh', failures: 5, flag: null });
    expect(fleet.tags(6)).toMatchObject({ [TAG.status]: 'CRITICAL:BannerTimeout' });
  });

  it('reminds once a day while an instance is flagged', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    await fleet.checks(3);
    for (let hour = 0; hour < 49; hour++) await fleet.check(60);
    expect(fleet.subjects.slice(2)).toEqual(Array(2).fill('FLAGGED crawler1 SSH silent'));
  });
});

describe('the state', () => {
  async function hung() {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    await fleet.host(1, 'BannerTimeout').checks(2);
    return fleet;
  }

  it('is remembered in S3 as it is packed there', async () => {
    const fleet = new SandboxFleet(5);
    fleet.stateFiles = packedFiles(fleet.aws.s3, fleet.aws.bucket.name);
    await fleet.checks(1);
    await fleet.host(1, 'BannerTimeout').checks(3);
    await fleet.host(1, {}).checks(2);
    expect(fleet.subjects).toEqual([HUNG, FLAGGED, 'RECOVERED crawler1 SSH silent, 15 min']);
    expect([...fleet.aws.bucket.objects.keys()].sort()).toEqual(['samples', STATE_KEY]);
  });

  it('that is lost begins empty, which the report of one check says', async () => {
    const fleet = await hung();
    fleet.files.objects.clear();
    const { report, errors } = await fleet.check();
    expect(report.problems).toEqual([
      expect.stringMatching(/^what earlier checks remember begins empty: there is none/),
    ]);
    expect(errors).toEqual([]);
    expect((await fleet.check()).report.problems).toEqual([]);
    expect(fleet.subjects).toEqual([HUNG, HUNG]);
  });

  it.each([
    ['not packed', null],
    ['no JSON', '{"format":"crawlwatch state"'],
    ['of somebody else', '{"version":1,"instances":{}}'],
  ])('that is %s begins empty, and is replaced', async (_, content) => {
    const fleet = await hung();
    fleet.files.replace(STATE_KEY, content);
    const { report } = await fleet.check();
    expect(report.problems).toEqual([expect.stringContaining('state.json.gz is damaged or not ours')]);
    expect(fleet.remembered(1).letters).toBe('h');
  });

  it('of a newer version is left alone: nothing is flagged, and what is CRITICAL is mailed once an hour', async () => {
    const fleet = await hung();
    const newer = '{"format":"crawlwatch state","version":2,"hosts":[]}';
    fleet.files.replace(STATE_KEY, newer);
    for (let check = 0; check < 24; check++) {
      const { errors, flagged } = await fleet.check();
      expect(errors).toEqual([expect.stringContaining('was written by a newer version of crawlwatch (format 2)')]);
      expect(flagged).toBe(0);
    }
    expect(fleet.subjects).toEqual([HUNG, NO_STATE, NO_STATE]);
    expect(fleet.lastMail).toContain('Nothing can be remembered between checks');
    expect(new TextDecoder().decode(fleet.files.objects.get(STATE_KEY)?.bytes ?? undefined)).toBe(newer);
  });

  it.each(['get', 'put'] as const)(
    'whose %s fails: still measured and published, mailed once an hour',
    async (action) => {
      const fleet = await hung();
      const published = fleet.aws.calls('PutMetricDataCommand');
      fleet.files.fail(new Error('S3 is down'), 24, action);
      const flags: number[] = [];
      for (let check = 0; check < 24; check++) {
        const { report, flagged } = await fleet.check();
        flags.push(flagged);
        expect(report.instances[0]).toMatchObject({ status: 'CRITICAL' });
      }
      expect(fleet.aws.calls('PutMetricDataCommand') - published).toBe(2 * 24);
      expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
      expect(fleet.subjects).toEqual([HUNG, NO_STATE, NO_STATE]);
      expect(fleet.lastMail).toContain('(Error: S3 is down), so nothing is flagged or acted on');
      await fleet.check();
      expect(fleet.subjects.slice(3)).toEqual([FLAGGED]);
      expect(flags).toEqual(Array(24).fill(0));
    },
  );

  it('of a host that boots and claims to have been up for millennia can be read back', async () => {
    const fleet = new SandboxFleet(1).host(1, { bootId: '11111111-1111-4111-8111-111111111111' });
    await fleet.check();
    fleet.host(1, { bootId: '22222222-2222-4222-8222-222222222222', uptimeSeconds: 999_999_999_999 });
    await fleet.check();
    expect(fleet.remembered(1)).toMatchObject({ letters: '..', acted: { what: 'booted', at: new Date(0) } });
  });

  it('counts two checks of the same minute once', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    for (let n = 0; n < 2; n++) {
      await fleet.check(5);
      await fleet.check(0);
    }
    expect(fleet.remembered(1)).toMatchObject({ letters: '.hh', failures: 2, flag: null });
    expect(fleet.subjects).toEqual([HUNG]);
  });

  it('counts checks that come every two minutes as often as the settings say', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.host(1, 'BannerTimeout');
    for (let n = 0; n < 5; n++) await fleet.check(2);
    expect(fleet.remembered(1).letters).toBe('hhh');
    expect(fleet.subjects).toEqual([HUNG, FLAGGED]);
  });

  it('does not wait for a clock that was set back', async () => {
    const fleet = await hung();
    await fleet.check(-30);
    await fleet.checks(2);
    expect(fleet.remembered(1).flag).not.toBeNull();
    expect(fleet.subjects.at(-1)).toBe(FLAGGED);
  });
});
