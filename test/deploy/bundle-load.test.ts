import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functions, plainFunction } from '../../tools/build/options.mjs';
import { node24 } from './node24.ts';

const ROUNDS = 11;
/** Of lib/check-function.ts. */
const CONFIGURED_MIB = 512;

const ENV = { AWS_REGION: 'eu-central-1', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
const LOAD = 'const t = performance.now(); require(process.argv[1]); console.log(performance.now() - t)';

describe('the bundle of the check under Node 24', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-load-'));
  const file = (name: string) => join(folder, `${name}.js`);
  let node: string;
  beforeAll(() => {
    node = node24();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('loads, as esbuild makes it by default and as the stack does; how long each takes is printed', async () => {
    await build(plainFunction('lambda/check-handler.ts', file('plain')));
    await build(functions({ ours: 'lambda/check-handler.ts' }, folder));
    const loadMs = (name: string) =>
      Number(execFileSync(node, ['-e', LOAD, file(name)], { env: ENV, encoding: 'utf8' }));
    const rounds = Array.from({ length: ROUNDS }, () => ({ plain: loadMs('plain'), ours: loadMs('ours') }));
    const median = (of: 'plain' | 'ours') =>
      rounds.map((round) => round[of]).toSorted((a, b) => a - b)[ROUNDS >> 1] ?? 0;
    const reported = (name: 'plain' | 'ours') =>
      `${name} ${median(name).toFixed(0)} ms, ${statSync(file(name)).size} bytes`;
    process.stderr.write(
      `\nLOADING the check, median of ${ROUNDS}: ${reported('plain')}; ${reported('ours')}; ratio ${(median('ours') / median('plain')).toFixed(2)} (wanted: 0.45)\n\n`,
    );
    // All of EC2's schemas would be 556 kB more.
    expect(statSync(file('ours')).size).toBeLessThan(1_100_000);
    expect(rounds.every(({ plain, ours }) => plain > 0 && ours > 0)).toBe(true);
  });

  it('checks a thousand hosts over SSM in two thirds of its memory', async () => {
    await build(functions({ 'thousand-hosts': 'test/deploy/thousand-hosts.ts' }, folder));
    const reported = JSON.parse(execFileSync(node, [file('thousand-hosts')], { env: ENV, encoding: 'utf8' }));
    process.stderr.write(
      `\nMEMORY of a check of 1,000 hosts over SSM, its pretend AWS included: ${reported.peakMib} MiB\n\n`,
    );
    expect(reported).toMatchObject({ checked: 1_000, errors: [] });
    expect(reported.peakMib).toBeLessThan((CONFIGURED_MIB * 2) / 3);
  });
});
