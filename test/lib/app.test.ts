import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';

const app = join(inject('programs').folder, 'app.cjs');
const outdir = mkdtempSync(join(tmpdir(), 'crawlwatch-synth-'));
afterAll(() => rmSync(outdir, { recursive: true }));

/** Runs the app as `cdk synth` does: context in one variable, the result in a folder. No account is known. */
function synth(context: object, env: Record<string, string> = {}) {
  const { stdout, stderr, status } = spawnSync(process.execPath, [app], {
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH ?? '',
      CDK_OUTDIR: outdir,
      ...env,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], ...context }),
    },
  });
  return { stdout, stderr, status };
}

describe('the app', () => {
  it('fails on bad settings with a line for each on stderr, and nothing else', () => {
    expect(synth({ crawlwatch: { forks: 0, transport: 'telnet' }, alertEmail: 'nobody' })).toEqual({
      stdout: '',
      stderr: [
        'crawlwatch: alertEmail: got "nobody"; allowed: an e-mail address or a list of them, or null',
        'crawlwatch: transport: got "telnet"; allowed: ssm, ssh, auto',
        'crawlwatch: forks: got 0; allowed: a whole number from 1 to 500',
        '',
      ].join('\n'),
      status: 1,
    });
  });

  it.each([
    ['CrawlwatchStack', {}],
    ['Other', { stack: 'Other' }],
  ])('makes one stack of one template, %s, for whatever account it is deployed to', (stack, crawlwatch) => {
    expect(synth({ crawlwatch: JSON.stringify(crawlwatch), alertEmail: 'you@example.com' })).toEqual({
      stdout: '',
      stderr: '',
      status: 0,
    });
    const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    const stacks = Object.entries<{ type: string; environment: string }>(artifacts).filter(
      ([, { type }]) => type === 'aws:cloudformation:stack',
    );
    expect(stacks.map(([name, { environment }]) => [name, environment])).toEqual([
      [stack, 'aws://unknown-account/unknown-region'],
    ]);
  });

  it("leaves none of the CDK's feature flags open, which would be counted after each synth and deploy", () => {
    expect(synth({ alertEmail: 'you@example.com' }).status).toBe(0);
    const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    const { flags } = artifacts['aws-cdk-lib/feature-flag-report'].properties;
    const open = Object.entries<{ userValue?: unknown }>(flags).filter(([, { userValue }]) => userValue === undefined);
    expect(Object.keys(flags).length).toBeGreaterThan(50);
    expect(open).toEqual([]);
  });

  it('lets cdk.json set a feature flag', () => {
    const name = '@aws-cdk/aws-iam:minimizePolicies';
    expect(synth({ alertEmail: 'you@example.com', [name]: true }).status).toBe(0);
    const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8'));
    expect(artifacts['aws-cdk-lib/feature-flag-report'].properties.flags[name].userValue).toBe(true);
  });

  it('fails on a topic in another Region than the credentials deploy to', () => {
    const crawlwatch = { alerts: { topicArn: 'arn:aws:sns:eu-west-1:123456789012:alerts' } };
    expect(synth({ crawlwatch }, { CDK_DEFAULT_REGION: 'us-east-1' })).toEqual({
      stdout: '',
      stderr:
        'crawlwatch: alerts.topicArn: got "arn:aws:sns:eu-west-1:123456789012:alerts"; allowed: one in us-east-1, where the stack is: an alarm can only mail to a topic of its own Region\n',
      status: 1,
    });
    expect(synth({ crawlwatch }, { CDK_DEFAULT_REGION: 'eu-west-1' }).status).toBe(0);
  });

  it.each(['', '1st', 'with space', 'under_score'])('refuses a stack of the name %j', (stack) => {
    expect(synth({ crawlwatch: { stack }, alertEmail: 'you@example.com' })).toMatchObject({
      stderr: expect.stringMatching(/^crawlwatch: stack: got ".*"; allowed: a CloudFormation stack name/),
      status: 1,
    });
  });
});
