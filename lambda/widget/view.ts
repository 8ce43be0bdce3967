/** The three views of the dashboard's fleet table. Pure; all that a host or a tag says is escaped by `html`. */

import { roughly } from '../forecast/index.ts';
import { duration, gib, type Html, html, type Insert, minutesBetween, shellWord } from '../kit/index.ts';
import { rebootedInVain } from '../memory/index.ts';
import { type Settings, watchesElsewhere } from '../settings/index.ts';
import { actingButton, instanceLink, pageLink, rowButtons, type WidgetEndpoints } from './actions.ts';
import { grewLine, memoryEnd } from './band.ts';
import { gaugeCell, type Tone, toneOf } from './charts.ts';
import type { Notice } from './notices.ts';
import type { FleetPage, FleetRow } from './rows.ts';
import { type Theme, widgetStyle } from './style.ts';
import { type Times, widgetTimes } from './times.ts';

/** What all parts of the table are drawn by. */
export interface WidgetLook {
  readonly theme: Theme;
  readonly now: Date;
  readonly settings: Settings;
  readonly endpoints: WidgetEndpoints;
  readonly notices: readonly Notice[];
  /** Whether all acting is paused; null or absent: that is not known. */
  readonly isPaused?: boolean | null;
}

const timesOf = ({ settings, now }: WidgetLook): Times => widgetTimes(settings.alerts.timeZone, now);

const page = (theme: Theme, body: Html): string =>
  html`<div class="cw cw-${theme}">${widgetStyle(theme)}${body}</div>`.text;

const HEADS = ['Status', 'Instance', 'What is wrong', 'Since', 'Memory used', 'Disk used', 'Runs out', ''];

/** The fleet, one page of it. */
export function fleetView(fleet: FleetPage, look: WidgetLook): string {
  const body = html`${noticeBoxes(look.notices, look.endpoints)}${headline(fleet, look)}<table><thead><tr>${HEADS.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>${fleet.rows.map((row) => rowHtml(row, look))}</tbody></table>${pager(fleet, look)}`;
  return page(look.theme, body);
}

/** The view where no instance carries the tag. */
export function emptyView({ theme, settings, endpoints, notices }: WidgetLook): string {
  const { region } = endpoints;
  const { tag, schedule } = settings;
  const word = shellWord(`Key=${tag.key},Value=${tag.value}`);
  const command = `aws ec2 create-tags --resources i-0123456789abcdef0 --tags ${word}${region === null ? '' : ` --region ${shellWord(region)}`}`;
  return page(
    theme,
    html`${noticeBoxes(notices, endpoints)}<div class="cw-plain"><h3>No instance is watched yet</h3><p>None in ${region ?? 'this Region'} carries the tag <b>${tag.key}</b> = <b>${tag.value}</b>. Tag those to watch:</p><pre>${command}</pre><p class="cw-dim">They appear here at once, and with figures after the next check, within ${duration(schedule.everyMinutes)}.</p></div>`,
  );
}

/** The view where an error kept the table from being drawn: its message, and what to do about it. */
export function failureView(error: { readonly name: string; readonly text: string }, theme: Theme): string {
  return page(
    theme,
    html`<div class="cw-plain"><h3 class="cw-critical-text">The fleet table can't be drawn</h3><pre>${error.text}</pre><p>${adviceFor(error)}</p><p class="cw-dim">The checks are made by another function. What they found is on each instance in the tag crawlwatch:status.</p></div>`,
  );
}

function adviceFor({ name, text }: { readonly name: string; readonly text: string }): string {
  if (/^(UnauthorizedOperation|AccessDenied)/.test(name))
    return "This function's role lacks a right, or a policy of the organisation denies it: deploy the stack again, or ask who keeps the policies.";
  if (/Throttl|RequestLimitExceeded|TooManyRequests/.test(name))
    return 'AWS throttles this account: refresh in a minute.';
  if (/^Timeout|ECONN|ENOTFOUND|EAI_AGAIN/.test(text)) return 'AWS could not be reached: refresh in a minute.';
  if (name === 'SettingsError') return 'Correct the setting in cdk.json and deploy again.';
  return "Refresh. If it stays, this function's log has the event widget.failed with more.";
}

