import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { appSettings } from '../../bin/settings/app.ts';
import { SettingsError } from '../../lambda/settings/settings.ts';

const project = mkdtempSync(join(tmpdir(), 'crawlwatch-project-'));
afterAll(() => rmSync(project, { recursive: true }));

/** As the CDK CLI hands it over: cdk.json's context, and over it the flags. */
function settingsWith(file: object, flags: Record<string, string> = {}, env: Record<string, string> = {}) {
  writeFileSync(join(project, 'cdk.json'), JSON.stringify({ context: file }));
  const context: Record<string, unknown> = { ...file, ...flags };
  return appSettings({ context: (key) => context[key], env, cwd: project });
}

const problemsWith = (...sources: Parameters<typeof settingsWith>): readonly string[] => {
  try {
    settingsWith(...sources);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
};

describe("the app's settings", () => {
  it.each([
    ['an unknown key in cdk.json', { crawlwatch: { fork: 5 } }, {}, {}, 'fork: unknown key; allowed: tag, schedule,'],
    [
      'a list in cdk.json',
      { crawlwatch: [1] },
      { alertEmail: 'a@example.com' },
      {},
      'cdk.json: context.crawlwatch: got [1]',
    ],
    ['flags that are no JSON', {}, { crawlwatch: '{oops' }, {}, '-c crawlwatch: got "{oops"; allowed: an object'],
    [
      'an environment that is no object',
      {},
      {},
      { CRAWLWATCH_SETTINGS: '5' },
      'CRAWLWATCH_SETTINGS: got "5"; allowed: a JSON object',
    ],
    [
      'a bad address',
      {},
      { alertEmail: 'nobody' },
      {},
      'alertEmail: got "nobody"; allowed: an e-mail address or a list',
    ],
    ['an empty address', {}, { alertEmail: '' }, {}, 'alertEmail: got ""; allowed: an e-mail address'],
    [
      'a bad address in a list',
      {},
      { alertEmail: '["a@example.com","b"]' },
      {},
      'alertEmail: got ["a@example.com","b"]',
    ],
    [
      'what a flag leaves in force in cdk.json',
      { crawlwatch: { forks: 0 } },
      { crawlwatch: '{"ssh":{}}' },
      {},
      'forks: got 0',
    ],
  ])('are refused for %s', (_, file, flags, env, problem) => {
    expect(problemsWith(file, flags as Record<string, string>, env as Record<string, string>)).toEqual([
      expect.stringContaining(problem),
    ]);
  });

  it('need nothing to be given', () => {
    expect(settingsWith({ crawlwatch: {} })).toMatchObject({ alertEmail: null, transport: 'auto' });
  });

  it.each([
    ['one address by flag', {}, { alertEmail: 'you@example.com' }, 'you@example.com'],
    ['a list by flag', {}, { alertEmail: '["a@example.com","b@example.com"]' }, ['a@example.com', 'b@example.com']],
    ['a list in the context of cdk.json', { alertEmail: ['a@example.com'] }, {}, ['a@example.com']],
    ['an address among the settings of cdk.json', { crawlwatch: { alertEmail: 'a@example.com' } }, {}, 'a@example.com'],
  ])('take %s for the mail', (_, file, flags, expected) => {
    expect(settingsWith(file, flags as Record<string, string>).alertEmail).toEqual(expected);
  });

  it('put a flag over the environment, that over cdk.json, and that over the defaults', () => {
    const file = {
      crawlwatch: { alertEmail: 'file@example.com', forks: 1, ssh: { user: 'file', port: 1, address: 'public' } },
    };
    const flags = { alertEmail: 'flag@example.com', crawlwatch: '{"ssh":{"user":"flag"}}' };
    const env = { CRAWLWATCH_SETTINGS: '{"ssh":{"user":"env","port":2}}' };
    expect(settingsWith(file, flags, env)).toMatchObject({
      alertEmail: 'flag@example.com',
      forks: 1,
      ssh: { user: 'flag', port: 2, address: 'public', instanceConnect: false },
    });
  });
});
