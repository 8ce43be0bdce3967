import { join } from 'node:path';
import { expect } from 'vitest';
import { describePage, ported, type Row, real, rebootsAndComesBack } from './page.ts';
import type { ReadmeWorld } from './readme-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const onEmulator: Pick<Row, 'needs'> = { needs: 'account' };
/** A pretend CloudFormation makes change sets, and nothing by them. */
const direct = (command: string) => `${command} --method=direct`;
/** Before 2.13 the AWS CLI knows no AWS_ENDPOINT_URL, and Debian's is 2.9: it would ask AWS itself. */
const byCli = (command: string, world: ReadmeWorld) =>
  `${real(command, world)} --endpoint-url http://localhost:${world.port}`;

let mails: (() => Promise<readonly { readonly subject: string }[]>) | undefined;
/** What there is before the deploy, beside CDK's bootstrap. */
let before: readonly string[] = [];
let deployed: Awaited<ReturnType<ReadmeWorld['checkFunction']>> | undefined;
/** Named in docs/first-hour.md: CDK's own, and what the test itself adds to hear the mail. */
const STAYS = /CDKToolkit|cdk-|listener/i;

const ROWS: Readonly<Record<string, Row>> = {
  'npm ci && npm pack': { says: [/added \d+ packages/, /crawlwatch-[\d.]+\.tgz/] },
  'npm i -g ./crawlwatch-*.tgz': { says: [/added 1 package/] },
  "pip install 'moto[server]'": { elsewhere: 'the person who sets up the machine', says: [] },
  'moto_server -p 5000 &': {
    ...onEmulator,
    prepare: (world) => world.chooseEmulatorPort(),
    spelled: ported,
    meanwhile: 'for ever',
    says: [/Running on http/],
  },
  'export AWS_ENDPOINT_URL=http://localhost:5000 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1':
    {
      ...onEmulator,
      spelled: ported,
      says: [],
      after: async (world) => {
        // Mail at the second check, a flag at the third.
        await world.fillEmulator({
          flag: { afterFailures: 3, afterMinutes: 0, graceMinutes: 0 },
          // No verdict may depend on how busy this machine is.
          timeouts: { sshSeconds: 120 },
        });
        before = await world.emulator.everything();
      },
    },
  'crawlwatch init --where aws --mail you@example.com --transport ssm --no-check': {
    ...onEmulator,
    says: [/Wrote cdk\.json/],
    // The emulator has no SSM agent: from here on over SSH, as its instances are reached.
    after: async (world) => world.settle({ alertEmail: 'you@example.com' }),
  },
  'crawlwatch doctor --deploy': {
    ...onEmulator,
    exit: 2,
    says: [
      /\? AWS .*AWS_ENDPOINT_URL is http:\/\/localhost:\d+, which is not AWS/,
      /✓ settings/,
      /✓ credentials .*arn:aws:.*:123456789012:/,
      /✗ bootstrap .*123456789012 is not bootstrapped for CDK in us-east-1\n.*fix: crawlwatch deploy --bootstrap/,
      /✓ stack .*CrawlwatchStack is not in us-east-1 yet/,
      /✓ VPC .*vpc-/,
      /✓ subnets .*in 1 zone/,
    ],
  },
  'crawlwatch deploy --bootstrap': { ...onEmulator, says: [/bootstrapped/] },
  'crawlwatch deploy': {
    ...onEmulator,
    spelled: (command) => direct(`${command} --`),
    asks: /\(y\/n\)/,
    says: [
      /CrawlwatchStack\.AlertsTopicArn/,
      /CrawlwatchStack\.RemoveCommand = crawlwatch deploy --destroy && crawlwatch forget/,
    ],
    after: async (world) => {
      await world.openFunctions();
      deployed = await world.checkFunction();
      // What a destroy has to remove, or the list after it would prove nothing. The emulator makes no schedule.
      const made = (await world.emulator.everything()).filter((one) => !before.includes(one) && !STAYS.test(one));
      expect([...new Set(made.map((one) => one.split(' ')[0]))]).toEqual([
        ...['cloudformation', 'dynamodb', 'ec2', 'iam', 'lambda', 'logs', 'monitoring', 's3', 'sns'],
        ...['sqs', 'ssm'],
      ]);
    },
  },
  'crawlwatch test-alert': {
    ...onEmulator,
    prepare: async (world) => {
      mails = await world.emulator.listen(await world.emulatorTopic());
    },
    says: [/Sent to \d subscribers? of arn:aws:sns:us-east-1:123456789012:CrawlwatchStack-Alerts/],
    after: async () => {
      expect(await mails?.()).toMatchObject([{ subject: 'crawlwatch: test of CrawlwatchStack' }]);
    },
  },
  'aws ec2 create-tags --resources i-0123456789abcdef0 --tags Key=crawlwatch,Value=true': {
    ...onEmulator,
    spelled: byCli,
    orElse: { program: 'aws', by: (world) => world.tag('crawlwatch', 'true') },
    says: [],
  },
  'crawlwatch doctor': {
    ...onEmulator,
    exit: 3,
    says: [/AWS_ENDPOINT_URL is .*not AWS/, /2 instances tagged crawlwatch=true in us-east-1: 2 not checked yet/],
  },
  'crawlwatch check': {
    ...onEmulator,
    says: [/ficrawler1/, /ficrawler2/, /2 hosts?.*2 OK/is],
    after: async (world) => {
      expect(await world.emulator.tagsOf(world.id)).not.toHaveProperty('crawlwatch:stack');
      expect(await world.check()).toMatchObject({ checked: 2, ok: 2 });
      expect(await world.emulator.tagsOf(world.id)).toMatchObject({ 'crawlwatch:stack': 'CrawlwatchStack' });
      expect(await world.emulator.metrics()).toContain('InstancesChecked');
      expect(await mails?.()).toEqual([]);
    },
  },
  'crawlwatch doctor i-0123456789abcdef0': {
    ...onEmulator,
    spelled: real,
    exit: 3,
    says: [/✓ last check .*OK.*: it answered/],
    after: async (world) => {
      world.hung = true;
      await world.nextCheck();
      expect(await mails?.()).toEqual([]);
      await world.nextCheck();
      expect(await mails?.()).toMatchObject([{ subject: 'CRIT ficrawler1 SSH resets' }]);
      const third = await world.nextCheck();
      const flagged = await mails?.();
      expect(third, JSON.stringify([third, flagged])).toMatchObject({ checked: 2, critical: 1, flagged: 1 });
      expect(flagged).toMatchObject([{ subject: expect.stringContaining('ficrawler1') }]);
    },
  },
  'crawlwatch flagged': { ...onEmulator, says: [/ficrawler1/, /ConnectionReset/, /1 of 2 instances/] },
  'crawlwatch why i-0123456789abcdef0': { ...onEmulator, spelled: real, says: [/Decisions about a flag/] },
  'crawlwatch plan': { ...onEmulator, says: [/ficrawler1/, /remedies\.reboot is off/] },
  'crawlwatch reboot i-0123456789abcdef0': {
    ...onEmulator,
    ...rebootsAndComesBack,
    after: async (world) => {
      // It is well again: the end of its trouble is mailed.
      await world.nextCheck();
      await world.nextCheck();
      const subjects = ((await mails?.()) ?? []).map(({ subject }) => subject);
      expect(subjects).toContainEqual(expect.stringMatching(/ficrawler1/));
    },
  },
  'crawlwatch history i-0123456789abcdef0': {
    ...onEmulator,
    spelled: real,
    says: [/reboot: begun, asked for by /, /reboot: done, /],
  },
  'npm pack && npm i -g ./crawlwatch-*.tgz && crawlwatch deploy': {
    ...onEmulator,
    prepare: (world) => world.upgrade(),
    spelled: (command) => `${direct(`${command} --`)} --require-approval=never`,
    says: [/changed 1 package/, /CrawlwatchStack\.AlertsTopicArn/],
    after: async (world) => {
      const now = await world.checkFunction();
      expect(now.name).toBe(deployed?.name);
      expect(now.code).not.toBe(deployed?.code);
      // What was remembered is still known: the host is well, and that is no news.
      expect(await world.nextCheck()).toMatchObject({ checked: 2, ok: 2 });
      expect(await mails?.()).toEqual([]);
      expect(await world.emulator.tagsOf(world.id)).toHaveProperty('crawlwatch:acted');
    },
  },
  'crawlwatch deploy --destroy': {
    ...onEmulator,
    prepare: (world) => world.emptyBucket(),
    asks: /\(y\/n\)/,
    says: [/CrawlwatchStack: destroyed/],
    after: async (world) => {
      const left = (await world.emulator.everything()).filter((one) => !before.includes(one) && !STAYS.test(one));
      expect(left).toEqual([]);
    },
  },
  'crawlwatch forget': {
    ...onEmulator,
    asks: /\[y\/N\]/,
    says: [/removed crawlwatch's own tags from 2/],
  },
  'aws ec2 delete-tags --resources i-0123456789abcdef0 --tags Key=crawlwatch': {
    ...onEmulator,
    spelled: byCli,
    orElse: {
      program: 'aws',
      by: async (world) => {
        await world.untag('crawlwatch');
      },
    },
    says: [],
    after: async (world) => {
      const tags = Object.keys(await world.emulator.tagsOf(world.id));
      expect(tags.filter((key) => key.startsWith('crawlwatch') && key !== 'crawlwatch:ssh')).toEqual([]);
    },
  },
};

describePage({
  title: 'the first hour, by somebody who has only its page',
  root: ROOT,
  file: 'docs/first-hour.md',
  rows: ROWS,
});
