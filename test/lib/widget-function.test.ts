import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { describe, expect, it } from 'vitest';
import { fromEnvironment, parseSettings } from '../../lambda/settings/settings.ts';
import { WidgetFunction } from '../../lib/widget-function.ts';
import { inWords, templateWith } from './synth.ts';

const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:Remedy';

function alone(remedyArn?: string): Template {
  const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Alone');
  const topic = new Topic(stack, 'Alerts');
  const settings = parseSettings({ logs: { retentionDays: 14 } });
  new WidgetFunction(stack, 'Widget', { settings, topic, ...(remedyArn !== undefined && { remedyArn }) });
  return Template.fromStack(stack);
}
const propertiesOf = (template: Template) => {
  const found = Object.entries(template.findResources('AWS::Lambda::Function')).filter(([id]) => id.includes('Widget'));
  expect(found).toHaveLength(1);
  return found[0]![1].Properties;
};

describe('the widget function', () => {
  it('is one of the stack, on Node 24, under a name that CloudFormation makes', () => {
    const { FunctionName, ...properties } = propertiesOf(templateWith());
    expect(FunctionName).toBeUndefined();
    expect(properties).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'], Timeout: 30 });
  });

  it('may read the fleet and the subscriptions, and write nothing but its own log', () => {
    const [policy] = Object.values(alone().findResources('AWS::IAM::Policy'));
    const statements = policy!.Properties.PolicyDocument.Statement as { Action: unknown; Resource: unknown }[];
    expect(statements.map(({ Action, Resource }) => [Action, inWords(Resource)])).toEqual([
      [['logs:CreateLogStream', 'logs:PutLogEvents'], '{WidgetLogs.Arn}'],
      ['ec2:DescribeInstances', '*'],
      ['sns:ListSubscriptionsByTopic', '{Alerts}'],
    ]);
    const [role] = Object.values(alone().findResources('AWS::IAM::Role'));
    expect(role!.Properties.ManagedPolicyArns).toBeUndefined();
  });

  it('logs into a group of its own, which goes with the stack', () => {
    alone().hasResource('AWS::Logs::LogGroup', { Properties: { RetentionInDays: 14 }, DeletionPolicy: 'Delete' });
    expect(propertiesOf(alone()).LoggingConfig).toEqual({ LogGroup: { Ref: expect.stringMatching(/^WidgetLogs/) } });
  });

  it('has the remedy function’s ARN where there is one, and none otherwise', () => {
    const environment = (template: Template) => fromEnvironment(propertiesOf(template).Environment.Variables);
    expect(environment(alone(ARN)).remedyFunctionArn).toBe(ARN);
    expect(environment(alone()).remedyFunctionArn).toBeNull();
  });
});
