import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../../bin/commands/program.ts';
import type { CommandIo } from '../../../bin/terminal/io.ts';
import { PROBE_SCRIPT } from '../../../lambda/probe/script.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { crawlwatch } from '../command-line.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'crawlwatch-arguments-'));
  writeFileSync(join(folder, 'hosts.ini'), '[web]\nweb[1:3]\n[db]\ndb1\n[prod]\nweb1\n');
  writeFileSync(join(folder, 'broken.ini'), '[web\nweb1 port\n');
  writeFileSync(join(folder, 'empty.ini'), '# nobody\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a wrong command line', () => {
  it.each([
    ['chek', "unknown command 'chek' (Did you mean check?)"],
    ['check --hosts a', "unknown option '--hosts' (Did you mean --host?)"],
    ['wach --local', "unknown command 'wach' (Did you mean watch?)"],
    ['watch --evry 5', "unknown option '--evry' (Did you mean --every?)"],
    ['watch --list-hosts', "unknown option '--list-hosts'"],
    ['check a', "too many arguments for 'check'. Expected 0 arguments but got 1. Hosts are named by --host or -i."],
    [
      'check -o tabel',
      "option '-o, --output <format>' argument 'tabel' is invalid. Allowed choices are table, line, json, ndjson, prometheus, nagios.",
    ],
    ['check --local --aws', "option '--local' cannot be used with option '--aws'"],
    ['check --from x --host a', "option '--host <host...>' cannot be used with option '--from <file>'"],
    ['check --local -l web', '--limit selects from an inventory: give -i INVENTORY too'],
    ['check --local --worker a;b', '--worker: got "a;b"; allowed: a systemd unit like sidekiq.service'],
    ['check --host a:b', '--host: got "a:b"; allowed: a port from 1 to 65535'],
    ['check --host web[3:1]', '--host: got "web[3:1]"; allowed: a range that goes up'],
    ['check --local --forks 0', '--forks: got 0; allowed: a whole number from 1 to 500'],
    ['check --local --timeout soon', '--timeout: got "soon"; allowed: a number from 2 to 300'],
    ['check --local --user a;b', '--user: got "a;b"; allowed: a Linux user name'],
    [
      'check -i FOLDER/none.ini',
      "-i: can't read FOLDER/none.ini: no such file; a list of hosts has a comma, as in -i web1,",
    ],
    [
      'check -i FOLDER',
      '-i: FOLDER holds no inventory; hidden files and those in .ini, .cfg, .txt, .md, .bak are ignored',
    ],
    ['check -i FOLDER/empty.ini', 'FOLDER/empty.ini: no host in this inventory'],
    ['check -i FOLDER/broken.ini', 'FOLDER/broken.ini:1: expected a closing ], got "[web"'],
    [
      'check -i FOLDER/hosts.ini -l cache',
      '--limit: "cache" leaves no host; groups in the inventory: all, ungrouped, web, db, prod',
    ],
    [
      'check -i FOLDER/hosts.ini -l ~w(',
      '--limit: got "~w("; allowed: a regular expression that Python and JavaScript read alike, not ~w(',
    ],
    ['check --json -o line --local', 'give either --json or -o line, not both'],
    ['check --local -f 0', '--forks: got 0; allowed: a whole number from 1 to 500'],
    ['check --local -t soon', '--timeout: got "soon"; allowed: a number from 2 to 300'],
    [
      'check --local -w 12',
      '-w, --warning: got "12"; allowed: memory, disk or inodes = 0 to 100 percent available, once each, with commas between: memory=12,disk=10',
    ],
    [
      'watch --local -c memory=20',
      '-c, --critical: got memory=20; allowed: at most 12, below which it is WARNING (-w memory=20 raises that)',
    ],
    ['check web1', "too many arguments for 'check'. Expected 0 arguments but got 1. Hosts are named by --host or -i."],
    ['check --from FOLDER/none', "--from: can't read FOLDER/none: no such file"],
    ['check --host a --private-key FOLDER/none', "--private-key: can't read FOLDER/none: no such file"],
    ['check --host a --known-hosts FOLDER/none', "--known-hosts: can't read FOLDER/none: no such file"],
  ])('%s is reported in one line, exit code 3', async (words, says) => {
    const ran = await crawlwatch(words.replaceAll('FOLDER', folder).split(' '));
    expect(ran).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: `crawlwatch: ${says.replaceAll('FOLDER', folder)}\n`,
      writes: [],
    });
  });

  it('reports every bad setting, a line each, by the name of the flag where a flag is at fault', async () => {
    const env = { CRAWLWATCH_SETTINGS: '{"pressure":{"fullAvg10":101},"forks":0}' };
    const ran = await crawlwatch(['check', '--local', '--timeout', '1'], { env });
    expect(ran.stderr.trimEnd().split('\n').sort()).toEqual([
      'crawlwatch: --timeout: got 1; allowed: a number from 2 to 300',
      'crawlwatch: forks: got 0; allowed: a whole number from 1 to 500',
      'crawlwatch: pressure.fullAvg10: got 101; allowed: a number from 0 to 100',
    ]);
    expect(ran.exitCode).toBe(3);
  });

  it.each([
    ['{', /^crawlwatch: can't read .*cdk\.json: /],
    [
      '{"context":{"crawlwatch":[1]}}',
      /^crawlwatch: cdk\.json: context\.crawlwatch: got \[1\]; allowed: an object of settings$/m,
    ],
    ['{"context":{"crawlwatch":"{\\"forks\\":0}"}}', /^crawlwatch: forks: got 0; /],
    ['{"context":{"crawlwatch":{"fork":1}}}', /^crawlwatch: fork: unknown key; allowed: tag, /],
  ])('may also be wrong in ./cdk.json: %s', async (text, says) => {
    writeFileSync(join(folder, 'cdk.json'), text);
    const ran = await crawlwatch(['check', '--local'], { cwd: folder });
    rmSync(join(folder, 'cdk.json'));
    expect(ran.exitCode).toBe(3);
    expect(ran.stderr).toMatch(says);
  });
});

