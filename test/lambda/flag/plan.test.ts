import { describe, expect, it } from 'vitest';
import type { DescribedInstance } from '../../../lambda/discover/instance.ts';
import { type Confirmation, planFlags } from '../../../lambda/flag/plan.ts';
import type { Transition } from '../../../lambda/memory/transition.ts';
import type { ProbeOutcome } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { IMPAIRED, NOBODY_ELSE, withEvidence } from '../../support/confirmations.ts';
import { failed, hungFor, judged, minutesAgo, NOW, read, SSH } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

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

const unpinned = (tags: Record<string, string>) => {
  const { [TAG.hostKey]: _, ...others } = tags;
  return others;
};
const lastSeenWith = (memory: number) => withEvidence({ lastGood: { at: NOW, memory, disk: null } });
const anHourAgo = { ...hungFor(2), [NOTE.since]: minutesAgo(60) };
const silentTogether: Row = { tags: anHourAgo, others: [...hungNow(5, 50, anHourAgo), ...healthy(4)] };

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
      { over: { launchedAt: new Date(minutesAgo(4)) }, tags: { ...hungFor(2), [NOTE.since]: minutesAgo(3) } },
      /launched or rebooted less than 10 min/,
    ],
    [
      'we rebooted it six minutes ago',
      { tags: { ...hungFor(2), [TAG.acted]: `reboot@${minutesAgo(6)}` } },
      /launched or rebooted less than 10 min/,
    ],
    ['SSH never reached it', { tags: unpinned(hungFor(2)) }, /never been reached over SSH/],
    [
      'its three failures were seconds apart',
      { tags: { ...hungFor(2), [NOTE.since]: minutesAgo(1) } },
      /failed for less than 5 min/,
    ],
    [
      'the second attempt got through or was not made',
      { confirmation: null },
      /no second attempt in this check confirmed it/,
    ],
    [
      'the port refuses, and no other evidence corroborates it',
      { outcome: failed('ConnectionRefused') },
      /ConnectionRefused has other causes/,
    ],
    [
      'the output was cut, and no other evidence corroborates it',
      { outcome: failed('ConnectionLost') },
      /ConnectionLost has other causes/,
    ],
    [
      'three others of ten began to fail at the same time',
      { others: [...hungNow(3), ...healthy(6)] },
      /4 of 10 instances \(40 %\) began to fail in the last 30 min/,
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
      'the other transport still answers',
      { confirmation: withEvidence({ otherPath: { transport: 'ssm', says: 'answers', text: 'it answers' } }) },
      /over SSM it answers/,
    ],
    [
      'it is the only instance, and the other transport could not say',
      { others: [], confirmation: withEvidence({ otherPath: { transport: 'ssm', says: 'unknown', text: 'denied' } }) },
      /the only instance that could be flagged/,
    ],
    [
      'the port refuses, and it was well when it last answered',
      { outcome: failed('ConnectionRefused'), confirmation: lastSeenWith(0.5) },
      /ConnectionRefused has other causes/,
    ],
    [
      'half the fleet fell silent with it an hour ago, even though its memory was nearly gone',
      { ...silentTogether, confirmation: lastSeenWith(0.05) },
      /5 others began to fail within half an hour of it/,
    ],
    [
      'somebody else booted it six minutes ago',
      { tags: { ...hungFor(2), [TAG.acted]: `booted@${minutesAgo(6)}` } },
      /launched or rebooted less than 10 min/,
    ],
    [
      'all of three fail, long since',
      {
        others: hungNow(2, 50, { ...hungFor(2), [NOTE.since]: minutesAgo(90) }),
        tags: { ...hungFor(2), [NOTE.since]: minutesAgo(90) },
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
      ["EC2's own status check (impaired)"],
    ],
    [
      'the port refuses, and EC2 says impaired',
      { outcome: failed('ConnectionRefused'), confirmation: IMPAIRED },
      ["EC2's own status check (impaired)"],
    ],
    [
      'it is the only instance, and a command over SSM went unanswered too',
      { others: [], confirmation: withEvidence({ otherPath: { transport: 'ssm', says: 'hung', text: 'silence' } }) },
      ['a command over SSM that went unanswered'],
    ],
    [
      'it is the only instance, and its memory was nearly gone when it last answered',
      { others: [], confirmation: lastSeenWith(0.05) },
      ['its memory at its last answer (5 % available)'],
    ],
    [
      'the port refuses, and the OOM killer has struck since it last answered',
      { outcome: failed('ConnectionRefused'), confirmation: withEvidence({ killedSince: true }) },
      ['an OOM kill in its console since its last answer'],
    ],
    [
      'half the fleet fell silent with it an hour ago, and EC2 says impaired',
      { ...silentTogether, confirmation: IMPAIRED },
      ["EC2's own status check (impaired)"],
    ],
    ['its mute has ended', { tags: { ...hungFor(2), [TAG.mute]: `until=${minutesAgo(1)}` } }, []],
    [
      'three others began to fail an hour ago',
      { others: [...hungNow(3, 50, { ...hungFor(1), [NOTE.since]: minutesAgo(60) }), ...healthy(6)] },
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
});
