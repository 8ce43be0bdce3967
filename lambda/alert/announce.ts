/**
 * What a check says to the world, in the order that neither loses nor repeats it: what is remembered is written first,
 * then the tags, then the mail goes out, and that it did is written last.
 *
 * A check that dies between the mail and the last write leaves `mailing` behind. Nobody can know whether SNS had taken
 * that mail, so the next check sends its news again and says that it may be the second time. A check that finds
 * `mailing` younger than that steps back: the other may be mailing at this moment.
 */
import type { Evidence, FlagPlan } from '../flag/index.ts';
import { errorText, isRefusal, minutesBetween } from '../kit/index.ts';
import type { Departure, LoadedState, Transition } from '../memory/index.ts';
import { closed, endedMuted, isMuted, isWorse } from '../memory/index.ts';
import type {
  Alert,
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
import { composeAlert } from './message.ts';
import { type MailEntry, type MailPlan, planMail } from './plan.ts';

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
    notify(alert: Alert): Promise<void>;
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

/**
 * @param states what was remembered before, and what is to be remembered after this check where no mail goes out
 * @returns whether it was this check that had the say; if not, another one has it, or nothing could be remembered
 */
export async function announce(
  news: News,
  { before, next }: { readonly before: LoadedState; readonly next: FleetState },
  state: Saver,
  desk: Desk,
  settings: Settings,
): Promise<boolean> {
  const { transitions, at } = news;
  const due = planMail(transitions, news.plan, before.state.breaker.mailed, at, settings);
  const departures = news.departures.filter(({ isNews }) => isNews);
  const isMailDue = due.entries.length > 0 || departures.length > 0;
  const silent = silentEnds(transitions, at);
  const quiet = withInstances(next, silent);
  // Until the mail is out, what it says is still to be said.
  const unsent = isMailDue ? withInstances(quiet, statesOf(before.state, departures)) : quiet;
  // A host that is well at this moment keeps its news, and so does what may have gone out of it.
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
  if (isUnderWay(mailing, now, settings)) return overtaken(desk);
  const isPartly = isPutOff(mailing, at, settings);
  const { entries, mailed } = isPartly ? untried(due, mailing) : due;
  const departed = isPartly ? [] : departures;
  const isTried = entries.length > 0 || departed.length > 0;
  // What may have gone out may have until its news is known to be out.
  const tried: Mailing | null = isTried
    ? { since: mailing?.since ?? at, at: now }
    : isMailDue || isWaiting
      ? mailing
      : null;

  let etag: string | null;
  try {
    etag = await state.save({ ...unsent, mailing: tried }, before.etag);
  } catch (error) {
    desk.failed('state', errorText(error));
    return announceUnremembered(news, errorText(error), desk, settings);
  }
  if (etag === null) return overtaken(desk);
  const untagged = await writeTags(news, desk, settings);
  if (!isTried) return true;

  const context = { ...news, checked: transitions.length, departed, breaker: news.plan.breaker };
  const alert = composeAlert(entries, {
    ...context,
    untagged,
    maybeMailedAt: mailing?.since ?? null,
    unremembered: null,
  });
  const sent = alert === null ? true : await send(alert, desk);
  const suppressionMailed = sent === true && entries.some(({ kind }) => kind === 'suppressed');
  const last: FleetState =
    sent === true
      ? {
          ...withInstances(countMails(isPartly ? unsent : quiet, idsOf(departed), at), mailed),
          mailing: isPartly || isWaiting ? mailing : null,
          breaker: { ...next.breaker, mailed: next.breaker.mailed || suppressionMailed },
        }
      : sent === false
        ? { ...unsent, mailing }
        : // What may have arrived counts among the mails of the day.
          { ...countMails(unsent, [...mailed.keys()], at), mailing: tried };
  try {
    if ((await state.save(last, etag)) !== null) return true;
    // No check does so while this one mails; a remedy or a person may have changed what is remembered of an instance.
    const now = await state.load();
    const isOurs = now.state.mailing?.at.getTime() === tried?.at.getTime();
    if (
      !isOurs ||
      (await state.save(
        sent === true ? merged(now.state, last, mailed, departed, at) : { ...now.state, mailing: last.mailing },
        now.etag,
      )) === null
    ) {
      desk.failed('state', 'another check wrote before this one had noted its mail');
    }
  } catch (error) {
    desk.failed('state', `that a mail went out could not be written: ${errorText(error)}`);
  }
  return true;
}

/** What is remembered now, with what the mail changes. */
function merged(
  now: FleetState,
  last: FleetState,
  mailed: MailPlan['mailed'],
  departed: readonly Departure[],
  at: Date,
): FleetState {
  const instances = new Map(now.instances);
  for (const [id, { incident, fresh, ends, mails, events }] of mailed) {
    const state = instances.get(id);
    if (state === undefined) continue;
    const ack = state.incident?.ack;
    // A person may have acknowledged it while this check mailed.
    const isNewAck = ack !== undefined && ack.at > at;
    const after = incident !== null && isNewAck ? { ...incident, ack } : incident;
    instances.set(id, { ...state, incident: after, fresh, ends, mails, events });
  }
  for (const { id } of departed) {
    const state = last.instances.get(id);
    if (state === undefined) instances.delete(id);
    else instances.set(id, state);
  }
  return { ...last, instances };
}

function overtaken(desk: Desk): false {
  const text = 'another check ran at the same time and had the say: this one mailed, flagged and acted on nothing';
  desk.log.warn('check.overtaken', { text });
  desk.problems.push(text);
  return false;
}

/** A mail is out within two minutes, or its check is dead. */
const MAIL_MINUTES = 2;
/** So many intervals after a mail whose answer was lost, the next attempts wait for an hour each. */
const EAGER_INTERVALS = 3;
const RETRY_MINUTES = 60;

const isUnderWay = (mailing: Mailing | null, now: Date, { schedule }: Settings): boolean =>
  mailing !== null && Math.abs(minutesBetween(mailing.at, now)) < Math.max(MAIL_MINUTES, schedule.everyMinutes / 2);

/** Where every answer is lost, each attempt may be one more mail. */
const isPutOff = (mailing: Mailing | null, at: Date, { schedule }: Settings): mailing is Mailing =>
  mailing !== null &&
  Math.abs(minutesBetween(mailing.since, at)) > EAGER_INTERVALS * schedule.everyMinutes &&
  Math.abs(minutesBetween(mailing.at, at)) < RETRY_MINUTES - schedule.everyMinutes / 2;

/** A clock may have been set back by so much since the first attempt. */
const CLOCK_MINUTES = 30;

/** Of what is due the news about hosts that no lost mail has named: nobody has heard of them. */
function untried({ entries, mailed }: MailPlan, { since }: Mailing): MailPlan {
  const isNew = ({ before: { mails } }: Transition) => mails.every((at) => minutesBetween(since, at) < -CLOCK_MINUTES);
  const some = entries.filter(({ kind, transition }) => kind !== 'event' && isNew(transition));
  const states = some.flatMap(({ transition: { instance } }): [string, InstanceState][] => {
    const state = mailed.get(instance.id);
    return state === undefined ? [] : [[instance.id, state]];
  });
  return { entries: some, mailed: new Map(states) };
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
    return [{ kind: t.kind === 'hung' ? 'held' : 'measured', transition: t, codes, why: null }];
  });
  const context = { ...news, checked: transitions.length, departed: [], breaker: news.plan.breaker };
  const alert = composeAlert(entries, { ...context, untagged: [], maybeMailedAt: null, unremembered: trouble });
  if (alert !== null) await send(alert, desk);
  return false;
}

/** @returns null where nobody knows whether it went out */
async function send(alert: Alert, desk: Desk): Promise<boolean | null> {
  try {
    await desk.outlets.notify(alert);
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
