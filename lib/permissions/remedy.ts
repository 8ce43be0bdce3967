/** What the remedy function's role may do: one small statement per capability, each with why it can't be narrower. */
import type { Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { TAG } from '../../lambda/model/index.ts';
import { type Settings, usesSsm } from '../../lambda/settings/index.ts';
import type { RestartDocuments } from '../probe-documents.ts';
import { type CheckResources, carriesWatchTag, probeAndPublish } from './check.ts';
import { documentArn, watchedInstances } from './reach.ts';

export interface RemedyResources extends CheckResources {
  readonly restart: RestartDocuments;
  readonly table: Pick<ITable, 'tableArn'>;
}

/**
 * Every statement of the remedy function's role. It probes as the check does, and acts on watched instances only. It
 * reboots only what the check, which can't reboot, has flagged; it can remove the flag, but never set it.
 */
export function remedyStatements(stack: Stack, settings: Settings, resources: RemedyResources): PolicyStatement[] {
  const instances = [watchedInstances(stack)];
  const watched = carriesWatchTag('aws:ResourceTag', settings);
  /** ForAllValues is true for an empty set, with which DeleteTags would delete every tag: Null closes that. */
  const onlyKey = (key: string) => ({
    StringEquals: watched,
    'ForAllValues:StringEquals': { 'aws:TagKeys': [key] },
    Null: { 'aws:TagKeys': 'false' },
  });
  return [
    ...probeAndPublish(stack, settings, resources),
    ...(usesSsm(settings) ? [runRestarts(stack, resources.restart)] : []),
    new PolicyStatement({
      sid: 'RebootFlagged',
      actions: ['ec2:RebootInstances'],
      resources: instances,
      // A missing tag matches no pattern.
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
      sid: 'UseTable',
      actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query'],
      resources: [resources.table.tableArn],
    }),
  ];
}

/** The documents alone: RunOnWatchedInstances limits the instances, as for the probe. */
const runRestarts = (stack: Stack, { worker, sshd }: RestartDocuments) =>
  new PolicyStatement({
    sid: 'RunRestartDocuments',
    actions: ['ssm:SendCommand'],
    resources: [documentArn(stack, worker), documentArn(stack, sshd)],
  });
