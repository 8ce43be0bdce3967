/** The JSON of a report, version 1, for reading back what {@link reportJson} and {@link instanceJson} wrote. */

import * as z from 'zod';
import type { ReasonCode } from '../model/index.ts';
import { REASON_CLASS } from '../model/index.ts';
import { readDisks } from './unread-disks.ts';

const bytes = z.number().min(0);
const percent = z.number().min(0).max(100);
const count = z.int().min(0);
const instant = z.iso.datetime({ offset: true });

const disk = z.object({
  mount: z.string(),
  totalBytes: bytes,
  availableBytes: bytes,
  usedPercent: percent,
  inodesUsedPercent: percent.nullable(),
  readOnly: z.boolean(),
  readOnlyByDesign: z.literal(true).exactOptional(),
  ignored: z.literal(true).exactOptional(),
});
const unreadDisk = z.object({
  mount: z.string(),
  totalBytes: z.null(),
  availableBytes: z.null(),
  usedPercent: z.null(),
  inodesUsedPercent: z.null(),
  readOnly: z.null(),
  unread: z.string(),
});
const sizes = { totalBytes: bytes, usedBytes: bytes };

const writtenVitals = z.object({
  memory: z.object({
    totalBytes: bytes.positive(),
    availableBytes: bytes,
    freeBytes: bytes.nullable(),
    usedBytes: bytes,
    estimated: z.boolean().exactOptional(),
    sharedBytes: bytes.exactOptional(),
  }),
  swap: z.object({
    totalBytes: bytes.nullable(),
    freeBytes: bytes.nullable(),
    zram: z.object(sizes).exactOptional(),
    zswap: z.object({ storedBytes: bytes, poolBytes: bytes }).exactOptional(),
  }),
  disks: z.array(z.union([disk, unreadDisk])),
  oomKills: z.number().nullable(),
  memoryPressure: z
    .object({
      someAvg10: z.number(),
      fullAvg10: z.number(),
      someTotalMicros: z.number().exactOptional(),
      fullTotalMicros: z.number().exactOptional(),
    })
    .nullable(),
  processes: z.array(
    z.object({
      pid: z.number(),
      name: z.string(),
      residentBytes: bytes,
      startedSeconds: z.number().min(0).exactOptional(),
      parentPid: z.number().min(0).exactOptional(),
      anonBytes: bytes.exactOptional(),
    }),
  ),
  worker: z.object({ unit: z.string(), state: z.string().nullable(), restarts: z.number().nullable() }).nullable(),
  sshd: z.boolean().nullable(),
  uptimeSeconds: z.number().nullable(),
  bootId: z.string().nullable(),
  load1: z.number().nullable(),
  system: z.string().nullable().exactOptional(),
});
const vitals = writtenVitals.transform(({ disks, ...rest }) => ({ ...rest, ...readDisks(disks) }));

const growth = z.object({
  kind: z.enum(['process', 'processes', 'shared memory']),
  name: z.string().nullable(),
  pid: count.nullable(),
  count,
  grewBytes: bytes,
  atLeast: z.boolean(),
  minutes: z.number().min(0),
  share: z.number().min(0).max(1),
});

const instance = z.object({
  id: z.string(),
  name: z.string(),
  address: z.string().nullable(),
  region: z.string().nullable(),
  account: z.string().nullable(),
  elsewhere: z.boolean().exactOptional(),
  transport: z.enum(['local', 'ssh', 'ssm', 'file']),
  status: z.enum(['OK', 'WARNING', 'CRITICAL', 'UNKNOWN']),
  since: instant.nullable(),
  reasons: z.array(z.object({ code: z.enum(Object.keys(REASON_CLASS) as ReasonCode[]), text: z.string() })),
  notes: z.array(z.string()),
  evidence: z.array(z.string()),
  recommendation: z.enum(['none', 'restart-worker', 'restart-sshd', 'reboot', 'investigate']),
  flagged: z.boolean(),
  durationMs: z.number(),
  vitals: vitals.nullable(),
  forecast: z.object({
    memoryMinutes: z.number().nullable(),
    diskMinutes: z.number().nullable(),
    grew: growth.exactOptional(),
  }),
});

/** The document of `check -o json`. */
export const reportSchema = z.object({
  version: z.literal(1),
  checkedAt: instant,
  source: z.enum(['local', 'hosts', 'inventory', 'file', 'aws']),
  durationMs: z.number(),
  summary: z.object({ checked: count, ok: count, warning: count, critical: count, unknown: count }),
  instances: z.array(instance),
  skipped: z.array(z.object({ id: z.string(), name: z.string(), why: z.string() })),
  problems: z.array(z.string()),
});

/** A line of `check -o ndjson` and of `watch --record`: one instance, complete without the report around it. */
export const recordSchema = reportSchema.pick({ version: true, checkedAt: true, source: true }).extend(instance.shape);
