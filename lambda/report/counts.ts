/** How many hosts are in which state: the one count behind the metrics, their alarms, the tiles and the fleet table. Pure. */

import { assessmentClass, type Reason, type ReasonCode, type Status, type Summary } from '../model/index.ts';
import { summarise } from './json.ts';

/** What a host is counted by; its reasons worst first. */
export interface Counted {
  readonly status: Status;
  readonly reasons: readonly Reason[];
  readonly flagged: boolean;
}

export interface FleetCounts extends Summary {
  /** Those that hang, of the critical ones. */
  readonly unreachable: number;
  readonly flagged: number;
  readonly memoryLow: number;
  readonly diskLow: number;
}

/** Reasons by which an instance counts as low on memory, and on disk space: measured now, not forecast. */
const MEMORY_LOW: readonly ReasonCode[] = ['MemoryLow', 'MemoryExhaustedResponsive'];
const DISK_LOW: readonly ReasonCode[] = ['DiskLow'];

/** Muted hosts count like others: a mute keeps mail and acts away, and changes no host. */
export function countFleet(hosts: readonly Counted[]): FleetCounts {
  const count = (is: (host: Counted) => boolean) => hosts.filter(is).length;
  const has = (codes: readonly ReasonCode[]) => (host: Counted) =>
    host.reasons.some(({ code }) => codes.includes(code));
  return {
    ...summarise(hosts),
    unreachable: count(({ reasons }) => assessmentClass(reasons) === 'hung'),
    flagged: count(({ flagged }) => flagged),
    memoryLow: count(has(MEMORY_LOW)),
    diskLow: count(has(DISK_LOW)),
  };
}
