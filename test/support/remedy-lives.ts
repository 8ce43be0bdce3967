/** Fleets that live through hours of trouble, acts and passing time, for what must hold of every act. */

import fc from 'fast-check';
import type { Instance } from '../../lambda/model/index.ts';
import { type Act, type Pause, REMEDIES, type Remedy, type Requester, TAG } from '../../lambda/model/index.ts';
import { beginAct } from '../../lambda/remedy/act.ts';
import { isPermit, planAct, planRemedies } from '../../lambda/remedy/plan.ts';
import { verifyActs } from '../../lambda/remedy/verify.ts';
import { NOW, REACHED } from './fleet.ts';
import { ALL_ON, fresh, host, known, SCHEDULE, WATCHED } from './remedy-cases.ts';
import { NOTE } from './remembered.ts';

const MINUTE = 60_000;
const HOSTS = 3;
export const id = (n: number) => `i-${String(n).padStart(17, '0')}`;

/** Mostly sound, so that acts happen at all. */
const mostly = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(usual) }, { weight: 2, arbitrary: fc.constantFrom(usual, ...others) });

export const nature = fc.record({
  auto: mostly<string | null>('restart+reboot', 'restart', 'reboot', 'never', 'Reboot!', null),
  mute: mostly<'no' | 'ended' | 'now' | 'always' | 'rubbish'>('no', 'ended', 'now', 'always', 'rubbish'),
  state: mostly('running', 'stopping'),
  asg: mostly(false, true),
  spot: mostly(false, true),
});
type Nature = typeof nature extends fc.Arbitrary<infer T> ? T : never;

/** What the checks say of a host: its status, and whether it carries the flag. */
const condition = fc.constantFrom(
  'hung+flag',
  'hung+flag',
  'hung+flag',
  'hung',
  'worker',
  'sshd',
  'inconclusive+flag',
  // Somebody else wrote the tag, or took it away.
  'hung+tag',
  'hung+remembered',
  'inconclusive',
  'well',
  'well+flag',
);
const step = fc.record({
  /** Clocks of several functions: time may even seem to go back a little. */
  wait: fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: -3, max: 16 }) },
    { weight: 1, arbitrary: fc.integer({ min: 30, max: 300 }) },
  ),
  change: fc.record({ n: fc.nat(HOSTS - 1), to: condition, sinceMinutes: fc.nat(60), booted: fc.boolean() }),
  person: fc.option(
    fc.record({
      n: fc.nat(HOSTS - 1),
      remedy: fc.constantFrom(...REMEDIES, 'reboot'),
      overrides: fc.subarray(['asg', 'spot', 'event'] as const),
    }),
  ),
  /** What the check right before an act sees; null: what the tags say. */
  seen: fc.oneof(
    { weight: 6, arbitrary: fc.constant(null) },
    { weight: 4, arbitrary: fc.constantFrom('hung', 'refused', 'refused', 'worker', 'sshd', 'well', 'inconclusive') },
  ),
  evidence: fc.record({
    direct: fc.oneof({ weight: 3, arbitrary: fc.constant(['one']) }, { weight: 1, arbitrary: fc.constant([]) }),
    circumstantial: fc.subarray(['two', 'three']),
    against: fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.constant(['four']) }),
    unknown: fc.oneof({ weight: 6, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.constant(['five']) }),
  }),
  events: mostly<readonly string[] | null>([], ['a retirement'], null),
  suppressed: mostly<boolean | null>(false, true, null),
  pause: mostly<'no' | 'ended' | 'now' | 'for good'>('no', 'ended', 'now', 'for good'),
  state: fc.constantFrom('begun', 'done', 'done', 'failed'),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

export interface Done {
  readonly act: Act;
  readonly requester: Requester;
  readonly nature: Nature;
  readonly condition: string;
  readonly step: Step;
  readonly seen: string;
  /** The record before the act. */
  readonly before: readonly Act[];
}

const CODES = {
  hung: ['hung', 'BannerTimeout'],
  refused: ['hung', 'ConnectionRefused'],
  worker: ['measured', 'MemoryExhaustedResponsive'],
  sshd: ['measured', 'SshdDown'],
  inconclusive: ['inconclusive', 'AuthenticationFailed'],
} as const;

const conditionAlone = (condition: string): string => condition.split('+')[0] ?? '';

function statusOf(condition: string): string {
  const what = conditionAlone(condition);
  if (what === 'well') return 'OK';
  return `${what === 'inconclusive' ? 'UNKNOWN' : 'CRITICAL'}:${CODES[what as keyof typeof CODES][1]}`;
}

