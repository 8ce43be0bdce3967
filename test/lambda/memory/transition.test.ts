import { describe, expect, it } from 'vitest';
import type { ProbeOutcome } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { disk, failed, judged, read } from '../../support/fleet.ts';

const [SSM, AUTO] = [parseSettings({ transport: 'ssm' }), parseSettings({ transport: 'auto' })];

describe('the letter of a check', () => {
  it.each<[string, string, ProbeOutcome, ReturnType<typeof parseSettings>]>([
    ['.', 'a host that is well', read(), SSM],
    ['w', 'little memory', read({ availableShare: 0.1 }), SSM],
    ['c', 'a full disk', read({ disks: [disk({ availableBytes: 0, usedPercent: 100 })] }), SSM],
    ['h', 'a lost agent, where SSH is another way', failed('SsmConnectionLost'), AUTO],
    ['k', 'a lost agent that is the only way', failed('SsmConnectionLost'), SSM],
    ['k', 'an agent that takes no command and is the only way', failed('SsmDeliveryTimedOut'), SSM],
    ['h', 'a command that the only agent took and never ended', failed('CommandTimeout'), SSM],
    ['k', 'a port that refuses', failed('ConnectionRefused'), AUTO],
    ['u', 'a login that is refused', failed('AuthenticationFailed'), AUTO],
  ])('is %s for %s', (letter, _, outcome, settings) => {
    expect(judged(outcome, {}, settings).letter).toBe(letter);
  });
});
