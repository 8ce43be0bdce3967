/**
 * What a check says to the world, in the order that neither loses nor repeats it: what is remembered is written first,
 * then the tags; then, where something may be done, the remedy function acts; then one mail goes out with the incidents
 * and the acts, and that it did is written last.
 *
 * A check that dies between the mail and the last write leaves `mailing` behind. Nobody can know whether SNS had taken
 * that mail, so the next check sends its news again and says that it may be the second time. A check that finds
 * `mailing` or `asking` younger than that steps back: the other may be mailing at this moment, or be about to.
 *
 * The wait for acts may last minutes. Before the mail the check therefore writes once more, and keeps the say only where
 * no other check has taken it meanwhile.
 */
import type { Evidence, FlagPlan } from '../flag/index.ts';
import { errorText, isRefusal } from '../kit/index.ts';
import type { Departure, LoadedState, Transition } from '../memory/index.ts';
import { closed, endedMuted, isMuted, isWorse } from '../memory/index.ts';
import type {
  Alert,
  AlertEntry,
  Clock,
  FleetState,
  Instance,
  InstanceState,
  Log,
  Mailing,
  TagFailure,
  TagWrite,
} from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { clearedTags, groupTagWrites, tagChanges } from './display.ts';
import {
  type ActsSaid,
  isPutOff,
  isUnderWay,
  mayWait,
  rebootedInVainBy,
  untried,
  withoutMailedInVain,
} from './mailing.ts';
import { composeAlert, entriesOfEnds } from './message.ts';
import { type MailEntry, type MailPlan, planMail, type UnmailedEnd, unmailedEnds } from './plan.ts';

/** What a check found out. */
export interface News {
  readonly transitions: readonly Transition[];
  readonly plan: FlagPlan;
  readonly departures: readonly Departure[];
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** Parts of the fleet that could not be read, a sentence each. */
  readonly unread: readonly string[];
  readonly found: readonly Instance[];
  readonly at: Date;
}

/** Where it goes, and who hears of what fails. */
export interface Desk {
  readonly outlets: {
    /** The Region of the stack. @default not known */
    readonly home?: string;
    notify(alert: Alert): Promise<readonly string[]>;
    sendEvents(entries: readonly AlertEntry[]): Promise<readonly string[]>;
    writeTags(writes: readonly TagWrite[], found: readonly Instance[]): Promise<readonly TagFailure[]>;
  };
  readonly log: Log;
  readonly clock: Clock;
  failed(step: string, text: string): void;
  readonly problems: string[];
}

interface Saver {
  load(): Promise<LoadedState>;
  save(state: FleetState, etag: string | null): Promise<string | null>;
}

/** A check that has the say, before its mail. */
export interface OpenMail {
  readonly news: News;
  /** What is due of incidents, and those that are no longer checked. */
  readonly due: MailPlan;
  readonly departed: readonly Departure[];
  /** Ends that only events say. */
  readonly ends: readonly UnmailedEnd[];
  /** Whether anything is due of them, be it put off. */
  readonly isMailDue: boolean;
  /** Mails nothing but what no lost mail has named. */
  readonly isPartly: boolean;
  /** A host that is well at this moment keeps its news, and so does what may have gone out of it. */
  readonly isWaiting: boolean;
  /** Of a check before this one. */
  readonly mailing: Mailing | null;
  /** Instances as they are once the mail is out, those of departures among them. */
  readonly quiet: FleetState;
  readonly untagged: readonly TagFailure[];
  /** What is in the bucket, by what this check wrote last. */
  held: { readonly state: FleetState; readonly etag: string };
}

/**
 * Writes what is remembered, and the tags.
 *
 * @param states what was remembered before, and what is to be remembered after this check where no mail goes out
 * @param asks whether the remedy function is asked before the mail
 * @returns null where this check doesn't have the say: another one has it, or nothing could be remembered
 */
