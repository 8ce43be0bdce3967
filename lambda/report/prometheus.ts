/**
 * A report as Prometheus' text format, version 0.0.4, for the textfile collector of node_exporter or a push gateway:
 * https://prometheus.io/docs/instrumenting/exposition_formats/. Base units and suffixes as
 * https://prometheus.io/docs/practices/naming/ asks for. A figure that a host doesn't have is left out.
 */

import { forTerminal } from '../kit/index.ts';
import type { InstanceReport, Report, Vitals } from '../model/index.ts';
import { exitCodeOf, summarise } from './json.ts';

type Labels = Readonly<Record<string, string>>;
type Value = readonly [labels: Labels, value: number | null];

interface Family {
  /** Behind `crawlwatch_`. */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly values: readonly Value[];
}

const NO_LABELS: Labels = {};
const numberOf = (is: boolean | null): number | null => (is === null ? null : Number(is));
const secondsOf = (minutes: number | null): number | null => (minutes === null ? null : minutes * 60);
const timeOf = (iso: string | null): number | null => (iso === null ? null : Date.parse(iso) / 1000);

/** The whole document, families in a fixed order. */
export const prometheusText = (report: Report): string => familiesOf(report).map(familyText).join('');

/** What a scrape must know besides the check that it gets: how old it is, and whether a newer one failed. */
export interface Served {
  /** Whether the newest check could be made; where not, the report is of an earlier one. */
  readonly isSuccess: boolean;
  /** When the report was complete. */
  readonly endedAt: Date;
}

/** The same document, as a server gives it at any time after the check. */
export function exporterText(report: Report, { isSuccess, endedAt }: Served): string {
  const served = [
    gauge('check_success', '1 where the newest check could be made, 0 where an earlier one is served.', [
      [NO_LABELS, Number(isSuccess)],
    ]),
    gauge('last_check_timestamp_seconds', 'When the check that is served was done.', [
      [NO_LABELS, endedAt.getTime() / 1000],
    ]),
  ];
  return [...served, ...familiesOf(report)].map(familyText).join('');
}

const familiesOf = (report: Report): Family[] => [
  ...checkFamilies(report),
  ...hostFamilies(report.instances),
  ...vitalsFamilies(report.instances),
];

function checkFamilies({ summary, skipped, durationMs, checkedAt }: Report): Family[] {
  const { ok, warning, critical, unknown } = summary;
  const counts = Object.entries({ OK: ok, WARNING: warning, CRITICAL: critical, UNKNOWN: unknown });
  return [
    gauge('check_timestamp_seconds', 'When the check began.', [[NO_LABELS, timeOf(checkedAt)]]),
    gauge('check_duration_seconds', 'How long the check took.', [[NO_LABELS, durationMs / 1000]]),
    gauge(
      'hosts',
      'Hosts of each status.',
      counts.map(([status, count]): Value => [{ status }, count]),
    ),
    gauge('hosts_skipped', 'Hosts that were not probed, being stopped or no Linux.', [[NO_LABELS, skipped.length]]),
  ];
}

function hostFamilies(instances: readonly InstanceReport[]): Family[] {
  const each = (of: (host: InstanceReport) => number | null) =>
    instances.map((host): Value => [labelsOf(host), of(host)]);
  const reasons = instances.flatMap((host) => host.reasons.map(({ code }): Value => [{ ...labelsOf(host), code }, 1]));
  return [
    gauge(
      'status',
      '0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.',
      each((host) => exitCodeOf(summarise([host]))),
    ),
    gauge('reason', '1 for each reason of the status.', reasons),
    gauge(
      'status_since_timestamp_seconds',
      'When the status began.',
      each(({ since }) => timeOf(since)),
    ),
    gauge(
      'flagged',
      '1 where the host is flagged for reboot.',
      each(({ flagged }) => Number(flagged)),
    ),
    gauge(
      'probe_success',
      '1 where the host reported its vitals.',
      each(({ vitals }) => Number(vitals !== null)),
    ),
    gauge(
      'probe_duration_seconds',
      'How long the host was waited for.',
      each(({ durationMs }) => durationMs / 1000),
    ),
    gauge(
      'memory_runs_out_seconds',
      'Forecast: rough time until memory runs out.',
      each(({ forecast }) => secondsOf(forecast.memoryMinutes)),
    ),
    gauge(
      'disk_runs_out_seconds',
      'Forecast: rough time until the fullest disk is full.',
      each(({ forecast }) => secondsOf(forecast.diskMinutes)),
    ),
  ];
}

