import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { App } from 'aws-cdk-lib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSettings } from '../../lambda/settings/settings.ts';
import { CrawlwatchStack } from '../../lib/crawlwatch-stack.ts';
import { handlerFile } from '../deploy/node24.ts';

/** Lambda unpacks and reads it at every cold start. Of the check's 1.03 MB ssh2 is 0.21, what all of the SDK's clients share 0.19. */
const LIMIT_BYTES = 1_100_000;
const IN_ONE_FILE = ['Check', 'Widget'];
const FUNCTIONS = ['Check', 'Remedy', 'Widget'];

describe('the bundles of the functions', () => {
  const outdir = mkdtempSync(join(tmpdir(), 'crawlwatch-bundle-'));
  /** By the beginning of the function's logical id. */
  const assets = new Map<string, string>();

  beforeAll(() => {
    const app = new App({ outdir, context: { 'aws:cdk:enable-asset-metadata': true } });
    new CrawlwatchStack(app, 'CrawlwatchStack', { settings: parseSettings({ alertEmail: 'you@example.com' }) });
    app.synth();
    const { Resources } = JSON.parse(readFileSync(join(outdir, 'CrawlwatchStack.template.json'), 'utf8'));
    for (const name of FUNCTIONS) {
      const id = Object.keys(Resources).find(
        (key) => key.startsWith(name) && Resources[key].Type === 'AWS::Lambda::Function',
      );
      assets.set(name, join(outdir, Resources[id!].Metadata['aws:asset:path']));
    }
  });
  afterAll(() => rmSync(outdir, { recursive: true }));

  it.each(IN_ONE_FILE)('are one file of at most 1.1 MB, SDK included: %s', (name) => {
    const asset = assets.get(name)!;
    expect(readdirSync(asset)).toEqual(['index.js']);
    expect(statSync(join(asset, 'index.js')).size).toBeLessThan(LIMIT_BYTES);
  });

  it('are index.mjs and the files that it loads, 1.1 MB in all, SDK included: Remedy', () => {
    const asset = assets.get('Remedy')!;
    const files = readdirSync(asset);
    expect(files).toContain('index.mjs');
    expect(files.filter((file) => !file.endsWith('.mjs'))).toEqual([]);
    const bytes = files.map((file) => statSync(join(asset, file)).size).reduce((sum, one) => sum + one);
    expect(bytes).toBeLessThan(LIMIT_BYTES);
  });

  it.each(FUNCTIONS)(
    'load without modules beside them, and hand out a handler of at most two parameters: %s',
    (name) => {
      const asset = assets.get(name)!;
      // All of its files: also those that it loads later find what they import.
      const all = `Promise.all(${JSON.stringify(readdirSync(asset))}.map((file) => import('./' + file)))`;
      const program = `import('./${basename(handlerFile(asset, 'index'))}').then(({ handler }) => ${all}.then(() => console.log(typeof handler, handler.length <= 2)))`;
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', program], {
        cwd: asset,
        encoding: 'utf8',
        env: { AWS_REGION: 'us-east-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      });
      expect({ stdout, stderr }).toEqual({ stdout: 'function true\n', stderr: '' });
    },
  );

  it('hold no credentials provider but that of the environment, which is all that Lambda has', () => {
    const text = readFileSync(join(assets.get('Check')!, 'index.js'), 'utf8');
    expect(text).toContain('AWS_SESSION_TOKEN');
    for (const other of ['sso_account_id', 'web_identity_token_file', 'credential_process', '169.254.170.2']) {
      expect(text).not.toContain(other);
    }
  });
});
