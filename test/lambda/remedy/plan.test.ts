import { describe, expect, it } from 'vitest';
import type { Requester } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { beginAct } from '../../../lambda/remedy/act.ts';
import { isPermit, planAct, planRemedies } from '../../../lambda/remedy/plan.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { minutesAgo, NOW } from '../../support/fleet.ts';
import { decided, type Row } from '../../support/guard-rows.ts';
import {
  ALL_ON,
  act,
  answered,
  at,
  FLAG,
  fresh,
  HUNG,
  host,
  ID,
  known,
  OTHER,
  person,
  SCHEDULE,
  troubled,
} from '../../support/remedy-cases.ts';

const flaggedAt = (minutes: number) => ({ ...HUNG, [TAG.flag]: `BannerTimeout@${minutesAgo(minutes)}` });

describe('planAct', () => {
  it.each<[string, 'schedule' | 'person', Row]>([
    ['that is flagged, with other evidence', 'schedule', {}],
    [
      'that refuses connections, with direct evidence',
      'schedule',
      { fresh: fresh({ evidence: { direct: ['one'] }, reasons: [{ code: 'ConnectionRefused', text: '' }] }) },
    ],
    [
      'that refuses connections and says nothing, with one',
      'schedule',
      {
        fresh: fresh({
          reasons: [
            { code: 'ConnectionRefused', text: '' },
            { code: 'BannerTimeout', text: '' },
          ],
        }),
      },
    ],
    ['15 minutes after another', 'schedule', { known: { acts: [act(15, { instanceId: OTHER })] } }],
    ['an hour after its last', 'schedule', { known: { acts: [act(60)] } }],
    ['of whose three reboots one is a day past', 'schedule', { known: { acts: [act(1440), act(700), act(61)] } }],
    [
      'of which another has an open worker restart',
      'schedule',
      { known: { acts: [act(1, { instanceId: OTHER, remedy: 'restart-worker', state: 'done' })] } },
    ],
    ['whose mute has ended', 'schedule', { tags: { [TAG.mute]: `until=${minutesAgo(1)}` } }],
    [
      'in a stack whose pause has ended',
      'schedule',
      { known: { pause: { who: 'bo', why: 'x', from: at(60), until: at(0) } } },
    ],
    ['that booted ten minutes ago', 'schedule', { tags: { [TAG.acted]: `booted@${minutesAgo(10)}` } }],
    ['without other evidence, for a person', 'person', { fresh: fresh({ evidence: {} }) }],
    ['that crawlwatch may only restart by itself, for a person', 'person', { tags: { [TAG.auto]: 'restart' } }],
    ['in a stack with everything switched off, for a person', 'person', { settings: parseSettings() }],
  ])('allows the reboot of an instance %s', (_, who, row) => {
    expect(decided(who, 'reboot', row)).toMatchObject({ heldBy: null });
  });

  it.each([
    ['asg', { tags: { 'aws:autoscaling:groupName': 'web' } }, fresh()],
    ['spot', { over: { spot: true } }, fresh()],
    ['event', {}, fresh({ scheduledEvents: ['a retirement'] })],
    ['event', {}, fresh({ scheduledEvents: null })],
  ] as const)('lets a person set %s aside by that name alone, and the schedule never', (guard, row, checked) => {
    const { tags = {}, over = {} } = row as Row;
    const one = host({ ...HUNG, ...tags }, over);
    const ask = (requester: Requester) => planAct(one, 'reboot', requester, checked, known(), ALL_ON);
    const others = (['asg', 'spot', 'event'] as const).filter((other) => other !== guard);
    expect(ask(person(guard)).heldBy).toBe(null);
    expect(ask(person(...others))).toMatchObject({
      heldBy: guard,
      why: expect.stringContaining(`--override ${guard}`),
    });
    expect(ask(SCHEDULE)).toMatchObject({ heldBy: guard, why: expect.stringContaining('a person may override that') });
  });

  it.each(['asg', 'spot'] as const)('restarts a worker by itself though the instance is one of %s', (guard) => {
    const row = guard === 'spot' ? { over: { spot: true } } : { tags: { 'aws:autoscaling:groupName': 'web' } };
    expect(decided('schedule', 'restart-worker', row).heldBy).toBe(null);
  });

  it('restarts a worker before its memory is gone, where a person asks, and not by itself', () => {
    const row = { fresh: answered('MemoryExhaustionForecast') };
    expect(decided('person', 'restart-worker', row).heldBy).toBe(null);
    expect(decided('schedule', 'restart-worker', row).heldBy).toBe('not-needed');
  });

  it('restarts for a person what has just come up, and does not by itself', () => {
    const row = { tags: { [TAG.acted]: `booted@${minutesAgo(9)}` } };
    expect(decided('person', 'restart-worker', row).heldBy).toBe(null);
    expect(decided('schedule', 'restart-worker', row).heldBy).toBe('grace');
  });

  it('permits an act only upon a fresh check', () => {
    const plan = (checked: typeof FRESH | null) => planAct(host(HUNG), 'reboot', SCHEDULE, checked, known(), ALL_ON);
    const FRESH = fresh();
    expect(plan(null)).toMatchObject({ remedy: 'reboot', heldBy: null });
    expect(isPermit(plan(null))).toBe(false);
    expect(isPermit(plan(fresh({ evidence: {} })))).toBe(false);
    expect(isPermit(plan(FRESH))).toBe(true);
    expect(plan(FRESH)).toMatchObject({ checkedAt: FRESH.at });
  });

  it.each([
    [
      'reboot',
      HUNG,
      SCHEDULE,
      fresh(),
      `it carries the flag ${FLAG} (SSH accepts and says nothing); just now it still hung (BannerTimeout: It said nothing); corroborated by EC2's own status check (impaired)`,
    ],
    [
      'reboot',
      HUNG,
      person(),
      fresh({ evidence: {} }),
      `it carries the flag ${FLAG} (SSH accepts and says nothing); just now it still hung (BannerTimeout: It said nothing); no other evidence`,
    ],
    [
      'restart-worker',
      troubled('WorkerDown'),
      SCHEDULE,
      answered('WorkerDown', 'The worker sidekiq.service is down (failed).'),
      'sidekiq.service for WorkerDown since 08:07 UTC; just now WorkerDown: The worker sidekiq.service is down (failed)',
    ],
    [
      'restart-worker',
      { ...troubled('DiskLow') },
      person(),
      answered('MemoryLow', '5 % is available.'),
      'sidekiq.service as requested; just now MemoryLow: 5 % is available',
    ],
    [
      'restart-sshd',
      troubled('SshdDown'),
      SCHEDULE,
      answered('SshdDown', 'It \u001b[31mdoes not answer.'),
      'sshd for SshdDown since 08:07 UTC; just now SshdDown: It ?[31mdoes not answer',
    ],
  ] as const)('says why of a %s it allows', (remedy, tags, requester, checked, why) => {
    expect(planAct(host(tags), remedy, requester, checked, known(), ALL_ON).why).toBe(why);
  });

  it('keeps a sentence within bounds, whatever hosts and people write', () => {
    const pause = { who: 'x'.repeat(9999), why: 'y'.repeat(9999), from: NOW, until: null };
    const reasons = [{ code: 'BannerTimeout' as const, text: 'z'.repeat(9999) }];
    const checked = fresh({ reasons, evidence: { direct: ['w'.repeat(9999)] } });
    expect(decided('person', 'reboot', { known: { pause } }).why.length).toBeLessThan(500);
    expect(decided('person', 'reboot', { fresh: checked }).why.length).toBeLessThanOrEqual(500);
  });
});

