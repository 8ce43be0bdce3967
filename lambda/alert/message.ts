/** The mail: what to do first, worst first, plain text for a phone, bounded. Its entries: entries.ts; acts: acts.ts. */

import type { Breaker, Evidence } from '../flag/index.ts';
import { calendarDay, clockTime, plural } from '../kit/index.ts';
import type { Departure, Transition } from '../memory/index.ts';
import { type Alert, type AlertEntry, isNews, type RemedyNews, type Status, type TagFailure } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { pausedLines, withActs } from './acts.ts';
import { alertEntryOf, type Block, blocksOf, inOrder } from './blocks.ts';
import { checkAgain, crawlwatch } from './commands.ts';
import { departureNews, type HostNews, newsOf, type Wording, withoutOwnEvents } from './entries.ts';
import { dashboardUrl } from './links.ts';
import type { MailEntry, UnmailedEnd } from './plan.ts';
import { subjectOf } from './subject.ts';
import { bullet, said, sentence, wrapped } from './text.ts';

/** SNS takes 256 KiB with the attributes; a person reads far less. */
const BLOCKS_MAX = 60;
const BODY_MAX = 100_000;
const UNREAD_MAX = 20;

export interface MailContext {
  readonly at: Date;
  /** How many instances the check looked at; null: it is no check's mail. */
  readonly checked: number | null;
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** What this check's breaker says, for the mail that says it tripped. */
  readonly breaker: Pick<Breaker, 'why' | 'tripped' | 'failing' | 'eligible'>;
  /** Stopped, terminated or taken over while a mail had last spoken of their trouble. */
  readonly departed: readonly Departure[];
  /** Instances whose tags could not be written, each with why. */
  readonly untagged: readonly TagFailure[];
  /** A mail with this news may have gone out then: that check was interrupted. Null: none was. */
  readonly maybeMailedAt: Date | null;
  /** Why nothing can be remembered between checks; null: it can. */
  readonly unremembered: string | null;
  readonly settings: Settings;
  /** Parts of the fleet that could not be read, a sentence each without a full stop. @default none */
  readonly unread?: readonly string[];
  /** Acts of this check, and what earlier ones came to. @default none */
  readonly acts?: RemedyNews | null;
  /** Acting by itself is on, and why its answer didn't come: an act may be under way. @default it came */
  readonly actsUnknown?: string | null;
  /** All of the check: what is known of hosts whose acts alone are news. @default nothing */
  readonly transitions?: readonly Transition[];
  /** The Region of the stack. @default that of the instances that are not elsewhere */
  readonly home?: string | null;
}

/** One mail for the whole check, or null when nothing is worth one. */
export function composeAlert(planned: readonly MailEntry[], context: MailContext): Alert | null {
  const entries = withoutOwnEvents(planned);
  const acts = context.acts != null && isNews(context.acts) ? context.acts : null;
  if (entries.length === 0 && context.departed.length === 0 && acts === null) return null;
  const wording = wordingOf(entries, context);
  const hosts = inOrder([
    ...withActs(
      entries.map((entry) => newsOf(entry, wording)),
      acts,
      context.transitions ?? [],
      wording,
    ),
    ...context.departed.map((one) => departureNews(one, wording)),
  ]);
  const head = [
    wrapped(whatToDo(hosts, acts, context)).join('\n'),
    aboutMail(context, wording),
    ...caveats(context, entries, wording),
    ...lookAtActs(context, wording),
    ...unread(context, wording),
    ...paused(acts, wording),
    ...suppressed(hosts, context, wording),
  ];
  return {
    subject: subjectOf(hosts, acts, context),
    body: `${[...head, ...bounded(blocksOf(hosts, wording), head.join('').length)].join('\n\n')}\n`,
    attributes: {
      status: worstStatus(hosts, acts),
      reasons: [...new Set([...planned.flatMap(({ codes }) => codes), ...hosts.flatMap(({ codes }) => codes)])],
      instanceIds: [...new Set(hosts.map(({ id }) => id))],
    },
    // All of them: each is an event, and chat and JSON have bounds of their own.
    entries: hosts.map((host) => alertEntryOf(host, wording)),
    acts,
  };
}