export async function openMail(
  news: News,
  { before, next }: { readonly before: LoadedState; readonly next: FleetState },
  state: Saver,
  desk: Desk,
  settings: Settings,
  asks: boolean,
): Promise<OpenMail | null> {
  const { transitions, at } = news;
  const due = planMail(transitions, news.plan, before.state.breaker.mailed, at, settings);
  const departures = news.departures.filter(({ isNews }) => isNews);
  const isMailDue = due.entries.length > 0 || departures.length > 0;
  const ends = unmailedEnds(transitions, at);
  const silent = silentEnds(transitions, at);
  const quiet = withInstances(next, without(silent, triedAgain(ends)));
  // Until the mail is out, what it says is still to be said.
  const unsent = isMailDue ? withInstances(quiet, statesOf(before.state, departures)) : quiet;
  const isWaiting = transitions.some(
    ({ instance, after: { incident } }) =>
      incident !== null &&
      !due.mailed.has(instance.id) &&
      !isMuted(instance, at) &&
      !silent.has(instance.id) &&
      isWorse(incident.due, incident.mailed),
  );
  const { mailing } = before.state;
  const now = desk.clock.now();
  if (isUnderWay(before.state, now, settings)) return overtaken(desk);
  const isPartly = isPutOff(mailing, at, settings);
  const open = {
    ...{ news, ends, isMailDue, isPartly, isWaiting, mailing, quiet },
    due: isPartly ? untried(due, mailing) : due,
    departed: isPartly ? [] : departures,
  };
  // What may have gone out may have until its news is known to be out.
  const kept = isMailDue || isWaiting || asks ? mailing : null;
  const first: FleetState = {
    ...unsent,
    mailing: isTried(open) && !asks ? tried(mailing, at, now, isPartly) : kept,
    ...(asks && { asking: now }),
  };
  let etag: string | null;
  try {
    etag = await state.save(first, before.etag);
  } catch (error) {
    desk.failed('state', errorText(error));
    await announceUnremembered(news, errorText(error), desk, settings);
    return null;
  }
  if (etag === null) return overtaken(desk);
  return { ...open, untagged: await writeTags(news, desk, settings), held: { state: first, etag } };
}

const isTried = ({ due, departed }: Pick<OpenMail, 'due' | 'departed'>): boolean =>
  due.entries.length > 0 || departed.length > 0;

/** @param isPartly whether something that is due is left out */
const tried = (mailing: Mailing | null, at: Date, now: Date, isPartly: boolean): Mailing => ({
  since: mailing?.since ?? at,
  at: now,
  ...(isPartly && mailing !== null && { whole: mailing.whole ?? mailing.at }),
});

/**
 * Mails what is due, with what was done, and writes that it did.
 * @returns whether the acts' news is known to be mailed, by this check or before it
 */
export async function sendMail(
  open: OpenMail,
  acts: ActsSaid,
  state: Saver,
  desk: Desk,
  settings: Settings,
): Promise<boolean> {
  const { news, due, departed, isPartly, isWaiting, mailing, quiet } = open;
  const { at } = news;
  const { asking = null } = open.held.state;
  const isHeldBack = isPartly && acts.news !== null && mayWait(acts.news, mailing as Mailing);
  const fresh = withoutMailedInVain(acts.news, news.transitions, settings.schedule.everyMinutes);
  const said = { ...acts, news: isHeldBack ? null : fresh };
  const isAllMailed = acts.news !== null && fresh === null;
  const alert = composeAlert(due.entries, {
    ...contextOf(news, desk, settings),
    ...{ departed, untagged: open.untagged, maybeMailedAt: mailing?.since ?? null, unremembered: null },
    ...{ acts: said.news, actsUnknown: said.unknown },
  });
  const isAnythingDue = alert !== null || isTried(open);
  const attempt = isAnythingDue
    ? tried(mailing, at, desk.clock.now(), isPartly)
    : open.isMailDue || isWaiting || isHeldBack
      ? mailing
      : null;
  if (asking !== null) {
    const release = (held: FleetState) => ({ ...held, asking: null, mailing: attempt });
    // Where that can't be written the mail goes out all the same: twice is better than late.
    if ((await noted(open, release, state, desk, 'this one mailed')) === 'overtaken') return false;
  }
  const over = (await sendEnds(open, desk, settings)) ? silentEnds(triedAgain(open.ends), at) : new Map();
  if (!isAnythingDue) {
    if (over.size > 0) await noted(open, (held) => withMailed(held, over, at), state, desk, 'this one noted an end');
    return isAllMailed;
  }

  const sent = alert === null ? true : await send(alert, desk);
  const suppressionMailed = sent === true && due.entries.some(({ kind }) => kind === 'suppressed');
  const inVain = rebootedInVainBy(said.news);
  await noted(
    open,
    (before) => {
      const held = withMailed(before, over, at);
      if (sent === false) return { ...held, mailing };
      // What may have arrived counts among the mails of the day.
      if (sent === null) return { ...countMails(held, [...due.mailed.keys()], at), mailing: attempt };
      const gone = withDepartures(held, departed, quiet, at);
      return {
        ...withVerdicts(withMailed(gone, due.mailed, at), inVain),
        mailing: isPartly || isWaiting ? mailing : null,
        breaker: { ...held.breaker, mailed: held.breaker.mailed || suppressionMailed },
      };
    },
    state,
    desk,
    'this one had noted its mail',
  );
  return isAllMailed || (sent === true && said.news !== null);
}

