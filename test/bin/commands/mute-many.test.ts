/** `crawlwatch mute` for several instances at once, in windows, and its list. */

import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { type MuteFlags, mute } from '../../../bin/commands/mute.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { ActingStack, runCommand } from '../../support/acting.ts';

const id = (n: number) => `i-000000000000000${String(n).padStart(2, '0')}`;
const STACK = { stack: 'CrawlwatchStack' };

/** ficrawler1 to 6, of which two are news; web1; two that are called twin; one of another stack. */
function fleet(): ActingStack {
  const stack = new ActingStack();
  for (let n = 1; n <= 6; n++) stack.watch(id(n), `ficrawler${n}`, { team: n <= 4 ? 'search' : 'news', env: 'prod' });
  stack.watch(id(7), 'web1', { team: 'search', env: 'test' });
  stack.watch(id(8), 'twin').watch(id(9), 'twin');
  stack.watch(id(10), 'ficrawler7', { [TAG.stack]: 'OtherStack', team: 'search', env: 'prod' });
  return stack;
}

const run = (
  stack: ActingStack,
  words: string[],
  flags: Partial<MuteFlags>,
  terminal?: Parameters<typeof runCommand>[1],
) => runCommand((io) => mute(words, { ...STACK, ...flags }, io, stack.ports), terminal);
const mutedIn = (stack: ActingStack) =>
  Array.from({ length: 11 }, (_, n) => n + 1).filter((n) => stack.tags(id(n))[TAG.mute] !== undefined);

describe('a selection that fits nothing', () => {
  it.each<[string[], Partial<MuteFlags>, string]>([
    [
      ['ficrawlr3'],
      {},
      'ficrawlr3 fits no instance tagged crawlwatch=true in eu-central-1, by Name or id; near it: ficrawler3; crawlwatch check --list-hosts names all',
    ],
    [
      ['wbe*'],
      {},
      '"wbe*" fits no instance tagged crawlwatch=true in eu-central-1, by Name or id; crawlwatch check --list-hosts names all',
    ],
    [
      ['web*:!web1'],
      {},
      '"web*:!web1" fits no instance tagged crawlwatch=true in eu-central-1, by Name or id; near it: web1; crawlwatch check --list-hosts names all',
    ],
    [['~('], {}, 'got "~("; allowed: a regular expression that Python and JavaScript read alike, not ~('],
    [['twin'], {}, `twin is the Name of 2 instances: ${id(8)}, ${id(9)}; give the id`],
    [
      ['ficrawler[8]'],
      {},
      '"ficrawler[8]" fits no instance tagged crawlwatch=true in eu-central-1, by Name or id; near it: ficrawler1, ficrawler2, ficrawler3, ficrawler4, ficrawler5; [...] at the end counts the hosts of a group, as in Ansible: put a * after it for a wildcard; crawlwatch check --list-hosts names all',
    ],
    [[], { tag: ['team'] }, '--tag: got "team"; allowed: KEY=VALUE'],
    [
      [],
      { tag: ['team=serach'] },
      '--tag: no instance tagged crawlwatch=true in eu-central-1 carries "team=serach"; near it: search, news',
    ],
    [
      [],
      { tag: ['taem=search'] },
      '--tag: no instance tagged crawlwatch=true in eu-central-1 carries "taem=search"; near it: team',
    ],
    [
      [],
      { tag: ['team=news', 'env=test'] },
      '--tag: no instance tagged crawlwatch=true in eu-central-1 carries "team=news and env=test" together',
    ],
    [['web1'], { all: true }, 'mute: give either instances, --tag or --all'],
    [['web1'], { list: true }, 'mute: --list changes nothing: give it without --for, or leave out --list'],
    [[], {}, "mute: say which: instances by id, Name or pattern ('ficrawler*'), --tag KEY=VALUE or --all"],
  ])('%j %j is refused in one line, and nothing is written', async (words, flags, says) => {
    const stack = fleet();
    const { exitCode, stdout, stderr } = await run(stack, words, { for: '2h', yes: true, ...flags });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 3, stdout: '', stderr: `crawlwatch: ${says}\n` });
    expect(mutedIn(stack)).toEqual([]);
  });
});

