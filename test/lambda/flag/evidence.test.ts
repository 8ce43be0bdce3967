import { describe, expect, it } from 'vitest';
import { otherWay, weigh, witnessesOf } from '../../../lambda/flag/evidence.ts';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { failed, HOST_KEY, hungFor, instance, judged, NOW, REACHED } from '../../support/fleet.ts';

const WAY_IN = { vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } };
const BOTH = { ssh: true, ssm: true };

describe('the other way to ask', () => {
  it.each([
    ['SSH only, as the settings have it', { transport: 'ssh' }, BOTH],
    ['no probe document', { transport: 'auto', ...WAY_IN }, { ssh: true }],
    ['SSM, and no way in for SSH', { transport: 'ssm' }, BOTH],
    ['SSM, and nothing that speaks SSH', { transport: 'ssm', ...WAY_IN }, { ssm: true }],
  ])('is none with %s', (_, given, transports) => {
    const settings = parseSettings(given);
    expect(otherWay(instance({}, settings), transports, settings)).toBeNull();
  });

  it('is SSM for a host that is asked over SSH, with its sshd in question', () => {
    const settings = parseSettings({ transport: 'auto', ...WAY_IN });
    expect(otherWay(instance({}, settings), BOTH, settings)).toMatchObject({ transport: 'ssm', sshdExpected: true });
  });

  it('is SSH for a host that is asked over SSM, where there is a way in and an address', () => {
    const settings = parseSettings({ transport: 'ssm', ...WAY_IN });
    expect(otherWay(instance({}, settings), BOTH, settings)).toMatchObject({ transport: 'ssh' });
    expect(otherWay(instance({ address: null }, settings), BOTH, settings)).toBeNull();
  });
});

describe('SSH as the other way', () => {
  const settings = parseSettings({ transport: 'ssm', ...WAY_IN });
  const says = (reason: FailureReason, reached: boolean) => {
    const tags = { ...hungFor(2, 'SsmDeliveryTimedOut'), ...(reached ? REACHED : {}) };
    if (!reached) delete (tags as Record<string, string>)['crawlwatch:host-key'];
    const t = judged(failed('SsmDeliveryTimedOut'), { tags }, settings);
    const asked = { ...t.instance, transport: 'ssh' as const };
    const other = { instance: asked, outcome: failed(reason), hostKey: HOST_KEY, durationMs: 1 };
    return witnessesOf(weigh(t, null, other, NOW), settings).map((witness) => witness.text);
  };

  it.each([
    ['BannerTimeout where it never led there', 'BannerTimeout', false],
    ['ConnectionRefused, which has other causes', 'ConnectionRefused', true],
    ['a failure of ours', 'AuthenticationFailed', true],
  ] as const)('is no witness with %s', (_, reason, reached) => {
    expect(says(reason, reached)).toEqual([]);
  });

  it('bears the hang out with BannerTimeout where it has led there before', () => {
    expect(says('BannerTimeout', true)).toEqual(['a command over SSH that went unanswered']);
  });
});
