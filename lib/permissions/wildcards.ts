import { type CfnElement, Stack, Validations } from 'aws-cdk-lib';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * Gives cdk-nag the reason why the wildcards in a function's role are as narrow as IAM allows. cdk-nag has one finding
 * for each resource, not for each statement: the purpose and the condition are documented at the statement.
 */
export function acknowledgeWildcards(role: Role, regions: readonly string[] | null = null): void {
  const instances = ['<AWS::Region>', ...(regions ?? [])].map((region) => ({
    id: `AwsSolutions::AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:${region}:<AWS::AccountId>:instance/*]`,
    reason: 'The ids of instances are not known at deploy; each statement is held to the watch tag by a condition.',
  }));
  Validations.of(role).acknowledge(
    {
      id: 'AwsSolutions::AwsSolutions-IAM5[Resource::*]',
      reason:
        'Only for actions that have no resource-level permissions: Describe, metrics, commands, network interfaces.',
    },
    ...instances,
  );
}

/** The name of a resource in cdk-nag's findings. */
export const nagName = (construct: Construct): string =>
  String(Stack.of(construct).resolve((construct.node.defaultChild as CfnElement).logicalId));
