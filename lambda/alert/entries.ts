/** The entries of a mail: each host's block, or one block for many that share a cause. Escapes what hosts said. */

import { type Evidence, evidenceSentences } from '../flag/index.ts';
import { clockTime, duration, minutesBetween, plural, printableAscii } from '../kit/index.ts';
import type { Instance, Reason, ReasonCode } from '../model/index.ts';
import { kindOf } from '../model/index.ts';
import { commandsFor, fixFor } from './commands.ts';
import type { MailEntry, MailKind } from './plan.ts';

export interface Block {
  readonly text: string;
  /** How many hosts it speaks of. */
  readonly hosts: number;
}

interface BlockContext {
  readonly at: Date;
  readonly evidence: ReadonlyMap<string, Evidence>;
}

/** From so many on, hosts that share a cause share a block. */
const GROUPED_FROM = 4;
const NAMES_SHOWN = 10;

export function blocksOf(kind: MailKind, entries: readonly MailEntry[], context: BlockContext): Block[] {
  switch (kind) {
    case 'suppressed':
    case 'inconclusive':
      return byCause(entries);
    case 'held':
      return grouped(entries, (entry) => `${entry.codes.join()} ${entry.why}`, context);
    case 'measured':
    case 'recovered':
      return grouped(
        entries,
        (entry) => `${entry.codes.join()} ${entry.transition.assessment.status} ${entry.why}`,
        context,
      );
    case 'escalated':
    case 'flagged':
    case 'reminder':
    case 'event':
      return entries.map((entry) => ({ text: single(entry, context), hosts: 1 }));
  }
  return kind satisfies never;
}

const named = ({ transition: { instance } }: MailEntry): string =>
  `${printableAscii(instance.name)} (${printableAscii(instance.id)}${whereabouts(instance)})`;

/** A reader looks at home first. */
const whereabouts = ({ elsewhere, region, account }: Instance): string =>
  elsewhere === true ? ` in ${region ?? 'an unknown Region'} of account ${account ?? 'unknown'}` : '';

