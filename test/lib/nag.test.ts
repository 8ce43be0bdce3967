import { App, Validations } from 'aws-cdk-lib';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { CrawlwatchStack } from '../../lib/crawlwatch-stack.ts';
import { settingsFiles } from '../support/settings-files.ts';

const EVERYTHING = {
  remedies: { restartWorker: true, restartSshd: true, reboot: true },
  alertEmail: 'you@example.com',
  alerts: { encrypt: true, hostAlarms: true },
  ssh: { keySecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:crawler-key-AbCdEf' },
  vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'], createEndpoints: true },
};

const ELSEWHERE = {
  regions: ['eu-central-1', 'us-east-1'],
  accounts: [{ id: '210987654321', externalId: 'a-long-secret' }],
};

const DISTRIBUTED = { scale: 'distributed', metrics: { perInstance: 'none' } };

/** Findings of AwsSolutions without an acknowledged reason, in the synthesis's words; empty when there are none. */
function findings(settings: object): string {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new CrawlwatchStack(app, 'CrawlwatchStack', { settings: parseSettings(settings) });
  try {
    app.synth();
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the stack under cdk-nag', () => {
  it.each([
    ...settingsFiles().map(([name, settings]): [string, object] => [`of ${name}.json`, settings]),
    ['with everything that can be set', EVERYTHING],
    ['distributed, with everything and without metrics of instances', { ...EVERYTHING, ...DISTRIBUTED }],
    ['that watches other Regions and accounts', ELSEWHERE],
    ['without metrics of instances', { metrics: { perInstance: 'none' } }],
    ['with metrics of those in trouble, under another name', { stack: 'Other', metrics: { perInstance: 'troubled' } }],
    ['with gateway endpoints', { ...EVERYTHING, vpc: { ...EVERYTHING.vpc, routeTableIds: ['rtb-0123456789abcdef0'] } }],
  ])(
    'has no finding of AwsSolutions without a reason %s',
    (_, settings) => {
      expect(findings(settings)).toBe('');
    },
    120_000,
  );

  it('is really examined: a finding fails the synthesis', () => {
    const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    const stack = new CrawlwatchStack(app, 'CrawlwatchStack', { settings: parseSettings() });
    new Topic(stack, 'Plain');
    expect(() => app.synth()).toThrow(/AwsSolutions-SNS3/);
  });
});
