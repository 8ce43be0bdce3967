/** The commands of acting that ask no host: flagged, plan, history, unflag. */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { flagged, unflag } from '../../../bin/commands/flagged.ts';
import { history } from '../../../bin/commands/history.ts';
import { plan } from '../../../bin/commands/plan.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { ActingStack, type Asked, ID1, ID2, ID3, runCommand } from '../../support/acting.ts';

const STACK = { stack: 'CrawlwatchStack' };
const REQUESTER = expect.stringMatching(/^[\x20-\x7e]{3,64}$/);
const done = ({ instanceId = null }: Asked) => ({ done: true, instanceId, why: 'as was asked for' });
const refused = ({ instanceId = null }: Asked) => ({ done: false, instanceId, why: 'the record could not be read' });

describe('crawlwatch flagged', () => {
  const run = (stack: ActingStack, output: 'table' | 'json' = 'table') =>
    runCommand((io) => flagged({ ...STACK, output }, io, stack.ports));

  it('says how to tag an instance where none is watched, exit code 3', async () => {
    expect(await run(new ActingStack())).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'crawlwatch: no instance is tagged crawlwatch=true in eu-central-1; tag one: aws ec2 create-tags --region eu-central-1 --resources i-... --tags Key=crawlwatch,Value=true\n',
    });
  });

  it('reports where none is flagged', async () => {
    const shown = await run(new ActingStack().watch(ID1, 'ficrawler1').watch(ID2, 'ficrawler2'));
    expect(shown.stdout).toBe('No instance is flagged for reboot, of 2 watched in eu-central-1.\n');
  });

  it('reports which right is missing where it can only go by the tags', async () => {
    const stack = new ActingStack().watch(ID1, 'ficrawler1');
    stack.aws.fail(GetObjectCommand, 'AccessDenied', 1);
    const { exitCode, stdout, stderr } = await run(stack);
    expect([exitCode, stdout]).toEqual([0, 'No instance is flagged for reboot, of 1 watched in eu-central-1.\n']);
    expect(stderr).toMatch(
      /^crawlwatch: what checks remember can't be read, so this goes by the tags: .*s3:GetObject .*\n$/,
    );
  });

  it('lists them, the longest flagged first, with what to run next', async () => {
    const stack = new ActingStack()
      .flag(ID1, 'ficrawler9', 10)
      .flag(ID2, 'evil\u001b[31m', 40, { [TAG.acted]: 'reboot@2026-11-22T07:00:00Z', [TAG.auto]: 'never' })
      .watch(ID3, 'odd', { [TAG.flag]: 'yesterday' });
    const { exitCode, stdout } = await run(stack);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'INSTANCE                            STATE    FLAGGED AT  FOR     BECAUSE                LAST ACT             NOTES',
        'odd (i-00000000000000003)           running                      unreadable: yesterday  none',
        'evil\\x1b[31m (i-00000000000000002)  running  07:35 UTC   40 min  BannerTimeout          reboot at 07:00 UTC  auto=never',
        'ficrawler9 (i-00000000000000001)    running  08:05 UTC   10 min  BannerTimeout          none',
        '',
        '3 of 3 instances in eu-central-1 flagged for reboot',
        'next: crawlwatch reboot --flagged --dry-run   says for each whether it may be rebooted now',
        '',
      ].join('\n'),
    );
  });

  it('says which of them are muted or acknowledged', async () => {
    const stack = new ActingStack()
      .flag(ID1, 'ficrawler1', 10, { [TAG.mute]: 'window=Sun 08:00-09:00 UTC;why=backups' })
      .flag(ID2, 'ficrawler2', 10, { [TAG.mute]: 'sunday' })
      .flag(ID3, 'ficrawler3', 10);
    const { incident } = stack.state.instances.get(ID3)!;
    const ack = {
      by: 'ann@laptop',
      at: new Date('2026-11-22T08:10:00Z'),
      why: 'known',
      class: 'h',
      codes: [],
    } as const;
    stack.remember(ID3, { incident: { ...incident!, ack } });
    const { stdout } = await run(stack);
    expect(stdout).toMatch(/^ficrawler1 .* muted in the window Sun 08:00-09:00 UTC, until 09:00 UTC$/m);
    expect(stdout).toMatch(/^ficrawler2 .* mute unreadable: sunday$/m);
    expect(stdout).toMatch(/^ficrawler3 .* acknowledged by ann@laptop since 08:10 UTC: known$/m);
    expect(JSON.parse((await run(stack, 'json')).stdout).flagged[2].ack).toEqual({
      by: 'ann@laptop',
      at: '2026-11-22T08:10:00Z',
      why: 'known',
    });
  });

  it('lists one whose tag another tool has taken away, as long as it runs', async () => {
    const flag = { reason: 'BannerTimeout', at: new Date('2026-11-22T08:05:00Z') } as const;
    const stack = new ActingStack().watch(ID1, 'ficrawler1').watch(ID2, 'ficrawler2').remember(ID1, { flag });
    const { stdout } = await run(stack);
    expect(stdout).toMatch(/^ficrawler1 .* 08:05 UTC +10 min +BannerTimeout \(its tag is missing\)/m);
    expect(stdout).toContain('1 of 2 instances in eu-central-1 flagged for reboot');
  });

  it('is JSON for programs, with nothing in it where none is', async () => {
    expect(JSON.parse((await run(new ActingStack(), 'json')).stdout)).toEqual({
      version: 1,
      region: 'eu-central-1',
      flagged: [],
    });
    expect(JSON.parse((await run(new ActingStack().flag(ID1, 'x', 10), 'json')).stdout).flagged).toEqual([
      {
        id: ID1,
        name: 'x',
        state: 'running',
        flag: 'BannerTimeout',
        at: '2026-11-22T08:05:00.000Z',
        lastAct: null,
        auto: null,
        mute: null,
        ack: null,
      },
    ]);
  });
});

