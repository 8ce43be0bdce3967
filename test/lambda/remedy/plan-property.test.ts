import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Act, REMEDIES, TAG } from '../../../lambda/model/index.ts';
import { isPermit, planAct, planRemedies } from '../../../lambda/remedy/plan.ts';
import { minutesAgo } from '../../support/fleet.ts';
import { ALL_ON, act, fresh, HUNG, host, ID, known, OTHER, person, SCHEDULE } from '../../support/remedy-cases.ts';
import { type Done, id, live, lives, nature } from '../../support/remedy-lives.ts';

const minutes = (from: Act, to: Act) => (to.at.getTime() - from.at.getTime()) / 60_000;
/** @returns how many acts of each kind were judged, so that no invariant holds for want of acts */
function always(judge: (done: Done) => void): Record<string, number> {
  const counts: Record<string, number> = {};
  fc.assert(
    fc.property(lives, ([natures, steps]) => {
      for (const done of live(natures, steps)) {
        const kind = `${done.requester.kind} ${done.act.remedy}`;
        counts[kind] = (counts[kind] ?? 0) + 1;
        judge(done);
      }
    }),
    // A run lives through hours of checks and acts, all of them judged.
    { numRuns: 150 },
  );
  return counts;
}

describe('for any fleet, history and requester', () => {
  it('keeps reboots 15 minutes apart, one in flight, and every host within its budget', () => {
    const counts = always(({ act: made, before }) => {
      const own = before.filter((one) => one.instanceId === made.instanceId && one.remedy === made.remedy);
      const within = (span: number) => own.filter((one) => minutes(one, made) < span).length;
      expect(before.filter((one) => one.instanceId === made.instanceId && /begun|done/.test(one.state))).toEqual([]);
      if (made.remedy !== 'reboot') {
        expect(within(60)).toBeLessThan(2);
        return;
      }
      const reboots = before.filter((one) => one.remedy === 'reboot');
      expect(reboots.filter((one) => minutes(one, made) < 15 || /begun|done/.test(one.state))).toEqual([]);
      expect(within(60)).toBe(0);
      expect(within(24 * 60)).toBeLessThan(3);
    });
    const kinds = ['schedule', 'person'].flatMap((who) => REMEDIES.map((remedy) => `${who} ${remedy}`));
    expect(kinds.filter((kind) => (counts[kind] ?? 0) < 10)).toEqual([]);
  });

  it('acts on nothing that is paused, muted, opted out, unreadable, not running, unflagged or not known', () => {
    always(({ act: made, nature, condition, step, seen, requester }) => {
      expect(['no', 'ended']).toContain(step.pause);
      expect(['no', 'ended']).toContain(nature.mute);
      expect(['never', 'Reboot!']).not.toContain(nature.auto);
      expect(nature.state).toBe('running');
      expect(seen).not.toBe('inconclusive');
      const mayOverride = (guard: string) =>
        requester.kind === 'person' && requester.overrides.some((one) => one === guard);
      if (made.remedy !== 'reboot') {
        expect(['worker', 'sshd']).toContain(seen);
        return;
      }
      expect(condition).toContain('+flag');
      expect(['hung', 'refused']).toContain(seen);
      expect(nature.asg && !mayOverride('asg')).toBe(false);
      expect(nature.spot && !mayOverride('spot')).toBe(false);
      expect(step.events?.length === 0 || mayOverride('event')).toBe(true);
    });
  });

  it('acts by itself on no UNKNOWN, no hang without direct evidence or with any against it, no tripped or unknown breaker, and nothing not opted in', () => {
    always(({ act: made, nature, condition, step, seen, requester }) => {
      if (requester.kind === 'person') return;
      expect(step.suppressed).toBe(false);
      expect(condition).not.toContain('inconclusive');
      expect(nature.auto).toContain(made.remedy === 'reboot' ? 'reboot' : 'restart');
      if (made.remedy === 'reboot') expect(step.evidence).toMatchObject({ direct: ['one'], against: [], unknown: [] });
      if (made.remedy === 'restart-worker') expect(seen).toBe('worker');
      if (made.remedy === 'restart-sshd') expect(seen).toBe('sshd');
    });
  });

  it('reboots by itself what is flagged, corroborated by evidence and sound, however its fleet fared before', () => {
    const past = fc.record({
      remedy: fc.constantFrom(...REMEDIES),
      ago: fc.integer({ min: 61, max: 1440 }),
      state: fc.constantFrom('worked', 'failed'),
      instanceId: fc.constantFrom(OTHER, 'i-00000000000000003'),
    });
    const others = fc.array(
      fc.record({ flaggedAgo: fc.integer({ min: 1, max: 19 }), auto: nature.map((n) => n.auto) }),
    );
    fc.assert(
      fc.property(fc.array(past), others, (pasts, neighbours) => {
        const acts = pasts.map(({ ago, ...more }) => act(ago, more as Partial<Act>));
        const isPaused =
          acts
            .filter(({ remedy }) => remedy === 'reboot')
            .slice(-2)
            .filter(({ state }) => state === 'failed').length === 2;
        const fleet = neighbours.map(({ flaggedAgo, auto }, n) =>
          host(
            { ...HUNG, [TAG.auto]: auto ?? '', [TAG.flag]: `BannerTimeout@${minutesAgo(flaggedAgo)}` },
            { id: id(n + 10) },
          ),
        );
        const one = host(HUNG);
        const due = planRemedies([...fleet, one], known({ acts }), ALL_ON).filter(({ heldBy }) => heldBy === null);
        expect(due.map(({ instanceId, remedy }) => [instanceId, remedy])).toEqual(isPaused ? [] : [[ID, 'reboot']]);
        expect(isPermit(planAct(one, 'reboot', SCHEDULE, fresh(), known({ acts }), ALL_ON))).toBe(!isPaused);
        expect(isPermit(planAct(one, 'reboot', person(), fresh(), known({ acts }), ALL_ON))).toBe(true);
      }),
    );
  });
});
