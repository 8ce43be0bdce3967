import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { namedUser } from '../../../bin/settings/index.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'crawlwatch-layers-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const inContext = (crawlwatch: unknown) =>
  writeFileSync(join(cwd, 'cdk.json'), JSON.stringify({ context: { crawlwatch } }));
const ofEnvironment = (settings: unknown) => ({ CRAWLWATCH_SETTINGS: JSON.stringify(settings) });

describe('the login user that a setting names', () => {
  it('is none where only the default would count', async () => {
    expect(await namedUser({ env: {}, cwd })).toBeNull();
    inContext({ forks: 3 });
    expect(await namedUser({ env: ofEnvironment({ ssh: { port: 2222 } }), cwd })).toBeNull();
  });

  it('is that of cdk.json, even where it is the default', async () => {
    inContext({ ssh: { user: 'ubuntu' } });
    expect(await namedUser({ env: {}, cwd })).toBe('ubuntu');
  });

  it('is that of the environment before that of cdk.json', async () => {
    inContext({ ssh: { user: 'admin' } });
    expect(await namedUser({ env: ofEnvironment({ ssh: { user: 'ec2-user' } }), cwd })).toBe('ec2-user');
  });
});
