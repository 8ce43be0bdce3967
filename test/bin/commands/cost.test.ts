import { describe, expect, it } from 'vitest';
import { crawlwatch } from '../command-line.ts';

describe('crawlwatch cost', () => {
  it.each(['0', '-1', '1.5', 'many', '1e3', '9999999'])(
    'refuses %j instances in one line, exit code 3',
    async (given) => {
      expect(await crawlwatch(['cost', `--instances=${given}`])).toMatchObject({
        exitCode: 3,
        stdout: '',
        stderr: `crawlwatch: --instances: got "${given}"; allowed: a whole number from 1 to 1000000\n`,
      });
    },
  );

  it('requires the number of instances', async () => {
    expect(await crawlwatch(['cost'])).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('--instances') });
  });

  it.each(['-1', '101', 'some', '5%', ''])('refuses %j percent in trouble in one line, exit code 3', async (given) => {
    expect(await crawlwatch(['cost', '--instances=10', `--troubled=${given}`])).toMatchObject({
      exitCode: 3,
      stderr: `crawlwatch: --troubled: got "${given}"; allowed: a number from 0 to 100\n`,
    });
  });

  it('counts metrics of as many instances as are said to be in trouble, 5% otherwise', async () => {
    const env = { CRAWLWATCH_SETTINGS: '{"metrics":{"perInstance":"troubled"}}' };
    const { stdout } = await crawlwatch(['cost', '--instances=100', '--troubled=20'], { env });
    expect(stdout).toContain('60 of instances (3 each; assumed: 20% in trouble)');
    const { stdout: usual } = await crawlwatch(['cost', '--instances=100'], { env });
    expect(usual).toContain('15 of instances (3 each; assumed: 5% in trouble)');
  });

  it('prints the bill under the settings of the environment', async () => {
    const env = { CRAWLWATCH_SETTINGS: '{"metrics":{"perInstance":"none"}}' };
    const { exitCode, stdout } = await crawlwatch(['cost', '--instances', '100'], { env });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('2.52  custom metrics          0 of instances');
    expect(stdout).not.toContain(
      'memory and disk alarms  two Metrics Insights alarms, each analysing one metric of every instance [',
    );
  });

  it('prints one JSON object for programs', async () => {
    const { stdout } = await crawlwatch(['cost', '--instances', '10', '-o', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, instances: 10, prices: expect.stringContaining('2026') });
  });
});
