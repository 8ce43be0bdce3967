import { CfnOutput, DefaultStackSynthesizer, type IStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Settings } from '../lambda/settings.ts';
import { AlertTopic } from './alert-topic.ts';
import { CheckFunction } from './check-function.ts';
import { FleetAlarms } from './fleet-alarms.ts';
import { FleetDashboard } from './fleet-dashboard.ts';
import { ProbeDocuments } from './probe-documents.ts';

export interface CrawlwatchStackProps extends StackProps {
  readonly settings: Settings;
}

/** All of crawlwatch on AWS. Composes; each construct declares its own resources. */
export class CrawlwatchStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: CrawlwatchStackProps) {
    // Without the rule on the bootstrap's version: CloudFormation then needs no ssm:GetParameters for an update, and
    // the CDK CLI compares the version itself anyway.
    const synthesizer = new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
    super(scope, id, { synthesizer, ...props });
    const { topic } = new AlertTopic(this, 'Alerts', { emails: [settings.alertEmail ?? []].flat() });
    const { probe } = new ProbeDocuments(this, 'Probe');
    const check = new CheckFunction(this, 'Check', { settings, topic, probe });
    const watched = { settings, check: check.function, logGroup: check.logGroup };
    new FleetAlarms(this, 'Alarms', { ...watched, topic });
    const dashboard = new FleetDashboard(this, 'Dashboard', watched);

    new CfnOutput(this, 'AlertsTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'CheckFunctionName', { value: check.function.functionName });
    new CfnOutput(this, 'LogGroupName', { value: check.logGroup.logGroupName });
    new CfnOutput(this, 'DashboardUrl', { value: dashboard.url });
  }
}
