/** All of crawlwatch on AWS, as one construct. Only composes: each construct below declares its own resources. */
import { CfnOutput, type CfnOutputProps, Stack, Token } from 'aws-cdk-lib';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { FORGET } from '../lambda/model/index.ts';
import { actsByItself, isDistributed, parseSettings, type SettingsInput } from '../lambda/settings/index.ts';
import { AlertTopic } from './alert-topic.ts';
import { CheckFunction } from './check-function.ts';
import { FleetAlarms } from './fleet-alarms.ts';
import { FleetDashboard } from './fleet-dashboard.ts';
import { FleetRun } from './fleet-run.ts';
import { FleetStore } from './fleet-store.ts';
import { refuseLargeEnvironment, refuseOtherPlaces, warnAboveBudget, warnOfUnknownRegions } from './limits/index.ts';
import { ProbeDocuments, RestartDocuments } from './probe-documents.ts';
import { RemedyFunction } from './remedy-function.ts';
import { WidgetFunction } from './widget-function.ts';

export interface CrawlwatchProps {
  /**
   * Settings as in cdk.json, those that differ from their defaults. `stack` is the name of the CDK stack that this is in.
   * @default - all defaults: nobody gets mail, and nothing acts by itself
   */
  readonly settings?: SettingsInput;
  /** The Region of the deploy, where it is known though the stack is made for any. @default - the stack's, if it has one */
  readonly deployRegion?: string | undefined;
  /** The command that removes the stack and what it left on instances. @default - the last step alone: the stack is yours */
  readonly removeCommand?: string;
}

/**
 * Watches the EC2 instances that carry the watch tag. One to a CDK stack: the command line finds it by the stack's name
 * and outputs.
 */
export class Crawlwatch extends Construct {
  /** Where alerts are published: subscribe to it what else should get them. */
  readonly alerts: ITopic;
  readonly checkFunction: IFunction;
  readonly remedyFunction: IFunction;
  readonly dashboardUrl: string;

  /** @throws SettingsError with every problem found in the settings */
  constructor(scope: Construct, id: string, { settings: given, deployRegion, removeCommand }: CrawlwatchProps = {}) {
    super(scope, id);
    const stack = Stack.of(this);
    const settings = parseSettings({ stack: stack.stackName }, given);
    refuseOtherPlaces(settings, Token.isUnresolved(stack.region) ? (deployRegion ?? null) : stack.region);
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
    this.alerts = topic;
    this.checkFunction = check.function;
    this.remedyFunction = remedy.function;
    this.dashboardUrl = dashboard.url;

    warnAboveBudget(this, settings);
    refuseLargeEnvironment({ check: check.function, remedy: remedy.function, widget: widget.function });

    this.output('AlertsTopicArn', { value: topic.topicArn });
    const [subscribe] = alerts.subscribeCommands;
    if (subscribe !== undefined) {
      this.output('SubscribeCommand', {
        description:
          'A subscription that nobody confirms is deleted after two days, and no later deploy makes it again',
        value: alerts.subscribeCommands.join(' && '),
      });
    }
    this.output('CheckFunctionName', { value: check.function.functionName });
    this.output('WidgetFunctionName', { value: widget.function.functionName });
    this.output('RemedyFunctionName', { value: remedy.function.functionName });
    this.output('RemedyFunctionArn', { value: remedy.function.functionArn });
    this.output('LogGroupName', { value: check.logGroup.logGroupName });
    this.output('StateBucketName', { value: store.bucket.bucketName });
    if (run !== null) this.output('RunStateMachineArn', { value: run.stateMachine.stateMachineArn });
    if (settings.accounts !== null) {
      // Parameters of accounts/crawlwatch-member.yaml in each of those accounts.
      this.output('CheckRoleArn', { value: check.roleArn });
      this.output('WidgetRoleArn', { value: widget.roleArn });
    }
    this.output('DashboardUrl', { value: dashboard.url });
    this.output(
      'RemoveCommand',
      removeCommand === undefined
        ? { description: 'Takes its tags from the instances, once it is out of your CDK app', value: FORGET }
        : { description: 'Removes all of it, in this order', value: removeCommand },
    );
  }

  /** Under its plain name wherever the construct is in its stack: the command line reads it by that. */
  private output(name: string, props: CfnOutputProps): void {
    new CfnOutput(this, name, props).overrideLogicalId(name);
  }
}
