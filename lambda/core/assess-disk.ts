/** Space, inodes and writability of one mount. Pure. */
import type { Disk } from '../model.ts';
import type { Settings } from '../settings.ts';
import type { Finding } from './assess.ts';
import { GIB, gib, percent, quoted } from './wording.ts';

export function assessDisk(disk: Disk, settings: Settings): Finding[] {
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
  if (available < space.warningPercent && disk.availableBytes <= space.ignoreAboveGib * GIB) {
    const critical = available < space.criticalPercent;
    const limit = critical ? space.criticalPercent : space.warningPercent;
    const figures = `${percent(disk.usedPercent)} used, ${gib(disk.availableBytes)} of ${gib(disk.totalBytes)} left`;
    const text = `${mount} is ${figures}; the limit is ${percent(limit)} left.`;
    findings.push({ code: 'DiskLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  const freeInodes = disk.inodesUsedPercent === null ? 100 : 100 - disk.inodesUsedPercent;
  if (freeInodes < settings.inodes.warningPercent) {
    const critical = freeInodes < settings.inodes.criticalPercent;
    const text = `${mount} has ${percent(freeInodes)} of its inodes left: no new files soon, whatever the space.`;
    findings.push({ code: 'InodesLow', status: critical ? 'CRITICAL' : 'WARNING', text });
  }
  return findings;
}
