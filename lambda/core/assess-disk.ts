/** Space, inodes and writability of one mount. Pure. */
import type { Disk, ReasonCode, RememberedState, Status } from '../model.ts';
import type { Settings } from '../settings.ts';
import type { Finding } from './assess.ts';
import { GIB, gib, percent, quoted } from './wording.ts';

/** What was low counts as low until so many points above its limit: a disk at the limit would else come and go. */
const CLEAR_MARGIN = 1;

export function assessDisk(
  disk: Disk,
  before: Pick<RememberedState, 'status' | 'reasons'>,
  settings: Settings,
): Finding[] {
  const limitOf = (code: ReasonCode, limit: number, status: Status): number => {
    const stood = before.reasons.includes(code) && (status === 'WARNING' || before.status === status);
    return limit + (stood ? CLEAR_MARGIN : 0);
  };
  const mount = quoted(disk.mount);
  if (disk.readOnly) {
    // Only the root is meant to be writable on every crawler; other read-only mounts are often that by design.
    if (disk.mount !== '/') return [];
    const text = 'The root file system is read-only: the kernel remounts it so after an I/O error.';
    return [{ code: 'ReadOnlyFilesystem', status: 'CRITICAL', text }];
  }
  const findings: Finding[] = [];
  const available = 100 - disk.usedPercent;
  const space = settings.disk;
  if (
    available < limitOf('DiskLow', space.warningPercent, 'WARNING') &&
    disk.availableBytes <= space.ignoreAboveGib * GIB
  ) {
    const critical = available < limitOf('DiskLow', space.criticalPercent, 'CRITICAL');
    const limit = critical ? space.criticalPercent : space.warningPercent;
    const figures = `${percent(disk.usedPercent)} used, ${gib(disk.availableBytes)} of ${gib(disk.totalBytes)} left`;
    const text = `${mount} is ${figures}; the limit is ${percent(limit)} left.`;
    findings.push({ code: 'DiskLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  const freeInodes = disk.inodesUsedPercent === null ? 100 : 100 - disk.inodesUsedPercent;
  if (freeInodes < limitOf('InodesLow', settings.inodes.warningPercent, 'WARNING')) {
    const critical = freeInodes < limitOf('InodesLow', settings.inodes.criticalPercent, 'CRITICAL');
    const text = `${mount} has ${percent(freeInodes)} of its inodes left: no new files soon, whatever the space.`;
    findings.push({ code: 'InodesLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  return findings;
}
