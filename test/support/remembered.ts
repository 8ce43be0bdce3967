/**
 * What is remembered of an instance, in a short notation for tests: the tags that show it, and beside them `failures`,
 * `since`, `seen` and `bootedAt` under keys of the same form. Of the reasons those of the first one's kind are present, the others
 * are of earlier in the same incident.
 */
import { parseInstant, parseStamp } from '../../lambda/kit/time.ts';
import { advance } from '../../lambda/memory/incident.ts';
import {
  type InstanceState,
  isReasonCode,
  kindOf,
  NOTHING_REMEMBERED,
  type ReasonCode,
  type Status,
  TAG,
} from '../../lambda/model/index.ts';

const STATUSES: readonly Status[] = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'];

export const NOTE = {
  since: 'crawlwatch:since',
  failures: 'crawlwatch:failures',
  seen: 'crawlwatch:seen',
  bootedAt: 'crawlwatch:booted-at',
} as const;

/** The state that checks would have left behind; its incident has been mailed where it was due. */
export function rememberedBy(tags: Readonly<Record<string, string>>): InstanceState {
  const [word = '', list = ''] = (tags[TAG.status] ?? '').split(':');
  const status = STATUSES.find((one) => one === word) ?? null;
  const codes = list.split(',').filter(isReasonCode);
  const lasting = codes.filter((code) => kindOf(code) !== 'event');
  const isPresent = (code: ReasonCode) => lasting[0] !== undefined && kindOf(code) === kindOf(lasting[0]);
  const reasons = lasting.filter(isPresent);
  const earlier = lasting.filter((code) => !isPresent(code));
  const since = parseInstant(tags[NOTE.since] ?? '');
  const failures = Number(tags[NOTE.failures] ?? 0);
  const flag = parseStamp(tags[TAG.flag] ?? '');
  const seen = /^([0-9a-f]{8})\/(\d*)$/.exec(tags[NOTE.seen] ?? '');
  const pin = tags[TAG.hostKey];
  const state: InstanceState = {
    ...NOTHING_REMEMBERED,
    status,
    reasons,
    since,
    failures,
    failingSince: failures > 0 ? since : null,
    flag: flag === null || !isReasonCode(flag.what) ? null : { reason: flag.what, at: flag.at },
    acted: parseStamp(tags[TAG.acted] ?? ''),
    pin: pin === undefined || pin === 'renew' ? null : pin,
    seen: seen === null ? null : { boot: seen[1] ?? '', oomKills: seen[2] === '' ? null : Number(seen[2]) },
    bootedAt: parseInstant(tags[NOTE.bootedAt] ?? ''),
    events: codes.filter((code) => kindOf(code) === 'event'),
  };
  return withLetters(state, Math.max(failures, status === null || status === 'OK' ? 0 : 2), earlier);
}

function withLetters(state: InstanceState, checks: number, earlier: readonly ReasonCode[]): InstanceState {
  const letter = letterOf(state.status, state.reasons[0]);
  const at = state.since ?? new Date(0);
  let next = state;
  for (let n = 0; n < checks; n++) {
    const { isOver, ...more } = advance(next, { letter, codes: state.reasons, isRepeat: false }, at, 2);
    next = { ...next, ...more };
  }
  const { incident } = next;
  if (incident === null || incident.due === null) return next;
  const codes = [...earlier, ...incident.codes];
  return {
    ...next,
    incident: { ...incident, codes, mailed: incident.due, mailedAt: at, flagMailed: state.flag !== null },
  };
}

function letterOf(status: Status | null, worst: ReasonCode | undefined) {
  const kind = worst === undefined ? null : kindOf(worst);
  if (status === 'UNKNOWN' || kind === 'inconclusive') return 'u';
  if (kind === 'hung') return 'h';
  return status === 'CRITICAL' ? 'c' : status === 'WARNING' ? 'w' : '.';
}