function vitalsFamilies(instances: readonly InstanceReport[]): Family[] {
  const read = instances.flatMap((host) =>
    host.vitals === null ? [] : [{ host: labelsOf(host), vitals: host.vitals }],
  );
  const each = (of: (vitals: Vitals) => number | null) => read.map(({ host, vitals }): Value => [host, of(vitals)]);
  const eachDisk = (of: (disk: Vitals['disks'][number]) => number | null) =>
    read.flatMap(({ host, vitals }) =>
      vitals.disks
        .filter(({ ignored }) => ignored !== true)
        .map((disk): Value => [{ ...host, mount: disk.mount }, of(disk)]),
    );
  const unreadDisks = read.flatMap(({ host, vitals }) =>
    (vitals.unreadDisks ?? []).map(({ mount }): Value => [{ ...host, mount }, 1]),
  );
  const eachWorker = (of: (worker: NonNullable<Vitals['worker']>) => number | null) =>
    read.flatMap(({ host, vitals }): Value[] =>
      vitals.worker === null ? [] : [[{ ...host, unit: vitals.worker.unit }, of(vitals.worker)]],
    );
  const processes = read.flatMap(({ host, vitals }) =>
    residentByName(vitals.processes).map(([name, bytes]): Value => [{ ...host, process: name }, bytes]),
  );
  const systems = read.map(
    ({ host, vitals }): Value => [
      { ...host, system: vitals.system ?? '', boot_id: vitals.bootId ?? '' },
      vitals.system == null && vitals.bootId === null ? null : 1,
    ],
  );
  const pressed = (percent: number | undefined) => (percent === undefined ? null : percent / 100);
  return [
    gauge(
      'memory_total_bytes',
      'Memory of the host.',
      each(({ memory }) => memory.totalBytes),
    ),
    gauge(
      'memory_available_bytes',
      'Memory that programs can still get without swapping.',
      each(({ memory }) => memory.availableBytes),
    ),
    gauge(
      'memory_free_bytes',
      'Memory that nothing uses, not even a cache.',
      each(({ memory }) => memory.freeBytes),
    ),
    gauge(
      'memory_used_bytes',
      'Memory less what is available.',
      each(({ memory }) => memory.usedBytes),
    ),
    gauge(
      'swap_total_bytes',
      'Swap space.',
      each(({ swap }) => swap.totalBytes),
    ),
    gauge(
      'swap_free_bytes',
      'Swap space that nothing uses.',
      each(({ swap }) => swap.freeBytes),
    ),
    gauge(
      'memory_pressure_some_ratio',
      'Share of the last 10 s in which a task waited for memory.',
      each(({ memoryPressure }) => pressed(memoryPressure?.someAvg10)),
    ),
    gauge(
      'memory_pressure_full_ratio',
      'Share of the last 10 s in which every task waited for memory.',
      each(({ memoryPressure }) => pressed(memoryPressure?.fullAvg10)),
    ),
    counter(
      'oom_kills_total',
      'Processes killed for want of memory since boot.',
      each(({ oomKills }) => oomKills),
    ),
    gauge(
      'disk_total_bytes',
      'Size of the file system.',
      eachDisk(({ totalBytes }) => totalBytes),
    ),
    gauge(
      'disk_available_bytes',
      'Space that users other than root can still fill.',
      eachDisk(({ availableBytes }) => availableBytes),
    ),
    gauge(
      'disk_used_ratio',
      "Used space by df's sum: used over used plus available.",
      eachDisk(({ usedPercent }) => usedPercent / 100),
    ),
    gauge(
      'disk_inodes_used_ratio',
      'Used inodes of all.',
      eachDisk(({ inodesUsedPercent: used }) => (used === null ? null : used / 100)),
    ),
    gauge(
      'disk_readonly',
      '1 where the file system is mounted read-only.',
      eachDisk(({ readOnly }) => Number(readOnly)),
    ),
    gauge('disk_unread', '1 where the file system could not be read.', unreadDisks),
    gauge('process_resident_bytes', 'Resident memory of the largest processes, summed by name.', processes),
    gauge(
      'worker_active',
      "1 where the crawler's unit is active, or its process runs.",
      eachWorker(({ state }) => (state === null ? null : Number(state === 'active' || state === 'running'))),
    ),
    counter(
      'worker_restarts_total',
      "Restarts of the crawler's unit that systemd has counted.",
      eachWorker(({ restarts }) => restarts),
    ),
    gauge(
      'sshd_answers',
      '1 where sshd answers on the host itself.',
      each(({ sshd }) => numberOf(sshd)),
    ),
    gauge(
      'uptime_seconds',
      'Time since boot.',
      each(({ uptimeSeconds }) => uptimeSeconds),
    ),
    gauge(
      'load1',
      'Load average of the last minute.',
      each(({ load1 }) => load1),
    ),
    gauge('system_info', 'Kernel release, distribution and boot id; always 1.', systems),
  ];
}

/** As many as a probe sends processes: a host that lies adds no more series than one that doesn't. */
const NAMES_MAX = 5;
const NAME_MAX = 64;

/**
 * The largest sums, equal ones by name. Without pids, and with a run of digits that may be one as `*`: a process that is
 * started again continues its series, where it would leave a dead one behind.
 */
function residentByName(processes: Vitals['processes']): [name: string, bytes: number][] {
  const sums = new Map<string, number>();
  for (const { name, residentBytes } of processes) {
    const key = [...name.replace(/\d{4,}/g, '*')].slice(0, NAME_MAX).join('');
    sums.set(key, (sums.get(key) ?? 0) + residentBytes);
  }
  return [...sums].sort(([a, most], [b, more]) => more - most || (a < b ? -1 : 1)).slice(0, NAMES_MAX);
}

const gauge = (name: string, help: string, values: readonly Value[]): Family => ({ name, type: 'gauge', help, values });
const counter = (name: string, help: string, values: readonly Value[]): Family => ({
  name,
  type: 'counter',
  help,
  values,
});

/** Without `instance`: that label belongs to the scraper. */
const labelsOf = ({ id, name }: InstanceReport): Labels => ({ id, name });

/** Prints each series once: with two (two mounts on one path, two hosts of one name) the whole document is refused. */
function familyText({ name: bare, type, help, values }: Family): string {
  const name = `crawlwatch_${bare}`;
  const lines = new Map<string, string>();
  for (const [labels, value] of values) {
    const series = name + labelText(labels);
    if (value !== null && Number.isFinite(value) && !lines.has(series)) lines.set(series, `${series} ${value}\n`);
  }
  if (lines.size === 0) return '';
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${[...lines.values()].join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Escapes what would act on a terminal, line feeds among it, then what would end the label. */
const escaped = (value: string): string => forTerminal(value).replace(/[\\"]/g, '\\$&');
