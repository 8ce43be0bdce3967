import { describe, it } from 'vitest';
import { REMEDIES, TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { expectHeld, type Guarded } from '../../support/guard-rows.ts';
import { act, at, fresh, OTHER } from '../../support/remedy-cases.ts';

const OFF = parseSettings();
const NIGHT = parseSettings({
  remedies: { restartWorker: true, restartSshd: true, reboot: true, window: '02:00-05:00 UTC' },
});
const hours = (until: Date | null) => ({ pause: { who: 'bo', why: 'deploying\u202e', from: at(30), until } });

/** True of every remedy. */
const EVERY: readonly Guarded[] = [
  [
    'does not carry the watch tag',
    'anybody',
    'unwatched',
    'it does not carry the tag crawlwatch=true',
    { tags: { crawlwatch: 'no' } },
  ],
  ['runs Windows', 'anybody', 'unwatched', 'it runs Windows, not Linux', { over: { platform: 'Windows' } }],
  ['is stopping', 'anybody', 'not-running', 'it is stopping, not running', { over: { state: 'stopping' } }],
  [
    'has an unreadable opt-in',
    'anybody',
    'unreadable',
    'its tag crawlwatch:auto is unreadable; allowed: restart, reboot, restart+reboot, never',
    { tags: { [TAG.auto]: 'Reboot' } },
  ],
  [
    'has an opt-in named like a built-in',
    'anybody',
    'unreadable',
    'its tag crawlwatch:auto is unreadable',
    { tags: { [TAG.auto]: 'constructor' } },
  ],
  [
    'has an unreadable mute',
    'anybody',
    'unreadable',
    'its tag crawlwatch:mute is unreadable; allowed: until=',
    { tags: { [TAG.mute]: 'tomorrow' } },
  ],
  [
    'has an unreadable override of the login',
    'anybody',
    'unreadable',
    'The tag crawlwatch:ssh is "port=0"; allowed: user=NAME',
    { tags: { [TAG.ssh]: 'port=0' } },
  ],
  [
    'has an unreadable status',
    'anybody',
    'unreadable',
    'its tag crawlwatch:status is unreadable',
    { tags: { [TAG.status]: 'Fine' } },
  ],
  [
    'has an unreadable last act',
    'anybody',
    'unreadable',
    'its tag crawlwatch:acted is unreadable',
    { tags: { [TAG.acted]: 'reboot yesterday' } },
  ],
  ['has no launch time', 'anybody', 'unknown', 'EC2 does not say since when it runs', { over: { launchedAt: null } }],
  ['opted out', 'anybody', 'opted-out', 'its tag crawlwatch:auto says never', { tags: { [TAG.auto]: 'never' } }],
  [
    'is in a window in which it is muted',
    'anybody',
    'muted',
    'it is muted in the window Sun 09:00-10:00 Europe/Berlin, until 09:00 UTC',
    { tags: { [TAG.mute]: 'window=Sun 09:00-10:00 Europe/Berlin;why=backups' } },
  ],
  [
    'is muted',
    'anybody',
    'muted',
    'it is muted until 2026-11-23 06:00 UTC',
    { tags: { [TAG.mute]: 'until=2026-11-23T06:00:00Z' } },
  ],
  [
    'stands in a stack that is paused until later',
    'anybody',
    'paused',
    'acting has been paused by bo since 07:45 UTC, until 09:15 UTC: deploying?',
    { known: hours(at(-60)) },
  ],
  [
    'stands in a stack that is paused for good',
    'anybody',
    'paused',
    'until somebody runs crawlwatch resume: deploying',
    { known: hours(null) },
  ],
  [
    'has an act of its own that is not verified yet',
    'anybody',
    'in-flight',
    'its sshd restart of 08:06 UTC has until 08:16 UTC to prove itself',
    { known: { acts: [act(9, { remedy: 'restart-sshd', state: 'begun' })] } },
  ],
  [
    'has an act of its own that is overdue',
    'anybody',
    'in-flight',
    'its worker restart of 08:03 UTC is still to be verified',
    { known: { acts: [act(12, { remedy: 'restart-worker', state: 'done' })] } },
  ],
  [
    'could not be checked just now',
    'anybody',
    'unknown',
    'just now it could not be checked: AuthenticationFailed: Our key was refused',
    {
      fresh: fresh({ kind: 'inconclusive', reasons: [{ code: 'AuthenticationFailed', text: 'Our key was refused.' }] }),
    },
  ],
  [
    'was last checked six minutes ago',
    'anybody',
    'unknown',
    'it has not been checked right before this',
    { fresh: fresh({ at: at(6) }) },
  ],
  [
    'was checked by a clock that is ahead',
    'anybody',
    'unknown',
    'it has not been checked right before this',
    { fresh: fresh({ at: at(-6) }) },
  ],
  [
    'is another than was checked',
    'anybody',
    'unknown',
    'it has not been checked right before this',
    { fresh: fresh({ id: OTHER }) },
  ],
  [
    'stands in a stack that has it switched off',
    'schedule',
    'off',
    "is off in the stack's settings, so a person has to ask for it: crawlwatch re",
    { settings: OFF },
  ],
  [
    'was UNKNOWN at the last check',
    'schedule',
    'unknown',
    'its last check could not be made (HostKeyMismatch)',
    { tags: { [TAG.status]: 'UNKNOWN:HostKeyMismatch' } },
  ],
  [
    'stands in a fleet whose breaker has tripped',
    'schedule',
    'breaker',
    'the last check suppressed flagging: so many fail at once',
    { known: { suppressed: true } },
  ],
  [
    'stands in a fleet of whose breaker nothing is known',
    'schedule',
    'breaker',
    'whether the last check suppressed flagging is not known',
    { known: { suppressed: null } },
  ],
  [
    'is outside the maintenance window',
    'schedule',
    'window',
    'it is outside the maintenance window 02:00-05:00 UTC, which opens at 2026-11-23 02:00 UTC',
    { settings: NIGHT },
  ],
];

describe.each(REMEDIES)('%s', (remedy) => {
  it.each(EVERY)('of an instance that %s: %s is held by %s: %s', (...row) => expectHeld(remedy, row));
});
