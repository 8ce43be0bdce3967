/** What the remedy function's role may do: one small statement per capability, each with why it can't be narrower. */
import type { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { TAG } from '../lambda/names.ts';
import type { Settings } from '../lambda/settings.ts';

export interface RemedyResources {
  readonly lease: Pick<ITable, 'tableArn'>;
  readonly logGroup: ILogGroup;
}

/**
 * Every statement of the remedy function's role. It reboots only what the check, which can't reboot, has flagged; the
 * flag itself it can take away, but never give.
 */
export function remedyStatements(stack: Stack, { tag }: Settings, resources: RemedyResources): PolicyStatement[] {
  // Instance ids aren't known at deploy; the watch tag says which of them count.
  const instances = [stack.formatArn({ service: 'ec2', resource: 'instance', resourceName: '*' })];
  const watched = { [`aws:ResourceTag/${tag.key}`]: tag.value };
  /** ForAllValues is true of an empty set, by which DeleteTags would delete every tag: Null closes that. */
  const onlyKey = (key: string) => ({
    StringEquals: watched,
    'ForAllValues:StringEquals': { 'aws:TagKeys': [key] },
    Null: { 'aws:TagKeys': 'false' },
  });
  return [
    new PolicyStatement({
      sid: 'WriteLogs',
      actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [resources.logGroup.logGroupArn],
    }),
    // EC2's Describe actions have no resource-level permissions.
    new PolicyStatement({ sid: 'ReadInstance', actions: ['ec2:DescribeInstances'], resources: ['*'] }),
    new PolicyStatement({
      sid: 'RebootFlagged',
      actions: ['ec2:RebootInstances'],
      resources: instances,
      // A tag that isn't there matches no pattern.
      conditions: { StringEquals: watched, StringLike: { [`aws:ResourceTag/${TAG.flag}`]: '*' } },
    }),
    new PolicyStatement({
      sid: 'RecordAct',
      actions: ['ec2:CreateTags'],
      resources: instances,
      conditions: onlyKey(TAG.acted),
    }),
    new PolicyStatement({
      sid: 'TakeFlagAway',
      actions: ['ec2:DeleteTags'],
      resources: instances,
      conditions: onlyKey(TAG.flag),
    }),
    new PolicyStatement({
      sid: 'TakeLease',
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem'],
      resources: [resources.lease.tableArn],
    }),
  ];
}