describe('a selection', () => {
  it.each<[string[], Partial<MuteFlags>, number[]]>([
    [['ficrawler*'], {}, [1, 2, 3, 4, 5, 6]],
    [['ficrawler*:!ficrawler2'], {}, [1, 3, 4, 5, 6]],
    [['~.*[12]$'], {}, [1, 2, 7]],
    [['twin,web1'], {}, [7, 8, 9]],
    [[id(11), 'tw*'], {}, [8, 9, 11]],
    [[`${id(3)},web1`], {}, [3, 7]],
    [[], { tag: ['team=search'] }, [1, 2, 3, 4, 7]],
    [[], { tag: ['team=search', 'env=prod'] }, [1, 2, 3, 4]],
    [[], { all: true }, [1, 2, 3, 4, 5, 6, 7, 8, 9]],
  ])('%j %j chooses by Name, id and tag, without those of another stack', async (words, flags, expected) => {
    const stack = fleet();
    stack.aws.launch(id(11), { tags: {} });
    expect((await run(stack, words, { for: '2h', yes: true, ...flags })).exitCode).toBe(0);
    expect(mutedIn(stack)).toEqual(expected);
  });

  it('of more than three asks first, and says how many and which', async () => {
    const stack = fleet();
    const { exitCode, stdout, stderr } = await run(
      stack,
      ['ficrawler*'],
      { for: '2h' },
      { isTTY: true, stdin: ['n\n'] },
    );
    expect(stderr).toMatch(
      /^Mute 6 instances until 10:15 UTC: ficrawler1 \(i-\d{17}\), .*, ficrawler6 \(i-\d{17}\)\? \[y\/N\] Nothing was done\.\n$/,
    );
    expect({ exitCode, stdout, muted: mutedIn(stack) }).toEqual({ exitCode: 1, stdout: '', muted: [] });
  });

  it('of more than three is refused in a pipe without --yes, and rehearsed without asking', async () => {
    const stack = fleet();
    expect(await run(stack, [], { all: true, for: '2h' })).toMatchObject({
      exitCode: 3,
      stdout: '',
      stderr: expect.stringContaining('give --yes'),
    });
    const { exitCode, stdout } = await run(stack, [], { all: true, for: '2h', dryRun: true });
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toHaveLength(11);
    expect(stdout).toContain('9 instances would be muted until 10:15 UTC: checked and measured');
    expect(mutedIn(stack)).toEqual([]);
  });

  it('is written in one call, and says how it is ended', async () => {
    const stack = fleet();
    const { stdout } = await run(stack, [], { tag: ['team=search', 'env=prod'], for: '2h', yes: true });
    expect(stack.aws.calls(CreateTagsCommand.name)).toBe(1);
    expect(stdout).toMatch(/; end it: crawlwatch mute --tag team=search --tag env=prod --off\n$/);
  });

  it('names those whose tag could not be written, exit code 1; the others are muted', async () => {
    const stack = fleet();
    stack.aws.denied.add(id(2));
    const { exitCode, stdout, stderr } = await run(stack, ['ficrawler*'], { for: '2h', yes: true });
    expect(stderr).toMatch(/^crawlwatch: i-0{15}02: not changed: UnauthorizedOperation: .*\n$/);
    expect(stdout).toContain('5 instances muted until');
    expect(stdout).not.toContain('ficrawler2');
    expect({ exitCode, muted: mutedIn(stack) }).toEqual({ exitCode: 1, muted: [1, 3, 4, 5, 6] });
  });

  it('says which windows it replaces, in the question as well', async () => {
    const window = 'Sat 02:00-06:00 Europe/Berlin';
    const stack = fleet().watch(id(11), 'backed', { [TAG.mute]: `window=${window};why=backups` });
    const { stderr } = await run(stack, [], { all: true, for: '2h' }, { isTTY: true, stdin: ['n\n'] });
    expect(stderr).toContain('; this replaces the window of 1 of them?');
    expect((await run(stack, ['backed'], { window })).stdout).not.toContain('in place of');
    const { stdout } = await run(stack, ['backed'], { for: '2h' });
    expect(stdout).toMatch(
      /: muted until \d\d:\d\d UTC, in place of the window Sat 02:00-06:00 Europe\/Berlin: checked/,
    );
    const again = await run(stack, ['backed'], { for: '2h' });
    expect(again.stdout).not.toContain('in place of');
  });

  it('ends the mutes that there are, and counts the others', async () => {
    const stack = fleet().note(id(2), { [TAG.mute]: 'until=2026-11-23T08:15:00Z' });
    expect(await run(stack, [], { all: true, off: true })).toEqual({
      exitCode: 0,
      stdout: `ficrawler2 (${id(2)}): no longer muted; the next check mails and flags again\n8 of 9 instances are not muted\n`,
      stderr: '',
    });
    expect(mutedIn(stack)).toEqual([]);
  });
});