/** What events say of incidents whose end no mail says: so that what they opened elsewhere is closed there. */
export function entriesOfEnds(
  ends: readonly UnmailedEnd[],
  departed: readonly Departure[],
  context: Pick<MailContext, 'at' | 'evidence' | 'settings' | 'home'>,
): AlertEntry[] {
  const entries = ends.map(({ transition }): MailEntry => {
    const codes = (transition.after.incident ?? transition.before.incident)?.codes ?? [];
    return { kind: 'recovered', transition, codes, why: null, change: 'ended' };
  });
  const wording = wordingOf(entries, { ...context, unremembered: null });
  return [
    ...entries.map((entry, nth) => withLine(alertEntryOf(newsOf(entry, wording), wording), ends[nth]?.why ?? '')),
    ...departed.map((one) => withLine(alertEntryOf(departureNews(one, wording), wording), MUTED)),
  ];
}

const MUTED = 'It was muted, so no mail says this.';

const withLine = (entry: AlertEntry, line: string): AlertEntry => ({ ...entry, lines: [...entry.lines, line] });

/** The mail on an act that a person asked for, and on what earlier acts came to; null where nothing is worth one. */
export function composeRemedyAlert(
  acts: RemedyNews,
  { settings, home }: Pick<MailContext, 'settings'> & { readonly home: string | null },
): Alert | null {
  return composeAlert([], {
    ...{ at: acts.now, checked: null, evidence: new Map(), breaker: NO_BREAKER, departed: [], untagged: [] },
    ...{ maybeMailedAt: null, unremembered: null, settings, acts, home },
  });
}
const NO_BREAKER = { why: '', tripped: false, failing: 0, eligible: 0 };

function wordingOf(
  entries: readonly MailEntry[],
  {
    at,
    evidence,
    settings,
    home,
    unremembered,
    actsUnknown = null,
  }: Pick<MailContext, 'at' | 'evidence' | 'settings' | 'home' | 'unremembered' | 'actsUnknown'>,
): Wording {
  const here = entries.find(({ transition }) => transition.instance.elsewhere !== true)?.transition.instance.region;
  const remembers = unremembered === null;
  return { at, zone: settings.alerts.timeZone, evidence, settings, home: home ?? here ?? null, remembers, actsUnknown };
}

/** The first line: what to do, or that there is nothing to do. */
function whatToDo(hosts: readonly HostNews[], acts: RemedyNews | null, context: MailContext): string {
  const { breaker, unremembered, unread: parts = [] } = context;
  const rest = parts.length === 0 ? '' : ' But part of the fleet could not be read: see below.';
  const [first] = hosts;
  const due = hosts.filter(({ todo }) => todo !== null);
  const suppressing = hosts.filter(({ urgency }) => urgency === 'suppressed').length;
  const also = (count: number) =>
    count === 0 ? '' : ` ${plural(count, 'more host')} below ${count === 1 ? 'needs' : 'need'} you too.`;
  if (acts?.pausedNow != null) {
    return `Do: find out why reboots do not help, then resume; automatic acts are paused.${also(due.length)}${rest}`;
  }
  if (suppressing > 0) {
    const whose = breaker.tripped ? 'nothing' : 'none of them';
    return `Do: see what the ${plural(suppressing, 'failing host')} have in common (network, key, API); ${whose} is flagged meanwhile.${also(due.length - suppressing)}${rest}`;
  }
  const state = unremembered === null ? rest : ` Mend the state, too: nothing is remembered between checks.${rest}`;
  const [todo] = due;
  if (todo === undefined) return `Nothing to do: ${first?.handled ?? 'all is well'}.${state}`;
  const before = first === todo || first === undefined ? '' : ` ${first.handled}.`;
  return `Do: ${todo.todo}.${also(due.length - 1)}${before}${state}`;
}

function aboutMail({ at, checked, settings }: MailContext, { home, zone }: Wording): string {
  const dashboard = dashboardUrl(home, settings.stack);
  const when = `at ${clockTime(at, at, zone)} on ${calendarDay(at, zone)}`;
  const hasRunbook = settings.alerts.runbookUrl === null ? ', with the runbook' : '';
  return [
    checked === null ? `Written ${when}.` : `${plural(checked, 'instance')} checked ${when}.`,
    ...(dashboard === null ? [] : [`Dashboard${hasRunbook}: ${dashboard}`]),
  ].join('\n');
}

