/**
 * A check as a monitoring plugin reports it: `STATUS - text | perfdata`, and by the exit code. Many hosts have a summary on
 * that line, and below it a line each, worst first, with the hosts' figures behind the last.
 * https://nagios-plugins.org/doc/guidelines.html (sections 2.1 and 2.6) and
 * https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/pluginapi.html, which Icinga, Naemon and Checkmk
 * read as well.
 */

import { forTerminal, gib, plural } from '../kit/index.ts';
import type { InstanceReport, Report, Status, Summary } from '../model/index.ts';
import { fullestDisk } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { exitCodeOfCheck, inOrder } from './json.ts';
import { countsPerfdata, fleetPerfdata, hostPerfdata } from './perfdata.ts';

/** Bytes. Nagios reads 4 KB of a plugin's output (the second page above), and NRPE before 3.0 only 1 KB. */
const OUTPUT_MAX = 4000;
const TEXT_MAX = 2000;
const HEAD_MAX = 400;
const HOST_MAX = 200;
/** The words under which no host's name fits, with the number of those that are left out. */
const MORE_MAX = 40;
const REST_MAX = 100;

const STATUSES: readonly Status[] = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'];

/** Without a line feed at its end. */
export function pluginOutput(report: Report, settings: Settings): string {
  const status = STATUSES[exitCodeOfCheck(report)] ?? 'UNKNOWN';
  const [host] = report.instances;
  // Only hosts that are not OK may be in the report: the summary counts all.
  if (host === undefined || report.summary.checked !== 1) return fleetOutput(status, report, settings);
  const text = `${status} - ${plain(`${trouble(report)}${host.name}: ${said(host)}`, TEXT_MAX)}`;
  return text + perfdata(hostPerfdata(host, settings), OUTPUT_MAX - bytesOf(text));
}

/** The same first line for a check that could not be made. */
export const pluginTrouble = (text: string): string => `UNKNOWN - ${plain(text, TEXT_MAX)}`;

function fleetOutput(status: Status, report: Report, settings: Settings): string {
  const hosts = inOrder(report.instances);
  const counts = perfdata(countsPerfdata(report), OUTPUT_MAX);
  const head = `${status} - ${plain(`${trouble(report)}${countsText(report.summary)}`, HEAD_MAX / 2)}`;
  const first = `${head}${worst(hosts, HEAD_MAX - bytesOf(head))}${counts}`;
  const each = listed(
    hosts.map((host) => plain(`${host.status} ${host.name}: ${said(host)}`, HOST_MAX)),
    TEXT_MAX,
  );
  const text = [first, ...each].join('\n');
  return each.length === 0 ? text : text + perfdata(fleetPerfdata(hosts, settings), OUTPUT_MAX - bytesOf(text));
}

/** What could not be listed is not known to be well. */
function trouble({ problems }: Report): string {
  const [first] = problems.filter((problem) => problem.startsWith('discover: '));
  return first === undefined ? '' : `not all hosts are listed (${[...first].slice(0, REST_MAX).join('')}); `;
}

function countsText({ checked, ok, ...bad }: Summary): string {
  const troubled = checked - ok;
  if (checked === 0) return 'no host was checked';
  if (troubled === 0) return `${plural(checked, 'host')} OK`;
  const counts = (['critical', 'unknown', 'warning'] as const).filter((status) => bad[status] > 0);
  const each = counts.map((status) => `${bad[status]} ${status.toUpperCase()}`).join(', ');
  return `${troubled} of ${plural(checked, 'host')} not OK (${each})`;
}

/** `: web1 DiskLow, web2 BannerTimeout +3 more`: as many names as a line has room for. */
function worst(hosts: readonly InstanceReport[], max: number): string {
  const troubled = hosts.filter(({ status }) => status !== 'OK');
  const names = troubled.map(({ name, status, reasons }) =>
    plain(`${name} ${reasons[0]?.code ?? status}`, HOST_MAX / 2),
  );
  const kept = fitting(names, ', ', max - MORE_MAX);
  const more = names.length - kept.length;
  if (kept.length === 0) return '';
  return `: ${kept.join(', ')}${more === 0 ? '' : ` +${more} more`}`;
}

/** As many lines as fit, and how many don't. */
function listed(lines: readonly string[], max: number): string[] {
  const kept = fitting(lines, '\n', max - MORE_MAX);
  const more = lines.length - kept.length;
  return more === 0 ? kept : [...kept, `... and ${plural(more, 'more host')}`];
}

/** The first ones that fit into so many bytes. */
function fitting(texts: readonly string[], separator: string, max: number): string[] {
  let left = max;
  const end = texts.findIndex((text) => {
    left -= bytesOf(text) + separator.length;
    return left < 0;
  });
  return texts.slice(0, end < 0 ? undefined : end);
}

function perfdata(figures: readonly string[], max: number): string {
  const kept = fitting(figures, ' ', max - ' |'.length);
  return kept.length === 0 ? '' : ` | ${kept.join(' ')}`;
}

const said = (host: InstanceReport): string =>
  host.reasons.map(({ code, text }) => `${code}: ${text}`).join(' ') || summary(host);

function summary({ vitals }: InstanceReport): string {
  if (vitals === null) return 'nothing is known';
  const { memory, disks, unreadDisks = [] } = vitals;
  const fullest = fullestDisk(disks);
  const unread = unreadDisks.map(({ mount, why }) => `, ${mount} not read: ${why}`).join('');
  const disk = fullest === null ? '' : `, ${fullest.mount} ${Math.round(fullest.usedPercent)} % used`;
  return `${gib(memory.usedBytes)} of ${gib(memory.totalBytes)} memory used${disk}${unread}`;
}

/** One line without bars, which begin the figures, of at most so many bytes. */
function plain(text: string, max: number): string {
  // A control character has become several: what can't be seen at the end need not be made.
  const safe = forTerminal(text.slice(0, max + 1)).replaceAll('|', '/');
  if (bytesOf(safe) <= max) return safe;
  let left = max - '...'.length;
  let kept = '';
  for (const char of safe) {
    left -= bytesOf(char);
    if (left < 0) break;
    kept += char;
  }
  return `${kept}...`;
}

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
