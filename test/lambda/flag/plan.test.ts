import { describe, expect, it } from 'vitest';
import type { DescribedInstance } from '../../../lambda/discover/instance.ts';
import { ALL, FLEET } from '../../../lambda/flag/breaker.ts';
import { type Confirmation, planFlags, withFlags } from '../../../lambda/flag/plan.ts';
import type { Transition } from '../../../lambda/memory/transition.ts';
import type { ProbeOutcome } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { IMPAIRED, item, NOBODY_ELSE, WAS_EXHAUSTED, WORKING, withEvidence } from '../../support/confirmations.ts';
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
  readonly wasSuspended?: readonly string[];
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
    row.wasSuspended ?? [],
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
const ANSWERS = withEvidence({ against: [item('over SSM it answers', 'other transport')] });
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
    [
      'it is the only instance there is, and was not reached',
      { others: [], outcome: failed('ConnectTimeout') },
      /the only instance that could be flagged/,
    ],
    ['the other transport still answers', { confirmation: ANSWERS }, /over SSM it answers/],
    [
      'it is the only instance, was not reached, and the other transport could not say',
      {
        others: [],
        outcome: failed('ConnectTimeout'),
        confirmation: withEvidence({ notes: ['Over SSM: SsmAccessDenied'], hasOtherWay: true }),
      },
      /the only instance that could be flagged/,
    ],
    [
      'the port refuses, and it was well when it last answered',
      { outcome: failed('ConnectionRefused'), confirmation: NOBODY_ELSE },
      /ConnectionRefused has other causes/,
    ],
    [
      'half the fleet fell silent with it an hour ago, even though its memory was nearly gone',
      { ...silentTogether, confirmation: WAS_EXHAUSTED },
      /5 others began to fail within half an hour of it/,
    ],
    [
      'somebody else booted it six minutes ago',
      { tags: { ...hungFor(2), [TAG.acted]: `booted@${minutesAgo(6)}` } },
      /launched or rebooted less than 10 min/,
    ],
    [
      'all of three fail, long since, and none was reached',
      {
        outcome: failed('ConnectTimeout'),
        others: hungNow(2, 50, { ...hungFor(2), [NOTE.since]: minutesAgo(90) }),
        tags: { ...hungFor(2), [NOTE.since]: minutesAgo(90) },
      },
      /all 3 instances/,
    ],
    ['flagging was suppressed in the last check', { wasSuspended: [FLEET] }, /after two clean ones/],
    [
      'all of the fleet failed in the last check, and it was not reached',
      { wasSuspended: [ALL], outcome: failed('ConnectTimeout') },
      /after two clean ones/,
    ],
    [
      'flagging was suppressed in the last check, whatever speaks for a hang',
      { wasSuspended: [FLEET], confirmation: IMPAIRED },
      /after two clean ones/,
    ],
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
    ['it is the only instance there is, and was reached', { others: [] }, []],
    ['all of the fleet failed in the last check, and it was reached', { wasSuspended: [ALL] }, []],
    [
      'all of three fail, one long after the others, and it was reached',
      {
        others: hungNow(2, 50, { ...hungFor(2), [NOTE.since]: minutesAgo(90) }),
        tags: { ...hungFor(2), [NOTE.since]: minutesAgo(200) },
      },
      [],
    ],
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
      {
        others: [],
        confirmation: withEvidence({ direct: [item('a command over SSM that went unanswered', 'other transport')] }),
      },
      ['a command over SSM that went unanswered'],
    ],
    [
      'it is the only instance, and its memory was nearly gone when it last answered',
      { others: [], confirmation: WAS_EXHAUSTED },
      ['its memory at its last answer (2 % available)'],
    ],
    [
      'the port refuses, and the OOM killer has struck since it last answered',
      {
        outcome: failed('ConnectionRefused'),
        confirmation: withEvidence({ direct: [item('an OOM kill in its console since its last answer', 'console')] }),
      },
      ['an OOM kill in its console since its last answer'],
    ],
    [
      'half the fleet fell silent with it an hour ago, and EC2 says impaired',
      { ...silentTogether, confirmation: IMPAIRED },
      ["EC2's own status check (impaired)"],
    ],
    [
      'all of the fleet failed in the last check, and EC2 says impaired',
      { wasSuspended: [ALL], confirmation: IMPAIRED },
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
  ])('flags when %s', (_, row, evidence) => {
    const { decision } = decide(row);
    expect(decision).toMatchObject({ flag: true });
    expect([...decision!.evidence.direct, ...decision!.evidence.circumstantial].map(({ text }) => text)).toEqual(
      evidence,
    );
  });

  it('leaves instances that are flagged already out of the breaker, on both sides', () => {
    const flagged = hungNow(5, 50, { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` });
    const { plan } = decide({ others: [...flagged, ...healthy(9)] });
    expect(plan.breaker).toMatchObject({ tripped: false, failing: 1, eligible: 10 });
  });

  it('takes an agent that is lost, where there is no other way, for a hang with other evidence only', () => {
    const settings = parseSettings({ transport: 'ssm' });
    for (const reason of ['SsmConnectionLost', 'SsmDeliveryTimedOut'] as const) {
      // Whether the agent ever answered is asked, not for a host key.
      const row = { outcome: failed(reason), tags: { ...hungFor(2, reason), [TAG.hostKey]: '' }, settings };
      expect(decide(row).decision).toMatchObject({ flag: false, why: expect.stringContaining('other causes') });
      expect(decide({ ...row, confirmation: IMPAIRED }).decision?.flag).toBe(true);
      expect(decide({ ...row, confirmation: WAS_EXHAUSTED }).decision?.flag).toBe(true);
      expect(decide({ ...row, confirmation: withEvidence({ hasOtherWay: true }) }).decision?.flag).toBe(true);
    }
  });
});

const unreached = { outcome: failed('ConnectTimeout'), tags: hungFor(2, 'ConnectTimeout') };
const AWAITING = withEvidence({ awaits: 'hypervisor' });
const in20 = (n: number) => ({ [NOTE.since]: minutesAgo(n) });
/** So many of a domain that began to fail with it, and as many that are well. */
const among = (silent: number, well: number, over: Partial<DescribedInstance>, ago = 10): Transition[] => [
  ...Array.from({ length: silent }, (_, n) =>
    judged(failed('ConnectTimeout'), { id: id(50 + n), tags: { ...hungFor(1), ...in20(ago) }, ...over }),
  ),
  ...Array.from({ length: well }, (_, n) => judged(read(), { id: id(100 + n), ...over })),
  ...healthy(20, 200),
];

describe('a hang that was not reached', () => {
  it.each<[string, Row, RegExp]>([
    [
      'it sends as usual',
      { confirmation: WORKING },
      /cannot be reached, but it is working: it sends as it usually does\. Look at its security groups, route, NAT/,
    ],
    [
      'it sends as usual, whatever speaks for a hang',
      { confirmation: withEvidence({ ...IMPAIRED.evidence, against: WORKING.evidence!.against }) },
      /it is working/,
    ],
    ['it is one of two', { others: healthy(1) }, /in a fleet of 2 there is nothing to compare it with/],
    [
      'it is one of two, and its memory was gone',
      { others: healthy(1), confirmation: WAS_EXHAUSTED },
      /in a fleet of 2/,
    ],
    ['its metrics are late', { confirmation: AWAITING }, /not published yet/],
    [
      'its metrics are late, for the third check',
      { confirmation: AWAITING, tags: hungFor(4, 'ConnectTimeout') },
      /not published yet/,
    ],
    [
      'more than half of its subnet fail with it',
      { over: { subnet: 's' }, others: among(2, 2, { subnet: 's' }) },
      /3 of 5 instances in subnet s began/,
    ],
    [
      'more than half of its zone do',
      { over: { zone: 'z' }, others: among(1, 1, { zone: 'z' }) },
      /2 of 3 instances in zone z began/,
    ],
    [
      'more than half of those with its security groups do, and its memory was gone',
      {
        over: { securityGroups: ['a', 'b'] },
        others: among(2, 2, { securityGroups: ['a', 'b'] }),
        confirmation: WAS_EXHAUSTED,
      },
      /in security groups a, b began/,
    ],
    [
      'more than half of its account do',
      { over: { region: 'r', account: '1' }, others: among(2, 2, { region: 'r', account: '1' }) },
      /in Region r of account 1 began/,
    ],
    [
      'they failed step by step, the first 29 minutes before it',
      { over: { subnet: 's' }, others: [...among(2, 2, { subnet: 's' }, 39)] },
      /3 of 5 instances in subnet s/,
    ],
    [
      'of those that were still well then more than half fail, if the rest has been silent for hours',
      {
        over: { subnet: 's' },
        others: [
          ...among(2, 2, { subnet: 's' }),
          ...hungNow(6, 70, { ...hungFor(9), ...in20(400) }).map((t) => ({
            ...t,
            instance: { ...t.instance, subnet: 's' },
          })),
        ],
      },
      /3 of 5 instances in subnet s/,
    ],
    [
      'the others of its subnet are flagged already',
      {
        over: { subnet: 's' },
        others: among(2, 2, { subnet: 's' }).map((t) =>
          t.kind === 'hung'
            ? { ...t, before: { ...t.before, flag: { reason: 'ConnectTimeout' as const, at: NOW } } }
            : t,
        ),
      },
      /3 of 5 instances in subnet s/,
    ],
    [
      'its subnet was suspended in the last check',
      { over: { subnet: 's' }, wasSuspended: ['subnet s'] },
      /suspended in the last check/,
    ],
  ])('is not flagged when %s', (_, row, why) => {
    expect(decide({ ...unreached, ...row }).decision).toMatchObject({ flag: false, why: expect.stringMatching(why) });
  });

  it.each<[string, Row]>([
    ['nothing is known either way, in a fleet of three', { others: healthy(2) }],
    ['it is the only one, with direct evidence', { others: [], confirmation: IMPAIRED }],
    [
      'its metrics are late, with direct evidence',
      { confirmation: withEvidence({ ...IMPAIRED.evidence, awaits: 'hypervisor' }) },
    ],
    ['its metrics have been late for three checks', { confirmation: AWAITING, tags: hungFor(5, 'ConnectTimeout') }],
    [
      'its subnet fails with it, with direct evidence',
      { over: { subnet: 's' }, others: among(2, 2, { subnet: 's' }), confirmation: IMPAIRED },
    ],
    ['half of its subnet fail with it, not more', { over: { subnet: 's' }, others: among(1, 2, { subnet: 's' }) }],
    ['a subnet of two fails with it', { over: { subnet: 's' }, others: among(1, 0, { subnet: 's' }) }],
    ['its subnet failed an hour before it', { over: { subnet: 's' }, others: among(1, 2, { subnet: 's' }, 70) }],
    [
      'it fails alone of a subnet whose others have been silent for hours',
      {
        over: { subnet: 's' },
        others: [
          ...hungNow(3, 70, { ...hungFor(9), ...in20(400) }).map((t) => ({
            ...t,
            instance: { ...t.instance, subnet: 's' },
          })),
          ...healthy(20, 200),
        ],
      },
    ],
    ['another subnet is suspended', { over: { subnet: 's' }, wasSuspended: ['subnet t'] }],
  ])('is flagged when %s', (_, row) => {
    expect(decide({ ...unreached, ...row }).decision).toMatchObject({
      flag: true,
      why: expect.stringMatching(/^flagged: /),
    });
  });

  it('counts as uncorroborated where all fail, however much is circumstantial', () => {
    const { plan } = decide({ ...unreached, others: [], confirmation: WAS_EXHAUSTED });
    expect(plan.breaker).toMatchObject({ tripped: true, suspended: [ALL] });
  });

  it('says that it may be cut off, where nothing direct says otherwise', () => {
    const idle = withEvidence({ circumstantial: [item('its traffic', 'hypervisor')] });
    expect(decide({ ...unreached, confirmation: idle }).decision?.why).toContain('hung, or cut off and idle');
    expect(decide({ ...unreached, confirmation: IMPAIRED }).decision?.why).not.toContain('cut off');
  });

  it('is news once it is decided, not while it waits', () => {
    expect(decide({ ...unreached, confirmation: AWAITING }).decision?.waits).toBe(true);
    expect(decide({ ...unreached, confirmation: WORKING }).decision?.waits).toBe(false);
  });

  it('suspends the domain for one check after it is well', () => {
    const { plan } = decide({ ...unreached, over: { subnet: 's' }, others: among(2, 2, { subnet: 's' }) });
    expect(plan.breaker).toMatchObject({ tripped: false, suspended: ['subnet s'] });
    const next = decide({ over: { subnet: 's' }, others: healthy(9), outcome: read(), wasSuspended: ['subnet s'] });
    expect(next.plan.breaker.suspended).toEqual([]);
  });
});

describe('a hang that was reached', () => {
  it('is flagged whatever its domain does, or its metrics, since no cut road accepts', () => {
    const rows: Row[] = [
      { over: { subnet: 's' }, others: among(2, 2, { subnet: 's' }) },
      { confirmation: AWAITING },
      { others: healthy(1) },
    ];
    for (const row of rows) expect(decide(row).decision?.flag).toBe(true);
  });

  it('is flagged where all fail, since no cut road accepts; those that were not reached are not', () => {
    const silent = (n: number, minutes: number, code: 'BannerTimeout' | 'ConnectTimeout') =>
      judged(failed(code), { id: id(n), tags: { ...hungFor(5), ...in20(minutes) } });
    const fleet = [silent(1, 15, 'BannerTimeout'), silent(2, 90, 'ConnectTimeout'), silent(3, 180, 'ConnectTimeout')];
    const all = new Map([id(1), id(2), id(3)].map((one) => [one, NOBODY_ELSE] as const));
    const { decisions } = planFlags(fleet, all, [], NOW, SSH);
    expect(decisions.map(({ flag }) => flag)).toEqual([true, false, false]);
  });

  it('is flagged where it sends as usual, which the flag says and remembers', () => {
    const { plan, decision } = decide({ confirmation: WORKING });
    expect(decision?.why).toContain('but it sends as it usually does: its sshd or its login rather than the host');
    const t = judged(failed('BannerTimeout'), { id: id(1), tags: hungFor(2) });
    const [flagged] = withFlags([t], plan, NOW);
    expect(flagged?.after.flag).toEqual({ reason: 'BannerTimeout', at: NOW, evidence: 'against' });
    expect(flagged?.after.decisions).toEqual([
      { at: NOW, flag: true, why: decision?.why, for: [], against: ['it sends as it usually does'] },
    ]);
  });

  it.each([
    [IMPAIRED, 'direct'],
    [WAS_EXHAUSTED, 'circumstantial'],
    [NOBODY_ELSE, 'none'],
  ] as const)('remembers what it was flagged on: %#', (confirmation, evidence) => {
    const { plan } = decide({ confirmation });
    const [flagged] = withFlags([judged(failed('BannerTimeout'), { id: id(1), tags: hungFor(2) })], plan, NOW);
    expect(flagged?.after.flag?.evidence).toBe(evidence);
  });

  it('keeps the last six decisions, sentences cut', () => {
    const { plan } = decide({ confirmation: withEvidence({ direct: [item('x'.repeat(999))] }) });
    const t = judged(failed('BannerTimeout'), { id: id(1), tags: hungFor(2) });
    const old = { at: NOW, flag: false, why: 'old', for: [], against: [] };
    const [next] = withFlags([{ ...t, after: { ...t.after, decisions: Array(6).fill(old) } }], plan, NOW);
    expect(next?.after.decisions).toHaveLength(6);
    expect(next?.after.decisions.at(-1)?.for[0]).toHaveLength(400);
  });
});
