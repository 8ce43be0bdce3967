import { InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { act } from '../../../bin/commands/act.ts';
import { ActingStack, type Asked, type CommandResult, ID1, ID2, ID3, runCommand } from '../../support/acting.ts';

const done = ({ instanceId }: Asked) => ({ done: true, instanceId, why: 'it carries the flag' });
const held = (heldBy: string, why: string) => (request: Asked) => ({
  done: false,
  instanceId: request.instanceId,
  why,
  decisions: [{ instanceId: request.instanceId, name: 'x', remedy: request.action, heldBy, why }],
});
const YES = { stack: 'CrawlwatchStack', yes: true } as const;
const reboot = (stack: ActingStack, words: readonly string[], flags: object = {}, given = {}): Promise<CommandResult> =>
  runCommand((io) => act('reboot', words, { ...YES, ...flags }, io, stack.ports), given);

describe('crawlwatch reboot does nothing', () => {
  const one = () => new ActingStack(done).flag(ID1, 'ficrawler9');

  it.each<[string, string[], object, string]>([
    ['without any instance', [], {}, 'reboot: name the instances, by id or Name, or give --flagged'],
    ['with instances and --flagged', [ID1], { flagged: true }, 'reboot: give either instances or --flagged'],
    [
      'for a name that none has',
      ['ficrawler8'],
      {},
      'no instance tagged crawlwatch=true in eu-central-1 is called ficrawler8; crawlwatch flagged and crawlwatch check --list-hosts name them',
    ],
    [
      'for an id that is cut short',
      ['i-0000'],
      {},
      'no instance tagged crawlwatch=true in eu-central-1 is called i-0000; crawlwatch flagged and crawlwatch check --list-hosts name them',
    ],
    [
      'where there is no terminal to confirm on',
      ['ficrawler9'],
      { yes: false },
      'there is no terminal to confirm on: give --yes to do it without asking, or --dry-run to see what would be done',
    ],
  ])('%s, exit code 3', async (_, words, flags, says) => {
    const stack = one();
    expect(await reboot(stack, words, flags)).toEqual({ exitCode: 3, stdout: '', stderr: `crawlwatch: ${says}\n` });
    expect(stack.asked).toEqual([]);
  });

  it('for a name that two have, and lists them', async () => {
    const stack = one().watch(ID2, 'ficrawler9');
    const { exitCode, stderr } = await reboot(stack, ['ficrawler9']);
    expect(stderr).toBe(`crawlwatch: ficrawler9 is the Name of 2 instances: ${ID1}, ${ID2}; give the id\n`);
    expect({ exitCode, asked: stack.asked }).toEqual({ exitCode: 3, asked: [] });
  });

  it('where the stack is not deployed, exit code 3', async () => {
    const stack = one();
    stack.deployed = false;
    const shown = await reboot(stack, [ID1], { stack: 'Other' });
    expect(shown).toEqual({
      exitCode: 3,
      stdout: '',
      stderr:
        'crawlwatch: no stack Other of crawlwatch here: crawlwatch deploy, or --stack NAME, or another AWS_REGION\n',
    });
  });

  it.each([
    ['no', ['n\n']],
    ['nothing', ['\n']],
    ['something else', ['yesterday\n']],
    ['and the input ends', []],
    ['in pieces', ['n', 'o', '\n', 'y\n']],
  ])('where a person at the terminal answers %s, exit code 1', async (_, stdin) => {
    const stack = one();
    const { exitCode, stdout, stderr } = await reboot(stack, ['ficrawler9'], { yes: false }, { stdin, isTTY: true });
    expect({ exitCode, stdout, asked: stack.asked }).toEqual({ exitCode: 1, stdout: '', asked: [] });
    expect(stderr).toMatch(/^Reboot ficrawler9 \(i-00000000000000001\)\? \[y\/N\] \n?Nothing was done\.\n$/);
  });

  it('where Ctrl-C comes instead of an answer', async () => {
    const stack = one();
    const signal = AbortSignal.abort();
    const { exitCode } = await reboot(stack, [ID1], { yes: false }, { isTTY: true, signal, stdin: ['y\n'] });
    expect({ exitCode, asked: stack.asked }).toEqual({ exitCode: 1, asked: [] });
  });

  it('where none is flagged, and reports that', async () => {
    const stack = new ActingStack(done).watch(ID1, 'ficrawler1');
    expect(await reboot(stack, [], { flagged: true })).toEqual({
      exitCode: 0,
      stdout: 'No instance is flagged for reboot, of 1 watched in eu-central-1.\n',
      stderr: '',
    });
  });
});

describe('crawlwatch reboot says', () => {
  it('which guard held it back, exit code 1', async () => {
    const stack = new ActingStack(held('muted', 'it is muted until\u001b[31m 09:00')).flag(ID1, 'ficrawler9');
    expect(await reboot(stack, ['ficrawler9'])).toEqual({
      exitCode: 1,
      stdout: `ficrawler9 (${ID1}): reboot: held back (muted): it is muted until\\x1b[31m 09:00\n`,
      stderr: '',
    });
  });

  it('how to find out whether it was done when the function dies', async () => {
    const stack = new ActingStack(() => {
      throw new Error('Task timed out after 300.00 seconds');
    }).flag(ID1, 'ficrawler9');
    expect(await reboot(stack, [ID1], { stack: 'Other' })).toMatchObject({
      exitCode: 3,
      stderr: `crawlwatch: the remedy function gave no answer: it failed: Error: Task timed out after 300.00 seconds; to see whether it was done: crawlwatch history ${ID1} --stack Other\n`,
    });
  });

  it('what to allow where AWS denies the call', async () => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9');
    stack.lambda.fail(InvokeCommand, stack.lambda.error('AccessDeniedException', 'not authorized'), 1);
    const { exitCode, stderr } = await reboot(stack, [ID1]);
    expect(stderr).toBe(
      'crawlwatch: AWS denies this identity what crawlwatch reboot does (AccessDeniedException: not authorized); allow it in IAM (acting takes cloudformation:DescribeStacks, ec2:DescribeInstances and lambda:InvokeFunction on the remedy function)\n',
    );
    expect(exitCode).toBe(3);
  });

  it('that the stack is of another version where the answer makes no sense', async () => {
    const stack = new ActingStack(() => ({ hello: 'world' })).flag(ID1, 'ficrawler9');
    const { exitCode, stderr } = await reboot(stack, [ID1]);
    expect(stderr).toMatch(
      /^crawlwatch: the remedy function's answer is not understood \(done: .*crawlwatch deploy\)\n$/,
    );
    expect(exitCode).toBe(3);
  });

  it('what became of an act that EC2 refused, and what else went wrong, exit code 1', async () => {
    const stack = new ActingStack((request) => ({
      ...held('refused', '')(request),
      why: 'it was tried and refused; EC2: no; its tag could not be written: no',
      decisions: [{ instanceId: ID1, name: 'x', remedy: 'reboot', heldBy: null, why: 'it carries the flag' }],
      problems: ['its tag could not be written: no', 'the mail could not be sent'],
    })).flag(ID1, 'ficrawler9');
    expect(await reboot(stack, [ID1])).toEqual({
      exitCode: 1,
      stdout: `ficrawler9 (${ID1}): reboot: not done: it was tried and refused; EC2: no; its tag could not be written: no\n`,
      stderr: 'crawlwatch: the mail could not be sent\n',
    });
  });

  it.each<[string, string | null, number, string]>([
    ['would be held back', 'asg', 1, 'held back (asg): it belongs to an Auto Scaling group'],
    ['would be done', null, 0, 'dry run: would reboot'],
  ])('in a dry run, without asking first, what %s', async (_, heldBy, exitCode, says) => {
    const why = says.replace(/.*\): /, '');
    const stack = new ActingStack(held(heldBy as string, why)).flag(ID1, 'ficrawler9');
    expect(await reboot(stack, [ID1], { dryRun: true, yes: false })).toEqual({
      exitCode,
      stdout: `ficrawler9 (${ID1}): reboot: ${says}\n`,
      stderr: '',
    });
    expect(stack.asked).toMatchObject([{ action: 'reboot', instanceId: ID1, dryRun: true }]);
  });
});

