import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { minutesAgo } from '../../support/fleet.ts';
import { decided, expectHeld, type Guarded } from '../../support/guard-rows.ts';
import { act, answered, at, fresh, OTHER, troubled } from '../../support/remedy-cases.ts';

const ASG = { 'aws:autoscaling:groupName': 'web' };

const ON_REBOOT: readonly Guarded[] = [
  [
    'carries a flag that no check remembers, which somebody else wrote',
    'anybody',
    'not-flagged',
    'no check remembers flagging it, whatever its tag says',
    { remembered: { flag: null } },
  ],
  [
    'is flagged, and lost the tag to somebody else',
    'anybody',
    'not-flagged',
    'its tag crawlwatch:reboot-flag is missing: the next check writes it again',
    { stripped: TAG.flag },
  ],
  [
    'is not flagged at all',
    'anybody',
    'not-flagged',
    'it carries no reboot flag',
    { stripped: TAG.flag, remembered: { flag: null } },
  ],
  [
    'was started again since it was flagged, which is forgotten while the tag is still there',
    'anybody',
    'not-flagged',
    'it was started again at 08:00 UTC, after it was flagged',
    { over: { launchedAt: at(15) }, remembered: { flag: null } },
  ],
  [
    'carries a flag without a time',
    'anybody',
    'unreadable',
    'its tag crawlwatch:reboot-flag is unreadable',
    { tags: { [TAG.flag]: 'BannerTimeout' } },
  ],
  [
    'carries a flag for no reason known',
    'anybody',
    'unreadable',
    'its tag crawlwatch:reboot-flag is unreadable',
    { tags: { [TAG.flag]: `Spite@${minutesAgo(20)}` } },
  ],
  [
    'carries an empty flag',
    'anybody',
    'unreadable',
    'its tag crawlwatch:reboot-flag is unreadable',
    { tags: { [TAG.flag]: '' } },
  ],
  [
    'carries a flag from the future',
    'anybody',
    'unreadable',
    `its reboot flag is of ${minutesAgo(-1)}, which is in the future`,
    { tags: { [TAG.flag]: `BannerTimeout@${minutesAgo(-1)}` } },
  ],
  [
    'was started again since it was flagged',
    'anybody',
    'not-flagged',
    'it was started again at 08:00 UTC, after it was flagged',
    { over: { launchedAt: at(15) } },
  ],
  [
    'booted nine minutes ago',
    'anybody',
    'grace',
    'it was launched or rebooted less than 10 min ago',
    { tags: { [TAG.acted]: `booted@${minutesAgo(9)}` } },
  ],
  ['is in an Auto Scaling group', 'anybody', 'asg', 'it belongs to an Auto Scaling group', { tags: ASG }],
  ['is a Spot instance', 'anybody', 'spot', 'it is a Spot instance', { over: { spot: true } }],
  [
    'has an event of AWS scheduled',
    'anybody',
    'event',
    'AWS has scheduled for it: a retirement at 10:00 UTC',
    { fresh: fresh({ scheduledEvents: ['a retirement at 10:00 UTC'] }) },
  ],
  [
    'has events that could not be read',
    'anybody',
    'event',
    'whether AWS has anything scheduled for it could not be read',
    { fresh: fresh({ scheduledEvents: null }) },
  ],
  ['answers again', 'anybody', 'not-needed', 'just now it answered: OK', { fresh: answered() }],
  [
    'answers over the other path, with sshd down',
    'anybody',
    'not-needed',
    'just now it answered: SshdDown: It was SshdDown',
    { fresh: answered('SshdDown') },
  ],
  [
    'waits for a reboot of another to be verified',
    'anybody',
    'in-flight',
    `the reboot of ${OTHER} at 07:15 UTC is neither verified nor given up yet`,
    { known: { acts: [act(60, { instanceId: OTHER, state: 'done' })] } },
  ],
  [
    'names the other one, whatever its name holds',
    'anybody',
    'in-flight',
    `the reboot of "fi crawler8" (${OTHER}) at 07:15 UTC is neither verified nor given up yet`,
    { known: { acts: [act(60, { instanceId: OTHER, name: 'fi crawler8', state: 'done' })] } },
  ],
  [
    'waits for a reboot of which it is not known whether it was done',
    'anybody',
    'in-flight',
    `the reboot of ${OTHER} at`,
    { known: { acts: [act(60, { instanceId: OTHER, state: 'begun' })] } },
  ],
  [
    'names the one that was rebooted before it',
    'anybody',
    'spacing',
    `crawlwatch rebooted ficrawler8 (${OTHER}) at 08:00 UTC, and reboots are 15 minutes apart`,
    { known: { acts: [act(14.9, { instanceId: OTHER, name: 'ficrawler8' })] } },
  ],
  [
    'comes 14.9 minutes after another that worked',
    'anybody',
    'spacing',
    `crawlwatch rebooted ${OTHER} at 08:00 UTC, and reboots are 15 minutes apart`,
    { known: { acts: [act(14.9, { instanceId: OTHER })] } },
  ],
  [
    'comes right after another that failed',
    'anybody',
    'spacing',
    '15 minutes apart',
    { known: { acts: [act(1, { instanceId: OTHER, state: 'failed' })] } },
  ],
  [
    'comes after one of the future, by a clock that is ahead',
    'anybody',
    'spacing',
    '15 minutes apart',
    { known: { acts: [act(-3, { instanceId: OTHER })] } },
  ],
  [
    'was rebooted 59 minutes ago',
    'anybody',
    'budget',
    'it was rebooted 1 time within an hour already: have a look at it',
    { known: { acts: [act(59)] } },
  ],
  [
    'was rebooted three times in a day',
    'anybody',
    'budget',
    'it was rebooted 3 times within a day already',
    { known: { acts: [act(1439), act(700), act(61)] } },
  ],
  [
    'never opted in',
    'schedule',
    'not-opted-in',
    'its tag crawlwatch:auto is missing: an automatic reboot takes reboot or restart+reboot',
    { stripped: TAG.auto },
  ],
  [
    'has an opt-in for restarts alone',
    'schedule',
    'not-opted-in',
    'its tag crawlwatch:auto says only restart: an automatic reboot takes reboot or restart+reboot',
    { tags: { [TAG.auto]: 'restart' } },
  ],
  [
    'is called for a worker restart first',
    'schedule',
    'not-needed',
    'its last check calls for a worker restart first',
    { tags: troubled('WorkerDown') },
  ],
  [
    'has no other evidence of a hang',
    'schedule',
    'evidence',
    'BannerTimeout is no direct evidence of a hang, and there is no other evidence; a person may: crawlwatch reboot i-',
    { fresh: fresh({ evidence: {} }) },
  ],
  [
    'has no more than circumstantial evidence',
    'schedule',
    'evidence',
    'the only other evidence is circumstantial: its memory at its last answer (2 % available)',
    {
      fresh: fresh({ evidence: { circumstantial: ['its memory at its last answer (2 % available)', 'two', 'three'] } }),
    },
  ],
  [
    'has evidence against a hang, however much there is for it',
    'schedule',
    'evidence',
    'there is evidence against a hang: it sends as it usually does',
    { fresh: fresh({ evidence: { direct: ['one', 'two'], against: ['it sends as it usually does'] } }) },
  ],
  [
    'has metrics that are not published yet, or could not be read',
    'schedule',
    'evidence',
    'not all that may speak against a hang is known: its metrics',
    { fresh: fresh({ evidence: { direct: ['one'], unknown: ['its metrics'] } }) },
  ],
  [
    'was rebooted in vain since it was flagged',
    'schedule',
    'escalated',
    'the reboot of 07:10 UTC did not help: it needs a person',
    { tags: { [TAG.flag]: `BannerTimeout@${minutesAgo(90)}` }, known: { acts: [act(65, { state: 'failed' })] } },
  ],
  [
    'was rebooted in vain, so long ago that only its tag shows it',
    'schedule',
    'escalated',
    'the reboot of 2026-11-20 08:15 UTC did not help: it needs a person',
    { tags: { [TAG.flag]: 'BannerTimeout@2026-11-20T08:05:00Z', [TAG.acted]: 'reboot@2026-11-20T08:15:00Z' } },
  ],
];

describe('a reboot', () => {
  it.each([TAG.status, TAG.acted])('is held by nothing where somebody took the tag %s away', (stripped) => {
    for (const who of ['schedule', 'person'] as const)
      expect(decided(who, 'reboot', { stripped })).toMatchObject({ heldBy: null });
  });

  it.each(ON_REBOOT)('of an instance that %s: %s is held by %s: %s', (...row) => expectHeld('reboot', row));
});
