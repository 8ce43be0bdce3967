/** The templates under cfn-lint, a Python program that takes seconds for each. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { templateWith } from '../lib/synth.ts';
import { settingsFiles } from '../support/settings-files.ts';

const EVERYTHING = {
  remedies: { restartWorker: true, restartSshd: true, reboot: true },
  alertEmail: ['you@example.com', 'me@example.com'],
  alerts: { encrypt: true, hostAlarms: true },
  ssh: { keySecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:crawler-key-AbCdEf' },
  vpc: {
    id: 'vpc-0123456789abcdef0',
    subnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    createEndpoints: true,
  },
};

const cfnLint = spawnSync('cfn-lint', ['--version'], { stdio: 'ignore' });
const noCfnLint = cfnLint.status === 0 ? null : (cfnLint.error?.message ?? `exit ${cfnLint.status}`);
if (noCfnLint !== null)
  process.stderr.write(
    `SKIPPED, the template is not linted: cfn-lint can't be run (${noCfnLint}); pip install cfn-lint\n`,
  );

describe.runIf(noCfnLint === null)('the template', () => {
  it.each([
    ...settingsFiles().map(([name, settings]): [string, object] => [`of ${name}.json`, settings]),
    ['without any setting', {}],
    ['with everything that can be set', EVERYTHING],
    ['distributed, with everything', { ...EVERYTHING, scale: 'distributed', metrics: { perInstance: 'none' } }],
  ])('is clean under cfn-lint %s', (_, settings) => {
    const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-'));
    const file = join(folder, 'template.json');
    writeFileSync(file, JSON.stringify(templateWith(settings).toJSON()));
    const { stdout, status } = spawnSync('cfn-lint', ['--config-file', '.cfnlintrc', file], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  it('is clean under cfn-lint for a member account', () => {
    const { stdout, status } = spawnSync('cfn-lint', ['accounts/crawlwatch-member.yaml'], { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});
