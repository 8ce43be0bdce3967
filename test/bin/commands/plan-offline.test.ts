/** `crawlwatch plan --from`: the planner over a saved report. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crawlwatch } from '../command-line.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-plan-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ALL_ON = { restartWorker: true, restartSshd: true, reboot: true };
const env = (remedies: object) => ({ CRAWLWATCH_SETTINGS: JSON.stringify({ remedies }) });
const saved = (name: string, over: object = {}) => ({
  id: `i-${name}`,
  name,
  status: 'CRITICAL',
  since: '2026-11-22T08:00:00Z',
  reasons: [],
  flagged: false,
  vitals: null,
  ...over,
});
const because = (...codes: string[]) => ({ reasons: codes.map((code) => ({ code, text: 'so it was' })) });
const told = (unit: string | null, uptimeSeconds = 86_400) => ({
  vitals: { worker: unit === null ? null : { unit, state: 'active' }, uptimeSeconds },
});
const report = (instances: readonly object[], source = 'aws') => ({
  version: 1,
  checkedAt: '2026-11-22T08:15:00Z',
  source,
  instances,
});
const plan = (json: unknown, remedies: object = ALL_ON, words: string[] = []) =>
  crawlwatch(['plan', '--from', '-', ...words], { stdin: JSON.stringify(json), env: env(remedies) });

describe('crawlwatch plan --from refuses in one line', () => {
  it.each([
    ['a file that is not there', 'FOLDER/none', /^crawlwatch: --from: can't read .*none: no such file\n$/],
    ['a folder', 'FOLDER', /^crawlwatch: --from: can't read .*: it is a directory\n$/],
    ['what is no JSON', '-', /^crawlwatch: --from: - is no report of check -o json \(.*\)\n$/],
  ])('%s', async (_, from, says) => {
    const { exitCode, stdout, stderr } = await crawlwatch(['plan', '--from', from.replace('FOLDER', folder)], {
      stdin: 'crawler1: fine',
    });
    expect(stderr).toMatch(says);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
  });

  it.each([
    ['another version', { ...report([]), version: 2 }, 'version: '],
    ['no instances', { ...report([]), instances: undefined }, 'instances: '],
    ['an instance without a status', report([saved('a', { status: 'FINE' })]), 'instances.0.status: '],
  ])('a report of %s', async (_, json, says) => {
    const { exitCode, stderr } = await plan(json);
    expect(stderr).toContain(`crawlwatch: --from: - is no report of check -o json (${says}`);
    expect(exitCode).toBe(3);
  });
});

describe('crawlwatch plan --from', () => {
  it.each<[string, object, object, string]>([
    [
      'a remedy that the settings leave off',
      saved('w', { ...because('WorkerDown'), ...told('sidekiq.service') }),
      { reboot: true },
      "w (i-w): restart-worker: held back (off): remedies.restartWorker is off in the stack's settings",
    ],
    [
      'a worker of which no unit is known',
      saved('w', { ...because('WorkerDown'), ...told(null) }),
      ALL_ON,
      'w (i-w): restart-worker: held back (no-unit): ',
    ],
    [
      'the maintenance window as it was at the time of the report',
      saved('w', { ...because('WorkerDown'), ...told('sidekiq.service') }),
      { ...ALL_ON, window: 'Mon-Fri 02:00-05:00 Europe/Berlin' },
      'w (i-w): restart-worker: held back (window): ',
    ],
    [
      'a host that has only just come up',
      saved('w', { ...because('WorkerDown'), ...told('sidekiq.service', 120) }),
      ALL_ON,
      'w (i-w): restart-worker: held back (grace): ',
    ],
    [
      'a hang that is not flagged yet',
      saved('h', because('BannerTimeout')),
      ALL_ON,
      'h (i-h): reboot: held back (not-flagged): it carries no reboot flag',
    ],
  ])('tells what holds back %s', async (_, instance, remedies, line) => {
    const { exitCode, stdout } = await plan(report([instance]), remedies);
    expect(stdout).toContain(line);
    expect(exitCode).toBe(0);
  });

  it('tells what would be done, the gentlest first, one reboot at a time, and what a report can not know', async () => {
    const { exitCode, stdout } = await plan(
      report([
        saved('h1', { ...because('BannerTimeout'), flagged: true }),
        saved('h2', { ...because('CommandTimeout'), flagged: true, since: '2026-11-22T07:00:00Z' }),
        saved('s', { ...because('SshdDown'), ...told(null) }),
        saved('m', { ...because('MemoryExhaustedResponsive', 'NewerReason'), ...told('sidekiq.service') }),
        saved('fine', { status: 'OK', since: null, ...told('sidekiq.service') }),
        saved('disk', { status: 'WARNING', ...because('DiskLow'), ...told(null) }),
        saved('ours', { status: 'UNKNOWN', ...because('AuthenticationFailed') }),
      ]),
    );
    const lines = stdout.split('\n');
    expect(lines.slice(0, 4)).toEqual([
      'm (i-m): restart-worker: would be done now: sidekiq.service for MemoryExhaustedResponsive since 08:00 UTC',
      's (i-s): restart-sshd: would be done now: sshd for SshdDown since 08:00 UTC',
      expect.stringMatching(/^h2 \(i-h2\): reboot: would be done now: it carries the flag CommandTimeout@/),
      'h1 (i-h1): reboot: held back (spacing): i-h2 comes first, one reboot at a time',
    ]);
    expect(lines[4]).toBe('');
    expect(lines[5]).toMatch(
      /^As of .*08:15 UTC, by the settings here\. Not known from a report: tags crawlwatch:auto/,
    );
    expect(exitCode).toBe(0);
  });

  it('says so where nothing is due', async () => {
    const { exitCode, stdout } = await plan(report([saved('fine', { status: 'OK' })]));
    expect(stdout).toMatch(/^Nothing is due: of 1 instance none qualifies for any remedy\.\n/);
    expect(exitCode).toBe(0);
  });

  it('says of hosts that are no EC2 instances that crawlwatch does not act on them', async () => {
    const { stdout } = await plan(report([saved('h', because('BannerTimeout'))], 'inventory'));
    expect(stdout).toContain('\nThese are not EC2 instances, the only ones that crawlwatch acts on');
  });

  it('is JSON for programs', async () => {
    const { stdout } = await plan(report([saved('h', because('BannerTimeout'))]), ALL_ON, ['-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      source: 'report',
      checkedAt: '2026-11-22T08:15:00.000Z',
      decisions: [{ instanceId: 'i-h', remedy: 'reboot', heldBy: 'not-flagged' }],
    });
  });

  it('reads what a check wrote', async () => {
    const path = join(folder, 'report.json');
    const checked = await crawlwatch(['check', '--local', '-o', 'json']);
    writeFileSync(path, checked.stdout);
    const { exitCode, stderr } = await crawlwatch(['plan', '--from', 'report.json'], { cwd: folder });
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });
});
