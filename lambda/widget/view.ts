/** The three views of the dashboard's fleet table. Pure; all that a host or a tag says is escaped by `html`. */

import { roughly } from '../forecast/index.ts';
import { shellWord } from '../judge/index.ts';
import { clockTime, duration, type Html, html, isoSeconds, minutesBetween } from '../kit/index.ts';
import { rebootedInVain } from '../memory/index.ts';
import { type Settings, watchesElsewhere } from '../settings/index.ts';
import { instanceLink, pageLink, remedyButton, type WidgetEndpoints } from './actions.ts';
import { grewLine, memoryEnd } from './band.ts';
import { gaugeCell, type Tone, toneOf } from './charts.ts';
import type { Notice } from './notices.ts';
import { BANDS, type Band, type FleetPage, type FleetRow } from './rows.ts';
import { type Theme, widgetStyle } from './style.ts';

/** What all parts of the table are drawn by. */
export interface WidgetLook {
  readonly theme: Theme;
  readonly now: Date;
  readonly settings: Settings;
  readonly endpoints: WidgetEndpoints;
  readonly notices: readonly Notice[];
}

const page = (theme: Theme, body: Html): string =>
  html`<div class="cw cw-${theme}">${widgetStyle(theme)}${body}</div>`.text;

/** The fleet, one page of it. */
export function fleetView(fleet: FleetPage, look: WidgetLook): string {
  const heads = ['Status', 'Instance', 'What is wrong', 'Since', 'Memory used', 'Disk used', 'Runs out', ''];
  const body = html`${noticeBoxes(look.notices)}${headline(fleet, look)}<table><thead><tr>${heads.map((head) => html`<th>${head}</th>`)}</tr></thead><tbody>${fleet.rows.map((row) => rowHtml(row, look))}</tbody></table>${pager(fleet, look)}`;
  return page(look.theme, body);
}

