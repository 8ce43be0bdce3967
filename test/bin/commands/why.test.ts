/** `crawlwatch why`: what checks remember of one instance, and the record of acts. */
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { why } from '../../../bin/commands/why.ts';
import type { InstanceState, PastDecision } from '../../../lambda/model/index.ts';
import { ActingStack, ID1, ID2, ID3, runCommand } from '../../support/acting.ts';
import { minutesAgo, NOW } from '../../support/fleet.ts';

const at = (minutes: number) => new Date(minutesAgo(minutes));
const decision = (minutes: number, over: Partial<PastDecision> = {}): PastDecision => ({
  at: at(minutes),
  flag: false,
  why: 'not flagged: it is reached by SSH alone',
  for: [],
  against: [],
  ...over,
});
const HUNG: Partial<InstanceState> = {
  letters: '......wchhh',
  status: 'CRITICAL',
  reasons: ['BannerTimeout'],
  since: at(15),
  failures: 3,
  failingSince: at(15),
  seen: { boot: '1a2b3c4d', oomKills: 2 },
};
const FLAGGED: Partial<InstanceState> = {
  ...HUNG,
  flag: { reason: 'BannerTimeout', at: at(5) },
  incident: {
    openedAt: at(25),
    due: 'h',
    mailed: 'h',
    mailedAt: at(5),
    codes: ['MemoryLow', 'BannerTimeout'],
    heldMailed: false,
    flagMailed: true,
    vainMailed: false,
  },
  mails: [at(15), at(5)],
  decisions: [
    decision(10, { against: ['its network traffic is as usual'] }),
    decision(5, {
      flag: true,
      why: 'flagged: 3 failed checks in a row, and one more attempt just now',
      for: ['direct: EC2 status impaired', 'Console: Out of memory: Killed process 1 (ruby)\u001b[2J\u202e'],
    }),
  ],
};
const entry = {
  at: at(60).toISOString(),
  instanceId: ID1,
  remedy: 'restart-worker',
  outcome: 'worked',
  heldBy: null,
  why: 'memory is gone\u001b[31m',
  requester: 'schedule',
  evidence: ['console: evil\u0007'],
};
const held = {
  instanceId: ID1,
  name: 'x',
  remedy: 'reboot',
  heldBy: 'evidence',
  why: 'there is no direct evidence',
};
/** The function as it answers to `history` and `plan`. */
const answering =
  (over: object = {}) =>
  ({ action }: Readonly<Record<string, unknown>>) => ({
    ...{ done: true, instanceId: null, why: 'as was asked for' },
    ...(action === 'history' ? { history: [entry] } : { decisions: [held], acts: [], pause: null }),
    ...over,
  });
const run = (stack: ActingStack, word: string = ID1, output: 'table' | 'json' = 'table') =>
  runCommand((io) => why(word, { stack: 'CrawlwatchStack', output }, io, stack.ports));

