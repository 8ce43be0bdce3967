/** docs/without-an-account.md, in an empty folder, with nothing but the packed program and what the page installs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, whyNoMoto } from '../support/moto.ts';
import { cloneTree, commandsOf, endAll, exported, plainEnvironment, Typed } from '../support/readme-commands.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const SSHD = '/usr/sbin/sshd';

interface Row {
  /** Default 0. */
  readonly exit?: number;
  readonly says?: readonly RegExp[];
  /** Goes on behind the commands after it. */
  readonly goesOn?: true;
  /** Not run here, and where it is. */
  readonly elsewhere?: string;
}

/** By how each command begins. */
const ROWS: readonly (readonly [string, Row])[] = [
  ["pip install 'moto[server]' awscli", { elsewhere: 'the person who sets up the machine' }],
  ['moto_server', { goesOn: true, says: [/Running on http/] }],
  [SSHD, { goesOn: true }],
  ['crawlwatch doctor --deploy', { exit: 2, says: [/which is not AWS/, /✗ bootstrap/] }],
  ['crawlwatch deploy --bootstrap', { says: [/bootstrapped/] }],
  ['crawlwatch deploy --yes', { says: [/CrawlwatchStack\.AlertsTopicArn/] }],
  ['aws sns subscribe', { says: [/SubscriptionArn/] }],
  ['crawlwatch test-alert', { says: [/Sent to 1 subscriber/] }],
  ['crawlwatch check', { says: [/crawler1/, /1 host .*1 OK/] }],
  ['node "$CHECK" 5', { says: [/"critical":1.*"flagged":0/] }],
  ['node "$CHECK" 10', { says: [/"critical":1.*"flagged":0/] }],
  ['node "$CHECK" 15', { says: [/"critical":1.*"flagged":1/] }],
  ['node "$CHECK" 20', { says: [/"ok":1.*"flagged":0/] }],
  ['node "$CHECK" 25', { says: [/"ok":1/] }],
  ['node "$CHECK"', { says: [/"checked":1,"ok":1/] }],
  ['aws cloudwatch get-metric-data', { says: [/\d+\.\d+/] }],
  ['crawlwatch flagged', {}],
  ['crawlwatch why', { says: [/Decisions about a flag/, /flagged/, /error running docker/] }],
  ['aws sqs receive-message', {}],
  [
    'node -p',
    {
      says: [
        /^crawlwatch: test of CrawlwatchStack$/m,
        /^CRIT crawler1 SSH silent\n {2}NOT ANSWERING: /m,
        /^FLAGGED crawler1 SSH silent\n {2}FLAGGED FOR REBOOT: [\s\S]*\n {2}.*crawlwatch reboot i-/m,
      ],
    },
  ],
  ['crawlwatch deploy --destroy', { says: [/CrawlwatchStack: destroyed/] }],
  ['crawlwatch forget', { says: [/removed crawlwatch's own tags from 1/] }],
];
const rowOf = (command: string): Row => ROWS.find(([start]) => command.startsWith(start))?.[1] ?? {};

const missing = whyNoMoto() ?? ['aws', SSHD].find((program) => spawnSync(program, ['-V']).error !== undefined) ?? null;
if (missing !== null) process.stderr.write(`\nSKIPPED, docs/without-an-account.md: missing ${missing}\n\n`);

describe.skipIf(missing !== null)('docs/without-an-account.md, from the packed program', () => {
  const work = mkdtempSync(join(tmpdir(), 'crawlwatch-packed-'));
  const [home, folder, prefix] = ['home', 'trial', 'npm'].map((name) => join(work, name)) as [string, string, string];
  const ports = new Map<string, string>();
  let env: Record<string, string>;
  /** Addresses of loopback alone are free for sshd; both ports may be taken here. */
  const spelled = (command: string) =>
    command
      .replace(/\b5000\b/, ports.get('5000') ?? '')
      .replace(/\b2222\b/, ports.get('2222') ?? '')
      .replace(/ &$/, '');

  beforeAll(async () => {
    for (const path of [home, folder, prefix]) mkdirSync(path);
    // sshd as root wants it, and a container may lack it.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
    for (const port of ['5000', '2222']) ports.set(port, String(await freePort()));
    const plain = plainEnvironment(home);
    env = { ...plain, npm_config_prefix: prefix, PATH: [join(prefix, 'bin'), plain.PATH].join(delimiter) };
    // In a checkout of its own: packing replaces dist, which other tests use at this moment.
    const checkout = join(work, 'checkout');
    cloneTree(ROOT, checkout);
    symlinkSync(join(ROOT, 'node_modules'), join(checkout, 'node_modules'));
    const packed = execFileSync('npm', ['pack', '--silent', '--pack-destination', work], {
      cwd: checkout,
      encoding: 'utf8',
    });
    const tarball = join(work, packed.trim().split('\n').at(-1) ?? '');
    execFileSync('npm', ['install', '--silent', '--global', tarball], { cwd: folder, env });
  });
  afterAll(async () => {
    await endAll();
    const pid = join(folder, 'sshd.pid');
    if (existsSync(pid)) spawnSync('kill', ['-KILL', readFileSync(pid, 'utf8').trim()]);
    rmSync(work, { recursive: true, force: true });
  });

  const commands = commandsOf(readFileSync(join(ROOT, 'docs', 'without-an-account.md'), 'utf8'));

  it('has a command for each row', () => {
    expect(ROWS.filter(([start]) => !commands.some((command) => command.startsWith(start)))).toEqual([]);
  });

  it.for(commands.filter((command) => rowOf(command).elsewhere === undefined))('runs %s', async (command) => {
    const { exit = 0, says = [], goesOn } = rowOf(command);
    const line = spelled(command);
    if (line.startsWith('export ')) {
      const before = process.cwd();
      process.chdir(folder);
      env = exported(line, env);
      process.chdir(before);
      return;
    }
    const typed = new Typed(line, { cwd: folder, env, terminal: false });
    if (goesOn === true) {
      for (const wanted of says) await typed.shows(wanted);
      return;
    }
    expect(await typed.ended(), typed.output).toBe(exit);
    expect(
      says.filter((wanted) => !wanted.test(typed.output)),
      typed.output,
    ).toEqual([]);
  });

  it('leaves no host key in the home, where the next try would find another', () => {
    expect(readFileSync(join(folder, 'known_hosts'), 'utf8')).toContain('[127.0.0.10]:');
    expect(existsSync(join(home, '.ssh'))).toBe(false);
  });
});