describe('what is asked of the function', () => {
  it.each<[string, 'reboot' | 'restart-worker' | 'restart-sshd', object, object]>([
    [
      'a reboot with guards set aside',
      'reboot',
      { override: ['asg', 'event'], wait: false },
      { overrides: ['asg', 'event'] },
    ],
    ['a restart of the worker', 'restart-worker', {}, {}],
    ['a rehearsal of a restart of sshd', 'restart-sshd', { dryRun: true }, { dryRun: true }],
  ])('is %s, by whom, and nothing else', async (_, remedy, flags, more) => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9');
    await runCommand((io) => act(remedy, [ID1, 'ficrawler9'], { ...YES, ...flags }, io, stack.ports));
    expect(stack.asked).toEqual([
      { action: remedy, instanceId: ID1, requester: expect.stringMatching(/^[\x20-\x7e]{3,64}$/), ...more },
    ]);
  });

  it('comes after a question that names every instance, answered yes', async () => {
    const stack = new ActingStack(done).watch(ID1, 'ficrawler7').watch(ID2, 'ficrawler8');
    const run = runCommand((io) => act('restart-worker', [ID1, ID2], { stack: YES.stack }, io, stack.ports), {
      isTTY: true,
      stdin: ['y\n'],
    });
    expect((await run).stderr.split('\r')[0]).toBe(
      `Restart the worker on 2 instances: ficrawler7 (${ID1}), ficrawler8 (${ID2})? [y/N] `,
    );
    expect(stack.asked).toHaveLength(2);
  });

  it('may be about an instance that is not among the watched: the function judges', async () => {
    const stack = new ActingStack(held('unwatched', 'it does not carry the tag crawlwatch=true'));
    stack.aws.launch(ID3);
    expect((await reboot(stack, [ID3])).stdout).toBe(
      `${ID3}: reboot: held back (unwatched): it does not carry the tag crawlwatch=true\n`,
    );
  });
});
