/** The mail: worst first, plain text, bounded, with what a tired person can act on. Its entries: entries.ts. */

import type { Breaker, Evidence } from '../flag/index.ts';
import { clockTime, plural, printableAscii } from '../kit/index.ts';
import type { Departure } from '../memory/index.ts';
import { type Alert, type Status, SUBJECT_MAX, type TagFailure } from '../model/index.ts';
import { type Block, blocksOf, withoutOwnEvents } from './entries.ts';
import { MAIL_KINDS, type MailEntry, type MailKind } from './plan.ts';

/** SNS takes 256 KiB with the attributes; a person reads far less. */
const BLOCKS_MAX = 60;
const BODY_MAX = 100_000;

export interface MailContext {
  readonly at: Date;
  readonly checked: number;
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** What this check's breaker says, for the mail that tells it tripped. */
  readonly breaker: Breaker;
  /** Stopped, terminated or taken over while a mail had last spoken of their trouble. */
  readonly departed: readonly Departure[];
  /** Instances whose tags could not be written, each with why. */
  readonly untagged: readonly TagFailure[];
  /** A mail with this news may have gone out then: that check was interrupted. Null: none was. */
  readonly maybeMailedAt: Date | null;
  /** Why nothing can be remembered between checks; null: it can. */
  readonly unremembered: string | null;
  /** Parts of the fleet that could not be read, a sentence each without a full stop. @default none */
  readonly unread?: readonly string[];
}

const TITLE: Readonly<Record<MailKind | 'departed', string>> = {
  suppressed: 'FLAGGING SUPPRESSED',
  escalated: 'REBOOTED, AND STILL HANGS: needs a person',
  flagged: 'FLAGGED FOR REBOOT',
  reminder: 'STILL FLAGGED FOR REBOOT',
  held: 'NOT ANSWERING, AND NOT FLAGGED',
  measured: 'NEEDS ATTENTION',
  inconclusive: 'COULD NOT BE CHECKED: the cause is on the checking side, the hosts may be well',
  recovered: 'RECOVERED',
  event: 'HAPPENED',
  departed: 'NO LONGER CHECKED',
};
const IN_SUBJECT: Readonly<Record<Exclude<MailKind, 'measured' | 'event' | 'suppressed'>, string>> = {
  escalated: 'not helped by a reboot',
  flagged: 'flagged for reboot',
  reminder: 'still flagged',
  held: 'not answering',
  inconclusive: 'could not be checked',
  recovered: 'recovered',
};

/** One mail for the whole check, or null when nothing is worth one. */
export function composeAlert(planned: readonly MailEntry[], context: MailContext): Alert | null {
  const entries = withoutOwnEvents(planned);
  if (entries.length === 0 && context.departed.length === 0) return null;
  const kinds = MAIL_KINDS.filter((kind) => entries.some((entry) => entry.kind === kind));
  let left = BLOCKS_MAX;
  let cut = 0;
  const sections = kinds.map((kind) => {
    const ofKind = entries.filter((entry) => entry.kind === kind);
    const blocks = blocksOf(kind, ofKind, context);
    const shown = blocks.slice(0, left);
    left -= shown.length;
    cut += hostsIn(blocks.slice(shown.length));
    return shown.length === 0 ? '' : [title(kind, ofKind, context), ...shown.map((block) => block.text)].join('\n\n');
  });
  const body = [
    `${plural(context.checked, 'instance')} checked at ${clockTime(context.at, context.at)} on ${context.at.toISOString().slice(0, 10)}.`,
    ...caveats(context, entries),
    ...unread(context),
    ...sections.filter((section) => section !== ''),
    ...departed(context.departed),
    ...(cut > 0 ? [`... and ${cut} more: run npx crawlwatch check for all of them.`] : []),
  ].join('\n\n');
  return {
    subject: subject(entries, context),
    body:
      body.length > BODY_MAX
        ? `${body.slice(0, BODY_MAX)}\n... cut here: run npx crawlwatch check for the rest.\n`
        : `${body}\n`,
    attributes: {
      status: worstStatus(entries),
      reasons: [...new Set(planned.flatMap((entry) => entry.codes))],
      instanceIds: [
        ...new Set([...entries.map((entry) => entry.transition.instance.id), ...context.departed.map(({ id }) => id)]),
      ],
    },
    entries: [],
    acts: null,
  };
}

const hostsIn = (blocks: readonly Block[]): number => blocks.reduce((sum, block) => sum + block.hosts, 0);