const noticeBoxes = (notices: readonly Notice[], endpoints: WidgetEndpoints): Html[] =>
  notices.map(
    ({ level, text, command, button }) =>
      html`<div class="cw-notice cw-notice-${level}">${level === 'red' ? html`<b class="cw-critical-text">${text}</b>` : text}${command === undefined ? null : html`<pre>${command}</pre>`}${button === undefined ? null : actingButton(button, endpoints)}</div>`,
  );

/** The numbers of all pages, as the metrics and their alarms have them; what is none of these is not counted there. */
function headline(fleet: FleetPage, look: WidgetLook): Html {
  const { counts, total } = fleet;
  const { clock, now, zone } = timesOf(look);
  const number = (what: string, count: number, label: string) =>
    count === 0 ? null : html`<span class="cw-count cw-count-${what}"><b>${count}</b> ${label}</span>`;
  const among = [
    number('flagged', counts.flagged, 'flagged for reboot'),
    number('critical', counts.unreachable, 'unreachable'),
    number('dim', counts.muted, 'muted'),
  ].filter((one) => one !== null);
  return html`<div class="cw-head">${[
    number('critical', counts.critical, 'critical'),
    number('unknown', counts.unknown, 'unknown'),
    number('warning', counts.warning, 'warning'),
    number('ok', counts.ok, 'OK'),
    number('dim', counts.unchecked, 'waiting for a check'),
    number('dim', counts.skipped, 'not checked'),
  ]}${among.length === 0 ? null : html`<span class="cw-among">among them ${among}</span>`}<span class="cw-push cw-dim">${total} watched, drawn at ${clock(now)}, times in ${zone}</span>${look.isPaused === false ? actingButton('pause', look.endpoints) : null}${pager(fleet, look)}</div>`;
}

function rowHtml(row: FleetRow, look: WidgetLook): Html {
  const { memory, disk } = look.settings;
  const times = timesOf(look);
  const isDead = row.reasons.some(({ code }) => code === 'WorkerDown');
  const low = row.memory === null ? 'calm' : toneOf(row.memory.latest.available, memory);
  const shared = { settings: look.settings, times };
  // The bar of a host whose worker is dead is short, and would look calm.
  const alarm = isDead ? 'the worker is down' : null;
  const cells: readonly (readonly [string, Insert])[] = [
    ['status', pill(row)],
    ['name', instanceCell(row, look)],
    ['what', problemCell(row, times)],
    ['since', sinceCell(row, times)],
    [
      'memory',
      html`<span class="cw-label">Memory used</span>${gaugeCell(row.memory, { ...shared, limits: memory, tone: isDead ? 'critical' : low, alarm, ends: memoryEnd(row) })}${processLine(row)}`,
    ],
    [
      'disk',
      html`<span class="cw-label">Disk used</span>${gaugeCell(row.disk, { ...shared, limits: disk, tone: diskTone(row, disk) })}`,
    ],
    ['out', runsOut(row)],
    ['act', rowButtons(row, look.endpoints)],
  ];
  return html`<tr class="cw-row cw-row-${row.band}">${cells.map(([name, cell]) => html`<td class="cw-${name}-cell">${cell}</td>`)}</tr>`;
}

/** Who holds the memory of a host that is low or about to be; nothing where that is not known. */
function processLine({ processes, memory }: FleetRow): Html | null {
  const [largest] = processes;
  if (largest === undefined || memory === null) return null;
  return html`<div class="cw-small cw-most">most of it: <b>${largest.name.slice(0, 40)}</b> ${gib(largest.residentBytes)}</div>`;
}

/** A big disk that is nearly full may have plenty of space left, and only the check knows how much: its reasons decide. */
function diskTone({ disk, reasons, before }: FleetRow, limits: Settings['disk']): Tone {
  const low = [...reasons.map(({ code }) => code), ...before].some((code) => code.startsWith('Disk'));
  return disk === null || !low ? 'calm' : toneOf(disk.latest.available, limits);
}

