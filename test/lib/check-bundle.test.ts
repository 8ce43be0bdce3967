import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../lambda/settings.ts';
import { CrawlwatchStack } from '../../lib/crawlwatch-stack.ts';

/** Lambda unpacks and reads it at every cold start. */
const LIMIT_BYTES = 1_600_000;

describe('the bundle of the check function', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'crawlwatch-bundle-'));
  let asset: string;

  beforeAll(() => {
    const app = new App({ outdir });
    new CrawlwatchStack(app, 'CrawlwatchStack', { settings: parseSettings({ alertEmail: 'you@example.com' }) });
    app.synth();
    const name = readdirSync(outdir).find((file) => /^asset\.[0-9a-f]{64}$/.test(file));
    asset = join(outdir, name!);
  }, 60_000);
  afterAll(() => rmSync(outdir, { recursive: true }));

  it('is one file of at most 2 MB, SDK included', () => {
    expect(readdirSync(asset)).toEqual(['index.js']);
    expect(statSync(join(asset, 'index.js')).size).toBeLessThan(LIMIT_BYTES);
  });

  it('loads where there are no modules but its own, and hands out a handler of two parameters', () => {
    const program = 'const { handler } = require("./index.js"); console.log(typeof handler, handler.length <= 2)';
    const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
      cwd: asset,
      encoding: 'utf8',
      env: { AWS_REGION: 'us-east-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    });
    expect({ stdout, stderr }).toEqual({ stdout: 'function true\n', stderr: '' });
  });
});