describe('planRemedies', () => {
  const plan = (fleet: readonly ReturnType<typeof host>[], over: Parameters<typeof known>[0] = {}) =>
    planRemedies(fleet, known(over), ALL_ON).map(({ instanceId, remedy, heldBy }) => [instanceId, remedy, heldBy]);

  it('says nothing of those that need nothing', () => {
    const healthy = host({ crawlwatch: 'true', [TAG.status]: 'OK' });
    const full = host(troubled('DiskLow'), { id: OTHER });
    expect(plan([healthy, full])).toEqual([]);
  });

  it('gives a decision for each that needs something, the gentlest and the longest due first', () => {
    const fleet = [
      host(flaggedAt(30), { id: 'i-6' }),
      host(flaggedAt(40), { id: 'i-5' }),
      host({ ...flaggedAt(90), [TAG.acted]: `reboot@${minutesAgo(80)}` }, { id: 'i-7' }),
      host(troubled('SshdDown'), { id: 'i-4' }),
      host(troubled('MemoryExhaustedResponsive', 9), { id: 'i-2' }),
      host(troubled('WorkerDown', 60), { id: 'i-1' }),
      host({ ...troubled('WorkerDown', 8), [TAG.auto]: 'never' }, { id: 'i-3' }),
    ];
    expect(plan(fleet)).toEqual([
      ['i-1', 'restart-worker', null],
      ['i-2', 'restart-worker', null],
      ['i-3', 'restart-worker', 'opted-out'],
      ['i-4', 'restart-sshd', null],
      ['i-5', 'reboot', null],
      ['i-6', 'reboot', 'spacing'],
      ['i-7', 'escalated', 'escalated'],
    ]);
  });

  it('restarts the worker first where it carries a stale flag as well', () => {
    expect(plan([host({ ...HUNG, ...troubled('WorkerDown') })])).toEqual([[ID, 'restart-worker', null]]);
  });

  it('says which reboot comes first', () => {
    const decisions = planRemedies([host(flaggedAt(30)), host(flaggedAt(40), { id: OTHER })], known(), ALL_ON);
    expect(decisions.map(({ why }) => why)[1]).toBe(`${OTHER} comes first, one reboot at a time`);
  });

  it('gives the turn to the next where the first is held', () => {
    const fleet = [host({ ...flaggedAt(40), [TAG.auto]: 'never' }, { id: OTHER }), host(flaggedAt(30))];
    expect(plan(fleet)).toEqual([
      [OTHER, 'reboot', 'opted-out'],
      [ID, 'reboot', null],
    ]);
  });
});

describe('beginAct', () => {
  it('records the boot, the trouble and its beginning as they were before the act', () => {
    expect(beginAct(host(HUNG), 'reboot', fresh(), 'ana', NOW)).toEqual({
      remedy: 'reboot',
      instanceId: ID,
      name: ID,
      at: NOW,
      state: 'begun',
      requester: 'ana',
      boot: '1a2b3c4d',
      since: at(30),
      trouble: 'BannerTimeout',
    });
  });

  it('takes the boot that the check saw, and knows no beginning where the tags say that all is well', () => {
    const one = host({ ...troubled('WorkerDown'), [TAG.status]: 'OK' });
    const checked = { ...answered('MemoryLow'), boot: 'ffff0000' };
    expect(beginAct(one, 'restart-worker', checked, 'ana', NOW)).toMatchObject({
      boot: 'ffff0000',
      since: null,
      trouble: 'MemoryLow',
    });
  });
});