/** What a reader has to know of the mail itself. */
function caveats(
  { unremembered, maybeMailedAt, untagged, at, settings, actsUnknown = null }: MailContext,
  entries: readonly MailEntry[],
  wording: Wording,
): string[] {
  const named = new Set(entries.map(({ transition }) => transition.instance.id));
  const [first] = untagged.filter(({ id }) => named.has(id));
  return [
    ...(unremembered === null
      ? []
      : [
          `Nothing can be remembered between checks (${said(unremembered, wording)}), so nothing is flagged or acted on. Until that is mended, whatever is CRITICAL is mailed once an hour.`,
        ]),
    ...(maybeMailedAt === null
      ? []
      : [
          `A mail of ${clockTime(maybeMailedAt, at, settings.alerts.timeZone)} may have said this already: that check was interrupted while it mailed.`,
        ]),
    ...(actsUnknown === null
      ? []
      : [
          `What crawlwatch did by itself in this check is not known (${said(actsUnknown, wording)}): a restart or a reboot may be under way. The next mail says what was done.`,
        ]),
    ...(first === undefined
      ? []
      : [
          `Tags of ${said(first.id, wording, 40)} can't be written (${said(first.text, wording)}): what is said here is remembered all the same, but crawlwatch reboot needs the flag's tag.`,
        ]),
  ].map((text) => wrapped(text).join('\n'));
}

/** Beside the paragraph that says it is not known: a command is a line of its own. */
const lookAtActs = ({ actsUnknown = null }: MailContext, wording: Wording): string[] =>
  actsUnknown === null ? [] : [`To look now: ${crawlwatch('plan', wording)}`];

/** Without it silence about these parts would pass for good news. */
function unread({ unread: parts = [] }: MailContext, wording: Wording): string[] {
  if (parts.length === 0) return [];
  const more = parts.length - UNREAD_MAX;
  return [
    [
      ...wrapped('NOT ALL OF THE FLEET COULD BE READ: what is there is neither checked nor mailed.'),
      ...parts.slice(0, UNREAD_MAX).flatMap((text) => bullet(said(sentence(text), wording))),
      ...(more > 0 ? [`  and ${more} more`] : []),
    ].join('\n'),
  ];
}

function paused(acts: RemedyNews | null, wording: Wording): string[] {
  if (acts?.pausedNow == null) return [];
  const { why, notes, step } = pausedLines(acts.pausedNow, wording);
  return [
    [
      'AUTOMATIC ACTS ARE PAUSED until a person resumes.',
      ...bullet(why),
      ...notes.flatMap((text) => wrapped(text, '  ')),
      `  ${step.say}: ${step.command}`,
    ].join('\n'),
  ];
}

function suppressed(hosts: readonly HostNews[], { breaker }: MailContext, wording: Wording): string[] {
  if (!hosts.some(({ urgency }) => urgency === 'suppressed')) return [];
  const again = checkAgain('To ask them once more, which changes nothing', wording);
  return [
    [
      `FLAGGING SUPPRESSED: ${said(breaker.why, wording)}.`,
      breaker.tripped
        ? 'No instance is flagged until two checks in a row are clean; old flags stay.'
        : 'None of these is flagged without direct evidence until two checks in a row are clean; old flags stay.',
      'Look first at what all of these share: a security group, a route, the key, a throttled API, an outage of the zone.',
    ]
      .flatMap((text) => wrapped(text))
      .concat(`  ${again.say}: ${again.command}`)
      .join('\n'),
  ];
}

/** As many blocks as a person reads; the others are counted. */
function bounded(blocks: readonly Block[], used: number): string[] {
  let room = BODY_MAX - used;
  let shown = 0;
  while (shown < Math.min(blocks.length, BLOCKS_MAX)) {
    room -= (blocks[shown]?.text.length ?? 0) + 2;
    if (room < 0) break;
    shown++;
  }
  const left = blocks.slice(shown).reduce((sum, { hosts }) => sum + hosts, 0);
  const rest = left === 0 ? [] : [`... and ${left} more: the dashboard shows all, and so does crawlwatch check --aws.`];
  return [...blocks.slice(0, shown).map(({ text }) => text), ...rest];
}

function worstStatus(hosts: readonly HostNews[], acts: RemedyNews | null): Status {
  if (acts?.pausedNow != null) return 'CRITICAL';
  const statuses = hosts.map(({ status }) => status);
  return (['CRITICAL', 'UNKNOWN', 'WARNING'] as const).find((status) => statuses.includes(status)) ?? 'OK';
}
