import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Confirmation, planFlags } from '../../lambda/core/plan-flags.ts';
import type { Transition } from '../../lambda/core/transitions.ts';
import type { DescribedInstance, FailureReason, ProbeOutcome } from '../../lambda/model.ts';
import { TAG } from '../../lambda/names.ts';
import { parseSettings } from '../../lambda/settings.ts';
import { failed, hungFor, judged, minutesAgo, NOW, read, SSH } from '../support/fleet.ts';

const NOBODY_ELSE: Confirmation = { confirmed: true, evidence: null };
const IMPAIRED: Confirmation = {
  confirmed: true,
  evidence: { ec2Impaired: true, consoleLines: [], gaps: [] },
};
const id = (n: number) => `i-${String(n).padStart(17, '0')}`;
const healthy = (count: number, from = 100): Transition[] =>
  Array.from({ length: count }, (_, n) => judged(read(), { id: id(from + n) }));

interface Row {
  readonly outcome?: ProbeOutcome;
  readonly tags?: Record<string, string>;
  readonly over?: Partial<DescribedInstance>;
  readonly confirmation?: Confirmation | null;
  readonly others?: readonly Transition[];
  readonly wasSuppressed?: boolean | null;
  readonly settings?: typeof SSH;
}

/** What is decided of one host that has just failed for the third time, among nine healthy ones. */
function decide(row: Row) {
  const t = judged(
    row.outcome ?? failed('BannerTimeout'),
    { id: id(1), tags: row.tags ?? hungFor(2), ...row.over },
    row.settings ?? SSH,
  );
  const confirmation = row.confirmation === undefined ? NOBODY_ELSE : row.confirmation;
  const plan = planFlags(
    [t, ...(row.others ?? healthy(9))],
    confirmation === null ? new Map() : new Map([[id(1), confirmation]]),
    row.wasSuppressed ?? false,
    NOW,
    row.settings ?? SSH,
  );
  return { plan, decision: plan.decisions.find((one) => one.id === id(1)) };
}

const hungNow = (count: number, from = 50, tags = hungFor(0)): Transition[] =>
  Array.from({ length: count }, (_, n) => judged(failed('ConnectTimeout'), { id: id(from + n), tags }));

