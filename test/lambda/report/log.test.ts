import { describe, expect, it } from 'vitest';
import { instanceReport } from '../../../lambda/judge/report.ts';
import type { ProbeOutcome } from '../../../lambda/model/index.ts';
import { logFields } from '../../../lambda/report/log.ts';
import { failed, judged, read } from '../../support/fleet.ts';

const at = (time: string) => new Date(`2026-11-22T${time}Z`);
const reportOf = (outcome: ProbeOutcome) => instanceReport(judged(outcome), true, []);
const WELL = reportOf(read());

describe('the log line of an instance', () => {
  it.each([
    ['that is low on memory', reportOf(read({ availableShare: 0.01 }))],
    ['that hangs', reportOf(failed('BannerTimeout'))],
    ['that could not be asked', reportOf(failed('AuthenticationFailed'))],
    ['that is flagged', { ...WELL, flagged: true }],
    ['that is well, with a note', { ...WELL, notes: ['/data could not be read'] }],
    ['that is well, without figures', { ...WELL, vitals: null }],
  ])('is the whole report in every check of one %s', (_, report) => {
    expect(logFields(report, at('08:35:01'), 5)).toEqual(report);
  });

  it.each([
    ['each five minutes', '08:04:59', 5],
    ['each minute', '08:00:30', 1],
    ['each hour', '08:59:00', 60],
  ])('is the whole report of every instance in the first check of an hour, %s', (_, time, everyMinutes) => {
    expect(logFields(WELL, at(time), everyMinutes)).toEqual(WELL);
  });

  it('has in between, of one that is well, its figures alone, a third of the bytes', () => {
    const brief = logFields(WELL, at('08:05:00'), 5);
    expect(brief).toEqual({
      id: WELL.id,
      name: WELL.name,
      transport: 'ssh',
      status: 'OK',
      durationMs: WELL.durationMs,
      vitals: {
        memory: { totalBytes: expect.any(Number), availableBytes: expect.any(Number) },
        disks: [{ mount: '/', availableBytes: expect.any(Number), usedPercent: 50 }],
      },
    });
    expect(JSON.stringify(brief).length).toBeLessThan(300);
  });
});
