/** What `crawlwatch reboot` does once the reboot is under way: it follows it, and takes the next in its turn. */

import { DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { act } from '../../../bin/commands/act.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { ActingStack, type Asked, type CommandResult, ID1, ID2, ID3, runCommand } from '../../support/acting.ts';
import { HOST_KEY } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

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

describe('crawlwatch reboot follows', () => {
  const booted = { [NOTE.seen]: '9f8e7d6c/0', [TAG.status]: 'OK' };

  it('says that it needs a person when no check has seen it back in 15 minutes, exit code 2', async () => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9');
    const began = stack.now.getTime();
    const { exitCode, stdout } = await reboot(stack, [ID1]);
    expect(stdout).toBe(
      `ficrawler9 (${ID1}): reboot: done: it carries the flag\nficrawler9 (${ID1}): no check has seen it come back in 15 minutes: it needs a person; crawlwatch history ${ID1} shows what was tried\n`,
    );
    expect({ exitCode, minutes: (stack.now.getTime() - began) / 60_000 }).toEqual({ exitCode: 2, minutes: 15 });
  });

  it('what EC2 says of one that stopped instead', async () => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9');
    stack.whileWaiting = () => {
      stack.aws.instances.get(ID1)!.state = 'stopped';
    };
    expect((await reboot(stack, [ID1])).stdout).toContain('in 15 minutes; EC2 says it is stopped: it needs a person');
  });

  it.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['by its new boot id', {}, booted, 'its boot id is now 9f8e7d6c'],
    [
      'by its status where no boot id was known',
      { [NOTE.seen]: '' },
      { [TAG.status]: 'OK', [NOTE.since]: '2026-11-22T08:18:00Z' },
      'a check found it well again',
    ],
  ])('an instance until it is back %s, whatever EC2 says in between, exit code 0', async (_, before, after, says) => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9', 40, before);
    stack.whileWaiting = (waits) => {
      if (waits === 2) stack.aws.ec2.fail(DescribeInstancesCommand, new Error('hiccup'), 1);
      if (waits === 16) stack.note(ID1, after);
    };
    const { exitCode, stdout } = await reboot(stack, [ID1]);
    expect(stdout.split('\n')[1]).toBe(`ficrawler9 (${ID1}): came back within 4 min: ${says}`);
    expect(exitCode).toBe(0);
  });

  const UNREADABLE: readonly (readonly [string, (stack: ActingStack) => void])[] = [
    ['may not read the state', ({ aws }) => aws.fail(GetObjectCommand, 'AccessDenied', 1000)],
    [
      'may not look up where it is',
      ({ cloudFormation }) =>
        cloudFormation.fail(DescribeStacksCommand, cloudFormation.error('AccessDenied', 'no'), 1000),
    ],
    ['has a stack whose state is not there yet', ({ aws }) => aws.bucket.objects.clear()],
  ];
  it.each(UNREADABLE)('an instance by its status tag alone where this person %s', async (_, spoil) => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9');
    stack.whileWaiting = (waits) => {
      if (waits === 1) spoil(stack);
      if (waits === 8) stack.aws.instances.get(ID1)!.tags.set(TAG.status, 'OK');
    };
    const { exitCode, stdout } = await reboot(stack, [ID1]);
    expect(stdout).toContain(`ficrawler9 (${ID1}): came back within 2 min: a check found it well again\n`);
    expect(exitCode).toBe(0);
  });

  it.each(UNREADABLE)('an instance not by a status tag that said OK before, where this person %s', async (_, spoil) => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9', 40, { [TAG.status]: 'OK' });
    stack.whileWaiting = (waits) => void (waits === 1 && spoil(stack));
    expect((await reboot(stack, [ID1])).stdout).toContain('no check has seen it come back in 15 minutes');
  });

  it('not, with --no-wait', async () => {
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9');
    const shown = await reboot(stack, [ID1], { wait: false });
    expect(shown).toEqual({
      exitCode: 0,
      stdout: `ficrawler9 (${ID1}): reboot: done: it carries the flag\n`,
      stderr: '',
    });
  });

  it('until Ctrl-C, which leaves the reboot going and requests no further one', async () => {
    const controller = new AbortController();
    const stack = new ActingStack(done).flag(ID1, 'ficrawler9').flag(ID2, 'ficrawler8', 30);
    stack.whileWaiting = () => controller.abort();
    const { stderr } = await reboot(stack, [], { flagged: true }, { signal: controller.signal });
    expect(stderr).toContain(
      `the reboot of ficrawler9 (${ID1}) goes on; crawlwatch history ${ID1} shows how it went\n`,
    );
    expect(stderr).toContain(`stopped; nothing was requested for ficrawler8 (${ID2})\n`);
    expect(stack.asked).toHaveLength(1);
  });

  it('nothing once Ctrl-C comes before the answer, and says how to learn what became of it', async () => {
    const controller = new AbortController();
    const stack = new ActingStack(() => {
      controller.abort();
      return new Promise<object>(() => {});
    }).flag(ID1, 'ficrawler9');
    const { exitCode, stdout, stderr } = await reboot(stack, [ID1], {}, { signal: controller.signal });
    expect({ exitCode, stdout, stderr }).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `crawlwatch: no longer waiting for ficrawler9 (${ID1}); to see whether it was done: crawlwatch history ${ID1}\n`,
    });
  });

  it('on a terminal in one line that is written over and gone at the end, its name made safe', async () => {
    const stack = new ActingStack(done).flag(ID1, 'evil\u001b[31m');
    const { stderr } = await reboot(stack, [ID1], {}, { isTTY: true });
    expect(stderr).toContain(
      '\r\u001b[Kevil\\x1b[31m: being checked once more first, which may take two minutes\r\u001b[K',
    );
    expect(stderr.endsWith('\r\u001b[Kevil\\x1b[31m: not seen back yet, minute 15 of 15\r\u001b[K')).toBe(true);
  });

  it('several, the longest flagged first, each in its turn', async () => {
    const stack = new ActingStack().flag(ID1, 'a', 20).flag(ID2, 'b', 60).watch(ID3, 'c');
    let last = 0;
    stack.answers((request) => {
      const now = stack.now.getTime();
      if (now - last < 15 * 60_000) return held('spacing', 'reboots are 15 minutes apart')(request);
      last = now;
      stack.note(String(request.instanceId), { [NOTE.seen]: '9f8e7d6c/0' });
      stack.aws.instances.get(ID2)!.tags.set(TAG.hostKey, HOST_KEY);
      return done(request);
    });
    const { exitCode, stdout, stderr } = await reboot(stack, [], { flagged: true });
    expect(stdout.match(/^\w \(.*\): reboot: done/gm)).toEqual([
      `b (${ID2}): reboot: done`,
      `a (${ID1}): reboot: done`,
    ]);
    expect(stderr.match(/waits its turn/g)).toHaveLength(1);
    expect(exitCode).toBe(0);
  });

  it('no turn once Ctrl-C has come: what waited for its turn is not asked for again', async () => {
    const controller = new AbortController();
    const stack = new ActingStack().flag(ID1, 'a', 60).flag(ID2, 'b', 20);
    stack.answers((request) => {
      stack.note(ID1, { [NOTE.seen]: '9f8e7d6c/0' });
      return request.instanceId === ID1 ? done(request) : held('spacing', 'reboots are 15 minutes apart')(request);
    });
    stack.whileWaiting = (waits) => {
      if (waits === 2) controller.abort();
    };
    const { stderr } = await reboot(stack, [], { flagged: true }, { signal: controller.signal });
    await new Promise(setImmediate);
    expect(stderr).toContain(`no longer waiting for b (${ID2})`);
    expect(stack.asked.map(({ instanceId }) => instanceId)).toEqual([ID1, ID2]);
  });

  it('no other reboot than its own: held back by one, it ends at once', async () => {
    const stack = new ActingStack(held('in-flight', 'ficrawler1 is being rebooted')).flag(ID1, 'ficrawler9');
    const { exitCode, stdout } = await reboot(stack, [ID1]);
    expect(stdout).toContain('held back (in-flight): ficrawler1 is being rebooted');
    expect({ exitCode, asked: stack.asked.length }).toEqual({ exitCode: 1, asked: 1 });
  });
});
