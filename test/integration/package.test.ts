/** The package as somebody gets it who has nothing but Node: packed, installed elsewhere, and used from there. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { cloneTree } from '../support/readme-commands.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const MODULES = resolve('node_modules');

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-package-'));
  const home = join(folder, 'home');
  const empty = join(folder, 'empty');
  const checkout = join(folder, 'checkout');
  const prefix = join(folder, 'global');
  const installed = join(prefix, 'lib', 'node_modules', 'crawlwatch');
  let tarball: string;
  let sshd: Sshd;

  beforeAll(async () => {
    for (const one of [home, empty]) mkdirSync(one);
    // In a checkout of its own: packing replaces dist, which other tests use at this moment.
    cloneTree('.', checkout);
    symlinkSync(MODULES, join(checkout, 'node_modules'));
    const name = execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], {
      cwd: checkout,
      encoding: 'utf8',
    });
    tarball = join(folder, name.trim().split('\n').at(-1) ?? '');
    // With nothing but the tarball: no registry is asked.
    const offline = ['--offline', '--no-audit', '--no-fund', '--cache', join(folder, 'cache')];
    execFileSync('npm', ['install', '--global', '--prefix', prefix, ...offline, tarball], { cwd: empty });
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...words: string[]) =>
    spawnSync(join(prefix, 'bin', 'crawlwatch'), words, {
      cwd: empty,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: home, AWS_EC2_METADATA_DISABLED: 'true' },
    });

  it('is one tarball under 4 MB with under 60 files, and leaves the checkout as it was', () => {
    expect(statSync(tarball).size).toBeLessThan(4_000_000);
    const files = execFileSync('tar', ['tzf', tarball], { encoding: 'utf8' }).trim().split('\n');
    expect(files.length).toBeLessThan(60);
    expect(JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')).scripts.prepare).toBe('node esbuild.mjs');
  });

  it('installs nothing beside itself, and has no script that an install would run', () => {
    expect(readdirSync(join(prefix, 'lib', 'node_modules'))).toEqual(['crawlwatch']);
    expect(readdirSync(installed)).not.toContain('node_modules');
    const { scripts, dependencies, devDependencies } = JSON.parse(
      readFileSync(join(installed, 'package.json'), 'utf8'),
    );
    expect({ scripts, dependencies, devDependencies }).toEqual({});
  });

  it('holds the licence of every package that is in its files, and a bill of materials that names them', () => {
    const notices = readFileSync(join(installed, 'dist', 'THIRD-PARTY-NOTICES'), 'utf8');
    const bill = JSON.parse(readFileSync(join(installed, 'dist', 'sbom.cdx.json'), 'utf8'));
    const listed = bill.components.map(({ name, version }: { name: string; version: string }) => `${name} ${version}`);
    expect(bill).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6' });
    expect(listed.length).toBeGreaterThan(30);
    expect(listed.filter((one: string) => !notices.includes(one))).toEqual([]);
    for (const name of ['ssh2', 'zod', '@aws-sdk/client-ec2']) expect(listed.join('\n')).toContain(`${name} `);
  });

  it.each([
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['--help'], /crawlwatch check --local/],
    [['probe'], /^#!\/bin\/sh/],
    [['check', '--local', '-o', 'line'], /Total Memory/],
    [['doctor', '--help'], /why a host/i],
    [['cost', '--instances', '100'], /TOTAL/],
    [['demo'], /crawlwatch:reboot-flag/],
  ])('runs crawlwatch %j', (words, expected) => {
    const { stdout, stderr } = run(...words);
    expect(stderr).not.toMatch(/unexpected|ERR_MODULE_NOT_FOUND/);
    expect(stdout).toMatch(expected);
  });

  it('checks a real OpenSSH server', () => {
    const key = join(home, 'key');
    writeFileSync(key, sshd.privateKey, { mode: 0o600 });
    const host = `${sshd.user}@${sshd.address}:${sshd.port}`;
    const { stdout } = run('check', '--host', host, '--private-key', key, '--accept-new-host-keys', '-o', 'json');
    expect(JSON.parse(stdout).instances[0]).toMatchObject({
      transport: 'ssh',
      vitals: { memory: { totalBytes: expect.any(Number) } },
    });
  });

  /** A folder of somebody's CDK app, in which npm has installed the CDK and this package. */
  const appFolder = (example: string) => {
    const app = join(folder, example);
    cpSync(join(installed, 'examples', example), app, { recursive: true });
    mkdirSync(join(app, 'node_modules', '.bin'), { recursive: true });
    for (const name of ['aws-cdk-lib', 'aws-cdk', 'constructs', '@types', '@aws-cdk']) {
      symlinkSync(join(MODULES, name), join(app, 'node_modules', name));
    }
    symlinkSync(join(MODULES, 'aws-cdk', 'bin', 'cdk'), join(app, 'node_modules', '.bin', 'cdk'));
    cpSync(installed, join(app, 'node_modules', 'crawlwatch'), { recursive: true });
    return app;
  };
  const templateOf = (app: string, stack: string) => join(app, 'cdk.out', `${stack}.template.json`);
  const lint = (template: string) => {
    const { stdout, error } = spawnSync('cfn-lint', ['--ignore-checks', 'W3005', '--', template], { encoding: 'utf8' });
    if (error !== undefined)
      process.stderr.write('SKIPPED, the template is not linted: cfn-lint is not on this machine\n');
    return error === undefined ? stdout : '';
  };

  it("goes into somebody's CDK app in five lines: synthesised, with types, clean under cfn-lint", () => {
    const app = appFolder('cdk-app');
    expect(
      readFileSync(join(app, 'app.mjs'), 'utf8')
        .split('\n')
        .filter((line) => line !== '').length,
    ).toBeLessThanOrEqual(5);
    execFileSync(join(app, 'node_modules', '.bin', 'cdk'), ['synth', '--quiet'], { cwd: app, stdio: 'pipe' });
    const { Outputs, Resources } = JSON.parse(readFileSync(templateOf(app, 'Monitoring'), 'utf8'));
    expect(Object.keys(Outputs)).toEqual(
      expect.arrayContaining(['AlertsTopicArn', 'RemedyFunctionArn', 'StateBucketName']),
    );
    const check = Object.entries<{ Properties: { Environment: { Variables: { CRAWLWATCH_SETTINGS: string } } } }>(
      Resources,
    ).find(([id]) => /Check[0-9A-F]{8}$/.test(id));
    expect(JSON.parse(check![1].Properties.Environment.Variables.CRAWLWATCH_SETTINGS)).toMatchObject({
      stack: 'Monitoring',
    });
    expect(lint(templateOf(app, 'Monitoring'))).toBe('');
    const typed = `import { Stack } from 'aws-cdk-lib';
import { Crawlwatch } from 'crawlwatch/cdk';
export const good = (stack: Stack) => new Crawlwatch(stack, 'C', { settings: { transport: 'ssm', memory: { warningPercent: 10 } } }).alerts.topicArn;
// @ts-expect-error: an unknown setting
export const bad = (stack: Stack) => new Crawlwatch(stack, 'C', { settings: { mail: 'you@example.com' } });
`;
    writeFileSync(join(app, 'typed.ts'), typed);
    const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--skipLibCheck', 'typed.ts'];
    const { stdout } = spawnSync(join(MODULES, '.bin', 'tsc'), flags, { cwd: app, encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it('is deployed without a CDK app of one’s own: the settings of cdk.json are in the template', () => {
    const app = appFolder('without-a-cdk-app');
    const cdk = join(app, 'node_modules', '.bin', 'cdk');
    const program = join(installed, 'dist', 'app.cjs');
    const env = { ...process.env, NODE_PATH: join(app, 'node_modules') };
    execFileSync(cdk, ['synth', '--quiet', '--app', `node "${program}"`], {
      cwd: app,
      stdio: 'pipe',
      env,
    });
    const template = readFileSync(templateOf(app, 'CrawlwatchStack'), 'utf8');
    expect(template).toContain('you@example.com');
    expect(lint(templateOf(app, 'CrawlwatchStack'))).toBe('');
  });
});