/** @returns whether they were sent, so that the incidents are over */
async function sendEnds({ news, ends }: OpenMail, desk: Desk, settings: Settings): Promise<boolean> {
  // That one has left which was muted is no news for a mail either.
  const departed = news.departures.filter(({ isNews, openedAt }) => !isNews && openedAt !== null);
  if (ends.length === 0 && departed.length === 0) return false;
  const entries = entriesOfEnds(ends, departed, contextOf(news, desk, settings));
  const lost = await desk.outlets.sendEvents(entries);
  for (const text of lost) desk.failed('events', text);
  return lost.length === 0;
}

/**
 * Changes what is remembered. No check writes while this one has the say; a remedy or a person may have changed what is
 * remembered of an instance.
 *
 * @returns `overtaken`: another check has the say by now
 */
async function noted(
  open: OpenMail,
  change: (held: FleetState) => FleetState,
  state: Saver,
  desk: Desk,
  before: string,
): Promise<'noted' | 'overtaken' | 'failed'> {
  const isOurs = (now: FleetState) =>
    now.mailing?.at.getTime() === open.held.state.mailing?.at.getTime() &&
    now.asking?.getTime() === open.held.state.asking?.getTime();
  try {
    for (let tries = 0; tries < NOTE_TRIES; tries++) {
      const next = change(open.held.state);
      const etag = await state.save(next, open.held.etag);
      if (etag !== null) {
        open.held = { state: next, etag };
        return 'noted';
      }
      const now = await state.load();
      if (!isOurs(now.state) || now.etag === null) break;
      open.held = { state: now.state, etag: now.etag };
    }
    desk.failed('state', `another check wrote before ${before}`);
    return 'overtaken';
  } catch (error) {
    desk.failed('state', `what a check notes before and after its mail could not be written: ${errorText(error)}`);
    return 'failed';
  }
}

/** A remedy writes once for each act, and a person now and then. */
const NOTE_TRIES = 4;

/** @param at the check's time */
function withMailed(state: FleetState, mailed: MailPlan['mailed'], at: Date): FleetState {
  const instances = new Map(state.instances);
  for (const [id, { incident, fresh, ends, mails, events }] of mailed) {
    const one = instances.get(id);
    if (one === undefined) continue;
    const ack = one.incident?.ack;
    // A person may have acknowledged it while this check acted and mailed.
    const isNewAck = ack !== undefined && ack.at > at;
    const after = incident !== null && isNewAck ? { ...incident, ack } : incident;
    instances.set(id, { ...one, incident: after, fresh, ends, mails, events });
  }
  return { ...state, instances };
}

function withDepartures(state: FleetState, departed: readonly Departure[], quiet: FleetState, at: Date): FleetState {
  const ids = idsOf(departed);
  const instances = new Map(state.instances);
  for (const id of ids) {
    const one = quiet.instances.get(id);
    if (one === undefined) instances.delete(id);
    else instances.set(id, one);
  }
  return countMails({ ...state, instances }, ids, at);
}

/** What the acts' news has said of a reboot in vain, no later check says again. */
function withVerdicts(state: FleetState, ids: ReadonlySet<string>): FleetState {
  const known = [...ids].flatMap((id): [string, InstanceState][] => {
    const one = state.instances.get(id);
    if (one === undefined || one.incident === null || one.flag === null) return [];
    return [[id, { ...one, incident: { ...one.incident, vainMailed: true } }]];
  });
  return withInstances(state, new Map(known));
}

function overtaken(desk: Desk): null {
  const text = 'another check ran at the same time and had the say: this one mailed, flagged and acted on nothing';
  desk.log.warn('check.overtaken', { text });
  desk.problems.push(text);
  return null;
}

