import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { discoverIn, placeName, type Target, targetOf } from '../../../lambda/discover/places.ts';
import { loadState } from '../../../lambda/memory/store.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { ssmIn } from '../../../lambda/ssm/in-places.ts';
import { clientThat } from '../../support/client-that.ts';
import { instance } from '../../support/fleet.ts';
import { probeOutput } from '../../support/probe-output.ts';
import { HOME, MEMBER, TwoPlaces } from '../../support/two-places.ts';
import { unwrapped } from '../../support/unwrapped.ts';

const HUNG = { kind: 'failed', reason: 'BannerTimeout', text: 'No banner within 10 s.' } as const;
/** As an endpoint that is down ends, after the SDK's last attempt. */
const UNREACHABLE = Object.assign(new Error('getaddrinfo ENOTFOUND ec2.us-east-1.amazonaws.com'), {
  code: 'ENOTFOUND',
});
const ASSUMED = Object.assign(
  new Error('User: arn:aws:sts::123456789012:assumed-role/Check is not authorized to perform: sts:AssumeRole'),
  { name: 'AccessDenied' },
);

const ANSWERS = async () => probeOutput({});

describe('a place that fails', () => {
  it.each([
    ['refuses the role', ASSUMED, 'AccessDenied: User: arn:aws:sts::123456789012'],
    ['throttles', 'RequestLimitExceeded', 'RequestLimitExceeded: as ordered'],
    ['is not to be reached', UNREACHABLE, 'Error: getaddrinfo ENOTFOUND ec2.us-east-1.amazonaws.com'],
  ])('and %s leaves the other whole, and is named in the report and the mail', async (_, error, text) => {
    const world = new TwoPlaces();
    const own = world.launch(world.home, 1);
    const there = world.launch(world.member, 2);
    const others = [world.launch(world.home, 3), world.launch(world.home, 4)];
    await world.check();
    const before = world.tags(world.member, there);
    world.replies.set(own, HUNG);
    world.member.fail(DescribeInstancesCommand, error, 100);

    const { report, errors } = await world.check();

    const problem = `account 210987654321 in us-east-1 can't be read, and nothing is known of its instances: ${text}`;
    expect(report.instances.map(({ id }) => id)).toEqual([own, ...others]);
    expect(world.tags(world.home, own)[TAG.status]).toBe('CRITICAL:BannerTimeout');
    expect(world.tags(world.member, there)).toEqual(before);
    expect(errors).toEqual([expect.stringContaining(`discover: ${problem}`)]);
    expect(report.problems).toEqual(errors);

    await world.check();
    await world.check();
    const mail = unwrapped(world.home.topic.published.at(-1)?.body ?? '');
    expect(mail).toContain('FLAGGED FOR REBOOT');
    expect(mail).toContain(
      `NOT ALL OF THE FLEET COULD BE READ: what is there is neither checked nor mailed.\n  - A${problem.slice(1)}`,
    );
  });

  it('says nothing of its flagged hosts while it fails, and takes up where it was', async () => {
    const world = new TwoPlaces();
    world.launch(world.home, 1);
    const there = world.launch(world.member, 2);
    await world.check();
    world.replies.set(there, HUNG);
    await world.check();
    await world.check();
    const before = world.tags(world.member, there);
    world.member.fail(DescribeInstancesCommand, 'RequestLimitExceeded', 1);
    await world.check();
    expect(world.tags(world.member, there)).toEqual(before);
    expect((await loadState(world.files)).state.instances.get(there)?.failures).toBe(2);
    const { report, errors } = await world.check();
    expect(errors).toEqual([]);
    expect(report.instances.find(({ id }) => id === there)).toMatchObject({ flagged: true, account: MEMBER.account });
    expect(world.tags(world.member, there)[TAG.flag]).toMatch(/^BannerTimeout@/);
  });

  it('that does not answer is not waited for', async () => {
    const world = new TwoPlaces();
    const own = world.launch(world.home, 1);
    const [home, member] = world.targets as [Target, Target];
    const silent = { ...member, ec2: clientThat(EC2Client, () => new Promise(() => {})) };
    const problems: string[] = [];
    const found = await discoverIn([home, silent], world.settings, (text) => problems.push(text), 1);
    expect(found.map(({ id }) => id)).toEqual([own]);
    expect(problems).toEqual([expect.stringContaining("us-east-1 can't be read")]);
  });

  it('with all the others leaves no fleet, and nothing is concluded', async () => {
    const world = new TwoPlaces();
    world.home.fail(DescribeInstancesCommand, 'UnauthorizedOperation', 1);
    world.member.fail(DescribeInstancesCommand, 'RequestLimitExceeded', 1);
    await expect(world.check()).rejects.toThrow('as ordered');
  });

  it('refuses tags for its own instances only', async () => {
    const world = new TwoPlaces();
    const [own, there] = [world.launch(world.home, 1), world.launch(world.member, 2)];
    world.member.denied.add(there);
    world.replies.set(own, HUNG);
    const { errors, report } = await world.check();
    expect(world.tags(world.home, own)[TAG.status]).toBe('CRITICAL:BannerTimeout');
    expect(world.tags(world.member, there)[TAG.stack]).toBeUndefined();
    expect(report.problems).toContainEqual(expect.stringContaining(`tags of ${there} could not be written: `));
    expect(errors).toEqual([]);
  });
});