describe('a time', () => {
  it.each<[Partial<MuteFlags>, string, string]>([
    [{ until: '2026-11-23T06:00:00Z' }, 'until=2026-11-23T06:00:00Z', 'muted until 2026-11-23 06:00 UTC'],
    [{ until: '2026-11-23T06:00+01:00' }, 'until=2026-11-23T05:00:00Z', 'muted until 2026-11-23 05:00 UTC'],
    [
      { window: 'Sat 02:00-06:00 Europe/Berlin', why: 'backups' },
      'window=Sat 02:00-06:00 Europe/Berlin;why=backups',
      'muted in the window Sat 02:00-06:00 Europe/Berlin, next at 2026-11-28 01:00 UTC',
    ],
    [
      { window: 'Sat 02:00-06:00 UTC, Sun 08:00-09:00 UTC' },
      'window=Sat 02:00-06:00 UTC,Sun 08:00-09:00 UTC',
      'muted in the window Sat 02:00-06:00 UTC and Sun 08:00-09:00 UTC, which is open until 09:00 UTC',
    ],
    [
      { window: '00:00-24:00 UTC' },
      'window=00:00-24:00 UTC',
      'muted in the window 00:00-24:00 UTC, which is always open',
    ],
  ])('%j is written as the checks read it', async (flags, value, says) => {
    const stack = fleet();
    const { exitCode, stdout } = await run(stack, ['web1'], flags);
    expect({ exitCode, tag: stack.tags(id(7))[TAG.mute] }).toEqual({ exitCode: 0, tag: value });
    expect(stdout).toContain(`web1 (${id(7)}): ${says}: checked and measured`);
  });
});

describe('the list', () => {
  it('says who is muted, until when or in which window, and why', async () => {
    const stack = fleet()
      .note(id(1), { [TAG.mute]: 'until=2026-11-23T08:15:00Z;why=disk\u001b[31m' })
      .note(id(2), { [TAG.mute]: 'until=2026-11-21T08:15:00Z' })
      .note(id(3), { [TAG.mute]: 'window=Sat 02:00-06:00 UTC' })
      .note(id(4), { [TAG.mute]: 'window=Sun 08:00-09:00 UTC;why=backups' })
      .note(id(5), { [TAG.mute]: 'on sundays' });
    const { exitCode, stdout } = await run(stack, [], { list: true });
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'INSTANCE | MUTED NOW | UNTIL | WINDOW | NEXT OPENING | WHY',
      `ficrawler1 (${id(1)}) | yes | 2026-11-23 08:15 UTC | disk\\x1b[31m`,
      `ficrawler3 (${id(3)}) | no | Sat 02:00-06:00 UTC | 2026-11-28 02:00 UTC`,
      `ficrawler4 (${id(4)}) | yes | 09:00 UTC | Sun 08:00-09:00 UTC | backups`,
      `ficrawler5 (${id(5)}) | no | unreadable: on sundays`,
      '',
      expect.stringMatching(/^What can't be read silences nothing, .* takes until=.* or window=/),
      '',
    ]);
  });

  it('says where nobody is, and takes a selection', async () => {
    const stack = fleet().note(id(1), { [TAG.mute]: 'until=2026-11-23T08:15:00Z' });
    expect((await run(stack, ['web*'], { list: true })).stdout).toBe('No instance is muted, of 1 looked at.\n');
    expect((await run(stack, ['fi*'], { list: true })).stdout).toContain('ficrawler1');
  });
});
