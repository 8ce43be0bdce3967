import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { FLEET_METRIC, INSTANCE_METRIC } from '../../lambda/model/index.ts';
import { Crawlwatch } from '../../lib/crawlwatch.ts';
import { inWords, templateWith } from './synth.ts';

describe('the documents', () => {
  it('are three, and only the probe’s name begins with Probe, by which the command line finds it', () => {
    const documents = Object.keys(templateWith().findResources('AWS::SSM::Document'));
    expect(documents.map((id) => id.replace(/[0-9A-F]{8}$/, '')).toSorted()).toEqual([
      'Probe',
      'RestartSshd',
      'RestartWorker',
    ]);
  });

  it.each(['Probe', 'RestartWorker', 'RestartSshd'])(
    'are commands for EC2 instances that an update replaces in place: %s',
    (name) => {
      const documents = Object.entries(templateWith().findResources('AWS::SSM::Document'));
      const { Name, ...properties } = documents.find(([id]) => id.startsWith(name))![1].Properties;
      expect(Name).toBeUndefined();
      expect(properties).toMatchObject({
        DocumentType: 'Command',
        DocumentFormat: 'JSON',
        TargetType: '/AWS::EC2::Instance',
        UpdateMethod: 'NewVersion',
        Content: { schemaVersion: '2.2', mainSteps: [{ action: 'aws:runShellScript' }] },
      });
    },
  );
});

describe('the dashboard', () => {
  const bodyWith = (settings: object): string =>
    String(
      inWords(
        Object.values(templateWith(settings).findResources('AWS::CloudWatch::Dashboard'))[0]!.Properties.DashboardBody,
      ),
    );

  it('draws every instance by search, so that new ones appear by themselves', () => {
    const body = JSON.parse(bodyWith({}));
    const expressions = JSON.stringify(body).match(/SEARCH\('[^)]*\)/g);
    expect(expressions?.map((expression) => expression.replaceAll('\\', ''))).toEqual([
      `SEARCH('{Crawlwatch,InstanceId,Name} MetricName="${INSTANCE_METRIC.memory}"', 'Maximum', 300)`,
      `SEARCH('{Crawlwatch,InstanceId,Name} MetricName="${INSTANCE_METRIC.disk}"', 'Maximum', 300)`,
      `SEARCH('{Crawlwatch,InstanceId,Name} MetricName="${INSTANCE_METRIC.success}"', 'Minimum', 300)`,
      `SEARCH('{Crawlwatch,InstanceId,Name} MetricName="${INSTANCE_METRIC.oomKills}"', 'Sum', 300)`,
    ]);
  });

  it('shows what was done and how long a hang lasts, by the hour', () => {
    const { widgets } = JSON.parse(bodyWith({ schedule: { everyMinutes: 1 } }));
    const graphs = (widgets as { properties: { title?: string; metrics?: unknown[][] } }[]).filter(({ properties }) =>
      /reboots avoided|recovery/.test(properties.title ?? ''),
    );
    expect(
      graphs
        .flatMap(({ properties }) => properties.metrics ?? [])
        .map(([, name, ...more]) => ({ name, ...Object(more.at(-1)) })),
    ).toEqual([
      { name: 'Reboots', label: 'reboots', period: 3600, stat: 'Sum' },
      { name: 'WorkerRestarts', label: 'worker restarts', period: 3600, stat: 'Sum' },
      { name: 'RebootsAvoided', label: 'reboots avoided', period: 3600, stat: 'Sum' },
      { name: 'RecoveryMinutes', label: 'longest', period: 3600, stat: 'Maximum' },
      { name: 'RecoveryMinutes', label: 'on average', period: 3600 },
    ]);
  });

  it('shows each number of the fleet and the command that tags an instance', () => {
    const body = bodyWith({ tag: { key: 'team', value: 'crawl' } });
    for (const metric of Object.values(FLEET_METRIC)) expect(body).toContain(`"${metric}","Stack","CrawlwatchStack"`);
    expect(body).toContain('--tags Key=team,Value=crawl');
  });

  it('searches for no instance where their metrics are not published', () => {
    expect(bodyWith({ metrics: { perInstance: 'none' } })).not.toContain('SEARCH');
  });
});

describe('the stack', () => {
  it.each([
    'AlertsTopicArn',
    'CheckFunctionName',
    'WidgetFunctionName',
    'RemedyFunctionName',
    'RemedyFunctionArn',
    'LogGroupName',
    'StateBucketName',
    'DashboardUrl',
  ])('puts out %s', (name) => {
    expect(Object.keys(templateWith().findOutputs(name))).toEqual([name]);
  });

  it('asks CloudFormation for no parameter, and so for no bootstrap version', () => {
    expect(templateWith().toJSON().Parameters).toBeUndefined();
    expect(templateWith().toJSON().Rules).toBeUndefined();
  });

  it('is as it was', () => {
    const text = JSON.stringify(templateWith({ alertEmail: 'you@example.com' }).toJSON());
    // What changes with every edit of a script or a handler would only teach to update the snapshot unread.
    const template = JSON.parse(text.replace(/[0-9a-f]{64}/g, 'HASH'));
    for (const { Properties } of Object.values<{ Properties: { Content?: unknown } }>(template.Resources)) {
      if (Properties.Content !== undefined) Properties.Content = 'SCRIPT';
    }
    expect(template).toMatchSnapshot();
  });
});

describe('the command that removes it', () => {
  it('removes the stack and the tags, but of a stack of somebody else’s app only the tags', () => {
    const value = (template: Template) => template.toJSON().Outputs.RemoveCommand.Value;
    const stack = new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'Monitoring');
    new Crawlwatch(stack, 'Crawlwatch');
    expect(value(templateWith())).toBe('crawlwatch deploy --destroy && crawlwatch forget');
    expect(value(Template.fromStack(stack))).toBe('crawlwatch forget');
  });
});
