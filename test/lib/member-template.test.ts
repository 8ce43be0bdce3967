import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ssmProbeDocument } from '../../lambda/probe/script.ts';
import { memberTemplate } from '../../lib/member-template.ts';
import { checkGrants } from './synth.ts';

const FILE = join(import.meta.dirname, '../../accounts/crawlwatch-member.yaml');
// `npm run docs` writes it; other runs only compare.
if (process.env.UPDATE_DOCS === '1') writeFileSync(FILE, memberTemplate());
const template = parse(readFileSync(FILE, 'utf8'), { version: '1.1' });

interface Statement {
  readonly Sid: string;
  readonly Action: string | string[];
  readonly Resource: string;
  readonly Condition?: unknown;
}
/** What CloudFormation makes of the policy's text with these parameters. */
const statements = (document: { readonly 'Fn::Sub': string }): Statement[] => {
  const given: Record<string, string> = { TagKey: 'crawlwatch', TagValue: 'true', InstanceConnectUser: 'ubuntu' };
  return JSON.parse(document['Fn::Sub'].replace(/\$(\{([\w:]+)\})/g, (_, whole, name) => given[name] ?? whole))
    .Statement;
};
const { Role, ReadRole, PushSshKey, ProbeDocument } = template.Resources;
const member = statements(Role.Properties.Policies[0].PolicyDocument);

describe("a member's template", () => {
  it('is what the code makes (npm run docs)', () => {
    expect(readFileSync(FILE, 'utf8')).toBe(memberTemplate());
  });

  it('grants the check there what it has at home, under the same conditions, and nothing else', () => {
    const atHome = new Map(checkGrants().map((grant) => [grant.Sid, grant]));
    expect(member.map(({ Sid }) => Sid)).toEqual([
      'DiscoverInstances',
      'ReadConsole',
      'ReadMetrics',
      'RunProbeDocument',
      'RunOnWatchedInstances',
      'FollowCommands',
      'WriteOwnTags',
    ]);
    for (const { Sid, Action, Condition } of member) {
      expect({ Sid, Action, Condition }).toEqual({
        Sid,
        Action: atHome.get(Sid)?.Action,
        Condition: atHome.get(Sid)?.Condition,
      });
    }
    expect(Object.fromEntries(member.map(({ Sid, Resource }) => [Sid, Resource]))).toMatchObject({
      RunProbeDocument: 'arn:{AWS::Partition}:ssm:*:{AWS::AccountId}:document/crawlwatch-probe',
      RunOnWatchedInstances: 'arn:{AWS::Partition}:ec2:*:{AWS::AccountId}:instance/*',
      WriteOwnTags: 'arn:{AWS::Partition}:ec2:*:{AWS::AccountId}:instance/*',
    });
  });

  it.each([
    ['check', Role, 'CheckRoleArn'],
    ['table', ReadRole, 'WidgetRoleArn'],
  ])('trusts the one role of the %s, with the external id alone', (_, { Properties }, principal) => {
    expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: { Ref: principal } },
        Condition: { StringEquals: { 'sts:ExternalId': { Ref: 'ExternalId' } } },
      },
    ]);
  });

  it('lets the table only find instances', () => {
    expect(ReadRole.Properties.Policies[0].PolicyDocument.Statement).toEqual([
      { Sid: 'DiscoverInstances', Effect: 'Allow', Action: 'ec2:DescribeInstances', Resource: '*' },
    ]);
  });

  it('lets a key be pushed for the named user alone, and only where one is named', () => {
    expect(PushSshKey.Condition).toBe('PushesKeys');
    expect(statements(PushSshKey.Properties.PolicyDocument)[0]?.Condition).toEqual({
      StringEquals: { 'aws:ResourceTag/crawlwatch': 'true', 'ec2:osuser': 'ubuntu' },
    });
  });

  it("has the stack's own probe", () => {
    expect(ProbeDocument.Properties).toMatchObject({ Name: 'crawlwatch-probe', Content: ssmProbeDocument() });
  });

  it.each(['CheckRoleArn', 'ExternalId', 'TagKey', 'TagValue', 'RoleName', 'InstanceConnectUser', 'WidgetRoleArn'])(
    'takes for %s nothing that would change the meaning of a policy',
    (name) => {
      const allowed = new RegExp(template.Parameters[name].AllowedPattern);
      for (const bad of ['a"b', 'a*', 'a?', 'a\\b', 'a$b', 'x'.repeat(300)]) {
        expect(allowed.test(bad), bad).toBe(false);
      }
      expect(allowed.test(template.Parameters[name].Default)).toBe(true);
    },
  );

  it('is small enough to be deployed from the file, without a bucket', () => {
    // TemplateBody, API_CreateStack.html.
    expect(Buffer.byteLength(readFileSync(FILE))).toBeLessThan(51_200);
  });

  it('has no bare tab, at which some readers of YAML stop', () => {
    expect(readFileSync(FILE, 'utf8')).not.toContain('\t');
  });
});
