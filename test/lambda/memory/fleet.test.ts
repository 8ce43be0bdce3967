import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { drawWidget } from '../../../lambda/widget-handler.ts';
import type { SandboxBucket } from '../../../sandbox/aws-s3.ts';
import { DistributedFleet } from '../../support/distributed-fleet.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';
import { WIDGET_ARN, WidgetFleet } from '../../support/widget-fleet.ts';

/** A host with this share of its memory left. */
const left = (share: number) => ({ availableKb: Math.round(16_000_000 * share) });
const NONE = { metrics: { perInstance: 'none' } };

/** A day and two hours at this share, then a leak of this much in each check. */
async function leaks(fleet: SandboxFleet, n: number, perCheck: number, checks: number): Promise<InstanceReport[]> {
  fleet.host(n, left(0.5));
  for (let hour = 0; hour < 26; hour++) await fleet.check(60);
  const reports: InstanceReport[] = [];
  for (let check = 1; check <= checks; check++) {
    fleet.host(n, left(0.5 - check * perCheck));
    const { report, errors } = await fleet.check();
    expect(errors).toEqual([]);
    reports.push(...report.instances.filter(({ id }) => id === idOf(n)));
  }
  return reports;
}
const forecasts = (reports: readonly InstanceReport[]) =>
  reports.map(({ reasons }) => reasons.some(({ code }) => code === 'MemoryExhaustionForecast'));

/** A minute after the last check. */
function widgetOf({ aws, now, settings }: SandboxFleet): Promise<string> {
  const { world } = new WidgetFleet();
  const environment = () => ({ ...world.environment(), settings });
  const own = {
    environment,
    ec2: aws.ec2,
    s3: aws.s3,
    clock: { now: () => new Date(now.getTime() + 60_000) },
  };
  return drawWidget({}, WIDGET_ARN, { ...world, ...own });
}

describe('the samples of a fleet', () => {
  it('give the same forecasts, mails and table whichever metrics are published', async () => {
    const all = new SandboxFleet(3);
    const none = new SandboxFleet(3, NONE);
    const [one, other] = [await leaks(all, 2, 0.0125, 26), await leaks(none, 2, 0.0125, 26)];
    expect(forecasts(other)).toContain(true);
    expect(forecasts(other)).toEqual(forecasts(one));
    expect(other.map(({ forecast }) => forecast)).toEqual(one.map(({ forecast }) => forecast));
    const table = await widgetOf(none);
    expect(table).toMatch(/memory in(?: |<br>)<b>\d/);
    expect(table.match(/cw-gauge cw-tone/g)).toHaveLength(6);
    expect(table).toBe(await widgetOf(all));

    for (const fleet of [all, none]) {
      fleet.host(2, 'BannerTimeout');
      await fleet.checks(4);
    }
    expect(none.lastMail).toContain(
      'It last answered at 12:10 UTC, with 17.5 % of memory and 50 % of its fullest disk',
    );
    expect(none.aws.topic.published).toEqual(all.aws.topic.published);
    expect(await widgetOf(none)).toBe(await widgetOf(all));
  });

  it('are read and written once where many functions share a check', async () => {
    const fleet = new DistributedFleet(6);
    const { s3 } = fleet.aws;
    const reports = await leaks(fleet, 2, 0.0125, 26);
    expect(forecasts(reports)).toContain(true);
    const before = new Map(s3.calls);
    await fleet.check();
    const more = (command: string) => (s3.calls.get(command) ?? 0) - (before.get(command) ?? 0);
    expect([more('GetObjectCommand'), more('PutObjectCommand')]).toEqual([1, 1]);
  });

  it.each([
    ['lost', (bucket: SandboxBucket) => bucket.objects.clear()],
    [
      'damaged',
      (bucket: SandboxBucket) => bucket.objects.set('samples', { bytes: Buffer.from('<html>'), etag: '"x"' }),
    ],
  ])('that are %s raise no false forecast, and one line of the log says that they are', async (_, spoil) => {
    const fleet = new SandboxFleet(2, NONE);
    const { bucket } = fleet.aws;
    // Lives low, and has for a day: only the samples know that this is its habit.
    const habit = [0.3, 0.25, 0.2, 0.16];
    const live = async (checks: number, minutes: number) => {
      const forecast: boolean[] = [];
      for (let check = 0; check < checks; check++) {
        fleet.host(1, left(habit[check % habit.length] ?? 0.3));
        const { report, errors } = await fleet.check(minutes);
        expect(errors).toEqual([]);
        forecast.push(...forecasts(report.instances));
      }
      return forecast;
    };
    expect(await live(26, 60)).not.toContain(true);
    spoil(bucket);
    fleet.logged.length = 0;
    expect(await live(48, 5)).not.toContain(true);
    expect(fleet.logged.filter(({ event }) => event === 'samples.missing')).toHaveLength(1);
    expect(fleet.subjects).toEqual([]);
  });

  it('that S3 refuses make the check fail and keep no mail from going out, and the table shows it', async () => {
    const fleet = new SandboxFleet(2, NONE);
    const { s3 } = fleet.aws;
    await fleet.checks(3);
    fleet.host(1, 'BannerTimeout').host(2, left(0.2));
    await fleet.checks(2);
    s3.fail(GetObjectCommand, s3.error('AccessDenied', 'not authorized'), 9);
    const { errors } = await fleet.check();
    const right = 's3:GetObject on arn:aws:s3:::crawlwatch-state/samples';
    expect(errors).toEqual([expect.stringContaining(right), expect.stringContaining(right)]);
    expect(errors.map((text) => text.split(':')[0])).toEqual(['history', 'metrics']);
    expect(fleet.subjects.at(-1)).toContain('FLAGGED crawler1');
    expect(fleet.lastMail).toContain('the last figures: AccessDenied: ');
    expect(await widgetOf(fleet)).toContain('Could not read memory and disk: AccessDenied: ');
  });
});
