import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { fleetSnapshot } from '../../../lambda/memory/figures.ts';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { drawWidget } from '../../../lambda/widget-handler.ts';
import { type SandboxBucket, sandboxS3 } from '../../../sandbox/aws-s3.ts';
import { DistributedFleet } from '../../support/distributed-fleet.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';
import { WIDGET_ARN, WidgetFleet } from '../../support/widget-fleet.ts';

/** Has a fleet keep its snapshot in a bucket of its own, as the check function does. */
function keeping<F extends SandboxFleet>(fleet: F) {
  const bucket: SandboxBucket = { name: 'bucket', objects: new Map() };
  const s3 = sandboxS3(bucket);
  fleet.snapshot = (log) => fleetSnapshot({ s3, bucket: bucket.name, clock: { now: () => fleet.now }, log });
  return { fleet, bucket, s3 };
}
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
function widgetOf({ aws, now, settings }: SandboxFleet, more: object = {}): Promise<string> {
  const { world } = new WidgetFleet();
  const environment = () => ({ ...world.environment(), settings, bucket: 'bucket' });
  const own = {
    environment,
    ec2: aws.ec2,
    cloudWatch: aws.cloudwatch,
    clock: { now: () => new Date(now.getTime() + 60_000) },
  };
  return drawWidget({}, WIDGET_ARN, { ...world, ...own, ...more });
}

describe('a fleet that publishes no metrics of instances', () => {
  it('is warned ahead, told of and shown as one that does: the same forecasts, mails and table', async () => {
    const all = new SandboxFleet(3);
    const { fleet: none, s3 } = keeping(new SandboxFleet(3, NONE));
    const [one, other] = [await leaks(all, 2, 0.0125, 26), await leaks(none, 2, 0.0125, 26)];
    expect(forecasts(other)).toContain(true);
    expect(forecasts(other)).toEqual(forecasts(one));
    expect(other.map(({ forecast }) => forecast)).toEqual(one.map(({ forecast }) => forecast));
    const table = await widgetOf(none, { s3 });
    expect(table).toMatch(/memory in <b>~/);
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
    expect(await widgetOf(none, { s3 })).toBe(await widgetOf(all));
  });

  it('is warned ahead where the check is carried by many functions, which read and write the snapshot once', async () => {
    const { fleet, s3 } = keeping(new DistributedFleet(6, NONE));
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
  ])('is told of no exhaustion that is none, though the snapshot is %s', async (_, spoil) => {
    const { fleet, bucket } = keeping(new SandboxFleet(2, NONE));
    // Lives low, and has for a day: only the snapshot knows that this is its habit.
    const habit = [0.3, 0.25, 0.2, 0.16];
    const live = async (checks: number, minutes: number) => {
      const told: boolean[] = [];
      for (let check = 0; check < checks; check++) {
        fleet.host(1, left(habit[check % habit.length] ?? 0.3));
        const { report, errors } = await fleet.check(minutes);
        expect(errors).toEqual([]);
        told.push(...forecasts(report.instances));
      }
      return told;
    };
    expect(await live(26, 60)).not.toContain(true);
    spoil(bucket);
    fleet.logged.length = 0;
    expect(await live(48, 5)).not.toContain(true);
    expect(fleet.logged.filter(({ event }) => event === 'snapshot.missing')).toHaveLength(1);
    expect(fleet.subjects).toEqual([]);
  });

  it('has the check fail and the mail go out where the bucket refuses, and the table say so', async () => {
    const { fleet, s3 } = keeping(new SandboxFleet(2, NONE));
    await fleet.checks(3);
    fleet.host(1, 'BannerTimeout').host(2, left(0.2));
    await fleet.checks(2);
    s3.fail(GetObjectCommand, s3.error('AccessDenied', 'not authorized'), 9);
    const { errors } = await fleet.check();
    expect(errors).toEqual(['history: not authorized', 'metrics: not authorized']);
    expect(fleet.subjects.at(-1)).toContain('flagged for reboot (crawler1)');
    expect(fleet.lastMail).toContain('the last figures: AccessDenied: not authorized');
    expect(await widgetOf(fleet, { s3 })).toContain('Could not read memory and disk: AccessDenied: not authorized');
  });
});