/** The view where no instance carries the tag. */
export function emptyView({ theme, settings, endpoints: { region }, notices }: WidgetLook): string {
  const { tag, schedule } = settings;
  const word = shellWord(`Key=${tag.key},Value=${tag.value}`);
  const command = `aws ec2 create-tags --resources i-0123456789abcdef0 --tags ${word}${region === null ? '' : ` --region ${shellWord(region)}`}`;
  return page(
    theme,
    html`${noticeBoxes(notices)}<div class="cw-plain"><h3>No instance is watched yet</h3><p>None in ${region ?? 'this Region'} carries the tag <b>${tag.key}</b> = <b>${tag.value}</b>. Tag those to watch:</p><pre>${command}</pre><p class="cw-dim">They appear here at once, and with figures after the next check, within ${duration(schedule.everyMinutes)}.</p></div>`,
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

const noticeBoxes = (notices: readonly Notice[]): Html[] =>
  notices.map(
    ({ level, text, command }) =>
      html`<div class="cw-notice cw-notice-${level}">${level === 'red' ? html`<b class="cw-critical-text">${text}</b>` : text}${command === undefined ? null : html`<pre>${command}</pre>`}</div>`,
  );

const LABELS: Readonly<Record<Band, string>> = {
  flagged: 'flagged for reboot',
  critical: 'critical',
  unknown: 'unknown',
  warning: 'warning',
  unchecked: 'not checked yet',
  muted: 'muted',
  ok: 'OK',
  skipped: 'not checked',
};

function headline(fleet: FleetPage, look: WidgetLook): Html {
  const { counts, total } = fleet;
  const present = BANDS.filter((band) => counts[band] > 0);
  return html`<div class="cw-head">${present.map((band) => html`<span class="cw-count-${band}"><b>${counts[band]}</b>${LABELS[band]}</span>`)}<span class="cw-push cw-dim">${total} watched · drawn ${clockTime(look.now, look.now)}</span>${pager(fleet, look)}</div>`;
}

function rowHtml(row: FleetRow, look: WidgetLook): Html {
  const { memory, disk } = look.settings;
  const low = row.memory === null ? 'calm' : toneOf(row.memory.latest.available, memory);
  return html`<tr class="cw-row-${row.band}"><td>${pill(row)}</td><td>${instanceCell(row, look)}</td><td>${problemCell(row, look)}</td><td class="cw-nowrap">${sinceCell(row, look)}</td><td>${gaugeCell(row.memory, memory, low, look.now, look.settings, memoryEnd(row))}</td><td>${gaugeCell(row.disk, disk, diskTone(row, disk), look.now, look.settings)}</td><td class="cw-nowrap">${runsOut(row)}</td><td class="cw-nowrap">${remedyButton(row, look.endpoints)}</td></tr>`;
}

/** A big disk that is nearly full may have plenty of space left, and only the check knows how much: its reasons decide. */
function diskTone({ disk, reasons, before }: FleetRow, limits: Settings['disk']): Tone {
  const low = [...reasons.map(({ code }) => code), ...before].some((code) => code.startsWith('Disk'));
  return disk === null || !low ? 'calm' : toneOf(disk.latest.available, limits);
}

function pill({ band, status }: FleetRow): Html {
  const text = band === 'muted' || band === 'skipped' ? band : (status ?? 'NEW');
  return html`<span class="cw-pill cw-pill-${band}">${text.toUpperCase()}</span>`;
}

function instanceCell(row: FleetRow, { endpoints, settings }: WidgetLook): Html {
  const { id, name, worker, region, account, elsewhere } = row;
  const link = instanceLink(row, endpoints);
  const small = [
    ...(name === id ? [] : [link]),
    ...(watchesElsewhere(settings) ? [html`${region}${elsewhere === true ? html`, account ${account}` : null}`] : []),
    ...(worker === null ? [] : [html`<span class="cw-dim">${worker}</span>`]),
  ];
  return html`<div class="cw-name">${name === id ? link : name}</div><div class="cw-small cw-who">${small.map((part, i) => html`${i === 0 ? '' : ' · '}${part}`)}</div>`;
}

/** The worst reason in words; in small print the codes, the reasons before and the last act. */
function problemCell(row: FleetRow, { now }: WidgetLook): Html {
  const { reasons, before, flag, muted, acted, skipped, band } = row;
  const [worst] = reasons;
  const first = skipped ?? worst?.text ?? (band === 'unchecked' ? 'waits for its first check' : '');
  const small = [
    reasons.map(({ code }) => code).join(', '),
    before.length === 0 ? '' : `before: ${before.join(', ')}`,
    muted === null ? '' : `muted until ${clockTime(muted, now)}`,
    acted === null ? '' : `last act ${acted.what.slice(0, 50)}@${isoSeconds(acted.at)}`,
  ].filter((text) => text !== '');
  const head = first.slice(0, 300);
  const flagged =
    flag === null
      ? null
      : html`<b class="cw-critical-text">flagged ${duration(minutesBetween(flag.at, now))} ago</b> · `;
  const rebooted = rebootedInVain(row, now);
  const person =
    rebooted === null
      ? null
      : html`<div><b class="cw-critical-text">The reboot of ${clockTime(rebooted, now)} did not help: needs a person</b></div>`;
  return html`<div>${head.charAt(0).toUpperCase()}${head.slice(1)}</div>${grewLine(row)}${person}<div class="cw-small cw-dim">${flagged}${small.join(' · ')}</div>`;
}

function sinceCell({ since, band }: FleetRow, { now }: WidgetLook): Html | null {
  if (since === null) return null;
  const lasting = duration(minutesBetween(since, now));
  if (band === 'ok') return html`<span class="cw-dim">${lasting}</span>`;
  return html`<div><b>${lasting}</b></div><div class="cw-small cw-dim">${clockTime(since, now)}</div>`;
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
