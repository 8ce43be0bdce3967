import { describe, expect, expectTypeOf, it } from 'vitest';
import type * as z from 'zod';
import type { InstanceReport, Report } from '../../../lambda/model/index.ts';
import { instanceJson, reportJson } from '../../../lambda/report/json.ts';
import { logFields } from '../../../lambda/report/log.ts';
import { recordSchema, reportSchema } from '../../../lambda/report/schema.ts';
import { disk } from '../../support/fleet.ts';
import { BAD_NAME, host, reportOf, unread, vitalsOf } from './report-fixtures.ts';

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

describe("the report's schema", () => {
  const full = host(BAD_NAME, {
    elsewhere: true,
    since: '2026-11-22T07:05:00Z',
    vitals: {
      ...vitalsOf(1000, 900, { free: 0, percent: 100 }),
      memoryPressure: { someAvg10: 12.5, fullAvg10: 0, someTotalMicros: 9, fullTotalMicros: 7 },
      swap: {
        totalBytes: null,
        freeBytes: null,
        zram: { totalBytes: 9, usedBytes: 7 },
        zswap: { storedBytes: 9, poolBytes: 7 },
      },
      disks: [disk({ ignored: true }), disk({ mount: '/snap', readOnly: true, readOnlyByDesign: true })],
      unreadDisks: [{ mount: '/data', why: 'permission denied' }],
      processes: [{ pid: 7, name: 'ruby', residentBytes: 800, startedSeconds: 9, parentPid: 1, anonBytes: 700 }],
      worker: { unit: 'sidekiq.service', state: 'active', restarts: 3 },
      system: '6.1.0-18-amd64 debian 12',
    },
    forecast: {
      memoryMinutes: 40,
      diskMinutes: null,
      grew: {
        ...{ kind: 'process', name: 'ruby', pid: 7, count: 1 },
        ...{ grewBytes: 300, atLeast: false, minutes: 120, share: 0.9 },
      },
    },
  });

  it('has the fields of the types that write it, no more and no fewer', () => {
    expectTypeOf<Frozen<z.output<typeof reportSchema>>>().toEqualTypeOf<Frozen<Report>>();
    type Envelope = Pick<Report, 'version' | 'checkedAt' | 'source'>;
    expectTypeOf<Frozen<z.output<typeof recordSchema>>>().toEqualTypeOf<Frozen<Envelope & InstanceReport>>();
  });

  it('reads back what was written', () => {
    const report = { ...reportOf(full, unread), skipped: [{ id: 'i-1', name: 'win', why: 'runs Windows, not Linux' }] };
    expect(reportSchema.parse(JSON.parse(reportJson(report)))).toEqual(report);
    const { version, checkedAt, source } = report;
    expect(recordSchema.parse(JSON.parse(instanceJson(full, report)))).toEqual({ version, checkedAt, source, ...full });
  });

  it('lists a disk that could not be read among the others, with null for each figure and why', () => {
    const [written] = JSON.parse(reportJson(reportOf(full))).instances;
    expect(written.vitals).not.toHaveProperty('unreadDisks');
    expect(written.vitals.disks.map(({ mount }: { mount: string }) => mount)).toEqual(['/', '/snap', '/data']);
    expect(written.vitals.disks.at(-1)).toEqual({
      mount: '/data',
      totalBytes: null,
      availableBytes: null,
      usedPercent: null,
      inodesUsedPercent: null,
      readOnly: null,
      unread: 'permission denied',
    });
    expect(JSON.parse(instanceJson(full, reportOf(full))).vitals).toEqual(written.vitals);
    expect(logFields(full, new Date(0), 5)).toMatchObject({ vitals: { disks: written.vitals.disks } });
  });

  it.each([
    ['another version', { version: 2 }],
    ['no instances', { instances: undefined }],
    ['a status that there is not', { instances: [{ ...full, status: 'FINE' }] }],
    ['memory of no size', { instances: [{ ...full, vitals: vitalsOf(0, 0, { free: 0, percent: 0 }) }] }],
  ])('refuses %s', (_, change) => {
    expect(reportSchema.safeParse({ ...reportOf(full), ...change }).success).toBe(false);
  });
});
