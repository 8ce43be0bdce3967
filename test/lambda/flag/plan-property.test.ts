import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planFlags } from '../../../lambda/flag/plan.ts';
import type { EvidenceItem, FailureReason } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { IMPAIRED, item, NOBODY_ELSE, withEvidence } from '../../support/confirmations.ts';
import { failed, hungFor, judged, minutesAgo, NOW, read, SSH } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const id = (n: number) => `i-${String(n).padStart(17, '0')}`;

describe('planFlags', () => {
  it('never flags more than the breaker allows, nor one that may not be, whatever the fleet', () => {
    const reasons: FailureReason[] = [
      'BannerTimeout',
      'ConnectionReset',
      'ConnectionRefused',
      'AuthenticationFailed',
      'NotChecked',
    ];
    const host = fc.record({
      reason: fc.option(fc.constantFrom(...reasons)),
      failures: fc.integer({ min: 0, max: 5 }),
      since: fc.integer({ min: 0, max: 120 }),
      seen: fc.boolean(),
      mute: fc.constantFrom('', 'until=2026-11-23T06:00:00Z', 'window=Sun 08:00-08:30 UTC', 'rubbish'),
      launched: fc.integer({ min: 0, max: 60 }),
      impaired: fc.boolean(),
      confirmed: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(host, { maxLength: 40 }), (hosts) => {
        const transitions = hosts.map((h, n) =>
          judged(h.reason === null ? read() : failed(h.reason), {
            id: id(n),
            launchedAt: new Date(minutesAgo(h.launched)),
            tags: {
              ...(h.seen ? hungFor(0) : {}),
              ...(h.failures > 0 && { ...hungFor(h.failures), [NOTE.since]: minutesAgo(h.since) }),
              ...(h.mute !== '' && { [TAG.mute]: h.mute }),
            },
          }),
        );
        const confirmations = new Map(
          hosts.flatMap((h, n) => (h.confirmed ? [[id(n), h.impaired ? IMPAIRED : NOBODY_ELSE] as const] : [])),
        );
        const { decisions } = planFlags(transitions, confirmations, [], NOW, SSH);
        const flagged = decisions.filter((one) => one.flag).map((one) => Number(one.id.slice(2)));
        const fresh = flagged.filter(
          (n) => (transitions[n]?.after.since?.getTime() ?? 0) >= NOW.getTime() - 30 * 60_000,
        );
        expect(fresh.length).toBeLessThanOrEqual(Math.max(2, 0.3 * hosts.length));
        expect(flagged.length).toBeLessThanOrEqual(Math.max(2, 0.3 * hosts.length));
        for (const n of flagged) {
          const h = hosts[n];
          expect(h).toMatchObject({ confirmed: true, mute: '' });
          expect(h?.launched).toBeGreaterThanOrEqual(10);
          expect(['BannerTimeout', 'ConnectionReset', ...(h?.impaired ? ['ConnectionRefused'] : [])]).toContain(
            h?.reason,
          );
          expect(h?.seen || (h?.failures ?? 0) > 0).toBe(true);
        }
      }),
    );
  });

  const evidence = fc.record({
    direct: fc.subarray([item('impaired')]),
    circumstantial: fc.subarray([item('its memory', 'last figures')]),
    against: fc.oneof(
      { weight: 3, arbitrary: fc.constant<EvidenceItem[]>([]) },
      { weight: 1, arbitrary: fc.constant<EvidenceItem[]>([item('it sends', 'hypervisor')]) },
    ),
    awaits: fc.constantFrom(null, 'hypervisor' as const),
  });
  const silent = fc.record({
    reason: fc.constantFrom<FailureReason | null>(
      null,
      'ConnectTimeout',
      'BannerTimeout',
      'ConnectionRefused',
      'AuthenticationFailed',
    ),
    failures: fc.integer({ min: 0, max: 7 }),
    since: fc.integer({ min: 0, max: 120 }),
    subnet: fc.constantFrom('a', 'b', 'c'),
    flagged: fc.boolean(),
    evidence,
  });
  const fleets = fc.array(silent, { minLength: 1, maxLength: 24 });
  type Host = typeof silent extends fc.Arbitrary<infer T> ? T : never;
  const transitionOf = (h: Host, n: number) =>
    judged(h.reason === null ? read() : failed(h.reason), {
      id: id(n),
      subnet: h.subnet,
      tags: {
        ...hungFor(h.failures, h.reason ?? 'ConnectTimeout'),
        [NOTE.since]: minutesAgo(h.since),
        ...(h.flagged && h.failures > 0 && { [TAG.flag]: `ConnectTimeout@${minutesAgo(1)}` }),
      },
    });
  const planOf = (hosts: readonly Host[], order = hosts.map((_, n) => n), suspended: readonly string[] = []) => {
    const confirmations = new Map(hosts.map((h, n) => [id(n), withEvidence(h.evidence)] as const));
    return planFlags(
      order.map((n) => transitionOf(hosts[n]!, n)),
      confirmations,
      suspended,
      NOW,
      SSH,
    );
  };

  it('never flags what was not reached against evidence, nor without direct evidence in a small fleet or one that fails', () => {
    fc.assert(
      fc.property(fleets, (hosts) => {
        for (const { flag, id: which, evidence: known } of planOf(hosts).decisions) {
          const h = hosts[Number(which.slice(2))]!;
          if (!flag || h.reason === 'BannerTimeout') continue;
          expect(known.against).toEqual([]);
          if (known.direct.length > 0) continue;
          expect(hosts.length).toBeGreaterThanOrEqual(3);
          // The first failure of a row is now.
          const begun = (one: Host) => (one.failures === 0 ? 0 : one.since);
          const near = (one: Host) => one.reason !== null && Math.abs(begun(one) - begun(h)) <= 30;
          const own = hosts.filter((one) => one.subnet === h.subnet);
          const together = own.filter(near).length;
          expect(own.length < 3 || together < 2 || together * 2 <= own.length).toBe(true);
        }
      }),
    );
  });

  it('decides the same in whatever order hosts are given', () => {
    const shuffled = fleets.chain((hosts) =>
      fc.tuple(
        fc.constant(hosts),
        fc.shuffledSubarray(
          hosts.map((_, n) => n),
          { minLength: hosts.length },
        ),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([hosts, order]) => {
        const byId = (plan: ReturnType<typeof planOf>) => [
          plan.breaker,
          plan.decisions.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        ];
        expect(byId(planOf(hosts, order))).toEqual(byId(planOf(hosts)));
      }),
    );
  });

  it('flags no more where evidence for a hang is taken away, or evidence against it added', () => {
    fc.assert(
      fc.property(fleets, fc.constantFrom('nothing for it', 'something against it'), (hosts, change) => {
        const others = hosts.map((h) => ({
          ...h,
          evidence:
            change === 'nothing for it'
              ? { ...h.evidence, direct: [], circumstantial: [] }
              : { ...h.evidence, against: [item('it sends', 'hypervisor')] },
        }));
        const flagged = (of: readonly Host[]) =>
          planOf(of).decisions.flatMap(({ flag, why, id: which }) =>
            flag || why.includes('no more than that') ? [which] : [],
          );
        expect(flagged(hosts)).toEqual(expect.arrayContaining(flagged(others)));
      }),
    );
  });
});
