import { CfnOutput, DefaultStackSynthesizer, type IStackSynthesizer, Stack, type StackProps, Token } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { REMOVAL } from '../lambda/model/index.ts';
import { actsByItself, isDistributed, type Settings } from '../lambda/settings/index.ts';
import { AlertTopic } from './alert-topic.ts';
import { warnAboveBudget } from './budget.ts';
import { CheckFunction } from './check-function.ts';
import { refuseOtherPlaces, warnOfUnknownRegions } from './check-places.ts';
import { refuseLargeEnvironment } from './environment-limit.ts';
import { FleetAlarms } from './fleet-alarms.ts';
import { FleetDashboard } from './fleet-dashboard.ts';
import { FleetRun } from './fleet-run.ts';
import { FleetStore } from './fleet-store.ts';
import { ProbeDocuments, RestartDocuments } from './probe-documents.ts';
import { RemedyFunction } from './remedy-function.ts';
import { WidgetFunction } from './widget-function.ts';

export interface CrawlwatchStackProps extends StackProps {
  readonly settings: Settings;
  /** The Region of the deploy, where it is known though the stack is made for any. @default - the stack's, if it has one */
  readonly deployRegion?: string | undefined;
}

/** All of crawlwatch on AWS. Only composes: each construct declares its own resources. */
export class CrawlwatchStack extends Stack {
  constructor(scope: Construct, id: string, { settings, deployRegion, ...props }: CrawlwatchStackProps) {
    // Without the rule on the bootstrap's version: CloudFormation then needs no ssm:GetParameters for an update, and
    // the CDK CLI compares the version itself anyway.
    const synthesizer = new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IStackSynthesizer;
    super(scope, id, { synthesizer, ...props });
    refuseOtherPlaces(settings, Token.isUnresolved(this.region) ? (deployRegion ?? null) : this.region);
    warnOfUnknownRegions(this, settings);
    const alerts = new AlertTopic(this, 'Alerts', { emails: [settings.alertEmail ?? []].flat(), ...settings.alerts });
    const { topic } = alerts;
    const { probe } = new ProbeDocuments(this, 'Probe');
    const check = new CheckFunction(this, 'Check', { settings, topic, probe });
    alerts.grantKey(check.function);
    const restart = new RestartDocuments(this, 'Restart');
    const remedy = new RemedyFunction(this, 'Remedy', { settings, topic, probe, restart, network: check.network });
    alerts.grantKey(remedy.function);
    // In this direction only: the remedy function never calls the check.
    if (actsByItself(settings)) check.actThrough(remedy);
    const widget = new WidgetFunction(this, 'Widget', {
      ...{ settings, topic },
      remedyArn: remedy.function.functionArn,
      record: remedy.table,
    });
    const store = new FleetStore(this, 'Store');
    store.keepFor(check.function, settings, check.network);
    store.noteActs(remedy.function, check.network);
    store.showTo(widget.function, null);
    const run = isDistributed(settings)
      ? new FleetRun(this, 'Run', { settings, check: check.function, bucket: store.bucket, timeout: check.timeout })
      : null;
    check.schedule(settings, run);
    const watched = { settings, check: check.function, logGroup: check.logGroup };
    new FleetAlarms(this, 'Alarms', {
      ...watched,
      remedy,
      topic,
      run: run?.stateMachine ?? null,
      runDeadline: check.runDeadline,
    });
    const dashboard = new FleetDashboard(this, 'Dashboard', {
      ...watched,
      actsLogGroup: remedy.logGroup,
      widget: widget.function,
    });

    warnAboveBudget(this, settings);
    refuseLargeEnvironment({ check: check.function, remedy: remedy.function, widget: widget.function });

    new CfnOutput(this, 'AlertsTopicArn', { value: topic.topicArn });
    const [subscribe] = alerts.subscribeCommands;
    if (subscribe !== undefined) {
      new CfnOutput(this, 'SubscribeCommand', {
        description:
          'A subscription that nobody confirms is deleted after two days, and no later deploy makes it again',
        value: alerts.subscribeCommands.join(' && '),
      });
    }
    new CfnOutput(this, 'CheckFunctionName', { value: check.function.functionName });
    new CfnOutput(this, 'WidgetFunctionName', { value: widget.function.functionName });
    new CfnOutput(this, 'RemedyFunctionName', { value: remedy.function.functionName });
    new CfnOutput(this, 'RemedyFunctionArn', { value: remedy.function.functionArn });
    new CfnOutput(this, 'LogGroupName', { value: check.logGroup.logGroupName });
    new CfnOutput(this, 'StateBucketName', { value: store.bucket.bucketName });
    if (run !== null) new CfnOutput(this, 'RunStateMachineArn', { value: run.stateMachine.stateMachineArn });
    if (settings.accounts !== null) {
      // Parameters of accounts/crawlwatch-member.yaml in each of those accounts.
      new CfnOutput(this, 'CheckRoleArn', { value: check.roleArn });
      new CfnOutput(this, 'WidgetRoleArn', { value: widget.roleArn });
    }
    new CfnOutput(this, 'DashboardUrl', { value: dashboard.url });
    new CfnOutput(this, 'RemoveCommand', { description: 'Removes all of it, in this order', value: REMOVAL });
  }
}
