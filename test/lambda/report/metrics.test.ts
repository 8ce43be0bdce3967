import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { metricPoints } from '../../../lambda/report/metrics.ts';
import { failed, hungFor, judged, minutesAgo, read } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const NOT_ASKED = { ...hungFor(3), [TAG.status]: 'UNKNOWN:AuthenticationFailed' };
const LOW = { ...hungFor(0), [TAG.status]: 'CRITICAL:MemoryLow', [NOTE.since]: minutesAgo(30) };

/** The minutes to recovery that a check publishes for one instance with these tags and this outcome. */
const recovery = (tags: Readonly<Record<string, string>>, outcome: ProbeOutcome) =>
  metricPoints([judged(outcome, { tags })], false, 1)
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
    expect(recovery(tags, outcome)).toEqual([[minutes, null]]);
  });

  it('come before the heartbeat', () => {
    const names = metricPoints([judged(read(), { tags: hungFor(3) })], false, 1).map(({ name }) => name);
    expect(names.slice(-2)).toEqual(['RecoveryMinutes', 'CheckDuration']);
  });
});
