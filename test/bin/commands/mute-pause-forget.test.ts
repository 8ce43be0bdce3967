/** The commands that keep crawlwatch from acting: mute, pause, resume; and forget, its tags' end. */

import { CreateTagsCommand, DeleteTagsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { forget } from '../../../bin/commands/forget.ts';
import { type MuteFlags, mute } from '../../../bin/commands/mute.ts';
import { pause, resume } from '../../../bin/commands/pause.ts';
import { FORMER_TAG_KEYS, OWN_TAG_KEYS, TAG } from '../../../lambda/model/index.ts';
import { ActingStack, type Asked, ID1, ID2, ID3, runCommand } from '../../support/acting.ts';
import { HOST_KEY, instance } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';

const STACK = { stack: 'CrawlwatchStack' };
const REQUESTER = expect.stringMatching(/^[\x20-\x7e]{3,64}$/);
const done = ({ instanceId = null }: Asked) => ({ done: true, instanceId, why: 'as was asked for' });
const refused = ({ instanceId = null }: Asked) => ({ done: false, instanceId, why: 'the record could not be read' });

const MUTE_HOW =
  "mute: say for how long, --for 2h, --until TIME or --window 'Sat 02:00-06:00 Europe/Berlin'; or end it, --off";

describe('crawlwatch mute', () => {
  const run = (stack: ActingStack, flags: Partial<MuteFlags>, words: string[] = ['ficrawler7']) =>
    runCommand((io) => mute(words, { ...STACK, ...flags }, io, stack.ports));
  const fleet = () => new ActingStack().watch(ID1, 'ficrawler7').watch(ID2, 'ficrawler8');

  it.each<[Partial<MuteFlags>, string]>([
    [{}, MUTE_HOW],
    [{ for: '2h', off: true }, 'mute: give either --for or --off'],
    [{ for: '2h', until: '2026-11-23T06:00:00Z' }, 'mute: give either --for or --until'],
    [{ off: true, why: 'x' }, 'mute: --why goes with a mute, not with --off'],
    [
      { until: '2026-02-30T06:00:00Z' },
      '--until: got "2026-02-30T06:00:00Z"; allowed: a time later than now, within 365 days, like 2026-11-22T10:15:00Z or with an offset, 2026-11-22T10:15:00+00:00',
    ],
    [
      { until: '2026-11-22T08:15:00Z' },
      '--until: got "2026-11-22T08:15:00Z"; allowed: a time later than now, within 365 days, like 2026-11-22T10:15:00Z or with an offset, 2026-11-22T10:15:00+00:00',
    ],
    [
      { window: 'Sat 02:00-06:00' },
      '--window: got "Sat 02:00-06:00"; allowed: like Mon-Fri 02:00-05:00 Europe/Berlin; several are separated by commas',
    ],
    [
      { window: 'Sat 02:00-06:00 UTC,Sun 02:00-02:00 UTC' },
      '--window: got "Sun 02:00-02:00 UTC"; allowed: an end that is not the beginning; the whole day is 00:00-24:00; several are separated by commas',
    ],
    [{ for: '2 h' }, '--for: got "2 h"; allowed: a time like 30m, 2h or 1d, at most 365d'],
    [{ for: '0m' }, '--for: got "0m"; allowed: a time like 30m, 2h or 1d, at most 365d'],
    [{ for: '366d' }, '--for: got "366d"; allowed: a time like 30m, 2h or 1d, at most 365d'],
    [{ for: '2h', why: 'x'.repeat(226) }, '--why: too long for the tag crawlwatch:mute; allowed: 225 characters'],
  ])('refuses %j in one line and writes nothing', async (flags, says) => {
    const stack = fleet();
    expect(await run(stack, flags)).toEqual({ exitCode: 3, stdout: '', stderr: `crawlwatch: ${says}\n` });
    expect(stack.tags(ID1)[TAG.mute]).toBeUndefined();
  });

  it('says in one line what AWS refused', async () => {
    const stack = fleet();
    stack.aws.fail(CreateTagsCommand, 'UnauthorizedOperation');
    const { exitCode, stderr } = await run(stack, { for: '2h' });
    expect(stderr).toMatch(/^crawlwatch: AWS denies this identity what crawlwatch \w+ does .*\n$/);
    expect(exitCode).toBe(3);
  });

  it.each([
    ['30m', undefined, 'until=2026-11-22T08:45:00Z'],
    ['1d', 'new disk; ask ann', 'until=2026-11-23T08:15:00Z;why=new disk; ask ann'],
    ['2h', 'x'.repeat(225), `until=2026-11-22T10:15:00Z;why=${'x'.repeat(225)}`],
  ])('for %s writes the tag that the checks read', async (lasting, why, value) => {
    const stack = fleet();
    const { exitCode, stdout } = await run(stack, { for: lasting, ...(why !== undefined && { why }) }, [
      ID1,
      'ficrawler8',
    ]);
    expect(stdout).toMatch(/^ficrawler7 \(i-0{16}1\): muted until .*\nficrawler8 \(i-0{16}2\): muted until .*\n$/);
    expect(stdout).toContain(`end it: crawlwatch mute ${ID1} --off\n`);
    expect({ exitCode, one: stack.tags(ID1)[TAG.mute], two: stack.tags(ID2)[TAG.mute] }).toEqual({
      exitCode: 0,
      one: value,
      two: value,
    });
    expect(instance({ tags: { [TAG.mute]: value } }).mute).toEqual({
      kind: 'until',
      until: new Date(value.slice(6, 26)),
      why: why ?? null,
    });
  });

  it('ends it with --off', async () => {
    const stack = fleet().watch(ID3, 'muted', { [TAG.mute]: 'until=2026-11-23T08:15:00Z' });
    expect((await run(stack, { off: true }, ['muted'])).stdout).toBe(
      `muted (${ID3}): no longer muted; the next check mails and flags again\n`,
    );
    expect(stack.tags(ID3)).toEqual({ Name: 'muted', crawlwatch: 'true' });
  });

  it('writes nothing in a dry run', async () => {
    const stack = fleet();
    const { stdout } = await run(stack, { for: '2h', dryRun: true });
    expect(stdout).toContain('would be muted until 10:15 UTC');
    expect(stack.aws.calls('CreateTagsCommand')).toBe(0);
  });
});

describe('crawlwatch pause and resume', () => {
  it.each([
    ['pause', pause],
    ['resume', resume],
  ])('%s says why it was refused, exit code 1', async (_, command) => {
    const stack = new ActingStack(refused);
    expect(await runCommand((io) => command(STACK, io, stack.ports))).toEqual({
      exitCode: 1,
      stdout: 'CrawlwatchStack: the record could not be read\n',
      stderr: '',
    });
  });

  it('refuses a time that is none, and asks nothing', async () => {
    const stack = new ActingStack(done);
    const { exitCode, stderr } = await runCommand((io) => pause({ ...STACK, for: 'ever' }, io, stack.ports));
    expect(stderr).toBe('crawlwatch: --for: got "ever"; allowed: a time like 30m, 2h or 1d, at most 365d\n');
    expect({ exitCode, asked: stack.asked }).toEqual({ exitCode: 3, asked: [] });
  });

  it.each([
    [{}, 'no reason given', null, 'CrawlwatchStack: paused: as was asked for; end it: crawlwatch resume\n'],
    [
      { why: 'moving', for: '2h', stack: 'Other' },
      'moving',
      '2026-11-22T10:15:00.000Z',
      'Other: paused: as was asked for; end it: crawlwatch resume --stack Other\n',
    ],
  ])('puts on record who pauses, why and until when: %j', async (flags, why, until, stdout) => {
    const stack = new ActingStack(done);
    expect(await runCommand((io) => pause({ ...STACK, ...flags }, io, stack.ports))).toEqual({
      exitCode: 0,
      stdout,
      stderr: '',
    });
    expect(stack.asked).toEqual([{ action: 'pause', requester: REQUESTER, why, until }]);
  });

  it('asks for an end of the pause', async () => {
    const stack = new ActingStack(done);
    const { exitCode, stdout } = await runCommand((io) => resume(STACK, io, stack.ports));
    expect(stdout).toBe('CrawlwatchStack: resumed: as was asked for\n');
    expect({ exitCode, asked: stack.asked }).toEqual({
      exitCode: 0,
      asked: [{ action: 'resume', requester: REQUESTER }],
    });
  });

  it.each([
    ['pause', pause],
    ['resume', resume],
  ])('%s asks for a rehearsal in a dry run', async (action, command) => {
    const stack = new ActingStack((request) => ({ ...refused(request), why: 'dry run: nothing is done' }));
    const { exitCode, stdout } = await runCommand((io) => command({ ...STACK, dryRun: true }, io, stack.ports));
    expect(stdout).toBe('CrawlwatchStack: dry run: nothing is done\n');
    expect(exitCode).toBe(0);
    expect(stack.asked).toMatchObject([{ action, dryRun: true }]);
  });
});

describe('crawlwatch forget', () => {
  const run = (stack: ActingStack, flags: object = { yes: true }) =>
    runCommand((io) => forget({ ...STACK, ...flags }, io, stack.ports));
  const OF_THE_USER = { [TAG.hostKey]: HOST_KEY, [TAG.mute]: 'until=never', [TAG.auto]: 'never', [TAG.ssh]: 'port=22' };
  /** One flagged, one stopped that is no longer watched, one that never was ours. */
  const fleet = () => {
    const stack = new ActingStack().flag(ID1, 'ficrawler9', 10, OF_THE_USER);
    stack.deployed = false;
    stack.aws.launch(ID2, { state: 'stopped', tags: { Name: 'old', [NOTE.seen]: '1a2b3c4d/0' } });
    stack.aws.launch(ID3, { tags: { Name: 'other', 'crawlwatch:worker': 'x.service' } });
    return stack;
  };

  it('removes nothing unasked, exit code 3', async () => {
    const stack = fleet();
    expect((await run(stack, {})).exitCode).toBe(3);
    expect(stack.aws.calls('DeleteTagsCommand')).toBe(0);
  });

  const YOURS =
    'Your own stay, such as crawlwatch=true: aws ec2 delete-tags --region eu-central-1 --resources i-... --tags Key=crawlwatch\n';

  it('names those that keep their tags, exit code 1', async () => {
    const stack = fleet();
    stack.aws.denied.add(ID1);
    const { exitCode, stdout, stderr } = await run(stack);
    expect(stderr).toMatch(/^crawlwatch: i-0{16}1 keeps its tags: UnauthorizedOperation: .*\n$/);
    expect({ exitCode, stdout }).toEqual({
      exitCode: 1,
      stdout: `removed crawlwatch's own tags from 1 instance\n${YOURS}`,
    });
  });

  it('reports where there is none', async () => {
    expect((await run(new ActingStack())).stdout).toBe(
      "No instance in eu-central-1 carries a tag of crawlwatch's own.\n",
    );
  });

  it('asks first, and says how many and what is lost with them', async () => {
    const { stderr } = await runCommand((io) => forget(STACK, io, fleet().ports), { isTTY: true, stdin: ['n\n'] });
    expect(stderr).toBe(
      "Remove crawlwatch's own tags from 2 instances in eu-central-1 (1 flagged for reboot)? [y/N] Nothing was done.\n",
    );
  });

  it("takes all of crawlwatch's own off every instance, watched or not, and leaves the user's", async () => {
    const stack = fleet();
    expect(await run(stack)).toEqual({
      exitCode: 0,
      stdout: `removed crawlwatch's own tags from 2 instances\n${YOURS}`,
      stderr: '',
    });
    expect(stack.tags(ID1)).toEqual({ Name: 'ficrawler9', crawlwatch: 'true', ...OF_THE_USER });
    expect(stack.tags(ID2)).toEqual({ Name: 'old' });
    expect(stack.tags(ID3)).toEqual({ Name: 'other', 'crawlwatch:worker': 'x.service' });
  });

  it('lists them in a dry run, and warns that a deployed stack writes them again', async () => {
    const stack = fleet();
    stack.deployed = true;
    const { exitCode, stdout, stderr } = await run(stack, { dryRun: true });
    expect(stderr).toBe(
      'crawlwatch: CrawlwatchStack is deployed: its next check writes them again; to be rid of them: crawlwatch deploy --destroy && crawlwatch forget\n',
    );
    expect(stdout).toMatch(/^would remove .*:\n {2}i-0{16}1 {2}.*\n {2}i-0{16}2 {2}crawlwatch:seen\n$/);
    expect({ exitCode, deleted: stack.aws.calls(DeleteTagsCommand.name) }).toEqual({ exitCode: 0, deleted: 0 });
  });

  it('knows of every tag that crawlwatch writes, and that earlier versions wrote', async () => {
    const stack = new ActingStack();
    stack.deployed = false;
    for (const [n, key] of [...OWN_TAG_KEYS, ...FORMER_TAG_KEYS].entries()) {
      stack.aws.launch(`i-0000000000000000${n}`, { tags: { [key]: 'x' } });
    }
    await run(stack);
    expect([...stack.aws.instances.values()].flatMap(({ tags }) => [...tags])).toEqual([]);
  });
});