describe('crawlwatch plan', () => {
  const decision = (over: object) => ({
    instanceId: ID1,
    name: 'ficrawler7',
    remedy: 'restart-worker',
    heldBy: null,
    why: 'sidekiq.service for WorkerDown',
    ...over,
  });
  const answer = {
    done: false,
    instanceId: null,
    why: 'a plan',
    decisions: [
      decision({}),
      decision({ instanceId: ID2, name: 'ficrawler9', remedy: 'reboot', heldBy: 'spacing', why: 'too soon' }),
      decision({
        instanceId: ID3,
        name: 'ficrawler8',
        remedy: 'escalated',
        heldBy: 'escalated',
        why: 'its reboot did not help',
      }),
    ],
    pause: { who: 'ann@laptop', why: 'moving', from: '2026-11-22T08:00:00Z', until: '2026-11-22T10:00:00Z' },
    acts: [
      { remedy: 'reboot', instanceId: ID2, at: '2026-11-22T08:10:00Z', state: 'done', requester: 'ann@laptop' },
      { remedy: 'restart-worker', instanceId: ID3, at: '2026-11-21T09:00:00Z', state: 'worked', requester: 'schedule' },
    ],
  };
  const run = (stack: ActingStack, output: 'table' | 'json' = 'table', name = 'CrawlwatchStack') =>
    runCommand((io) => plan({ stack: name, output }, io, stack.ports));

  it('says in one line why there is none, exit code 3', async () => {
    expect(await run(new ActingStack(refused))).toMatchObject({
      exitCode: 3,
      stderr: 'crawlwatch: no plan: the record could not be read\n',
    });
  });

  it('reports where nothing is due', async () => {
    const shown = await run(new ActingStack(() => ({ ...answer, decisions: [], acts: [], pause: null })));
    expect(shown.stdout).toBe('Nothing is due: no instance of CrawlwatchStack qualifies for any remedy.\n');
  });

  it('tells the pause, what would be done, what holds the rest back, and what was done', async () => {
    const stack = new ActingStack(() => answer);
    const { exitCode, stdout } = await run(stack, 'table', 'Other');
    expect(stdout).toBe(
      [
        'PAUSED by ann@laptop since 08:00 UTC until 10:00 UTC: moving; end it: crawlwatch resume --stack Other',
        '  no restart and no reboot by anyone; checks, measurements, flags and mails go on',
        '',
        `ficrawler7 (${ID1}): restart-worker: would be done now: sidekiq.service for WorkerDown`,
        `ficrawler9 (${ID2}): reboot: held back (spacing): too soon`,
        `ficrawler8 (${ID3}): needs a person: its reboot did not help`,
        '',
        'Acts of the last day, newest first:',
        `  08:10 UTC  ficrawler9 (${ID2}): reboot: done, not verified yet, asked for by ann@laptop`,
        `  2026-11-21 09:00 UTC  ficrawler8 (${ID3}): restart-worker: worked, on schedule`,
        '',
      ].join('\n'),
    );
    expect({ exitCode, asked: stack.asked }).toEqual({
      exitCode: 0,
      asked: [{ action: 'plan', requester: REQUESTER }],
    });
  });

  it('is JSON for programs', async () => {
    const { stdout } = await run(new ActingStack(() => answer), 'json');
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, source: 'stack', decisions: answer.decisions });
  });
});

