/** The mail: worst first, plain text, each entry with what, since when, the numbers, the evidence and what to run. */
import type { Alert, Evidence, ReasonCode, Status } from '../model.ts';
import type { Settings } from '../settings.ts';
import { commandsFor, fixFor } from './alert-commands.ts';
import { printableAscii } from './escape.ts';
import { evidenceLines } from './instance-report.ts';
import type { Breaker } from './plan-flags.ts';
import type { MailEntry, MailKind } from './plan-mail.ts';
import { clockTime, duration, minutesBetween, plural } from './wording.ts';

/** SNS refuses 100 and more. */
const SUBJECT_MAX = 99;
/** SNS takes 256 KiB with the attributes; a person reads far less. */
const ENTRIES_MAX = 60;
const BODY_MAX = 100_000;

export interface MailContext {
  readonly now: Date;
  readonly checked: number;
  readonly settings: Settings;
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Set where this check is to say that flagging stopped. */
  readonly suppressed: Breaker | null;
  /** Set where tags can't be written: what is mailed can't be remembered. */
  readonly tagTrouble: string | null;
}

const TITLE: Readonly<Record<MailKind, string>> = {
  flagged: 'FLAGGED FOR REBOOT: SSH is dead',
  reminder: 'STILL FLAGGED FOR REBOOT',
  held: 'NOT ANSWERING, AND NOT FLAGGED',
  measured: 'NEEDS ATTENTION',
  unknown: 'COULD NOT BE CHECKED: ours to fix, the hosts may be well',
  recovered: 'RECOVERED',
  event: 'HAPPENED',
};
const IN_SUBJECT: Readonly<Record<MailKind, string | null>> = {
  flagged: 'flagged for reboot',
  reminder: 'still flagged',
  held: 'not answering',
  measured: null,
  unknown: 'could not be checked',
  recovered: 'recovered',
  event: null,
};

/** One mail for the whole check, or null when nothing is worth one. */
export function composeAlert(entries: readonly MailEntry[], context: MailContext): Alert | null {
  if (entries.length === 0 && context.suppressed === null) return null;
  const kinds = [...new Set(entries.map((entry) => entry.kind))];
  const shown = entries.slice(0, ENTRIES_MAX);
  const sections = kinds
    .map((kind) =>
      section(
        kind,
        shown.filter((entry) => entry.kind === kind),
        context,
      ),
    )
    .filter((lines) => lines !== '');
  const more = entries.length - shown.length;
  const body = [
    `${plural(context.checked, 'instance')} checked at ${clockTime(context.now, context.now)} on ${context.now.toISOString().slice(0, 10)}.`,
    ...(context.tagTrouble === null
      ? []
      : [
          `Tags can't be written (${printableAscii(context.tagTrouble)}), so nothing is remembered between checks and nothing is flagged; host mail goes out once an hour until they can.`,
        ]),
    ...(context.suppressed === null ? [] : [suppression(context.suppressed)]),
    ...sections,
    ...(more > 0 ? [`... and ${more} more: run crawlwatch check --aws for all of them.`] : []),
  ].join('\n\n');
  return {
    subject: subject(entries, context),
    body:
      body.length > BODY_MAX
        ? `${body.slice(0, BODY_MAX)}\n... cut: run crawlwatch check --aws for the rest.`
        : `${body}\n`,
    attributes: {
      status: worstStatus(entries),
      reasons: [...new Set(entries.flatMap((entry) => entry.codes))],
      instanceIds: entries.map((entry) => entry.transition.instance.id),
    },
  };
}

function suppression(breaker: Breaker): string {
  return [
    `FLAGGING SUPPRESSED: ${breaker.why}. No instance is flagged until two checks in a row are clean; old flags stay.`,
    '  Look first at what all of them share: security group, route, key, a throttled API, an outage of the zone.',
  ].join('\n');
}

