import { join } from 'node:path';
import { expect } from 'vitest';
import { describePage, type Row, real, rebootsAndComesBack } from './page.ts';
import type { ReadmeWorld } from './readme-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Before 2.13 the AWS CLI knows no AWS_ENDPOINT_URL, and Debian's is 2.9: it would ask AWS itself. */
const byCli = (command: string, world: ReadmeWorld) =>
  `${real(command, world)} --endpoint-url http://localhost:${world.port}`;
const WEBS = [/web1/, /web2/, /2 hosts?.*2 OK/is];
let mails: (() => Promise<readonly { readonly subject: string }[]>) | undefined;

const ROWS: Readonly<Record<string, Row>> = {
  'npm ci && npm run demo': { says: [/crawlwatch:reboot-flag/, /To deploy it: /] },
  'npm ci && npm test': { elsewhere: 'the unit step of .ci/run', says: [] },
  'npm pack': { says: [/crawlwatch-[\d.]+\.tgz/] },
  'npm i -g ./crawlwatch-*.tgz': { says: [/added 1 package/] },
  'crawlwatch demo --serve': {
    exit: 130,
    says: [/The demo's dashboard/],
    during: async (typed) => {
      const [url] = await typed.shows(/http:\/\/[\w.:]+\//);
      expect(await (await fetch(url)).text()).toContain('crawlwatch');
      typed.type('\x03');
    },
  },
  'crawlwatch init': {
    needs: 'hosts',
    // In a folder of its own, which it writes to.
    spelled: (command) => `cd "$(mktemp -d)" && ${command}`,
    during: async (typed) => {
      await typed.shows(/aws.*hosts/is);
      typed.type('hosts\n');
      await typed.shows(/host\[:port\]|web1/i);
      typed.type('ubuntu@web1 web2:2222\n');
    },
    says: [/Wrote inventory\.ini/, ...WEBS],
  },
  'crawlwatch check --local': { says: [/1 host.*1 OK/is] },
  'crawlwatch check --host ubuntu@web1 web2:2222': { needs: 'hosts', says: WEBS },
  'crawlwatch check -i inventories/production2 -u ubuntu': { needs: 'hosts', says: WEBS },
  'crawlwatch watch -i inventories/production2 -u ubuntu': {
    needs: 'hosts',
    // A minute from one check to the next.
    meanwhile: 'to its end',
    exit: 130,
    says: [/ended after 2 checks/],
    during: async (typed) => {
      const [, first] = await typed.shows(/checked at ([\d:]+)/);
      await typed.shows(new RegExp(`checked at (?!${first})[\\d:]+`));
      typed.type('\x03');
    },
  },
  'crawlwatch doctor --host ubuntu@web1': { needs: 'hosts', says: [/web1/] },
  'crawlwatch init --where aws --mail you@example.com --transport ssm --no-check': {
    needs: 'account',
    prepare: (world) => world.openAccount(),
    says: [/cdk\.json/],
    // The pretend AWS has no SSM agent: from here on over SSH, as its instances are reached.
    after: async (world) => world.settle({ alertEmail: 'you@example.com' }),
  },
  'crawlwatch doctor --deploy': {
    needs: 'account',
    exit: 2,
    says: [/✓ settings/, /✗ bootstrap .*is not bootstrapped.*\n.*fix: crawlwatch deploy --bootstrap/],
  },
  'crawlwatch deploy --bootstrap': { needs: 'account', says: [/bootstrapped/] },
  'crawlwatch deploy': {
    needs: 'account',
    // A pretend CloudFormation makes a change set, and nothing by it.
    spelled: (command) => `${command} -- --method=direct`,
    asks: /\(y\/n\)/,
    says: [/CrawlwatchStack\.AlertsTopicArn/, /RemoveCommand = crawlwatch deploy --destroy && crawlwatch forget/],
    after: (world) => world.openFunctions(),
  },
  'crawlwatch test-alert': {
    needs: 'account',
    prepare: async (world) => {
      mails = await world.emulator.listen(await world.emulatorTopic());
    },
    says: [/confirmed .*listener/, /Sent to 1 subscriber/],
    after: async () => {
      expect(await mails?.()).toMatchObject([{ subject: 'crawlwatch: test of CrawlwatchStack' }]);
    },
  },
  'aws ec2 create-tags --resources i-0123456789abcdef0 --tags Key=crawlwatch,Value=true': {
    needs: 'account',
    spelled: byCli,
    orElse: { program: 'aws', by: (world) => world.tag('crawlwatch', 'true') },
    says: [],
  },
  'crawlwatch check': {
    needs: 'account',
    says: [/ficrawler1/, /ficrawler2/, /2 hosts?.*2 OK/is],
    after: async (world) => {
      expect(await world.check()).toMatchObject({ checked: 2 });
      world.hung = true;
      expect(await world.check()).toMatchObject({ checked: 2, flagged: 1 });
    },
  },
  'crawlwatch flagged': { needs: 'account', says: [/ficrawler1/, /ConnectionReset/, /1 of 2 instances/] },
  'crawlwatch plan': { needs: 'account', says: [/ficrawler1/, /remedies\.reboot is off/] },
  'crawlwatch reboot i-0123456789abcdef0': {
    needs: 'account',
    ...rebootsAndComesBack,
  },
  'crawlwatch restart-worker i-0123456789abcdef0': {
    needs: 'account',
    // As the README has it of a crawler that is a unit.
    prepare: (world) => world.tag('crawlwatch:worker', 'sidekiq.service'),
    spelled: real,
    asks: /\[y\/N\]/,
    exit: 1,
    // Nothing here is systemd's.
    says: [/restart-worker: not done: it was tried and refused/],
  },
  'crawlwatch mute i-0123456789abcdef0 --for 2h': { needs: 'account', spelled: real, says: [/muted until/] },
  "crawlwatch pause --why 'moving the database' --for 1h": {
    needs: 'account',
    says: [/CrawlwatchStack: paused: /],
  },
  'crawlwatch resume': { needs: 'account', says: [/the pause by .* is over/] },
  'crawlwatch why i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    says: [/Checks: /, /Decisions about a flag/, /reboot: worked/],
  },
  'crawlwatch deploy --destroy': { needs: 'account', asks: /\(y\/n\)/, says: [/CrawlwatchStack: destroyed/] },
  'crawlwatch forget': {
    needs: 'account',
    asks: /\[y\/N\]/,
    says: [/removed crawlwatch's own tags from 2/],
    after: async (world) => {
      expect(await world.emulator.tagsOf(world.id)).not.toHaveProperty('crawlwatch:status');
    },
  },
  'aws ec2 delete-tags --resources i-0123456789abcdef0 --tags Key=crawlwatch': {
    needs: 'account',
    spelled: byCli,
    orElse: { program: 'aws', by: (world) => world.untag('crawlwatch') },
    says: [],
    after: async (world) => {
      expect(await world.emulator.tagsOf(world.id)).not.toHaveProperty('crawlwatch');
    },
  },
  'crawlwatch cost --instances 250': { says: [/250 instances/] },
  'crawlwatch probe': { says: [/^main "\$@"$/m] },
};

describePage({
  title: 'the README, by somebody who has nothing else',
  root: ROOT,
  file: 'README.md',
  rows: ROWS,
});
