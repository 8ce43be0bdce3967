/**
 * Which remedy an instance's tags call for, the gentlest first, how long each has to prove itself, and when crawlwatch
 * has done what it may. Pure.
 */

import { clockTime, minutesBetween, plural, quoted } from '../kit/index.ts';
import { rebootTrialMinutes } from '../memory/index.ts';
import type { Act, Instance, InstanceState, ReasonCode, Remedy } from '../model/index.ts';
import { TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';

/** What a restart is to end. A reboot is for what is flagged, whatever the reason. */
export const TROUBLE: Readonly<Record<Exclude<Remedy, 'reboot'>, readonly ReasonCode[]>> = {
  'restart-worker': ['MemoryExhaustedResponsive', 'WorkerDown'],
  'restart-sshd': ['SshdDown'],
};

/** The remedy as a noun in a sentence. */
export const REMEDY_WORDS: Readonly<Record<Remedy, string>> = {
  'restart-worker': 'worker restart',
  'restart-sshd': 'sshd restart',
  reboot: 'reboot',
};

/** A reboot has longer: {@link rebootTrialMinutes}. */
const RESTART_TRIAL_MINUTES = 10;
/** How long a check may take: only then are the tags those of a check that began after the act. */
const CHECK_MINUTES = 5;

/** Minutes that an act has to prove itself: at least until a check has seen its effect. */
export const trialMinutes = (remedy: Remedy, { schedule: { everyMinutes } }: Settings): number =>
  remedy === 'reboot'
    ? rebootTrialMinutes(everyMinutes)
    : Math.max(RESTART_TRIAL_MINUTES, everyMinutes + CHECK_MINUTES);

/** Taken or perhaps taken, and neither verified nor given up. */
export const isOpenAct = ({ state }: Act): boolean => state === 'begun' || state === 'done';

/** `ficrawler8 (i-...)`; the id alone where the name isn't known. */
export const called = ({ instanceId, name }: Pick<Act, 'instanceId' | 'name'>): string =>
  name === undefined || name === instanceId ? instanceId : `${quoted(name)} (${instanceId})`;

/** The codes of `remedy`'s trouble among these. */
export const troubleIn = (codes: readonly ReasonCode[], remedy: Remedy): readonly ReasonCode[] =>
  remedy === 'reboot' ? [] : codes.filter((code) => TROUBLE[remedy].includes(code));

/** What the tags call for; null where the instance needs none of it. */
export function dueRemedy(one: Instance): Remedy | null {
  const { reasons } = one.remembered;
  for (const remedy of ['restart-worker', 'restart-sshd'] as const) {
    if (troubleIn(reasons, remedy).length > 0) return remedy;
  }
  // A flag that is only a tag counts, readable or not: the plan then says what is wrong with it.
  return one.remembered.flag === null && one.tags[TAG.flag] === undefined ? null : 'reboot';
}

const HOUR = 60;
const WORKER_RESTARTS = 2;

/** Why crawlwatch would not try this remedy once more by itself; null where it may. */
export function exhausted(one: Instance, remedy: Remedy, acts: readonly Act[], now: Date): string | null {
  const state = one.remembered;
  // What AWS throttled was not tried: the budget alone says when it may be.
  const own = acts.filter((act) => act.instanceId === one.id && act.remedy === remedy && act.undone !== 'throttled');
  if (own.some(isOpenAct)) return null;
  switch (remedy) {
    case 'restart-worker': {
      const lately = own.filter((act) => !(minutesBetween(act.at, now) >= HOUR));
      const inVain = own.filter((act) => act.state === 'failed' && isSince(act.at, state.since));
      const restarts = Math.max(lately.length, inVain.length);
      if (restarts < WORKER_RESTARTS) return null;
      const trouble = troubleIn(state.reasons, remedy).join(', ') || 'its trouble';
      return `its worker was restarted ${plural(restarts, 'time')} and ${trouble} persists, perhaps by a poisoned job; it needs a person`;
    }
    case 'restart-sshd': {
      const at = triedInVain(state, remedy, own, state.since);
      if (at === null) return null;
      return `the sshd restart of ${clockTime(at, now)} did not help: it needs a person (sshd -t and journalctl on the host, over SSM)`;
    }
    case 'reboot': {
      const at = triedInVain(state, remedy, own, state.flag?.at ?? null);
      if (at === null) return null;
      return `the reboot of ${clockTime(at, now)} did not help: it needs a person (save its console output, then stop and start it, or replace it)`;
    }
  }
  return remedy satisfies never;
}

/**
 * When it was last tried in vain since this trouble began; null where it was not. The record is kept for a day, the tag
 * for good: without the tag a host that a reboot doesn't help would be rebooted again each day.
 */
function triedInVain(state: InstanceState, remedy: Remedy, own: readonly Act[], since: Date | null): Date | null {
  const last = own.findLast((act) => isSince(act.at, since));
  if (last !== undefined) return last.state === 'failed' ? last.at : null;
  const { acted } = state;
  return acted?.what === remedy && isSince(acted.at, since) ? acted.at : null;
}

/** Where it is not known since when, everything on record counts. Tags keep whole seconds. */
const isSince = (at: Date, since: Date | null): boolean =>
  since === null || Math.floor(at.getTime() / 1000) >= Math.floor(since.getTime() / 1000);
