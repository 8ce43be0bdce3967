import { describe, expect, it } from 'vitest';
import { grantsOf, templateWith } from './synth.ts';

const ELSEWHERE = {
  regions: ['eu-central-1', 'us-east-1'],
  accounts: [
    { id: '210987654321', externalId: 'a-long-secret' },
    { id: '345678901234', externalId: 'another-secret', roleName: 'watch' },
  ],
};
const of = (role: string, settings: object) => new Map(grantsOf(role, settings).map((grant) => [grant.Sid, grant]));
const bodyOf = (type: string) => JSON.stringify(templateWith(ELSEWHERE).findResources(type));

describe('the roles of a stack that watches elsewhere', () => {
  it.each([
    ['CheckRole', ''],
    ['WidgetRole', '-read'],
  ])('of %s may take on the named roles and no others', (role, suffix) => {
    expect(of(role, ELSEWHERE).get('AssumeMembers')).toEqual({
      Sid: 'AssumeMembers',
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Resource: [
        `arn:{AWS::Partition}:iam::210987654321:role/crawlwatch-member${suffix}`,
        `arn:{AWS::Partition}:iam::345678901234:role/watch${suffix}`,
      ],
    });
    expect(of(role, {}).get('AssumeMembers')).toBeUndefined();
  });

  it.each(['ReadConsole', 'RunOnWatchedInstances', 'WriteOwnTags'])(
    'reach by %s the instances of each Region',
    (sid) => {
      expect(of('CheckRole', ELSEWHERE).get(sid)?.Resource).toEqual([
        'arn:{AWS::Partition}:ec2:eu-central-1:{AWS::AccountId}:instance/*',
        'arn:{AWS::Partition}:ec2:us-east-1:{AWS::AccountId}:instance/*',
      ]);
    },
  );

  it("run there the member template's probe, and no other document", () => {
    expect(of('CheckRole', ELSEWHERE).get('RunProbeDocument')?.Resource).toEqual([
      'arn:{AWS::Partition}:ssm:{AWS::Region}:{AWS::AccountId}:document/{Probe}',
      'arn:{AWS::Partition}:ssm:eu-central-1:{AWS::AccountId}:document/crawlwatch-probe',
      'arn:{AWS::Partition}:ssm:us-east-1:{AWS::AccountId}:document/crawlwatch-probe',
    ]);
  });

  it('act at home only', () => {
    const remedy = of('RemedyRole', ELSEWHERE);
    expect(remedy.get('AssumeMembers')).toBeUndefined();
    expect(remedy).toEqual(of('RemedyRole', {}));
  });
});

describe('the stack that watches elsewhere', () => {
  it("has the roles' ARNs as outputs, for the member template", () => {
    expect(Object.keys(templateWith(ELSEWHERE).findOutputs('*'))).toEqual(
      expect.arrayContaining(['CheckRoleArn', 'WidgetRoleArn']),
    );
    expect(Object.keys(templateWith().findOutputs('*'))).not.toContain('CheckRoleArn');
  });

  it('draws the series elsewhere, which have two dimensions more; alarms count instances, wherever they are', () => {
    expect(bodyOf('AWS::CloudWatch::Dashboard')).toContain('{Crawlwatch,Account,InstanceId,Name,Region}');
    expect(bodyOf('AWS::CloudWatch::Alarm')).not.toContain('InstanceId');
  });
});