describe('crawlwatch history', () => {
  const entry = (over: object) => ({
    at: '2026-11-22T08:10:00.123Z',
    instanceId: ID1,
    remedy: 'reboot',
    outcome: 'done',
    heldBy: null,
    why: 'it carries the flag',
    requester: 'ann@laptop',
    evidence: [],
    ...over,
  });
  const run = (stack: ActingStack, word: string, output: 'table' | 'json' = 'table') =>
    runCommand((io) => history(word, { ...STACK, output }, io, stack.ports));

  it('says in one line why it can not be had, exit code 3', async () => {
    const { exitCode, stderr } = await run(new ActingStack(refused), ID1);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 3,
      stderr: `crawlwatch: no history of ${ID1}: the record could not be read\n`,
    });
  });

  it('reports where there is none, of an instance that is gone too', async () => {
    const stack = new ActingStack((request) => ({ ...done(request), history: [] }));
    expect((await run(stack, ID3)).stdout).toBe(
      `Nothing was done to ${ID3}, and nothing held back, in the last 90 days.\n`,
    );
  });

  it('lists what was done and held back, oldest first, with the evidence, safe for a terminal', async () => {
    const stack = new ActingStack((request) => ({
      ...done(request),
      history: [
        entry({ why: 'EC2 has queued the reboot' }),
        entry({ outcome: 'begun', evidence: ['console: Out of memory: Killed process 1 (ruby)\u001b[2J'] }),
        entry({
          at: '2026-11-21T08:10:00Z',
          outcome: 'held',
          heldBy: 'muted',
          why: 'it is muted',
          requester: 'schedule',
        }),
      ],
    })).watch(ID1, 'ficrawler9');
    expect((await run(stack, 'ficrawler9')).stdout).toBe(
      [
        `ficrawler9 (${ID1}), oldest first:`,
        '  2026-11-21 08:10:00 UTC  reboot: held back (muted), on schedule: it is muted',
        '  2026-11-22 08:10:00 UTC  reboot: begun, asked for by ann@laptop: it carries the flag',
        '      console: Out of memory: Killed process 1 (ruby)\\x1b[2J',
        '  2026-11-22 08:10:00 UTC  reboot: done, asked for by ann@laptop: EC2 has queued the reboot',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await run(stack, ID1, 'json')).stdout)).toMatchObject({
      version: 1,
      instanceId: ID1,
      name: 'ficrawler9',
      history: [{ outcome: 'held' }, { outcome: 'begun' }, { outcome: 'done' }],
    });
  });
});

describe('crawlwatch unflag', () => {
  const run = (stack: ActingStack, flags: object, words: string[] = ['ficrawler9']) =>
    runCommand((io) => unflag(words, { ...STACK, ...flags }, io, stack.ports));
  const one = (answering: ConstructorParameters<typeof ActingStack>[0]) =>
    new ActingStack(answering).flag(ID1, 'ficrawler9').flag(ID2, 'ficrawler8');

  it('does nothing unasked, exit code 3', async () => {
    const stack = one(done);
    expect((await run(stack, {})).stderr).toMatch(/^crawlwatch: there is no terminal to confirm on: give --yes/);
    expect(stack.asked).toEqual([]);
  });

  it('says why it was refused, exit code 1', async () => {
    expect(await run(one(refused), { yes: true })).toMatchObject({
      exitCode: 1,
      stdout: `ficrawler9 (${ID1}): unflag: not done: the record could not be read\n`,
    });
  });

  it('has the function take the flag off, one by one', async () => {
    const stack = one(done);
    const { exitCode, stdout } = await run(stack, { yes: true }, ['ficrawler9', 'ficrawler8']);
    expect(stdout).toContain(`ficrawler8 (${ID2}): unflag: done: as was asked for\n`);
    expect({ exitCode, asked: stack.asked }).toEqual({
      exitCode: 0,
      asked: [
        { action: 'unflag', instanceId: ID1, requester: REQUESTER },
        { action: 'unflag', instanceId: ID2, requester: REQUESTER },
      ],
    });
  });
});
