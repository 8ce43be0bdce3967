import { describe, expect, it } from 'vitest';
import type { FailureReason, JumpHost, ProbeOutcome } from '../../../lambda/model/index.ts';
import { wasReached } from '../../../lambda/model/index.ts';

const jump: JumpHost = { address: '10.0.0.1', port: 22, user: 'jumper', privateKeyPath: null };
const direct = { login: { user: 'crawler', port: 22, privateKeyPath: null } };
const behind = { login: { ...direct.login, jumps: [jump] } };
const failed = (reason: FailureReason, reached?: boolean): ProbeOutcome => ({
  kind: 'failed',
  reason,
  text: '',
  ...(reached !== undefined && { reached }),
});

describe('whether a host itself was reached', () => {
  it.each<[FailureReason, boolean, boolean]>([
    ['ConnectTimeout', false, false],
    ['SsmConnectionLost', false, false],
    ['SsmDeliveryTimedOut', false, false],
    ['ConnectionRefused', false, false],
    ['HostUnreachable', false, false],
    ['NotChecked', false, false],
    ['ConnectionReset', true, false],
    ['ClosedBeforeBanner', true, false],
    ['BannerTimeout', true, false],
    ['HandshakeTimeout', true, true],
    ['CommandTimeout', true, true],
    ['ForkFailed', true, true],
    ['ConnectionLost', true, true],
    ['InstanceConnectRefused', true, true],
  ])('follows from %s: %s, and through a jump host %s', (reason, alone, through) => {
    expect([wasReached(failed(reason), direct), wasReached(failed(reason), behind)]).toEqual([alone, through]);
  });

  it('is as the transport reports it, where it does', () => {
    expect(wasReached(failed('ConnectionReset', false), direct)).toBe(false);
    expect(wasReached(failed('BannerTimeout', true), behind)).toBe(true);
  });
});
