/**
 * What the remedy function is asked, read strictly: a word too many may be a slip (`dryrun`), and a slip must not cost a
 * host. Pure.
 */

import { parseInstant, printableAscii } from '../kit/index.ts';
import { type Asker, INSTANCE_ID, OVERRIDES, type Override, REMEDIES, type Remedy } from '../model/index.ts';

type Person = Extract<Asker, { readonly kind: 'person' }>;

/** A remedy for one instance. */
export interface ActRemedyRequest {
  readonly action: Remedy;
  readonly instanceId: string;
  readonly asker: Person;
  /** Everything but the act itself. */
  readonly dryRun: boolean;
}

/** To take the reboot flag away. */
export interface UnflagRequest {
  readonly action: 'unflag';
  readonly instanceId: string;
  readonly asker: Person;
  readonly dryRun: boolean;
}

/** To stop all acting, and to go on. */
export type PauseRequest =
  | {
      readonly action: 'pause';
      readonly asker: Person;
      readonly why: string;
      /** Null: until somebody resumes. */
      readonly until: Date | null;
      readonly dryRun: boolean;
    }
  | { readonly action: 'resume'; readonly asker: Person; readonly dryRun: boolean };

export type RemedyRequest =
  | { readonly action: 'auto'; readonly scheduledTime: Date | null }
  | { readonly action: 'plan'; readonly asker: Person }
  | ActRemedyRequest
  | UnflagRequest
  | PauseRequest
  | { readonly action: 'history'; readonly instanceId: string; readonly asker: Person };

export type ParsedRequest =
  | { readonly ok: true; readonly request: RemedyRequest }
  /** `why` is a sentence without its full stop, printable ASCII; the id is null where what was given is none. */
  | { readonly ok: false; readonly instanceId: string | null; readonly why: string };

const ASKER_LENGTH = 64;
const WHY_LENGTH = 200;
/** What the console adds to what its widgets' buttons send. */
const WIDGET_KEY = 'widgetContext';

const ACTIONS = ['auto', 'plan', ...REMEDIES, 'unflag', 'pause', 'resume', 'history'] as const;
type Action = (typeof ACTIONS)[number];
const ON_INSTANCE = ['instanceId', 'asker', 'dryRun', 'overrides'];
/** What each takes beside `action`. */
const KEYS: Readonly<Record<Action, readonly string[]>> = {
  auto: ['scheduledTime'],
  plan: ['asker'],
  'restart-worker': ON_INSTANCE,
  'restart-sshd': ON_INSTANCE,
  reboot: ON_INSTANCE,
  unflag: ['instanceId', 'asker', 'dryRun'],
  pause: ['asker', 'why', 'until', 'dryRun'],
  resume: ['asker', 'dryRun'],
  history: ['instanceId', 'asker'],
};

type Fields = Readonly<Record<string, unknown>>;

/** Whether a dashboard's widget asks: the answer is HTML then. */
export const isFromWidget = (event: unknown): boolean => isObject(event) && WIDGET_KEY in event;

/** @param now a pause must end after it */
export function parseRemedyRequest(event: unknown, now: Date): ParsedRequest {
  const fields = isObject(event) ? event : {};
  const { action, instanceId } = fields;
  const refuse = (why: string): ParsedRequest => ({
    ok: false,
    instanceId: isInstanceId(instanceId) ? instanceId : null,
    why: printableAscii(why),
  });
  if (!isAction(action)) return refuse(`action must be one of ${ACTIONS.join(', ')}`);
  const unknown = Object.keys(fields).find(
    (key) => key !== 'action' && key !== WIDGET_KEY && !KEYS[action].includes(key),
  );
  if (unknown !== undefined) {
    return refuse(`${action} takes no ${JSON.stringify(unknown.slice(0, 40))}; it takes ${KEYS[action].join(', ')}`);
  }
  const wrong = wrongField(action, fields, now);
  return wrong === null ? { ok: true, request: requestOf(action, fields) } : refuse(wrong);
}

/** What is wrong with a field that the action takes; null if nothing is. */
function wrongField(action: Action, fields: Fields, now: Date): string | null {
  const { instanceId, asker, overrides, scheduledTime, why, until } = fields;
  const takes = (key: string) => KEYS[action].includes(key);
  if (takes('instanceId') && !isInstanceId(instanceId)) {
    return 'instanceId must be an EC2 instance id, like i-0123456789abcdef0';
  }
  if (isGiven(asker) && typeof asker !== 'string') return 'asker must be a text: who asks';
  if (isGiven(overrides) && !isOverrides(overrides)) return `overrides must be a list of ${OVERRIDES.join(', ')}`;
  if (isGiven(scheduledTime) && instantOf(scheduledTime) === null) {
    return 'scheduledTime must be a time like 2026-11-22T08:05:00Z';
  }
  if (action === 'pause' && (typeof why !== 'string' || why.trim() === '')) {
    return 'why must be a text: whoever finds acting paused has to know';
  }
  if (isGiven(until)) {
    const end = instantOf(until);
    if (end === null) return 'until must be a time like 2026-11-22T10:00:00Z, or null for: until somebody resumes';
    if (end <= now) return `until must be later than now (${now.toISOString()})`;
  }
  return null;
}

/** All fields are known to be well formed. */
function requestOf(action: Action, fields: Fields): RemedyRequest {
  const { instanceId, overrides } = fields;
  const id = String(instanceId);
  const asker: Person = {
    kind: 'person',
    name: line(fields.asker, ASKER_LENGTH) || (isFromWidget(fields) ? 'dashboard' : 'unknown'),
    overrides: isOverrides(overrides) ? overrides : [],
  };
  // Anything but a plain no is a rehearsal.
  const dryRun = fields.dryRun !== undefined && fields.dryRun !== false;
  switch (action) {
    case 'auto':
      return { action, scheduledTime: instantOf(fields.scheduledTime) };
    case 'plan':
      return { action, asker };
    case 'restart-worker':
    case 'restart-sshd':
    case 'reboot':
      return { action, instanceId: id, asker, dryRun };
    case 'unflag':
      return { action, instanceId: id, asker, dryRun };
    case 'pause':
      return { action, asker, why: line(fields.why, WHY_LENGTH), until: instantOf(fields.until), dryRun };
    case 'resume':
      return { action, asker, dryRun };
    case 'history':
      return { action, instanceId: id, asker };
  }
  return action satisfies never;
}

const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isAction = (value: unknown): value is Action => ACTIONS.some((action) => action === value);
const isInstanceId = (value: unknown): value is string => typeof value === 'string' && INSTANCE_ID.test(value);
const isGiven = (value: unknown): boolean => value !== undefined && value !== null;
const isOverrides = (value: unknown): value is readonly Override[] =>
  Array.isArray(value) && value.every((one) => OVERRIDES.includes(one));
const instantOf = (value: unknown): Date | null => (typeof value === 'string' ? parseInstant(value) : null);
const line = (value: unknown, length: number): string =>
  typeof value === 'string' ? printableAscii(value).trim().slice(0, length) : '';