describe('the command line', () => {
  it('lists the commands that there are, with examples', async () => {
    const { exitCode, stdout, stderr } = await crawlwatch(['--help']);
    const commands = /Commands:\n((?: .*\n)+)/.exec(stdout)?.[1]?.match(/^ {2}[\w-]+/gm);
    const acting = [
      'flagged',
      'plan',
      'reboot',
      'restart-worker',
      'restart-sshd',
      'unflag',
      'mute',
      'ack',
      'pause',
      'resume',
    ];
    const all = [
      ...['check', 'watch', 'exporter', 'probe', 'backtest'],
      ...[...acting, 'history', 'why', 'forget', 'deploy', 'doctor'],
      ...['test-alert', 'cost', 'completion', 'demo', 'init', 'help'],
    ];
    expect(commands?.map((name) => name.trim())).toEqual(all);
    expect(stdout).toContain('crawlwatch check --local');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  });

  it('ends the help of every command with examples of it', async () => {
    const io = { stdout: { write() {} }, stderr: { write() {} } } as unknown as CommandIo;
    const names = createProgram(io, () => {}).commands.map((command) => command.name());
    expect(names.length).toBeGreaterThan(15);
    for (const name of names) {
      const { exitCode, stdout } = await crawlwatch([name, '--help']);
      expect(stdout).toMatch(/\nExamples:\n( {2}.*\bcrawlwatch .*\n)+$/);
      expect(stdout).toMatch(new RegExp(`\nExamples:\n(  .*\n)*  (.* )?crawlwatch ${name}\\b`));
      expect(exitCode).toBe(0);
    }
  });

  it.each([
    [78, 78],
    [0, 80],
    [200, 80],
  ])('lays its help out for a terminal of %i columns: in %i', async (columns, width) => {
    const printed: string[] = [];
    const stdout = { write: (text: string) => void printed.push(text), isTTY: true, columns };
    const io = { stdout, stderr: { write() {} } } as unknown as CommandIo;
    const check = createProgram(io, () => {}).commands.find((command) => command.name() === 'check');
    check?.outputHelp();
    const options = /Options:\n((?: .*\n)+)/.exec(printed.join(''))?.[1]?.split('\n') ?? [];
    const longest = Math.max(...options.map(({ length }) => length));
    expect(longest).toBeLessThanOrEqual(width);
    expect(longest).toBeGreaterThan(width - 2);
  });

  it('prints its version with -v, which on a command is another flag', async () => {
    for (const words of ['-v', '--version', 'check --version']) {
      expect(await crawlwatch(words.split(' '))).toMatchObject({
        exitCode: 0,
        stdout: `${manifest.version}\n`,
        stderr: '',
      });
    }
    const ran = await crawlwatch(['check', '-v', '--list-hosts', '--host', 'web1']);
    expect(ran).toMatchObject({ exitCode: 0, stdout: 'web1\n' });
  });

  it('takes --json for -o json wherever there is JSON', async () => {
    const ran = await Promise.all(
      ['--json', '--output=json', '--json -o json'].map((words) =>
        crawlwatch(['cost', '--instances', '40', ...words.split(' ')]),
      ),
    );
    expect(JSON.parse(ran[0]?.stdout ?? '')).toMatchObject({ version: 1 });
    expect(new Set(ran.map(({ stdout }) => stdout)).size).toBe(1);
  });

  it('prints the script that runs on the hosts, byte for byte', async () => {
    expect(await crawlwatch(['probe'])).toMatchObject({ exitCode: 0, stdout: PROBE_SCRIPT, stderr: '' });
  });

  it.each([
    ['-i FOLDER/hosts.ini', ['web1', 'web2', 'web3', 'db1']],
    ['-i FOLDER/hosts.ini -l web:!prod', ['web2', 'web3']],
    ['-i FOLDER/hosts.ini -i FOLDER/empty.ini -l db', ['db1']],
    ['--host web[1:2] me@db:22 [::1]:22', ['web1', 'web2', 'db', '::1']],
    ['--host a --host b', ['a', 'b']],
    ['--host a a', ['a']],
    ['--host a:1 a:2 me@a [::1]:1 ::1', ['a:1', 'a:2', 'me@a', '[::1]:1', '[::1]']],
  ])('lists the hosts of %s', async (words, names) => {
    const ran = await crawlwatch(`check --list-hosts ${words}`.replaceAll('FOLDER', folder).split(' '));
    expect(ran).toMatchObject({ exitCode: 0, stdout: `${names.join('\n')}\n`, stderr: '' });
  });

  it('warns about a part of the pattern that names nothing', async () => {
    const ran = await crawlwatch(['check', '--list-hosts', '-i', join(folder, 'hosts.ini'), '-l', 'db1,cache']);
    expect(ran).toMatchObject({
      exitCode: 0,
      stdout: 'db1\n',
      stderr: 'crawlwatch: --limit: "cache" names no host or group; ignored\n',
    });
  });
});