describe('a check of two places', () => {
  it('asks each for its own instances, once', async () => {
    const world = new TwoPlaces();
    world.launch(world.home, 1);
    world.launch(world.member, 2);
    const { report } = await world.check();
    expect(report.instances.map(({ region, account, elsewhere = false }) => ({ region, account, elsewhere }))).toEqual([
      { ...HOME, elsewhere: false },
      { ...MEMBER, elsewhere: true },
    ]);
    expect(world.home.calls('DescribeInstancesCommand')).toBe(1);
    expect(world.member.calls('DescribeInstancesCommand')).toBe(1);
  });

  it('publishes and mails at home alone, and says there where a host is', async () => {
    const world = new TwoPlaces();
    const [, there] = [world.launch(world.home, 1), world.launch(world.member, 2)];
    for (let n = 0; n < 2; n++) await world.check();
    world.replies.set(there, HUNG);
    for (let n = 0; n < 3; n++) await world.check();
    expect(world.member.calls('PutMetricDataCommand')).toBe(0);
    expect(world.member.topic.published).toEqual([]);
    const mail = unwrapped(world.home.topic.published.at(-1)?.body ?? '');
    expect(mail).toContain(`crawler2 (${there} in us-east-1 of account 210987654321)\n  FLAGGED FOR REBOOT`);
    // The figures that were kept of it before it hung are at home too.
    expect(mail).toContain('It last answered at 08:10 UTC, with 50 % of memory');
    expect(mail).not.toContain('crawlwatch reboot');
    expect(mail).toContain(`Then reboot it: aws ec2 reboot-instances --instance-ids ${there} --region us-east-1\n`);
  });

  it('calls for a remedy at home alone', async () => {
    const world = new TwoPlaces();
    const [own, there] = [world.launch(world.home, 1), world.launch(world.member, 2)];
    const called: Date[] = [];
    const { ports } = world;
    world.ports = () => {
      const made = ports.call(world);
      const act = async (at: Date) => {
        called.push(at);
        return { done: false, why: '' };
      };
      return { ...made, outlets: { ...made.outlets, remedy: { act, mailed: act as never } } };
    };
    await world.check();
    world.replies.set(there, HUNG);
    for (let n = 0; n < 3; n++) await world.check();
    expect(world.tags(world.member, there)[TAG.flag]).toBeDefined();
    expect(called).toEqual([]);
    world.replies.delete(there);
    for (let n = 0; n < 2; n++) await world.check();
    world.replies.set(own, HUNG);
    for (let n = 0; n < 3; n++) await world.check();
    expect(world.tags(world.home, own)[TAG.flag]).toBeDefined();
    expect(called).toHaveLength(1);
  });

  it('finds once what two of its places show', async () => {
    const world = new TwoPlaces();
    const own = world.launch(world.home, 1);
    const [home] = world.targets as [Target, Target];
    const found = await discoverIn([home, { ...home, account: HOME.account, elsewhere: true }], world.settings);
    expect(found).toEqual([expect.not.objectContaining({ elsewhere: true })]);
    expect(found[0]?.id).toBe(own);
  });

  it('sends commands where the instances are, with the document that is there', async () => {
    const world = new TwoPlaces();
    const ids = [world.launch(world.home, 1), world.launch(world.member, 2)];
    world.home.manage(ids[0]!, ANSWERS);
    world.member.manage(ids[1]!, ANSWERS);
    const [home, member] = world.targets as [Target, Target];
    const instances = [instance({ id: ids[0]!, ...HOME }), instance({ id: ids[1]!, ...MEMBER })];
    const bare = { ...member, region: 'us-west-2', probeDocument: null };
    const replies = new Map<string, string>();
    await ssmIn([home, member, bare])?.([...instances, instance({ id: 'i-3', ...MEMBER, region: bare.region })], {
      signal: new AbortController().signal,
      hostDeadlineMs: 60_000,
      forks: 1,
      script: '',
      reply: (id, reply) => replies.set(id, reply.kind === 'output' ? 'output' : reply.text),
    });
    expect([...ids, 'i-3'].map((id) => replies.get(id))).toEqual([
      'output',
      'output',
      'There is no probe document in account 210987654321 in us-west-2.',
    ]);
    expect(ssmIn([{ ...home, probeDocument: null }])).toBeNull();
  });
});

describe('the place of an instance', () => {
  const [home, member] = new TwoPlaces().targets as [Target, Target];
  it.each([
    ['of the own account, which EC2 names by its number', HOME, home],
    ['of a member', MEMBER, member],
    ['of a place that is no longer watched is home', { region: 'eu-west-1', account: null }, home],
  ])('%s', (_, one, target) => {
    expect(targetOf([home, member], one)).toBe(target);
  });

  it('has a name that says which', () => {
    expect([home, member].map(placeName)).toEqual(['eu-central-1', 'account 210987654321 in us-east-1']);
  });
});
