import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { init } from '../../../bin/commands/start/init.ts';
import { cdkJsonOf, inventoryOf, readHosts } from '../../../bin/init/answers.ts';
import { findAnswers } from '../../../bin/init/ask.ts';
import { type CommandIo, UsageError } from '../../../bin/terminal/index.ts';
import { crawlwatch } from '../command-line.ts';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'crawlwatch-init-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const read = (name: string) => readFileSync(join(cwd, name), 'utf8');

const QUIET: CommandIo = {
  stdin: (async function* () {})(),
  stdout: { write() {} },
  stderr: { write() {} },
  env: {},
  cwd: '',
  signal: new AbortController().signal,
};

describe('crawlwatch init', () => {
  it('writes an inventory that check reads as the hosts were given', async () => {
    const hosts = ['ubuntu@web1', 'web2:2222', 'ops@[2001:db8::7]:22'];
    const { exitCode, stdout } = await crawlwatch(['init', '--no-check', '--hosts', ...hosts], { cwd });
    expect({ exitCode, stdout }).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('Wrote inventory.ini.'),
    });
    expect(stdout).toContain('crawlwatch watch -i inventory.ini');
    expect(read('inventory.ini')).toContain(
      '\nweb1 ansible_user=ubuntu\nweb2 ansible_port=2222\n2001-db8--7 ansible_host=2001:db8::7 ansible_user=ops ansible_port=22\n',
    );
    const listed = await crawlwatch(['check', '-i', join(cwd, 'inventory.ini'), '--list-hosts'], { cwd });
    expect(listed).toMatchObject({ exitCode: 0, stdout: 'web1\nweb2\n2001-db8--7\n', stderr: '' });
  });

  it('runs the first check of what it wrote, and ends with its exit code', async () => {
    const ran: (readonly string[])[] = [];
    const stdout: string[] = [];
    const io = { ...QUIET, cwd, stdout: { write: (text: string) => void stdout.push(text) } };
    const run = async (words: readonly string[]) => {
      ran.push(words);
      return 2;
    };
    expect(await init({ check: true, hosts: ['web1'] }, io, run)).toBe(2);
    expect(ran).toEqual([['check', '-i', 'inventory.ini']]);
    expect(stdout.join('')).toContain('$ crawlwatch check -i inventory.ini\n');
  });

  it('says what comes next also where the first check can not be made', async () => {
    const stdout: string[] = [];
    const stderr: string[] = [];
    const io = {
      ...QUIET,
      cwd,
      stdout: { write: (text: string) => void stdout.push(text) },
      stderr: { write: (text: string) => void stderr.push(text) },
    };
    const refused = async () => {
      throw new UsageError('no AWS credentials');
    };
    expect(await init({ check: true, where: 'aws', mail: 'none', transport: 'ssh' }, io, refused)).toBe(3);
    expect(stderr).toEqual(['crawlwatch: no AWS credentials\n']);
    const next = stdout.join('').split('Next:')[1];
    expect(next).toContain('ssh.keySecretArn');
    expect(next).toMatch(/^ {2}crawlwatch deploy /m);
  });

  it.each(['ssm', 'ssh'])(
    'has the deploy before the first instance, with its mail tried, over %s',
    async (transport) => {
      const words = ['--where', 'aws', '--mail', 'ann@example.com', '--transport', transport];
      const { stdout } = await crawlwatch(['init', '--no-check', ...words], { cwd });
      expect(stdout.match(/^ {2}(crawlwatch|aws) [\w-]+( (--)?\w+)?/gm)?.map((line) => line.trim())).toEqual([
        'crawlwatch doctor --deploy',
        'crawlwatch deploy --bootstrap',
        'crawlwatch deploy',
        'crawlwatch test-alert',
        'aws ec2 create',
        'crawlwatch check --aws',
      ]);
    },
  );

  it('says after a Ctrl-C what was written: nothing, or the file whose first check it ended', async () => {
    const stderr: string[] = [];
    const io = {
      ...QUIET,
      cwd,
      stdin: Object.assign((async function* () {})(), { isTTY: true }),
      stderr: { write: (text: string) => void stderr.push(text), isTTY: true },
      signal: AbortSignal.abort(),
    };
    const interrupted = async () => {
      throw new UsageError('interrupted before any host was known');
    };
    await expect(init({ check: true }, io, interrupted)).rejects.toThrow('nothing was written');
    expect(stderr.join('')).toBe('\ncrawlwatch: init: nothing was written\n');
    expect(readdirSync(cwd)).toEqual([]);
    stderr.length = 0;
    await expect(init({ check: true, hosts: ['web1'] }, io, interrupted)).rejects.toThrow('interrupted');
    expect(stderr.join('')).toBe(
      '\ncrawlwatch: init: inventory.ini is written; the first check, which was interrupted: crawlwatch check -i inventory.ini\n',
    );
  });

  it('keeps what cdk.json says otherwise', async () => {
    writeFileSync(join(cwd, 'cdk.json'), '{"app":"node app.mjs","context":{"other":1,"crawlwatch":{"forks":10}}}');
    const words = ['init', '--where', 'aws', '--mail', 'ann@example.com', '--transport', 'ssh', '--no-check'];
    expect(await crawlwatch(words, { cwd })).toMatchObject({ exitCode: 0 });
    expect(JSON.parse(read('cdk.json'))).toEqual({
      app: 'node app.mjs',
      context: { other: 1, crawlwatch: { forks: 10, alertEmail: 'ann@example.com', transport: 'ssh' } },
    });
  });

  it.each<[string, readonly string[], string]>([
    ['a place that is none', ['--where', 'mars'], '--where: got "mars"; allowed: aws or hosts'],
    ['a host that is none', ['--hosts', 'web 1;rm'], '--hosts: got "1;rm"; allowed: [user@]host[:port]'],
    ['a port that is none', ['--hosts', 'web:70000'], '--hosts: got "web:70000"; allowed'],
    [
      'an address that is none',
      ['--where', 'aws', '--mail', 'ann'],
      '--mail: got "ann"; allowed: an e-mail address, or none',
    ],
    ['no terminal and no flag', [], 'init: there is no terminal to ask on: give --where'],
  ])('refuses %s in one line, and writes nothing', async (_what, words, text) => {
    const { exitCode, stderr } = await crawlwatch(['init', '--no-check', ...words], { cwd });
    expect(exitCode).toBe(3);
    expect(stderr).toContain(text);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('overwrites no inventory, and no cdk.json that it cannot read', async () => {
    writeFileSync(join(cwd, 'inventory.ini'), 'web9\n');
    writeFileSync(join(cwd, 'cdk.json'), '{');
    const hosts = await crawlwatch(['init', '--no-check', '--hosts', 'web1'], { cwd });
    expect(hosts).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('inventory.ini is there already') });
    const aws = await crawlwatch(['init', '--no-check', '--where', 'aws', '--mail', 'none', '--transport', 'ssm'], {
      cwd,
    });
    expect(aws).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining("cdk.json is there already and can't be read"),
    });
    expect([read('inventory.ini'), read('cdk.json')]).toEqual(['web9\n', '{']);
  });

  it('asks what no flag answers, and asks again where an answer can not be read', async () => {
    const answers = ['moon', '1', 'nobody', 'ann@example.com', ''];
    const said: string[] = [];
    const questions = { ask: async () => answers.shift() ?? null, say: (line: string) => void said.push(line) };
    expect(await findAnswers({}, questions)).toEqual({ where: 'aws', mail: 'ann@example.com', transport: 'ssm' });
    expect(said).toEqual(['got "moon"; allowed: aws or hosts', 'got "nobody"; allowed: an e-mail address, or none']);
    await expect(findAnswers({}, questions)).rejects.toThrow('nothing was written');
  });
});

describe('what the answers become', () => {
  it('names each host once', () => {
    expect(readHosts('web1, web2 web1')).toEqual({ ok: true, value: ['web1', 'web2'] });
    expect(inventoryOf(['web1'])).toMatch(/^#.*\n\[crawlers\]\nweb1\n$/);
  });

  it('leaves the mail as it is where nobody is to get any', () => {
    const before = { context: { crawlwatch: { alertEmail: 'bob@example.com' } } };
    const made = JSON.parse(cdkJsonOf({ where: 'aws', mail: null, transport: 'ssm' }, before));
    expect(made.context.crawlwatch).toEqual({ alertEmail: 'bob@example.com', transport: 'ssm' });
  });
});