/** What the last check found, as the numbers above count it: a mute changes its look, not its word. */
function pill({ band, status, skipped }: FleetRow): Html {
  const text = skipped !== null ? 'SKIPPED' : (status ?? 'NEW');
  const look = band === 'muted' ? `muted cw-count-${(status ?? 'dim').toLowerCase()}` : band;
  return html`<span class="cw-pill cw-pill-${look}">${text}</span>`;
}

function instanceCell(row: FleetRow, { endpoints, settings }: WidgetLook): Html {
  const { id, name, worker, region, account, elsewhere } = row;
  const link = instanceLink(row, endpoints);
  const small = [
    ...(name === id ? [] : [link]),
    ...(watchesElsewhere(settings) ? [html`${region}${elsewhere === true ? html`, account ${account}` : null}`] : []),
    ...(worker === null ? [] : [html`<i class="cw-dim">${worker}</i>`]),
  ];
  return html`<div class="cw-name">${name === id ? link : name}</div><div class="cw-small cw-who">${small.map((part) => html`<span>${part}</span> `)}</div>`;
}

const DONE: Readonly<Record<string, string>> = {
  reboot: 'rebooted',
  'restart-worker': 'worker restarted',
  'restart-sshd': 'sshd restarted',
  booted: 'booted',
};

/** The worst reason in words; in small print the codes, the reasons before and the last act. */
function problemCell(row: FleetRow, times: Times): Html {
  const { reasons, before, flag, muted, ack, acted, skipped, band } = row;
  const [worst] = reasons;
  const first = skipped ?? worst?.text ?? (band === 'unchecked' ? 'waits for its first check' : '');
  const act = acted === null ? null : Object.hasOwn(DONE, acted.what) ? DONE[acted.what] : acted.what.slice(0, 50);
  const small = [
    reasons.map(({ code }) => code).join(', '),
    before.length === 0 ? '' : `before: ${before.join(', ')}`,
    acted === null ? '' : `${act} ${times.ago(acted.at)}`,
  ].filter((text) => text !== '');
  const head = first.slice(0, 300);
  const flagged = flag === null ? null : html`<b class="cw-critical-text">flagged ${times.ago(flag.at)}</b> · `;
  const rebooted = rebootedInVain(row, times.now);
  const person =
    rebooted === null
      ? null
      : html`<div><b class="cw-critical-text">The reboot at ${times.clock(rebooted)}, ${times.ago(rebooted)}, did not help: needs a person</b></div>`;
  const quiet = [muted, ack].flatMap((text) => (text === null ? [] : [html`<span class="cw-badge">${text}</span>`]));
  return html`<div>${head.charAt(0).toUpperCase()}${head.slice(1)}</div>${grewLine(row)}${person}<div class="cw-small cw-dim">${flagged}${small.join(' · ')}</div>${quiet}`;
}

function sinceCell({ since, band }: FleetRow, times: Times): Html | null {
  if (since === null) return null;
  const lasting = duration(minutesBetween(since, times.now));
  if (band === 'ok') return html`<span class="cw-dim">${lasting}</span>`;
  return html`<span class="cw-since">since ${times.clock(since)},</span> <b>${lasting}</b>`;
}

function runsOut({ forecast: { memoryMinutes, diskMinutes } }: FleetRow): Html[] {
  const line = (what: string, minutes: number | null) =>
    minutes === null ? [] : [html`<div class="cw-warning-text">${what} in<br><b>${roughly(minutes)}</b></div>`];
  return [...line('memory', memoryMinutes), ...line('disk', diskMinutes)];
}

/** Shown above the table and below it: there may be a hundred rows between. */
function pager({ page: at, pages }: FleetPage, { endpoints }: WidgetLook): Html | null {
  if (pages === 1) return null;
  const back = at > 1 ? pageLink('Previous', at - 1, endpoints) : null;
  const on = at < pages ? pageLink('Next', at + 1, endpoints) : null;
  return html`<div class="cw-pager">${back}<span>Page ${at} of ${pages}</span>${on}</div>`;
}