function subject(entries: readonly MailEntry[], context: MailContext): string {
  const parts: string[] = context.suppressed === null ? [] : ['FLAGGING SUPPRESSED'];
  for (const kind of Object.keys(IN_SUBJECT) as MailKind[]) {
    const of = entries.filter((entry) => entry.kind === kind);
    if (of.length === 0 || kind === 'event') continue;
    if (kind === 'measured') {
      for (const status of ['CRITICAL', 'WARNING'] as const) {
        const count = of.filter((entry) => entry.transition.assessment.status === status).length;
        if (count > 0) parts.push(`${count} ${status}`);
      }
    } else parts.push(`${of.length} ${IN_SUBJECT[kind]}`);
  }
  const only = entries.length === 1 ? entries[0] : undefined;
  const who =
    only === undefined
      ? `of ${plural(context.checked, 'instance')}`
      : `(${printableAscii(only.transition.instance.name).slice(0, 40)})`;
  return `crawlwatch: ${parts.join(', ')} ${who}`.slice(0, SUBJECT_MAX);
}

function section(kind: MailKind, entries: readonly MailEntry[], context: MailContext): string {
  if (entries.length === 0) return '';
  const blocks = kind === 'unknown' ? byCause(entries) : entries.map((entry) => block(entry, context));
  return [TITLE[kind], ...blocks].join('\n\n');
}

/** Hosts that share a cause share its fix: one line a cause. */
function byCause(entries: readonly MailEntry[]): string[] {
  const causes = new Map<ReasonCode, MailEntry[]>();
  for (const entry of entries) {
    for (const code of entry.codes) causes.set(code, [...(causes.get(code) ?? []), entry]);
  }
  return [...causes].map(([code, of]) => {
    const names = of.slice(0, 10).map((entry) => heading(entry));
    const more = of.length > 10 ? ` and ${of.length - 10} more` : '';
    const first = of[0]?.transition.assessment.reasons.find((reason) => reason.code === code);
    return `${names.join(', ')}${more}\n  ${code}: ${printableAscii(first?.text ?? '')}\n  Fix: ${fixFor(code)}`;
  });
}

const heading = ({ transition: { instance } }: MailEntry): string =>
  `${printableAscii(instance.name)} (${printableAscii(instance.id)})`;

function block(entry: MailEntry, context: MailContext): string {
  const { transition: t, kind } = entry;
  const lines: string[] = [];
  if (kind === 'recovered') {
    const from = t.before.since ?? t.before.flag?.at ?? null;
    const lasted = from === null ? '' : ` after ${duration(minutesBetween(from, context.now))}`;
    const was = entry.codes.length === 0 ? 'failing' : entry.codes.join(', ');
    lines.push(
      `${heading(entry)} is ${t.kind === null ? 'OK' : `answering, ${t.assessment.status},`} again${lasted}; it was ${was}.`,
    );
    if (t.before.flag !== null) lines.push('The reboot flag is removed.');
  } else if (kind === 'event') {
    lines.push(`${heading(entry)}: the OOM killer struck.`);
  } else {
    const since = t.after.since ?? context.now;
    const lasts = minutesBetween(since, context.now);
    const howLong = lasts < 1 ? '' : ` (${duration(lasts)})`;
    lines.push(`${heading(entry)} is ${t.assessment.status} since ${clockTime(since, context.now)}${howLong}.`);
  }
  const shown = t.assessment.reasons.filter((r) => (kind === 'event') === (r.code === 'OomKill'));
  lines.push(...shown.map((reason) => `${reason.code}: ${printableAscii(reason.text)}`));
  if (entry.why !== null) lines.push(`${entry.why.charAt(0).toUpperCase()}${entry.why.slice(1)}.`);
  const evidence = context.evidence.get(t.instance.id);
  if (evidence !== undefined && kind !== 'recovered') lines.push(...evidenceLines(evidence));
  lines.push(...commandsFor(entry).map((command) => `Run: ${command}`));
  return lines.map((line, i) => (i === 0 ? line : `  ${line}`)).join('\n');
}

function worstStatus(entries: readonly MailEntry[]): Status {
  const statuses = entries.map((entry) => entry.transition.assessment.status);
  return (['CRITICAL', 'UNKNOWN', 'WARNING'] as const).find((status) => statuses.includes(status)) ?? 'OK';
}
