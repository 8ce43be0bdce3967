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

describe('what is kept of an answer', () => {
  const seenAfter = (over: Parameters<typeof read>[0]) => judged(read(over)).after.seen;

  it('is no more than boot and kills of a host with one writable disk and no waits', () => {
    expect(seenAfter({})).toEqual({ boot: '1a2b3c4d', oomKills: 0 });
  });

  it('names mounts in few characters, and no more of them than are kept', () => {
    const disks = Array.from({ length: 99 }, (_, n) => disk({ mount: `/var/lib/kubelet/pods/${n}` }));
    const { writable = [] } = seenAfter({ disks }) ?? {};
    expect(writable).toHaveLength(64);
    expect(new Set(writable).size).toBe(64);
    for (const hash of writable) expect(hash).toMatch(/^[0-9a-z]{1,6}$/);
  });

  it.each([
    ['long waits', { someAvg10: 9, fullAvg10: 2.5, someTotalMicros: 9, fullTotalMicros: 7 }, 86_400, true],
    ['short waits', { someAvg10: 9, fullAvg10: 2.4, someTotalMicros: 9, fullTotalMicros: 7 }, 86_400, false],
    ['waits without totals', { someAvg10: 9, fullAvg10: 2.5 }, 86_400, false],
    ['waits without an uptime', { someAvg10: 9, fullAvg10: 2.5, someTotalMicros: 9, fullTotalMicros: 7 }, null, false],
  ])('of %s', (_, memoryPressure, uptimeSeconds, isKept) => {
    const { waited } = seenAfter({ memoryPressure, uptimeSeconds }) ?? {};
    expect(waited).toEqual(isKept ? { upSeconds: 86_400, fullMicros: 7 } : undefined);
  });
});