describe('crawlwatch why', () => {
  it('says of an instance that no check has seen what is allowed, exit code 3', async () => {
    const stack = new ActingStack(answering()).watch(ID1, 'ficrawler9');
    expect(await run(stack, ID3)).toEqual({
      exitCode: 3,
      stdout: '',
      stderr: `crawlwatch: no check of CrawlwatchStack has seen ${ID3}; allowed: an instance that it watches in eu-central-1, named by crawlwatch check --list-hosts, or another --stack NAME\n`,
    });
    expect((await run(stack, 'nobody')).stderr).toMatch(/no instance tagged crawlwatch=true .* is called nobody/);
  });

  it('says where no check has left anything, exit code 3', async () => {
    const { exitCode, stderr } = await run(new ActingStack(answering()));
    expect(stderr).toMatch(/^crawlwatch: no check of CrawlwatchStack in eu-central-1 has left anything to read .*\n$/);
    expect(exitCode).toBe(3);
  });

  it('names the right that is missing to read what checks remember', async () => {
    const stack = new ActingStack(answering()).watch(ID1, 'ficrawler9');
    stack.aws.fail(GetObjectCommand, 'AccessDenied', 1);
    const { exitCode, stdout, stderr } = await run(stack);
    expect({ exitCode, stdout }).toEqual({ exitCode: 3, stdout: '' });
    expect(stderr).toMatch(/^crawlwatch: what checks remember can't be read: .*s3:GetObject.*\n$/);
  });

  it('shows what can be read where the remedy function may not be asked, and names that right', async () => {
    const stack = new ActingStack().watch(ID1, 'ficrawler9').remember(ID1, FLAGGED);
    stack.lambda.on(InvokeCommand, () => {
      throw stack.lambda.error('AccessDeniedException', 'not authorized to perform: lambda:InvokeFunction');
    });
    const { exitCode, stdout } = await run(stack);
    expect(stdout).toMatch(/flagged 08:10 UTC \(BannerTimeout\); whether it is rebooted by itself is not known here\n/);
    expect(stdout).toMatch(/\nActs: not known\nNot known: its acts, and what is due: .*lambda:InvokeFunction on the/);
    expect(exitCode).toBe(0);
  });

  it('shows who acknowledged the incident, since when and why', async () => {
    const ack = { by: 'ann@laptop', at: at(3), why: 'known\u001b[2J', class: 'h', codes: [] } as const;
    const incident = { ...FLAGGED.incident!, ack };
    const stack = new ActingStack(answering()).watch(ID1, 'ficrawler9').remember(ID1, { ...FLAGGED, incident });
    expect((await run(stack)).stdout).toContain(
      '\nAcknowledged by ann@laptop since 08:12 UTC: known\\x1b[2J; no reminder until it changes\n',
    );
    expect(JSON.parse((await run(stack, ID1, 'json')).stdout).incident.ack).toEqual({
      by: 'ann@laptop',
      at: '2026-11-22T08:12:00Z',
      why: 'known\u001b[2J',
    });
  });

  it('shows a flag, its row of checks, its incident, decisions and acts, safe for a terminal', async () => {
    const stack = new ActingStack(answering()).watch(ID1, 'ficrawler9\u001b[2J').remember(ID1, FLAGGED);
    const { exitCode, stdout, stderr } = await run(stack);
    expect(stdout.split('\n')).toEqual([
      `ficrawler9\\x1b[2J (${ID1}): flagged 08:10 UTC (BannerTimeout); no reboot by itself: there is no direct evidence`,
      '',
      'Checks: ......wchhh   the last 11, the newest on the right',
      '        . OK   w WARNING   c CRITICAL as measured   h hung',
      'Incident: opened 07:50 UTC, hung, last mailed 08:10 UTC as hung: MemoryLow, BannerTimeout',
      'Mails that named it, of the last day: 08:00 UTC, 08:10 UTC',
      'Seen: boot 1a2b3c4d, 2 OOM kills since',
      '',
      'Decisions about a flag, newest first:',
      '  08:10 UTC  FLAGGED: 3 failed checks in a row, and one more attempt just now',
      '      for: direct: EC2 status impaired',
      '      for: Console: Out of memory: Killed process 1 (ruby)\\x1b[2J\\u202e',
      '      against: none recorded',
      '  08:05 UTC  not flagged: it is reached by SSH alone',
      '      for: none recorded',
      '      against: its network traffic is as usual',
      '',
      'Due, held back (evidence): reboot: there is no direct evidence',
      'Acts, newest first:',
      '  07:15 UTC  restart-worker: worked, on schedule: memory is gone\\x1b[31m',
      '      console: evil\\x07',
      '',
    ]);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stack.asked.map(({ action }) => action).sort()).toEqual(['history', 'plan']);
  });

  it('says of a decision without evidence that none was recorded, and that notes in mails are none', async () => {
    const stack = new ActingStack(answering()).watch(ID1, 'ficrawler9').remember(ID1, { decisions: [decision(5)] });
    expect((await run(stack)).stdout).toContain(
      "  08:10 UTC  not flagged: it is reached by SSH alone\n      no evidence for or against a hang was recorded: what a mail only notes, like EC2's status check being ok, is neither\n\n",
    );
  });

  it('is JSON for programs, of an instance that is gone as well', async () => {
    const stack = new ActingStack(answering()).watch(ID1, 'ficrawler9').remember(ID2, FLAGGED);
    const { stdout } = await run(stack, ID2, 'json');
    expect(stdout).not.toMatch(/[\p{Cf}\u202e]/u);
    expect(stdout).not.toContain('\u001b');
    expect(JSON.parse(stdout)).toMatchObject({
      version: 1,
      instanceId: ID2,
      name: ID2,
      region: 'eu-central-1',
      flag: { reason: 'BannerTimeout', at: '2026-11-22T08:10:00Z' },
      letters: '......wchhh',
      incident: { openedAt: '2026-11-22T07:50:00Z', class: 'h', mailed: 'h' },
      decisions: [
        { flag: true, at: '2026-11-22T08:10:00Z' },
        { flag: false, against: ['its network traffic is as usual'] },
      ],
      due: [],
      pause: null,
      acts: [{ remedy: 'restart-worker', outcome: 'worked', at: '2026-11-22T07:15:00Z' }],
      unknown: [],
    });
  });

  it.each<[string, Partial<InstanceState>, object, RegExp]>([
    [
      'a good one',
      { letters: '..', status: 'OK', since: at(90) },
      { decisions: [] },
      /: OK since 06:45 UTC; nothing is due\n/,
    ],
    [
      'one that begins to fail',
      { ...HUNG, failures: 1 },
      { decisions: [] },
      /no flag decided yet, 1 failed check in a row\n/,
    ],
    [
      'one that a decision holds back',
      { ...HUNG, decisions: [decision(5)] },
      { decisions: [] },
      /not flagged: it is reached by SSH alone; 3 failed checks in a row\n/,
    ],
    [
      'one whose last decision is from before',
      { ...HUNG, decisions: [decision(500)] },
      { decisions: [] },
      /no flag decided yet, 3 failed checks in a row\n/,
    ],
    [
      'one in a pause',
      FLAGGED,
      { pause: { who: 'ann@laptop\u001b', why: 'moving', from: NOW.toISOString(), until: null } },
      /; nothing is done: acts are paused by ann@laptop\\x1b: moving\n/,
    ],
    [
      'one that is due',
      FLAGGED,
      { decisions: [{ ...held, heldBy: null }] },
      /; reboot is due at the next check: there/,
    ],
    [
      'a person’s',
      FLAGGED,
      { decisions: [{ ...held, remedy: 'escalated' }] },
      /; it needs a person: there is no direct/,
    ],
  ])('says in its first line what comes next: %s', async (_what, state, answer, line) => {
    const stack = new ActingStack((request) => ({
      ...answering()(request),
      ...(request.action === 'plan' ? answer : {}),
    }));
    expect((await run(stack.watch(ID1, 'ficrawler9').remember(ID1, state))).stdout).toMatch(line);
  });
});
