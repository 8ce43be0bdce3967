import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crawlwatch } from '../command-line.ts';

let folder = '';
let bash = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-completion-'));
  writeFileSync(join(folder, 'hosts.ini'), '');
  bash = (await crawlwatch(['completion', 'bash'])).stdout;
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last word. */
function offered(...words: string[]): string[] {
  const ask = `${bash}
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _crawlwatch; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { PATH: process.env.PATH };
  return execFileSync('bash', ['--norc', '-c', ask, 'bash', 'crawlwatch', ...words], {
    cwd: folder,
    env,
    encoding: 'utf8',
  })
    .trimEnd()
    .split('\n');
}

describe('the completion of bash', () => {
  it.each([
    [['ch'], ['check']],
    [
      ['completion', ''],
      ['bash', '--no-color', '-h', '--help'],
    ],
    [
      ['check', '-o', 'n'],
      ['ndjson', 'nagios'],
    ],
    [['check', '--local', '--output', 'prom'], ['prometheus']],
    [
      ['check', '--transport', ''],
      ['ssm', 'ssh', 'auto'],
    ],
    [['check', '-i', 'ho'], ['hosts.ini']],
    [['backtest', 'ho'], ['hosts.ini']],
    [['check', '--forks', ''], ['']],
    [['check', '-f', ''], ['']],
    [['check', '-t', ''], ['']],
    [['watch', '-c', ''], ['']],
    [['check', '--warn'], ['--warning']],
    [['exporter', '--crit'], ['--critical']],
    [['plan', '--js'], ['--json']],
    [['watch', '--js'], ['']],
    [['reboot', '--no-c'], ['--no-color']],
    [['--ver'], ['--version']],
    [['check', '--qu'], ['--quiet']],
    [['watch', '--qu'], ['']],
    [['watch', '--rec'], ['--record']],
    [['exporter', '--lis'], ['--listen']],
    [['exporter', '--inter'], ['--interval']],
    [['watch', '--ev'], ['--every']],
    [['exporter', '-i', 'ho'], ['hosts.ini']],
    [['help', 'wat'], ['watch']],
  ])('offers for %j %j', (words, offers) => {
    expect(offered(...words)).toEqual(offers);
  });

  it('includes every command that --help lists', async () => {
    const { stdout } = await crawlwatch(['--help']);
    const commands = /Commands:\n((?: .*\n)+)/
      .exec(stdout)?.[1]
      ?.match(/^ {2}[\w-]+/gm)
      ?.map((name) => name.trim());
    expect(commands?.length).toBeGreaterThan(5);
    expect(commands?.filter((name) => !bash.includes(name))).toEqual([]);
  });

  it('refuses another shell', async () => {
    expect(await crawlwatch(['completion', 'zsh'])).toMatchObject({
      exitCode: 3,
      stderr: "crawlwatch: command-argument value 'zsh' is invalid for argument 'shell'. Allowed choices are bash.\n",
    });
  });
});
