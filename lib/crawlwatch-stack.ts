import { CfnOutput, DefaultStackSynthesizer, type IStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { Settings } from '../lambda/settings.ts';
import { AlertTopic } from './alert-topic.ts';
import { CheckFunction } from './check-function.ts';
import { FleetAlarms } from './fleet-alarms.ts';
import { FleetDashboard } from './fleet-dashboard.ts';
import { ProbeDocuments } from './probe-documents.ts';
import { RemedyFunction } from './remedy-function.ts';
import { WidgetFunction } from './widget-function.ts';

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
    const alerts = new AlertTopic(this, 'Alerts', { emails: [settings.alertEmail ?? []].flat(), ...settings.alerts });
    const { topic } = alerts;
    const { probe } = new ProbeDocuments(this, 'Probe');
    const check = new CheckFunction(this, 'Check', { settings, topic, probe });
    alerts.grantKey(check.function);
    const remedy = new RemedyFunction(this, 'Remedy', { settings });
    const watched = { settings, check: check.function, logGroup: check.logGroup };
    new FleetAlarms(this, 'Alarms', { ...watched, topic, runDeadline: check.runDeadline });
    const widget = new WidgetFunction(this, 'Widget', { settings, topic, remedyArn: remedy.function.functionArn });
    const dashboard = new FleetDashboard(this, 'Dashboard', { ...watched, widget: widget.function });

    new CfnOutput(this, 'AlertsTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'CheckFunctionName', { value: check.function.functionName });
    new CfnOutput(this, 'WidgetFunctionName', { value: widget.function.functionName });
    new CfnOutput(this, 'RemedyFunctionName', { value: remedy.function.functionName });
    new CfnOutput(this, 'RemedyFunctionArn', { value: remedy.function.functionArn });
    new CfnOutput(this, 'LogGroupName', { value: check.logGroup.logGroupName });
    new CfnOutput(this, 'DashboardUrl', { value: dashboard.url });
  }
}
