import { describe, expect, it } from 'vitest';
import type { Transition } from '../../../lambda/memory/transition.ts';
import type { ProbeOutcome, ReasonCode } from '../../../lambda/model/index.ts';
import { isFleetMetric, TAG } from '../../../lambda/model/index.ts';
import { metricPoints, publishedPoints } from '../../../lambda/report/metrics.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { failed, hungFor, judged, minutesAgo, NOW, read } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const SETTINGS = { stack: 'Other' };
const NOT_ASKED = { ...hungFor(3), [TAG.status]: 'UNKNOWN:AuthenticationFailed' };
const LOW = { ...hungFor(0), [TAG.status]: 'CRITICAL:MemoryLow', [NOTE.since]: minutesAgo(30) };

/** The minutes to recovery that a check publishes for one instance with these tags and this outcome. */
const recovery = (tags: Readonly<Record<string, string>>, outcome: ProbeOutcome) =>
  [...metricPoints([judged(outcome, { tags })], false, 1, SETTINGS)]
    .filter(({ name }) => name === 'RecoveryMinutes')
    .map(({ value, dimensions }) => [value, dimensions]);

describe('the minutes to recovery', () => {
  it.each([
    ['that was well', hungFor(0), read()],
    ['that was low on memory, and is no longer', LOW, read()],
    ['that hangs still', hungFor(3), failed('BannerTimeout')],
    ['that hung, and could not be asked', hungFor(3), failed('AuthenticationFailed')],
  ])('are not published of a host %s', (_, tags, outcome) => {
    expect(recovery(tags, outcome)).toEqual([]);
  });

  it.each([
    ['answers again', hungFor(3), read(), 15],
    ['answers again, still ill', hungFor(2), read({ availableShare: 0.01 }), 10],
    ['answers again after it could not be asked', NOT_ASKED, read(), 15],
  ])('run from the first failed check of a host that %s, for the fleet as a whole', (_, tags, outcome, minutes) => {
    expect(recovery(tags, outcome)).toEqual([[minutes, { Stack: 'Other' }]]);
  });

  it('come before the heartbeat', () => {
    const points = metricPoints([judged(read(), { tags: hungFor(3) })], false, 1, SETTINGS);
    const names = [...points].map(({ name }) => name);
    expect(names.slice(-2)).toEqual(['RecoveryMinutes', 'CheckDuration']);
  });
});

describe('the metrics of instances that are published', () => {
  const OK_FOR = (minutes: number) => ({ ...hungFor(0), [TAG.status]: 'OK', [NOTE.since]: minutesAgo(minutes) });
  const published = (perInstance: string, tags: Readonly<Record<string, string>>, outcome: ProbeOutcome) => {
    const points = metricPoints([judged(outcome, { tags })], false, 1, SETTINGS);
    const settings = parseSettings({ metrics: { perInstance } });
    return publishedPoints(points, NOW, settings).filter((point) => !isFleetMetric(point));
  };

  it.each([
    ['is not OK', OK_FOR(300), read({ availableShare: 0.01 }), 3],
    ['hangs', OK_FOR(300), failed('BannerTimeout'), 1],
    ['could not be asked', OK_FOR(300), failed('AuthenticationFailed'), 1],
    ['is OK with less memory than history is looked at for', OK_FOR(300), read({ availableShare: 0.39 }), 3],
    ['recovers in this check', hungFor(3), read(), 3],
    ['recovered within the hour', OK_FOR(59), read(), 3],
    ['recovered an hour ago', OK_FOR(60), read(), 0],
    ['has long been well', OK_FOR(300), read({ availableShare: 0.41 }), 0],
  ])('are, where only the troubled have any, of a host that %s: these many', (_, tags, outcome, count) => {
    expect(published('troubled', tags, outcome)).toHaveLength(count);
    expect(published('all', tags, outcome).length).toBeGreaterThanOrEqual(1);
    expect(published('none', tags, outcome)).toEqual([]);
  });

  it("leave the fleet's as they are", () => {
    const points = metricPoints([judged(read(), { tags: OK_FOR(300) })], false, 1, SETTINGS);
    const ofFleet = [...points].filter(isFleetMetric);
    for (const perInstance of ['troubled', 'none']) {
      expect(publishedPoints(points, NOW, parseSettings({ metrics: { perInstance } }))).toEqual(ofFleet);
    }
  });
});

describe('the counts of low instances', () => {
  const low = (...codes: ReasonCode[]): Transition => {
    const one = judged(read());
    const reasons = codes.map((code) => ({ code, text: code }));
    return { ...one, assessment: { ...one.assessment, reasons } };
  };
  const counts = (...transitions: readonly Transition[]) => {
    const points = [...metricPoints(transitions, false, 1, SETTINGS)];
    return ['InstancesMemoryLow', 'InstancesDiskLow'].map((name) => points.find((point) => point.name === name)?.value);
  };

  it('are zero, and published, where no instance is low', () => {
    expect(counts()).toEqual([0, 0]);
    expect(counts(low(), low('MemoryExhaustionForecast', 'DiskFillForecast', 'InodesLow', 'WorkerDown'))).toEqual([
      0, 0,
    ]);
  });

  it('count an instance once for each, whatever else is wrong with it', () => {
    expect(
      counts(low('MemoryLow', 'DiskLow'), low('MemoryExhaustedResponsive', 'MemoryLow'), low('OomKill', 'DiskLow')),
    ).toEqual([2, 2]);
  });
});