function checkOf(one: Instance, seen: string, { evidence, events }: Step, at: Date) {
  const more = { id: one.id, at, scheduledEvents: events, evidence };
  if (seen === 'well') return fresh({ ...more, kind: null });
  const [kind, code] = CODES[seen as keyof typeof CODES];
  return fresh({ ...more, kind, reasons: [{ code, text: '' }] });
}

function pauseOf({ pause }: Step, now: Date): Pause | null {
  if (pause === 'no') return null;
  const minutes = { ended: 0, now: 1, 'for good': null }[pause];
  return {
    who: 'bo',
    why: 'x',
    from: now,
    until: minutes === null ? null : new Date(now.getTime() + minutes * MINUTE),
  };
}

/** Plans, acts, and lets time pass: all that was done. */
export function live(natures: readonly Nature[], steps: readonly Step[]): Done[] {
  const done: Done[] = [];
  const conditions = natures.map(() => ({ is: 'hung+flag', since: NOW, boot: 0 }));
  let [acts, now]: [readonly Act[], Date] = [[], NOW];
  for (const step of steps) {
    now = new Date(now.getTime() + step.wait * MINUTE);
    const { n: changed, to, sinceMinutes, booted } = step.change;
    const since = new Date(now.getTime() - sinceMinutes * MINUTE);
    conditions[changed] = { is: to, since, boot: conditions[changed]!.boot + Number(booted) };
    const fleet = natures.map((nature, n) => {
      const { is, since, boot } = conditions[n]!;
      const stamp = since.toISOString();
      const tags = {
        ...WATCHED,
        ...REACHED,
        [TAG.status]: statusOf(is),
        [NOTE.since]: stamp,
        [NOTE.seen]: `${String(boot).padStart(8, '0')}/0`,
        ...(nature.mute !== 'no' && {
          [TAG.mute]: {
            ended: 'until=2026-11-01T00:00:00Z',
            now: 'until=2036-11-01T00:00:00Z',
            always: 'window=00:00-24:00 Europe/Berlin',
            rubbish: '?',
          }[nature.mute],
        }),
        ...(nature.asg && { 'aws:autoscaling:groupName': 'web' }),
      };
      const { [TAG.auto]: _, ...without } = tags;
      const withAuto = nature.auto === null ? without : { ...without, [TAG.auto]: nature.auto };
      const seenAs = (flag: object) =>
        host({ ...withAuto, ...flag }, { id: id(n), state: nature.state, spot: nature.spot });
      const flag = { [TAG.flag]: `BannerTimeout@${stamp}` };
      const { remembered } = seenAs(/\+(flag|remembered)$/.test(is) ? flag : {});
      return { ...seenAs(/\+(flag|tag)$/.test(is) ? flag : {}), remembered };
    });
    acts = verifyActs(acts, fleet, now, ALL_ON).acts;
    const world = () => known({ acts, now, suppressed: step.suppressed, pause: pauseOf(step, now) });
    const attempt = (one: Instance, remedy: Remedy, requester: Requester) => {
      const n = fleet.indexOf(one);
      const condition = conditions[n]!.is;
      const seen = step.seen ?? conditionAlone(condition);
      const check = checkOf(one, seen, step, now);
      const decision = planAct(one, remedy, requester, check, world(), ALL_ON);
      if (!isPermit(decision)) return;
      const made: Act = { ...beginAct(one, remedy, check, requester.kind, now), state: step.state };
      done.push({ act: made, requester, nature: natures[n]!, condition, step, seen, before: acts });
      acts = [...acts, made];
    };
    if (step.person === null) {
      for (let rest: readonly Instance[] = fleet; ; ) {
        const next = planRemedies(rest, world(), ALL_ON).find(({ heldBy }) => heldBy === null);
        const one = rest.find((each) => each.id === next?.instanceId);
        if (next === undefined || one === undefined || next.remedy === 'escalated') break;
        attempt(one, next.remedy, SCHEDULE);
        rest = rest.filter((each) => each !== one);
      }
    } else {
      const { n, remedy, overrides } = step.person;
      attempt(fleet[n]!, remedy, { kind: 'person', name: 'ana', overrides });
    }
  }
  return done;
}

export const lives = fc.tuple(
  fc.array(nature, { minLength: HOSTS, maxLength: HOSTS }),
  fc.array(step, { minLength: 10, maxLength: 30, size: 'max' }),
);
