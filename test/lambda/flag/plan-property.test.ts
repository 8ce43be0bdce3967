import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planFlags } from '../../../lambda/flag/plan.ts';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { IMPAIRED, NOBODY_ELSE } from '../../support/confirmations.ts';
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
      mute: fc.constantFrom('', 'until=2026-11-23T06:00:00Z', 'rubbish'),
      launched: fc.integer({ min: 0, max: 60 }),
      witness: fc.boolean(),
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
          hosts.flatMap((h, n) => (h.confirmed ? [[id(n), h.witness ? IMPAIRED : NOBODY_ELSE] as const] : [])),
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
          expect(['BannerTimeout', 'ConnectionReset', ...(h?.witness ? ['ConnectionRefused'] : [])]).toContain(
            h?.reason,
          );
          expect(h?.seen || (h?.failures ?? 0) > 0).toBe(true);
        }
      }),
    );
  });
});
