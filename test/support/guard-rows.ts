/** The rows of the guards' truth table, and what each expects for schedule and person. */

import { expect } from 'vitest';
import type { DescribedInstance } from '../../lambda/discover/instance.ts';
import type { FreshCheck, Guard, InstanceState, Remedy } from '../../lambda/model/index.ts';
import { type Known, planAct } from '../../lambda/remedy/plan.ts';
import type { Settings } from '../../lambda/settings/settings.ts';
import { ALL_ON, answered, fresh, HUNG, host, known, person, SCHEDULE, troubled } from './remedy-cases.ts';

export interface Row {
  readonly tags?: Readonly<Record<string, string>>;
  /** The tag that somebody took away. */
  readonly stripped?: string;
  /** Where it is other than the tags show. */
  readonly remembered?: Partial<InstanceState>;
  readonly over?: Partial<DescribedInstance>;
  readonly known?: Partial<Known>;
  readonly settings?: Settings;
  readonly fresh?: FreshCheck;
}

type Asking = 'schedule' | 'person';
/** An instance that..., who is held back, by which guard, with what in its sentence, and what is amiss. */
export type Guarded = readonly [sentence: string, who: Asking | 'anybody', guard: Guard, why: string, row: Row];

const SOUND: Readonly<Record<Remedy, { readonly tags: Readonly<Record<string, string>>; readonly fresh: FreshCheck }>> =
  {
    reboot: { tags: HUNG, fresh: fresh() },
    'restart-worker': { tags: troubled('WorkerDown'), fresh: answered('WorkerDown') },
    'restart-sshd': { tags: troubled('SshdDown'), fresh: answered('SshdDown') },
  };

/** The decision where only this row's trouble can hold the act back. */
export function decided(who: Asking, remedy: Remedy, row: Row) {
  const sound = SOUND[remedy];
  const tags = { ...sound.tags, ...row.tags };
  const { remembered } = host(tags, row.over);
  const { [row.stripped ?? '']: _, ...shown } = tags;
  const one = { ...host(shown, row.over), remembered: { ...remembered, ...row.remembered } };
  const requester = who === 'schedule' ? SCHEDULE : person();
  return planAct(one, remedy, requester, row.fresh ?? sound.fresh, known(row.known), row.settings ?? ALL_ON);
}

/** Expects that those whom the row names are held back, with its guard and sentence, and others not. */
export function expectHeld(remedy: Remedy, [, who, guard, why, row]: Guarded): void {
  for (const each of ['schedule', 'person'] as const) {
    const decision = decided(each, remedy, row);
    const isHeld = who === 'anybody' || who === each;
    expect([each, decision.heldBy]).toEqual([each, isHeld ? guard : null]);
    if (isHeld) expect(decision.why).toContain(why);
    expect(decision.why).toMatch(/^[\x20-\x7e]+[^.]$/);
  }
}