function names(entries: readonly MailEntry[]): string {
  const more = entries.length - NAMES_SHOWN;
  return `${entries.slice(0, NAMES_SHOWN).map(named).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

const said = ({ code, text }: Reason): string => `${code}: ${printableAscii(text)}`;
const indented = (lines: readonly string[]): string =>
  lines.map((line, i) => (i === 0 ? line : `  ${line}`)).join('\n');
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

function groupsOf(entries: readonly MailEntry[], keys: (entry: MailEntry) => readonly string[]) {
  const groups = new Map<string, MailEntry[]>();
  for (const entry of entries) {
    for (const key of keys(entry)) {
      const group = groups.get(key);
      if (group === undefined) groups.set(key, [entry]);
      else group.push(entry);
    }
  }
  return groups;
}

/** Hosts that share a cause share its fix: one block a cause. */
function byCause(entries: readonly MailEntry[]): Block[] {
  return [...groupsOf(entries, (entry) => entry.codes)].map(([key, of]) => {
    const code = key as ReasonCode;
    const first = of[0]?.transition.assessment.reasons.find((reason) => reason.code === code);
    const whose = of.length === 1 ? '' : ', of the first';
    const lines = [names(of), `${code}${whose}: ${printableAscii(first?.text ?? '')}`];
    if (kindOf(code) === 'inconclusive')
      lines.push(`Fix: ${fixFor(code)}`, 'Run: crawlwatch check --aws   # after the fix');
    return { text: indented(lines), hosts: of.length };
  });
}

/** A block a host; but where many share a cause, one for all of them, with a line each that still tells them apart. */
function grouped(entries: readonly MailEntry[], key: (entry: MailEntry) => string, context: BlockContext): Block[] {
  return [...groupsOf(entries, (entry) => [key(entry)]).values()].flatMap((of) =>
    of.length < GROUPED_FROM
      ? of.map((entry) => ({ text: single(entry, context), hosts: 1 }))
      : [{ text: together(of, context), hosts: of.length }],
  );
}

function together(entries: readonly MailEntry[], context: BlockContext): string {
  const [first] = entries;
  if (first === undefined) return '';
  const what = first.codes.join(', ');
  if (first.kind === 'recovered') {
    const again = well(first) ? 'are OK again' : `answer again, and are ${first.transition.assessment.status}`;
    return indented([names(entries), `These ${entries.length} ${again}; they were ${what}.`]);
  }
  const begun = entries.map((entry) => (entry.transition.after.since ?? context.at).getTime());
  const since = clockTime(new Date(Math.min(...begun)), context.at);
  const lines = [
    names(entries),
    `${plural(entries.length, 'instance')}, ${first.transition.assessment.status} since ${since}: ${what}.`,
  ];
  if (first.kind === 'measured') {
    lines.push(
      ...entries
        .slice(0, NAMES_SHOWN)
        .flatMap((entry) =>
          reasonsOf(entry).map((reason) => `${printableAscii(entry.transition.instance.name)}: ${said(reason)}`),
        ),
    );
  }
  if (first.why !== null) lines.push(sentence(first.why));
  const [step] = commandsFor(first);
  if (step !== undefined) lines.push(`Run on each of them, here on the first: ${step.command}`);
  return indented(lines);
}

const OOM_KILL = 'the kernel killed a process for want of memory since the last mail';

const presentReasons = ({ transition }: MailEntry): readonly Reason[] =>
  transition.assessment.reasons.filter((reason) => kindOf(reason.code) !== 'event');

/** What stands, and what happened: an event is no block of its own where its host has one. */
function reasonsOf(entry: MailEntry): readonly Reason[] {
  const { transition: t } = entry;
  return [...presentReasons(entry), ...t.after.events.map((code) => ({ code, text: sentence(OOM_KILL) }))];
}

/** Kinds whose blocks name events along with the trouble. */
const NAMES_EVENTS: readonly MailKind[] = ['escalated', 'flagged', 'reminder', 'measured'];

/** Without the events that another block of the same mail names. */
export function withoutOwnEvents(entries: readonly MailEntry[]): MailEntry[] {
  const naming = new Set(entries.filter((entry) => NAMES_EVENTS.includes(entry.kind)).map((entry) => entry.transition));
  return entries.filter((entry) => entry.kind !== 'event' || !naming.has(entry.transition));
}

const well = ({ transition: t }: MailEntry): boolean => t.kind === null;

function single(entry: MailEntry, context: BlockContext): string {
  switch (entry.kind) {
    case 'recovered':
      return recovery(entry, context);
    case 'event':
      return `${named(entry)}: ${OOM_KILL}.`;
    default:
      return trouble(entry, context);
  }
}

function recovery(entry: MailEntry, { at: now }: BlockContext): string {
  const t = entry.transition;
  const from = t.before.incident?.openedAt ?? t.before.since ?? t.before.flag?.at ?? null;
  const lasted = from === null ? '' : ` after ${duration(minutesBetween(from, now))}`;
  const was = entry.codes.length === 0 ? 'failing' : entry.codes.join(', ');
  const ends = t.before.flag === null ? '' : ' The reboot flag is removed.';
  const stands = well(entry) ? [] : presentReasons(entry).map(said);
  // It never stopped answering: one of its troubles is over, others stand.
  const partly = !well(entry) && entry.codes.every((code) => kindOf(code) === 'measured');
  const head = partly
    ? `${named(entry)} is no longer ${was}; it is still ${t.assessment.status}.`
    : `${named(entry)} ${well(entry) ? 'is OK' : 'answers'} again${lasted}${well(entry) ? '' : `, and is ${t.assessment.status}`}; it was ${was}.${ends}`;
  return indented([head, ...stands]);
}

function trouble(entry: MailEntry, { at: now, evidence }: BlockContext): string {
  const t = entry.transition;
  const since = t.after.since ?? now;
  const lasts = minutesBetween(since, now);
  const howLong = lasts < 1 ? '' : ` (${duration(lasts)})`;
  return indented([
    `${named(entry)} is ${t.assessment.status} since ${clockTime(since, now)}${howLong}.`,
    ...reasonsOf(entry).map(said),
    ...(entry.why === null ? [] : [sentence(entry.why)]),
    ...evidenceSentences(evidence.get(t.instance.id)),
    ...commandsFor(entry).map(({ say, command }) => `${say}: ${command}`),
  ]);
}