describe('planFlags', () => {
  it.each<[string, Row, RegExp]>([
    ['it is muted', { tags: { ...hungFor(2), [TAG.mute]: 'until=2026-11-23T06:00:00Z' } }, /it is muted/],
    [
      'its mute can not be read',
      { tags: { ...hungFor(2), [TAG.mute]: 'till monday' } },
      /crawlwatch:mute tag is unreadable/,
    ],
    [
      'it was launched four minutes ago',
      { over: { launchedAt: new Date(minutesAgo(4)) } },
      /launched or rebooted less than 10 min/,
    ],
    [
      'we rebooted it six minutes ago',
      { tags: { ...hungFor(2), [TAG.acted]: `reboot@${minutesAgo(6)}` } },
      /launched or rebooted less than 10 min/,
    ],
    ['SSH never reached it', { tags: { ...hungFor(2), [TAG.hostKey]: 'nonsense' } }, /never been reached over SSH/],
    [
      'its three failures were seconds apart',
      { tags: { ...hungFor(2), [TAG.since]: minutesAgo(1) } },
      /failed for less than 5 min/,
    ],
    [
      'the second attempt got through or was not made',
      { confirmation: null },
      /no second attempt in this check confirmed it/,
    ],
    [
      'the port refuses, and nothing else bears it out',
      { outcome: failed('ConnectionRefused') },
      /ConnectionRefused has other causes/,
    ],
    [
      'the output was cut, and nothing else bears it out',
      { outcome: failed('ConnectionLost') },
      /ConnectionLost has other causes/,
    ],
    [
      'three others of ten began to fail at the same time',
      { others: [...hungNow(3), ...healthy(6)] },
      /4 of 10 instances \(40 %\) began to fail within 30 min/,
    ],
    [
      'UNKNOWN ones count in the breaker too',
      {
        others: [
          ...Array.from({ length: 3 }, (_, n) => judged(failed('AuthenticationFailed'), { id: id(60 + n) })),
          ...healthy(6),
        ],
      },
      /4 of 10 instances/,
    ],
    ['it is the only instance there is', { others: [] }, /the only instance that could be flagged/],
    [
      'all of three fail, long since',
      {
        others: hungNow(2, 50, { ...hungFor(2), [TAG.since]: minutesAgo(90) }),
        tags: { ...hungFor(2), [TAG.since]: minutesAgo(90) },
      },
      /all 3 instances/,
    ],
    ['flagging was suppressed in the last check', { wasSuppressed: true }, /after two clean ones/],
  ])('does not flag when %s', (_, row, why) => {
    const { decision } = decide(row);
    expect(decision).toMatchObject({ flag: false, why: expect.stringMatching(why) });
  });

  it.each<[string, Row]>([
    ['has not failed often enough', { tags: hungFor(1) }],
    ['could not be checked', { outcome: failed('AuthenticationFailed') }],
    ['answers, however ill', { outcome: read({ availableShare: 0.01 }) }],
    ['is flagged already', { tags: { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` } }],
  ])('has nothing to decide about an instance that %s', (_, row) => {
    expect(decide(row).decision).toBeUndefined();
  });

  it.each<[string, Row, string[]]>([
    ['it hung three times in ten minutes and the second attempt failed too', {}, []],
    ['two others fail as well: the breaker bears two and a share', { others: [...hungNow(2), ...healthy(7)] }, []],
    ['it is one of a fleet of three', { others: healthy(2) }, []],
    [
      'it is the only instance, and EC2 says impaired',
      { others: [], confirmation: IMPAIRED },
      ["EC2's own status check is impaired"],
    ],
    [
      'the port refuses, and EC2 says impaired',
      { outcome: failed('ConnectionRefused'), confirmation: IMPAIRED },
      ["EC2's own status check is impaired"],
    ],
    ['its mute has ended', { tags: { ...hungFor(2), [TAG.mute]: `until=${minutesAgo(1)}` } }, []],
    [
      'three others began to fail an hour ago',
      { others: [...hungNow(3, 50, { ...hungFor(1), [TAG.since]: minutesAgo(60) }), ...healthy(6)] },
      [],
    ],
    [
      '2,000 of 10,000 fail, which is under the breaker',
      { others: [...hungNow(2000, 1000), ...healthy(7999, 5000)] },
      [],
    ],
    [
      'an unreachable one is muted and so left out of the breaker',
      { others: [...hungNow(3, 50, { [TAG.mute]: 'until=2026-11-23T06:00:00Z' }), ...healthy(6)] },
      [],
    ],
  ])('flags when %s', (_, row, witnesses) => {
    expect(decide(row).decision).toMatchObject({ flag: true, witnesses });
  });

  it('leaves instances that are flagged already out of the breaker, on both sides', () => {
    const flagged = hungNow(5, 50, { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` });
    const { plan } = decide({ others: [...flagged, ...healthy(9)] });
    expect(plan.breaker).toMatchObject({ tripped: false, failing: 1, eligible: 10 });
  });

  it('asks over SSM only whether the agent ever answered, not for a host key', () => {
    const ssm = parseSettings({ transport: 'ssm' });
    const tags = { ...hungFor(2, 'SsmConnectionLost'), [TAG.hostKey]: '' };
    expect(decide({ outcome: failed('SsmConnectionLost'), tags, settings: ssm }).decision?.flag).toBe(true);
  });

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
              ...(h.failures > 0 && { ...hungFor(h.failures), [TAG.since]: minutesAgo(h.since) }),
              ...(h.mute !== '' && { [TAG.mute]: h.mute }),
            },
          }),
        );
        const confirmations = new Map(
          hosts.flatMap((h, n) => (h.confirmed ? [[id(n), h.witness ? IMPAIRED : NOBODY_ELSE] as const] : [])),
        );
        const { decisions } = planFlags(transitions, confirmations, false, NOW, SSH);
        const flagged = decisions.filter((one) => one.flag).map((one) => Number(one.id.slice(2)));
        const fresh = flagged.filter(
          (n) => (transitions[n]?.after.since?.getTime() ?? 0) >= NOW.getTime() - 30 * 60_000,
        );
        expect(fresh.length).toBeLessThanOrEqual(Math.max(2, 0.3 * hosts.length));
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
