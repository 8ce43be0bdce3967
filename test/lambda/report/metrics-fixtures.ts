/** Hosts for the formats that monitoring reads: one with every figure, one without any, one that is hostile. */
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { BAD_NAME, GIB, host, unread, vitalsOf } from './report-fixtures.ts';

const BASE = vitalsOf(15_666_140, 12_421_004, { free: 2 * GIB, percent: 73.2 });

/** Has every figure that a probe reads. */
export const fullHost: InstanceReport = host('ficrawler7', {
  id: 'i-0ab',
  status: 'WARNING',
  since: '2026-11-22T07:05:00Z',
  reasons: [{ code: 'DiskLow', text: '/ is 93 % used.' }],
  forecast: { memoryMinutes: 40, diskMinutes: 90 },
  vitals: {
    ...BASE,
    swap: { totalBytes: 2 * GIB, freeBytes: GIB },
    oomKills: 3,
    memoryPressure: { someAvg10: 18.2, fullAvg10: 9.75 },
    processes: [{ pid: 2213, name: 'ruby', residentBytes: 9 * GIB }],
    worker: { unit: 'sidekiq.service', state: 'active', restarts: 2 },
    sshd: true,
    uptimeSeconds: 93_600,
    bootId: '1a2b3c4d-0000-4000-8000-000000000000',
    load1: 0.42,
    system: '6.8.0-1021-aws ubuntu 24.04',
  },
});

export const unreadHost: InstanceReport = unread;

const disk = { totalBytes: GIB, availableBytes: GIB, usedPercent: 50, inodesUsedPercent: null, readOnly: false };

/** What would end a label, a line or the whole document, and two mounts on one path. */
export const hostileHost: InstanceReport = host(`${BAD_NAME}"} 1\ncrawlwatch_x{a="\\`, {
  vitals: {
    ...BASE,
    disks: [
      { ...disk, mount: '/a"b\\c\n|d=\'e;' },
      { ...disk, mount: '/twice' },
      { ...disk, mount: '/twice', usedPercent: 60 },
    ],
    processes: [{ pid: 1, name: '"\u001b[2J\ud800', residentBytes: 1 }],
    worker: { unit: 'a"b', state: '\u001b[2J', restarts: null },
  },
});