/** What a reader has to know of the mail itself. */
function caveats({ unremembered, maybeMailedAt, untagged, at }: MailContext, entries: readonly MailEntry[]): string[] {
  const named = new Set(entries.map(({ transition }) => transition.instance.id));
  const [first] = untagged.filter(({ id }) => named.has(id));
  return [
    ...(unremembered === null
      ? []
      : [
          `Nothing can be remembered between checks (${printableAscii(unremembered)}), so nothing is flagged or acted on. Until that is mended, whatever is CRITICAL is mailed once an hour.`,
        ]),
    ...(maybeMailedAt === null
      ? []
      : [
          `A mail of ${clockTime(maybeMailedAt, at)} may have said this already: that check was interrupted while it mailed.`,
        ]),
    ...(first === undefined
      ? []
      : [
          `Tags of ${printableAscii(first.id)} can't be written (${printableAscii(first.text)}): what is said here is remembered all the same, but crawlwatch reboot needs the flag's tag.`,
        ]),
  ];
}

/** Without it silence about these parts would pass for good news. */
const unread = ({ unread: parts = [] }: MailContext): string[] =>
  parts.length === 0
    ? []
    : [[`NOT ALL OF THE FLEET COULD BE READ`, ...parts.map((text) => `${printableAscii(text)}.`)].join('\n')];

function title(kind: MailKind, entries: readonly MailEntry[], { breaker }: MailContext): string {
  if (kind === 'flagged') return `${TITLE[kind]}: ${whatIsDead(entries)}`;
  if (kind !== 'suppressed') return TITLE[kind];
  return [
    `${TITLE[kind]}: ${breaker.why}.`,
    breaker.tripped
      ? 'No instance is flagged until two checks in a row are clean; old flags stay.'
      : 'None of these is flagged without direct evidence until two checks in a row are clean; old flags stay.',
    'Look first at what all of these share: a security group, a route, the key, a throttled API, an outage of the zone.',
  ].join('\n');
}

/** What doesn't answer, by how these instances were asked: SSH is dead only where SSH was asked. */
function whatIsDead(entries: readonly MailEntry[]): string {
  const ways = new Set(entries.map(({ transition }) => transition.instance.transport));
  if (ways.size > 1) return 'no answer any more';
  return ways.has('ssm') ? 'no answer over SSM' : 'SSH is dead';
}

function departed(departures: readonly Departure[]): string[] {
  if (departures.length === 0) return [];
  const lines = departures.slice(0, BLOCKS_MAX).map(({ id, name, what, codes, wasFlagged }) => {
    const flag = wasFlagged ? ' Its reboot flag is removed.' : '';
    return `${printableAscii(name)} (${printableAscii(id)}) ${printableAscii(what)}; it was ${codes.join(', ')}.${flag}`;
  });
  const more = departures.length - lines.length;
  return [[TITLE.departed, ...lines, ...(more > 0 ? [`... and ${more} more.`] : [])].join('\n\n')];
}

function subject(entries: readonly MailEntry[], context: MailContext): string {
  const parts: string[] = [];
  for (const kind of MAIL_KINDS) {
    const of = entries.filter((entry) => entry.kind === kind);
    if (of.length === 0 || kind === 'event') continue;
    if (kind === 'suppressed') parts.push(`FLAGGING SUPPRESSED, ${of.length} failing`);
    else if (kind === 'measured') {
      for (const status of ['CRITICAL', 'WARNING'] as const) {
        const count = of.filter((entry) => entry.transition.assessment.status === status).length;
        if (count > 0) parts.push(`${count} ${status}`);
      }
    } else if (kind === 'recovered') parts.push(...recoveredParts(of));
    else parts.push(`${of.length} ${IN_SUBJECT[kind]}`);
  }
  if (context.departed.length > 0) parts.push(`${context.departed.length} no longer checked`);
  const names = new Set(
    [...entries.map((entry) => entry.transition.instance), ...context.departed].map(({ name }) => name),
  );
  const [only] = names;
  const who =
    names.size === 1 && only !== undefined
      ? `(${printableAscii(only).slice(0, 40)})`
      : `of ${plural(context.checked, 'instance')}`;
  return `crawlwatch: ${parts.join(', ')} ${who}`.slice(0, SUBJECT_MAX);
}

/** A host that has only changed its trouble must not look well in the subject. */
function recoveredParts(entries: readonly MailEntry[]): string[] {
  const counted = (['CRITICAL', 'UNKNOWN', 'WARNING', 'OK'] as const).map(
    (status) => [status, entries.filter((entry) => entry.transition.assessment.status === status).length] as const,
  );
  return counted
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${IN_SUBJECT.recovered}${status === 'OK' ? '' : ` in part, now ${status}`}`);
}

function worstStatus(entries: readonly MailEntry[]): Status {
  const statuses = entries.map((entry) => entry.transition.assessment.status);
  return (['CRITICAL', 'UNKNOWN', 'WARNING'] as const).find((status) => statuses.includes(status)) ?? 'OK';
}
