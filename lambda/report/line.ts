/**
 * One host on one line, as the script that crawlwatch began as printed it: `free` and `df -h`, corrected. Kilobytes are `free`'s (1,024 bytes),
 * "used" is what is not available, the disk is `/`.
 */

import { forTerminal } from '../kit/index.ts';
import type { InstanceReport } from '../model/index.ts';

/** `ficrawler7 | OK | Total Memory: 15666140 (14 gb) / ...`, or for a host not read `NAME | STATUS | CODE: SENTENCE`. */
export function instanceLine(instance: InstanceReport): string {
  const head = `${forTerminal(instance.name)} | ${instance.status} | `;
  if (instance.vitals === null) {
    return head + instance.reasons.map(({ code, text }) => `${code}: ${forTerminal(text)}`).join(' ');
  }
  const { memory, disks } = instance.vitals;
  const root = disks.find((disk) => disk.mount === '/');
  return `${head}${[
    `Total Memory: ${kilobytes(memory.totalBytes)}`,
    `Used Memory: ${kilobytes(memory.usedBytes)}`,
    `Free Memory: ${kilobytes(memory.availableBytes)}`,
    `Free Disc: ${root === undefined ? '-' : humanSize(root.availableBytes)}`,
    `% Used Disc: ${root === undefined ? '-' : `${wholePercent(root.usedPercent)}%`}`,
  ].join(' / ')}`;
}

/** `15666140 (14 gb)`: gigabytes by two integer divisions, so 14.94 is 14. */
function kilobytes(bytes: number): string {
  const kb = Math.floor(bytes / 1024);
  return `${kb} (${Math.floor(kb / 1024 / 1024)} gb)`;
}

/** df rounds its percentage up; the margin takes back what binary fractions add (0.07 x 100 is above 7). */
function wholePercent(percent: number): number {
  return Math.ceil(percent - 1e-9);
}

/** As `df -h`: powers of 1,024, one decimal under 10, always rounded up (coreutils' human_ceiling). */
export function humanSize(bytes: number): string {
  const units = ['', 'K', 'M', 'G', 'T', 'P', 'E'];
  let unit = 0;
  let value = bytes;
  const rounded = () => (value < 10 && unit > 0 ? Math.ceil(value * 10) / 10 : Math.ceil(value));
  while (rounded() >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const shown = rounded();
  return `${unit > 0 && shown < 10 ? shown.toFixed(1) : shown}${units[unit]}`;
}