const isFirstOfHour = (at: Date, everyMinutes: number): boolean => at.getUTCMinutes() < everyMinutes;

/**
 * Where nothing can be remembered, nothing says what was mailed before: whatever is CRITICAL is mailed in the first
 * check of each hour. @returns false: nothing is flagged or acted on
 */
export async function announceUnremembered(
  news: News,
  trouble: string,
  desk: Desk,
  settings: Settings,
): Promise<false> {
  const { at, transitions } = news;
  if (!isFirstOfHour(at, settings.schedule.everyMinutes)) return false;
  const entries = transitions.flatMap((t): MailEntry[] => {
    if (t.assessment.status !== 'CRITICAL' || isMuted(t.instance, at)) return [];
    const codes = t.assessment.reasons.map(({ code }) => code);
    return [{ kind: t.kind === 'hung' ? 'held' : 'measured', transition: t, codes, why: null, change: null }];
  });
  const context = { ...contextOf(news, desk, settings), departed: [], untagged: [] };
  const alert = composeAlert(entries, { ...context, maybeMailedAt: null, unremembered: trouble });
  if (alert !== null) await send(alert, desk);
  return false;
}

/** What every mail of a check takes from it. */
const contextOf = (news: News, { outlets }: Desk, settings: Settings) => ({
  ...{ ...news, checked: news.transitions.length, breaker: news.plan.breaker },
  ...{ settings, home: outlets.home ?? null },
});

/** @returns null where nobody knows whether it went out */
async function send(alert: Alert, desk: Desk): Promise<boolean | null> {
  try {
    for (const text of await desk.outlets.notify(alert)) desk.failed('events', text);
    return true;
  } catch (error) {
    desk.failed('mail', errorText(error));
    return isRefusal(error) ? false : null;
  }
}

/** Incidents that ended while their host was muted. */
const silentEnds = (transitions: readonly Transition[], at: Date): ReadonlyMap<string, InstanceState> =>
  new Map(
    transitions.filter((t) => endedMuted(t.instance, t, at)).map((t) => [t.instance.id, closed(t.after, at)] as const),
  );

const triedAgain = (ends: readonly UnmailedEnd[]): Transition[] =>
  ends.filter(({ isTriedAgain }) => isTriedAgain).map(({ transition }) => transition);

const without = <T>(all: ReadonlyMap<string, T>, some: readonly Transition[]): ReadonlyMap<string, T> => {
  const left = new Map(all);
  for (const { instance } of some) left.delete(instance.id);
  return left;
};

const withInstances = (state: FleetState, changed: ReadonlyMap<string, InstanceState>): FleetState =>
  changed.size === 0 ? state : { ...state, instances: new Map([...state.instances, ...changed]) };

const idsOf = (all: readonly { readonly id: string }[]): string[] => all.map(({ id }) => id);

function countMails(state: FleetState, ids: readonly string[], at: Date): FleetState {
  const counted = ids.flatMap((id): [string, InstanceState][] => {
    const one = state.instances.get(id);
    return one === undefined ? [] : [[id, { ...one, mails: [...one.mails, at] }]];
  });
  return withInstances(state, new Map(counted));
}

const statesOf = ({ instances }: FleetState, of: readonly { readonly id: string }[]) =>
  new Map(
    of.flatMap(({ id }): [string, InstanceState][] => {
      const state = instances.get(id);
      return state === undefined ? [] : [[id, state]];
    }),
  );

async function writeTags(news: News, desk: Desk, { stack }: Settings): Promise<readonly TagFailure[]> {
  const changes = [
    ...news.transitions.map((t) => ({ id: t.instance.id, tags: tagChanges(t, stack) })),
    ...news.found
      .filter((one) => one.skipped !== null && !one.isElsewhereWatched)
      .map((one) => ({ id: one.id, tags: clearedTags(one) })),
  ];
  const writes = groupTagWrites(changes);
  if (writes.length === 0) return [];
  const failures = await desk.outlets.writeTags(writes, news.found).catch((error: unknown) => {
    const text = errorText(error);
    return [...new Set(writes.flatMap(({ ids }) => ids))].map((id) => ({ id, text }));
  });
  for (const { id, text } of failures) {
    desk.log.warn('tags.notWritten', { id, text });
    desk.problems.push(`tags of ${id} could not be written: ${text}`);
  }
  return failures;
}
