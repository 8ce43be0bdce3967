import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// Below node_modules, from where Node finds the app's dependencies.
const BUILT = mkdtempSync(join('node_modules', '.crawlwatch-app-'));
const OUT = mkdtempSync(join(tmpdir(), 'crawlwatch-synth-'));

beforeAll(async () => {
  const options = { bundle: true, format: 'esm', platform: 'node', packages: 'external' } as const;
  await build({ ...options, entryPoints: ['bin/app.ts'], outfile: join(BUILT, 'app.mjs'), loader: { '.sh': 'text' } });
});
afterAll(() => {
  for (const folder of [BUILT, OUT]) rmSync(folder, { recursive: true });
});

/** Runs the app as `cdk synth` does: context in one variable, flags among it as text, the result in a folder. */
function synth(context: object, env: Record<string, string> = {}, cwd = '.') {
  const { stdout, stderr, status } = spawnSync(process.execPath, [resolve(BUILT, 'app.mjs')], {
    encoding: 'utf8',
    cwd,
    env: {
      PATH: process.env.PATH ?? '',
      CDK_OUTDIR: OUT,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:bundling-stacks': [], crawlwatch: {}, ...context }),
      ...env,
    },
  });
  return { stdout, stderr, status };
}

/** The settings that the function of the last synth is given. */
function settingsDeployed(): Record<string, unknown> {
  const { Resources } = JSON.parse(readFileSync(join(OUT, 'CrawlwatchStack.template.json'), 'utf8'));
  const check = Object.keys(Resources).find((id) => Resources[id].Type === 'AWS::Lambda::Function' && /Check/.test(id));
  return JSON.parse(Resources[check!].Properties.Environment.Variables.CRAWLWATCH_SETTINGS);
}

describe('the app', () => {
  it.each([
    [
      'a bad setting of cdk.json',
      { crawlwatch: { forks: 0 } },
      {},
      'forks: got 0; allowed: a whole number from 1 to 500',
    ],
    ['an unknown key', { crawlwatch: { fork: 5 } }, {}, 'fork: unknown key; allowed: tag, schedule,'],
    [
      'a bad address',
      { alertEmail: 'nobody' },
      {},
      'alertEmail: got "nobody"; allowed: an e-mail address or a list of them',
    ],
    ['an empty address', { alertEmail: '' }, {}, 'alertEmail: got ""; allowed: an e-mail address'],
    [
      'flags that are no JSON',
      { crawlwatch: '{oops' },
      {},
      '-c crawlwatch: got "{oops"; allowed: an object of settings',
    ],
    [
      'a list for the settings',
      { crawlwatch: [1], alertEmail: 'you@example.com' },
      {},
      'cdk.json: context.crawlwatch: got [1]',
    ],
    ['a bad environment', {}, { CRAWLWATCH_SETTINGS: '5' }, 'CRAWLWATCH_SETTINGS: got "5"; allowed: a JSON object'],
  ])('fails on %s with that line alone', (_, context, env, line) => {
    const { stdout, stderr, status } = synth(context, env);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringContaining(`crawlwatch: ${line}`)]);
    expect({ stdout, status }).toEqual({ stdout: '', status: 1 });
  });

  it('tells every problem at once', () => {
    const { stderr } = synth({ crawlwatch: { forks: 0, transport: 'telnet' }, alertEmail: 'nobody' });
    expect(stderr.trimEnd().split('\n')).toHaveLength(3);
  });

  it.each([
    ['an address as it is', 'you@example.com', 'you@example.com'],
    ['a list as JSON', '["a@example.com","b@example.com"]', ['a@example.com', 'b@example.com']],
    ['a list from cdk.json', ['a@example.com'], ['a@example.com']],
  ])('reads %s from the context alertEmail', (_, alertEmail, expected) => {
    expect(synth({ alertEmail })).toMatchObject({ stderr: '', status: 0 });
    expect(settingsDeployed().alertEmail).toEqual(expected);
  });

  it('needs no setting at all, and no account', () => {
    expect(synth({})).toMatchObject({ status: 0 });
    expect(settingsDeployed()).toMatchObject({ alertEmail: null, transport: 'auto' });
    const { artifacts } = JSON.parse(readFileSync(join(OUT, 'manifest.json'), 'utf8'));
    expect(artifacts.CrawlwatchStack.environment).toBe('aws://unknown-account/unknown-region');
  });

  it('puts flags over the environment, and that over cdk.json', () => {
    synth(
      {
        alertEmail: 'flag@example.com',
        crawlwatch: { alertEmail: 'file@example.com', forks: 1, ssh: { port: 1, user: 'file' } },
      },
      { CRAWLWATCH_SETTINGS: '{"forks":2,"ssh":{"port":2}}' },
    );
    expect(settingsDeployed()).toMatchObject({
      alertEmail: 'flag@example.com',
      forks: 2,
      ssh: { port: 2, user: 'file' },
    });
    synth({ crawlwatch: '{"forks":3}' }, { CRAWLWATCH_SETTINGS: '{"forks":2,"ssh":{"port":2}}' });
    expect(settingsDeployed()).toMatchObject({ forks: 3, ssh: { port: 2 } });
  });

  it('keeps what cdk.json says under -c crawlwatch, which would hide it', () => {
    const project = mkdtempSync(join(tmpdir(), 'crawlwatch-project-'));
    writeFileSync(join(project, 'cdk.json'), '{"context":{"crawlwatch":{"alertEmail":"nobody","forks":0}}}');
    const { stderr } = synth({ crawlwatch: '{"forks":5}' }, {}, project);
    rmSync(project, { recursive: true });
    expect(stderr.trimEnd()).toMatch(/^crawlwatch: alertEmail: got "nobody".*$/);
  });
});
