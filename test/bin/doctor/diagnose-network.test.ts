import { describe, expect, it } from 'vitest';
import {
  type AclEntry,
  aclStep,
  covers,
  egressStep,
  type GroupRule,
  type Origin,
  securityGroupStep,
} from '../../../bin/doctor/diagnose-network.ts';

const CHECK: Origin = { kind: 'vpc', groupIds: ['sg-check'], cidrs: ['10.0.1.0/24', '10.0.2.0/24'] };
const INTERNET: Origin = { kind: 'internet' };
const ANYBODY: Origin = { kind: 'unknown' };
const ssh = (rule: GroupRule): GroupRule => ({ IpProtocol: 'tcp', FromPort: 22, ToPort: 22, ...rule });
const from = (...ranges: string[]): GroupRule => ssh({ IpRanges: ranges.map((CidrIp) => ({ CidrIp })) });

describe('a range of addresses', () => {
  it.each([
    ['10.0.0.0/8', '10.255.255.255/32', true],
    ['0.0.0.0/0', '203.0.113.0/24', true],
    ['10.0.1.77/24', '10.0.1.0/25', true],
    ['10.0.1.0/24', '10.0.0.0/23', false],
    ['10.0.1.0/24', '10.0.2.0/24', false],
    ['::/0', '10.0.0.0/8', false],
    ['pl-1234', '10.0.0.0/8', false],
  ])('%s covers %s: %s', (outer, inner, expected) => {
    expect(covers(outer, inner)).toBe(expected);
  });
});

describe('the security groups of a host', () => {
  it.each<[string, readonly GroupRule[], Origin, string]>([
    ['no rule', [], CHECK, 'failed'],
    [
      'a rule for another port',
      [ssh({ FromPort: 80, ToPort: 443, IpRanges: [{ CidrIp: '0.0.0.0/0' }] })],
      CHECK,
      'failed',
    ],
    ['a rule for UDP', [{ ...from('0.0.0.0/0'), IpProtocol: 'udp' }], CHECK, 'failed'],
    ['one of two subnets', [from('10.0.1.0/24')], CHECK, 'failed'],
    ['another group', [ssh({ UserIdGroupPairs: [{ GroupId: 'sg-office' }] })], CHECK, 'failed'],
    ['the office, while the check comes from anywhere', [from('203.0.113.0/24')], INTERNET, 'failed'],
    ['nobody, whoever asks', [], ANYBODY, 'failed'],
    ['a prefix list', [ssh({ PrefixListIds: [{ PrefixListId: 'pl-1' }] })], CHECK, 'unknown'],
    ['somebody, whoever asks', [from('203.0.113.0/24')], ANYBODY, 'unknown'],
    ['the group of the check', [ssh({ UserIdGroupPairs: [{ GroupId: 'sg-check' }] })], CHECK, 'ok'],
    ['both subnets by two rules', [from('10.0.1.0/24'), from('10.0.2.0/23')], CHECK, 'ok'],
    ['all protocols from the VPC', [{ ...from('10.0.0.0/16'), IpProtocol: '-1' }], CHECK, 'ok'],
    ['everybody', [from('0.0.0.0/0')], INTERNET, 'ok'],
  ])('let in %s', (_, rules, origin, finding) => {
    const step = securityGroupStep([{ GroupId: 'sg-host', IpPermissions: rules }], 22, origin);
    expect(step).toMatchObject({ name: 'security group', finding });
    expect(step.fix === null).toBe(finding === 'ok');
  });

  it('are mended by a rule for the group of the check, on the port of the login', () => {
    const { text, fix } = securityGroupStep([{ GroupId: 'sg-host' }], 2222, CHECK);
    expect(text).toBe('sg-host lets in on port 2222: nobody; the check comes from sg-check, 10.0.1.0/24, 10.0.2.0/24');
    expect(fix).toBe(
      'aws ec2 authorize-security-group-ingress --group-id sg-host --protocol tcp --port 2222 --source-group sg-check',
    );
  });

  it('are never mended by opening SSH to everybody', () => {
    expect(securityGroupStep([{ GroupId: 'sg-host' }], 22, INTERNET).fix).not.toContain('0.0.0.0/0');
  });

  it.each<[string, readonly GroupRule[], string]>([
    ['nothing', [], 'failed'],
    ['SSH only', [from('0.0.0.0/0')], 'failed'],
    ['HTTPS to an endpoint', [ssh({ FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: 'sg-door' }] })], 'ok'],
    ['everything', [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }], 'ok'],
  ])('let %s out', (_, rules, finding) => {
    expect(egressStep([{ GroupId: 'sg-host', IpPermissionsEgress: rules }])).toMatchObject({ finding });
  });
});

describe('a network ACL', () => {
  const rule = (RuleNumber: number, given: Partial<AclEntry>): AclEntry => ({
    ...{ RuleNumber, RuleAction: 'allow', Protocol: '-1', CidrBlock: '0.0.0.0/0', Egress: false },
    ...given,
  });
  const out = rule(100, { Egress: true });
  const tcp = { Protocol: '6' } as const;
  it.each<[string, readonly AclEntry[], Origin, string]>([
    ['has no rule', [], CHECK, 'failed'],
    ['denies before it allows', [rule(100, {}), rule(50, { RuleAction: 'deny' }), out], CHECK, 'failed'],
    ['lets no answer out', [rule(100, {})], CHECK, 'failed'],
    [
      'lets answers out to low ports only',
      [rule(100, {}), rule(100, { ...tcp, Egress: true, PortRange: { From: 80, To: 443 } })],
      CHECK,
      'failed',
    ],
    ['lets in another port', [rule(100, { ...tcp, PortRange: { From: 80, To: 80 } }), out], CHECK, 'failed'],
    ['lets in one subnet of two', [rule(100, { CidrBlock: '10.0.1.0/24' }), out], CHECK, 'failed'],
    [
      'lets in the VPC while nobody knows who comes',
      [rule(100, { CidrBlock: '10.0.0.0/16' }), out],
      ANYBODY,
      'unknown',
    ],
    ['allows before it denies', [rule(100, {}), rule(32_767, { RuleAction: 'deny' }), out], CHECK, 'ok'],
    [
      'lets in the port and the answers out',
      [
        rule(100, { ...tcp, PortRange: { From: 22, To: 22 } }),
        rule(100, { ...tcp, Egress: true, PortRange: { From: 1024, To: 65_535 } }),
      ],
      INTERNET,
      'ok',
    ],
  ])('%s', (_, entries, origin, finding) => {
    expect(aclStep(entries, 22, origin)).toMatchObject({ name: 'network ACL', finding });
  });
});
