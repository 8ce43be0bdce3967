import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSettings, toEnvironment } from '../../lambda/settings/settings.ts';
import { CrawlwatchStack } from '../../lib/crawlwatch-stack.ts';
import { invoke, node24 } from '../deploy/node24.ts';

const settings = parseSettings({ alertEmail: 'you@example.com' });
/** Nothing listens there: what is tried is the bundle and its runtime, not AWS. */
const ENVIRONMENT = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  AWS_ENDPOINT_URL: 'http://localhost:9',
  AWS_MAX_ATTEMPTS: '1',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  ...toEnvironment(settings, { topicArn: 'arn:aws:sns:eu-central-1:123456789012:Alerts', probeDocument: 'Probe' }),
};

describe("the check function's bundle under the runtime's Node", () => {
  const outdir = mkdtempSync(join(tmpdir(), 'crawlwatch-node24-'));
  const node = node24();
  let bundle: string;
  const run = (event: unknown) => invoke(node, { bundle, handler: 'handler', event, timeoutMs: 60_000 }, ENVIRONMENT);
  beforeAll(() => {
    const app = new App({ outdir, context: { 'aws:cdk:enable-asset-metadata': true } });
    new CrawlwatchStack(app, 'CrawlwatchStack', { settings });
    const { template } = app.synth().getStackByName('CrawlwatchStack');
    const check = Object.entries<{ Type: string; Metadata?: Record<string, string> }>(template.Resources).find(
      ([id, { Type }]) => id.startsWith('Check') && Type === 'AWS::Lambda::Function',
    );
    bundle = join(outdir, check?.[1].Metadata?.['aws:asset:path'] ?? '', 'index.js');
  });
  afterAll(() => rmSync(outdir, { recursive: true }));

  it('fails, and says that the fleet could not be discovered, where AWS does not answer', async () => {
    const { error } = await run({ scheduledTime: new Date().toISOString() });
    expect(error).toMatch(/ECONNREFUSED/);
  });

  it('drops an event of eleven minutes ago with a log line, before it asks AWS for anything', async () => {
    const { result, error, log } = await run({ scheduledTime: new Date(Date.now() - 11 * 60_000).toISOString() });
    expect([result, error]).toEqual([null, undefined]);
    expect(log.join('\n')).toContain('"event":"event.dropped"');
  });
});
