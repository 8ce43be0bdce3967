import { join } from 'node:path';
import { expect } from 'vitest';
import { describePage, ported, type Row, real } from './page.ts';
import type { ReadmeWorld } from './readme-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const WEBS = [/web1/, /web2/, /2 hosts?.*2 OK/is];

const own: Pick<Row, 'needs' | 'inOwnAccount'> = { needs: 'account', inOwnAccount: true };
let mails: (() => Promise<readonly { readonly subject: string }[]>) | undefined;

let topicArn = '';
const byOwnCli = (command: string, world: ReadmeWorld) =>
  `${command} --endpoint-url ${world.ownAccount.AWS_ENDPOINT_URL}`;
const WITHOUT_CLI = { program: 'aws', by: async () => {} };

const ROWS: Readonly<Record<string, Row>> = {
  'npm ci && npm run demo': { says: [/crawlwatch:reboot-flag/, /To deploy it: see README.md/] },
  'npm ci && npm test': { elsewhere: 'the unit step of .ci/run', says: [] },
  'npx crawlwatch demo --serve': {
    exit: 130,
    says: [/The demo's dashboard/],
    during: async (typed) => {
      const [url] = await typed.shows(/http:\/\/[\w.:]+\//);
      expect(await (await fetch(url)).text()).toContain('crawlwatch');
      typed.type('\x03');
    },
  },
  'npx crawlwatch check --local': { says: [/1 host.*1 OK/is] },
  'npx crawlwatch check --host ubuntu@web1 web2:2222': { needs: 'hosts', says: WEBS },
  'npx crawlwatch check -i inventories/production2 -u ubuntu': { needs: 'hosts', says: WEBS },
  'ansible-inventory --list | npx crawlwatch check -i -': {
    needs: 'hosts',
    // The reader's ansible.cfg would name the inventory.
    spelled: () => 'ansible-inventory -i inventories/production2 --list | npx crawlwatch check -i - -u ubuntu',
    orElse: { program: 'ansible-inventory', by: async () => {} },
    says: WEBS,
  },
  'npx crawlwatch check': {
    ...own,
    prepare: (world) => world.openOwnAccount(),
    says: [/ficrawler1/, /ficrawler2/, /2 hosts?.*2 OK/is],
  },
  'npx crawlwatch watch -i inventories/production2 -u ubuntu': {
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
  'npx crawlwatch doctor --host ubuntu@web1': { needs: 'hosts', says: [/web1/] },
  'npx crawlwatch doctor --deploy': {
    ...own,
    exit: 2,
    says: [/✗ bootstrap .*is not bootstrapped/],
  },
  'npx crawlwatch completion bash': { says: [/^complete -F _crawlwatch crawlwatch$/m] },
  'npx cdk bootstrap': { ...own, says: [/bootstrapped/] },
  'npx cdk deploy -c alertEmail=you@example.com': {
    ...own,
    // A pretend CloudFormation makes a change set, and nothing by it.
    spelled: (command) => `${command} --method=direct`,
    asks: /\(y\/n\)/,
    says: [/CrawlwatchStack\.AlertsTopicArn/],
  },
  'npx crawlwatch test-alert': {
    ...own,
    prepare: async (world) => {
      topicArn = await world.ownTopic();
      mails = await world.own.listen(topicArn);
    },
    says: [/confirmed .*listener/, /Sent to 1 subscriber/],
    after: async () => {
      expect(await mails?.()).toMatchObject([{ subject: 'crawlwatch: test of CrawlwatchStack' }]);
    },
  },
  'aws sns subscribe --region REGION --topic-arn ARN --protocol email --notification-endpoint you@example.com': {
    ...own,
    spelled: (command, world) => byOwnCli(command.replace('REGION', 'us-east-1').replace('ARN', topicArn), world),
    orElse: WITHOUT_CLI,
    says: [/SubscriptionArn/],
  },
  'aws ec2 describe-vpc-attribute --vpc-id VPC --attribute enableDnsHostnames': {
    ...own,
    spelled: (command, world) => byOwnCli(command.replace('VPC', world.vpcId), world),
    orElse: WITHOUT_CLI,
    says: [/EnableDnsHostnames/],
  },
  "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values=VPC --query 'VpcEndpoints[].ServiceName'": {
    ...own,
    spelled: (command, world) => byOwnCli(command.replace('=VPC', `=${world.vpcId}`), world),
    orElse: WITHOUT_CLI,
    says: [/\[\]/],
  },
  "pip install 'moto[server]'": { elsewhere: 'the person who sets up the machine', says: [] },
  'moto_server -p 5000 &': {
    needs: 'account',
    prepare: (world) => world.chooseEmulatorPort(),
    spelled: ported,
    meanwhile: 'for ever',
    says: [/Running on http/],
  },
  'export AWS_ENDPOINT_URL=http://localhost:5000 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1':
    { needs: 'account', spelled: ported, says: [], after: (world) => world.fillEmulator() },
  'npx cdk bootstrap aws://123456789012/us-east-1': { needs: 'account', says: [/bootstrapped/] },
  'npx cdk deploy --method=direct --require-approval=never -c alertEmail=you@example.com': {
    needs: 'account',
    says: [/CrawlwatchStack\.RemedyFunctionName/],
    after: (world) => world.openFunctions(),
  },
  'aws ec2 create-tags --resources i-0123456789abcdef0 --tags Key=crawlwatch,Value=true Key=crawlwatch:worker,Value=sidekiq.service':
    {
      needs: 'account',
      // Before 2.13 it knows no AWS_ENDPOINT_URL, and Debian's is 2.9: it would ask AWS itself.
      spelled: (command, world) => `${real(command, world)} --endpoint-url http://localhost:${world.port}`,
      orElse: { program: 'aws', by: (world) => world.tag('crawlwatch', 'true') },
      says: [],
      after: async (world) => {
        expect(await world.check()).toMatchObject({ checked: 2 });
        world.hung = true;
        expect(await world.check()).toMatchObject({ checked: 2, flagged: 1 });
      },
    },
  'npx crawlwatch flagged': { needs: 'account', says: [/ficrawler1/, /ConnectionReset/, /1 of 2 instances/] },
  'npx crawlwatch plan': { needs: 'account', says: [/ficrawler1/, /remedies\.reboot is off/] },
  'npx crawlwatch reboot i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    prepare: (world) => world.rememberOtherBoot(),
    asks: /\[y\/N\]/,
    during: async (typed, world) => {
      await typed.shows(/to come back/);
      world.hung = false;
      await world.check();
    },
    says: [/reboot: done: /, /came back within 1 min/],
  },
  'npx crawlwatch restart-worker i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    asks: /\[y\/N\]/,
    exit: 1,
    // Nothing here is systemd's.
    says: [/restart-worker: not done: it was tried and refused/],
  },
  'npx crawlwatch mute i-0123456789abcdef0 --for 2h': { needs: 'account', spelled: real, says: [/muted until/] },
  "npx crawlwatch mute 'ficrawler*' --window 'Sat 02:00-06:00 Europe/Berlin' --why backups": {
    needs: 'account',
    says: [/ficrawler1 .*muted in the window Sat 02:00-06:00 Europe\/Berlin, /],
  },
  'npx crawlwatch mute --list': { needs: 'account', says: [/ficrawler1 .*Sat 02:00-06:00 Europe\/Berlin .*backups/] },
  'npx crawlwatch mute --all --off --yes': { needs: 'account', says: [/ficrawler1 .*no longer muted/] },
  "npx crawlwatch ack i-0123456789abcdef0 --why 'a bigger disk is ordered'": {
    needs: 'account',
    spelled: real,
    // The hang from before the reboot: one good check has not ended it.
    says: [/ack: its incident since .* is acknowledged: no reminder until it gets worse/],
  },
  "npx crawlwatch pause --why 'moving the database' --for 1h": {
    needs: 'account',
    says: [/CrawlwatchStack: paused: /],
  },
  'npx crawlwatch resume': { needs: 'account', says: [/the pause by .* is over/] },
  'npx crawlwatch why i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    says: [/Checks: /, /Acknowledged by .*: a bigger disk is ordered;/, /Decisions about a flag/, /reboot: worked/],
  },
  'npx crawlwatch history i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    says: [/reboot: begun/, /reboot: done/, /reboot: worked/, /ack: done, asked for by .*: a bigger disk is ordered/],
  },
  'npx cdk destroy': { needs: 'account', asks: /\(y\/n\)/, says: [/CrawlwatchStack: destroyed/] },
  'npx crawlwatch forget': {
    needs: 'account',
    asks: /\[y\/N\]/,
    says: [/removed crawlwatch's own tags from 2/],
    after: async (world) => {
      expect(await world.emulator.tagsOf(world.id)).not.toHaveProperty('crawlwatch:status');
    },
  },
  'npx crawlwatch cost --instances 250': { says: [/250 instances/] },
  'npx crawlwatch probe': { says: [/^main "\$@"$/m] },
  'npm run simulate -- --instances 10000 --transport ssh': { says: [/10,000 instances over SSH/, /All of it fits/] },
};

describePage({
  title: 'the README, by somebody who has nothing else',
  root: ROOT,
  file: 'README.md',
  rows: ROWS,
});
