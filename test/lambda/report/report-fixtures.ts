/** Reports: one host as in the first script's output, and one that was not read. */

import type { InstanceReport, Report, Vitals } from '../../../lambda/model/index.ts';
import { summarise } from '../../../lambda/report/json.ts';

const KIB = 1024;
export const GIB = 1024 ** 3;
export const vitalsOf = (totalKb: number, usedKb: number, disk: { free: number; percent: number }): Vitals => ({
  memory: {
    totalBytes: totalKb * KIB,
    availableBytes: (totalKb - usedKb) * KIB,
    freeBytes: 0,
    usedBytes: usedKb * KIB,
  },
  swap: { totalBytes: 0, freeBytes: 0 },
  disks: [
    { mount: '/boot', totalBytes: GIB, availableBytes: GIB, usedPercent: 0, inodesUsedPercent: 0, readOnly: false },
    {
      mount: '/',
      totalBytes: 8 * GIB,
      availableBytes: disk.free,
      usedPercent: disk.percent,
      inodesUsedPercent: 1,
      readOnly: false,
    },
  ],
  oomKills: 0,
  memoryPressure: null,
  processes: [],
  worker: null,
  sshd: null,
  uptimeSeconds: 1,
  bootId: null,
  load1: null,
});
export const host = (name: string, over: Partial<InstanceReport> = {}): InstanceReport => ({
  id: name,
  name,
  address: '10.0.0.7',
  region: null,
  account: null,
  transport: 'ssh',
  status: 'OK',
  since: null,
  reasons: [],
  notes: [],
  evidence: [],
  recommendation: 'none',
  flagged: false,
  durationMs: 143,
  vitals: vitalsOf(15_666_140, 12_421_004, { free: 2 * GIB, percent: 73.2 }),
  forecast: { memoryMinutes: null, diskMinutes: null },
  ...over,
});
export const unread = host('ficrawler9', {
  status: 'CRITICAL',
  vitals: null,
  recommendation: 'reboot',
  reasons: [{ code: 'BannerTimeout', text: 'Port 22 accepted and said nothing in 15 s.' }],
});
export const reportOf = (...instances: InstanceReport[]): Report => ({
  version: 1,
  checkedAt: '2026-11-22T08:00:00.000Z',
  source: 'inventory',
  durationMs: 812,
  summary: summarise(instances),
  instances,
  skipped: [],
  problems: [],
});
export const plain = { width: null, colour: false, now: new Date('2026-11-22T08:00:00Z') };
export const BAD_NAME = 'evil\u001b]0;x\u0007\n\u202eOK';
