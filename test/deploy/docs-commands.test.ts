/** Every command in a block of shell in docs/, but for the pages that have a test of their own. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { blocksOf } from '../support/markdown.ts';
import type { Moto } from '../support/moto.ts';
import type { Typed } from '../support/readme-commands.ts';
import { furnish, install, openAccount } from './docs-world.ts';
import { describePage, type Row, real, rebootsAndComesBack } from './page.ts';
import type { ReadmeWorld } from './readme-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const DOCS = join(ROOT, 'docs');
/** By page, the test that runs all of its commands. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'first-hour.md': 'test/deploy/first-hour.test.ts',
  'channels.md': 'test/deploy/channels.test.ts',
  'without-an-account.md': 'test/deploy/without-an-account.test.ts',
};
const pages = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
/** Without comments; a line that goes on after a backslash is one command. */
const commandsOf = (page: string): string[] =>
  blocksOf(readFileSync(join(DOCS, page), 'utf8'), 'sh').flatMap((block) =>
    block
      .replaceAll(/\s*\\\n\s*/g, ' ')
      .split('\n')
      .map((line) => line.replace(/\s+# .*$/, '').trim())
      .filter((line) => line !== ''),
  );
const COMMANDS = new Set(pages.filter((page) => ELSEWHERE[page] === undefined).flatMap(commandsOf));

const OK = /[1-9] hosts?.*[1-9] OK/is;
const hosts: Pick<Row, 'needs'> = { needs: 'hosts' };
const account: Pick<Row, 'needs'> = { needs: 'account' };

/** The reader's fleet has other names than this account's two instances: the one that will hang, and the other. */
const named = (command: string, world: ReadmeWorld) =>
  real(command, world)
    .replaceAll('ficrawler9', 'ficrawler1')
    .replaceAll(/ficrawler[78]/g, 'ficrawler2');
/** ssh reads the home of the account that runs it, whatever HOME says. */
const ownSsh = (command: string, { home }: ReadmeWorld) =>
  command.replaceAll(
    'ssh web1',
    `ssh -F ${home}/.ssh/config -i ${home}/.ssh/id_ed25519 -o UserKnownHostsFile=${home}/.ssh/known_hosts web1`,
  );
/** Before 2.13 the AWS CLI knows no AWS_ENDPOINT_URL. */
const byCli = (command: string, world: ReadmeWorld) =>
  `${real(command, world)} --endpoint-url http://localhost:${world.port}`;
const noCli = { program: 'aws', by: async () => {} };
/** With Ansible's part pretended: its plugin would ask AWS, and its TOML takes a package that few have. */
const pretendAnsible = (command: string, { home }: ReadmeWorld) =>
  `PATH=${home}/pretend:$PATH; ${command.replace(/check/, 'check -u ubuntu')}`;
/** In a folder of its own, which it writes to. */
const elsewhere = (command: string) => `cd "$(mktemp -d)" && ${command}`;
/** A pretend CloudFormation makes a change set, and nothing by it. */
const direct = '--method=direct --require-approval=never';

const end = (typed: Typed) => typed.type('\x03');
/** Ends it after its first check. */
const once: Pick<Row, 'during' | 'exit'> = {
  exit: 130,
  during: async (typed) => {
    await typed.shows(/checked at [\d:]+/);
    end(typed);
  },
};
const hasIpv6 = Object.values(networkInterfaces()).some((some) => some?.some(({ address }) => address === '::1'));

/** An exporter on a free port: its own may be taken here. */
const exporter = (status: RegExp): Pick<Row, 'spelled' | 'says' | 'during'> => ({
  spelled: (command) => {
    const free = command.replace(/:(?:9469|9500)\b/, ':0');
    const reachable = hasIpv6 ? free : free.replace("'[::1]:0'", '127.0.0.1:0');
    return reachable.includes('--listen') ? reachable : `${reachable} --listen :0`;
  },
  says: [/scrape_configs: \[\{job_name: crawlwatch/],
  during: async (typed) => {
    const [url] = await typed.shows(/http:\/\/\S+\/metrics/);
    const scrape = () => fetch(url.replace('0.0.0.0', '127.0.0.1'));
    let answer = await scrape();
    for (; answer.status === 503; answer = await scrape()) await sleep(200);
    expect(await answer.text()).toMatch(status);
    end(typed);
  },
});
const twoHosts = /crawlwatch_hosts\{status="OK"\} [23]\n/;
const file = ({ clone }: ReadmeWorld, name: string) => readFileSync(join(clone, name), 'utf8');

/** Those with both kinds of quotes. */
const LIMITED = `aws ec2 create-tags --resources i-0123456789abcdef0 --tags 'Key=crawlwatch:limits,Value="memory.warning=8;ignore=/mnt/*"'`;
const COST = `CRAWLWATCH_SETTINGS='{"metrics":{"perInstance":"troubled"}}' crawlwatch cost --instances 2000 -o json`;
const SECOND_STACK = `crawlwatch deploy -- -c crawlwatch='{"stack":"Crawlers2","tag":{"key":"crawlers2"}}'`;

let moto: Moto | undefined;
let metricsUrl = '';
let mails: (() => Promise<readonly { readonly subject: string }[]>) | undefined;

/** In the order of events. */
const ROWS: Readonly<Record<string, Row>> = {
  // A terminal, without an account.
  'crawlwatch check --local': { says: [OK] },
  'crawlwatch check --local --json': { says: [/"source": ?"local"/] },
  'crawlwatch check --local -w memory=20,disk=15 -c memory=8': {
    // This machine's own figures must decide nothing here.
    spelled: (command) => command.replace('20,disk=15', '0,disk=0').replace('=8', '=0'),
    says: [OK],
  },
  'crawlwatch check --host ubuntu@web1 web2:2222': { ...hosts, says: [OK] },
  "crawlwatch check --host ubuntu@10.0.0.7 '[2001:db8::7]:2222' --private-key ~/.ssh/fleet": {
    ...hosts,
    // By the addresses that there are: the second is the first, written as IPv6.
    spelled: (command, { home }) => {
      const [, port] = /Port (\d+)/.exec(readFileSync(join(home, '.ssh', 'config'), 'utf8')) ?? [];
      return `${command.replace('10.0.0.7', `127.0.1.21:${port}`).replace("'[2001:db8::7]:2222'", `'[::ffff:127.0.1.21]:${port}'`)} --accept-new-host-keys`;
    },
    says: [/2 hosts?.*2 OK/is],
  },
  'crawlwatch check --host web1 -o nagios': { ...hosts, says: [/OK.*\|/] },
  'crawlwatch check -i inventories/production2 -u ubuntu': { ...hosts, says: [OK] },
  'ansible-inventory -i inventories/production2 --list | crawlwatch check -i - -u ubuntu': {
    ...hosts,
    orElse: { program: 'ansible-inventory', by: async () => {} },
    says: [OK],
  },
  "crawlwatch check -i hosts.ini -l 'web:&prod:!web3' -u ubuntu -o line": {
    ...hosts,
    says: [/^web1 \| OK/m, /^web2 \| OK/m],
  },
  'crawlwatch check -i aws_ec2.yml -i inventory.py': { ...hosts, spelled: pretendAnsible, says: [OK] },
  'ansible-inventory -i hosts.toml --list | crawlwatch check -i -': { ...hosts, spelled: pretendAnsible, says: [OK] },
  'crawlwatch check -i hosts.ini --quiet': { ...hosts, says: [/^\s*$/] },
  'crawlwatch probe': { says: [/^main "\$@"$/m] },
  'crawlwatch probe | sh': { says: [/crawlwatch-vitals|MemAvailable|memory/i] },
  'crawlwatch probe | ssh web1 sh': { ...hosts, spelled: ownSsh, says: [/MemAvailable|memory/i] },
  'crawlwatch probe | ssh web1 sh | crawlwatch check --from -': { ...hosts, spelled: ownSsh, says: [OK] },
  'crawlwatch watch -i inventories/production2 -u ubuntu': { ...hosts, ...once, says: [/ended after 1 check/] },
  'crawlwatch watch -i hosts.ini -u ubuntu': { ...hosts, ...once, says: [/ended after 1 check/] },
  'crawlwatch watch --host web1 web2 --every 10 -w memory=20': {
    ...hosts,
    ...once,
    spelled: (command) => command.replace('=20', '=0'),
    says: [/ended after/],
  },
  'crawlwatch watch -i hosts.ini >>changes.log': {
    ...hosts,
    says: [],
    exit: 130,
    during: async (typed, world) => {
      for (writeFileSync(join(world.clone, 'changes.log'), ''); file(world, 'changes.log') === ''; ) await sleep(200);
      end(typed);
    },
  },
  'crawlwatch exporter -i inventories/production2 -u ubuntu': {
    ...hosts,
    spelled: (command) => `${command} --listen :0`,
    // Asked by the command after it.
    meanwhile: 'for ever',
    says: [/http:\/\/[\d.:]+\/metrics/],
    during: async (typed) => {
      [metricsUrl] = await typed.shows(/http:\/\/[\d.:]+\/metrics/);
    },
  },
  'curl http://127.0.0.1:9469/metrics': {
    ...hosts,
    // The first check takes a moment, in which it answers 503.
    spelled: () => `curl --silent --show-error --fail --retry 60 --retry-delay 1 ${metricsUrl}`,
    says: [/crawlwatch_hosts\{status="OK"\} 2/],
  },
  'crawlwatch exporter -i hosts.ini --listen 0.0.0.0:9469': { ...hosts, ...exporter(twoHosts) },
  'crawlwatch exporter -i hosts.ini -u ubuntu': { ...hosts, ...exporter(twoHosts) },
  'crawlwatch exporter --host web1 web2 --listen :9500 --every 30': { ...hosts, ...exporter(twoHosts) },
  'crawlwatch exporter --local --listen 0.0.0.0:9469': exporter(/crawlwatch_hosts\{status="OK"\} 1\n/),
  'crawlwatch check -i hosts.ini -o prometheus >/var/lib/node_exporter/crawlwatch.prom.new; mv /var/lib/node_exporter/crawlwatch.prom.new /var/lib/node_exporter/crawlwatch.prom':
    {
      ...hosts,
      spelled: (command, { home }) => command.replaceAll('/var/lib/node_exporter', `${home}/node_exporter`),
      says: [],
      after: async ({ home }) => {
        expect(readFileSync(join(home, 'node_exporter', 'crawlwatch.prom'), 'utf8')).toMatch(twoHosts);
      },
    },
  'crawlwatch doctor --host ubuntu@web1': { ...hosts, says: [/web1/] },
  'crawlwatch doctor --host ubuntu@web1:2222': {
    ...hosts,
    // web2 is the one on that port.
    spelled: (command) => command.replace('web1', 'web2'),
    says: [/web2/],
  },
  'crawlwatch doctor -i hosts.ini -l web1 -u ubuntu': { ...hosts, says: [/web1/] },
  'crawlwatch backtest traces.jsonl.gz -o json': { says: [/"caught"|"traces"/] },
  'crawlwatch cost --instances 40': { says: [/40 instances/] },
  [COST]: {
    says: [/"instances": ?2000/],
  },
  'mkdir -p ~/.local/share/bash-completion/completions && crawlwatch completion bash >~/.local/share/bash-completion/completions/crawlwatch':
    {
      says: [],
      after: async ({ home }) => {
        const made = readFileSync(join(home, '.local/share/bash-completion/completions/crawlwatch'), 'utf8');
        expect(made).toMatch(/^complete -F _crawlwatch crawlwatch$/m);
      },
    },
  'crawlwatch demo': { says: [/crawlwatch:reboot-flag/] },
  'crawlwatch demo --serve --port 8080': {
    spelled: (command) => command.replace('8080', '0'),
    exit: 130,
    says: [/The demo's dashboard/],
    during: async (typed) => {
      const [url] = await typed.shows(/http:\/\/[\w.:]+\//);
      expect(await (await fetch(url)).text()).toContain('crawlwatch');
      end(typed);
    },
  },
  'crawlwatch init': {
    ...hosts,
    spelled: elsewhere,
    during: async (typed) => {
      await typed.shows(/aws.*hosts/is);
      typed.type('hosts\n');
      await typed.shows(/host\[:port\]|web1/i);
      typed.type('ubuntu@web1 web2:2222\n');
    },
    says: [/Wrote inventory\.ini/, /2 OK/],
  },
  'crawlwatch init --where hosts --hosts ubuntu@web1 web2:2222': {
    ...hosts,
    spelled: elsewhere,
    says: [/Wrote inventory\.ini/, /2 OK/],
  },
  'crawlwatch init --where aws --mail you@example.com --transport ssm --no-check': {
    spelled: elsewhere,
    says: [/Wrote cdk\.json/],
  },

  // An account, before anything is deployed.
  'crawlwatch check --aws --list-hosts': { ...account, says: [/ficrawler1\ti-\w+/, /ficrawler2\ti-\w+/] },
  'AWS_PROFILE=prod crawlwatch check': { ...account, says: [/2 hosts?.*2 OK/is] },
  'crawlwatch check -o prometheus >crawlwatch.prom': {
    ...account,
    says: [],
    after: async (world) => {
      expect(file(world, 'crawlwatch.prom')).toMatch(twoHosts);
    },
  },
  'crawlwatch watch --record week.ndjson': {
    ...account,
    ...once,
    says: [/ended after 1 check/],
    // A week takes a week: the recording of another fleet goes before its one check.
    after: async (world) =>
      writeFileSync(join(world.clone, 'week.ndjson'), file(world, 'recorded.ndjson') + file(world, 'week.ndjson')),
  },
  'crawlwatch backtest week.ndjson': { ...account, says: [/crawlwatch/] },
  'crawlwatch backtest week.ndjson --alarms': { ...account, says: [] },
  "crawlwatch exporter --aws --listen '[::1]:9469'": { ...account, ...exporter(twoHosts) },
  "crawlwatch exporter --aws --listen '[::1]:9469' --every 300": { ...account, ...exporter(twoHosts) },
  'crawlwatch doctor --deploy': { ...account, exit: 2, says: [/✗ bootstrap .*is not bootstrapped/] },
  "aws ec2 describe-vpc-endpoints --filters Name=vpc-id,Values=VPC --query 'VpcEndpoints[].ServiceName'": {
    ...account,
    spelled: (command, world) => byCli(command.replace('=VPC', `=${world.vpcId}`), world),
    orElse: noCli,
    says: [/\[\]/],
  },
  'AWS_REGION=eu-west-1 crawlwatch test-alert --stack CrawlwatchProd': {
    ...account,
    // There is none of that name: the command must say what to do.
    exit: 3,
    says: [/no stack CrawlwatchProd of crawlwatch here/],
  },

  // Deployed.
  'crawlwatch deploy --bootstrap': { ...account, says: [/bootstrapped/] },
  'crawlwatch deploy -- -c alertEmail=you@example.com': {
    ...account,
    spelled: (command) => `${command} ${direct}`,
    says: [/CrawlwatchStack\.AlertsTopicArn/],
    after: (world) => world.openFunctions(),
  },
  'crawlwatch deploy -- --profile production': {
    ...account,
    spelled: (command) => `${command} ${direct} -c alertEmail=you@example.com`,
    says: [/CrawlwatchStack/],
  },
  'crawlwatch deploy': {
    ...account,
    spelled: (command) => `${command} -- ${direct} -c alertEmail=you@example.com`,
    says: [/CrawlwatchStack/],
  },
  'crawlwatch test-alert': {
    ...account,
    prepare: async (world) => {
      mails = await world.emulator.listen(await world.emulatorTopic());
    },
    says: [/Sent to \d subscribers? of /],
    after: async () => {
      expect(await mails?.()).toMatchObject([{ subject: 'crawlwatch: test of CrawlwatchStack' }]);
    },
  },
  'crawlwatch doctor': {
    ...account,
    exit: 3,
    says: [/2 instances tagged crawlwatch=true in us-east-1: 2 not checked yet/],
    after: async (world) => {
      expect(await world.check()).toMatchObject({ checked: 2, ok: 2 });
      world.hung = true;
      expect(await world.nextCheck()).toMatchObject({ checked: 2, flagged: 1 });
    },
  },
  'crawlwatch doctor i-0123456789abcdef0 ficrawler7': {
    ...account,
    spelled: named,
    exit: 2,
    says: [/ficrawler1/, /ficrawler2/],
  },
  'crawlwatch flagged': { ...account, says: [/ficrawler1/, /ConnectionReset/, /1 of 2 instances/] },
  'crawlwatch flagged -o json': { ...account, says: [/"name": ?"ficrawler1"/] },
  'crawlwatch plan': { ...account, says: [/ficrawler1/, /remedies\.reboot is off/] },
  'crawlwatch plan -o json': { ...account, says: [/ficrawler1/] },
  'crawlwatch why ficrawler9': { ...account, spelled: named, says: [/Decisions about a flag/] },
  'crawlwatch ack ficrawler9': { ...account, spelled: named, says: [/ack: its incident since .* is acknowledged/] },
  'crawlwatch ack ficrawler9 --off': { ...account, spelled: named, says: [/ficrawler1/] },
  "crawlwatch ack ficrawler7 ficrawler8 --why 'bigger disks are ordered'": {
    ...account,
    // That one is well: there is nothing to acknowledge.
    spelled: named,
    exit: 1,
    says: [/ficrawler2/],
  },
  "crawlwatch ack 'ficrawler*:!ficrawler9' --dry-run": {
    ...account,
    spelled: (command, world) => real(command, world).replace('!ficrawler9', '!ficrawler2'),
    says: [/ficrawler1 \(i-\w+\): ack: dry run: its incident since .* is acknowledged/],
  },
  'crawlwatch unflag ficrawler9 --dry-run': { ...account, spelled: named, says: [/ficrawler1/] },
  'crawlwatch unflag ficrawler9': {
    ...account,
    spelled: named,
    asks: /\[y\/N\]/,
    says: [/ficrawler1/],
    after: async (world) => {
      // It still hangs, so the next check flags it again.
      expect(await world.nextCheck()).toMatchObject({ checked: 2, flagged: 1 });
    },
  },
  'crawlwatch reboot --flagged --dry-run': { ...account, says: [/ficrawler1/] },
  'crawlwatch reboot ficrawler9': {
    ...account,
    ...rebootsAndComesBack,
    spelled: named,
  },
  'crawlwatch reboot --flagged --yes': { ...account, says: [/flagged/] },
  'crawlwatch reboot i-0123456789abcdef0': {
    ...account,
    spelled: named,
    asks: /\[y\/N\]/,
    exit: 1,
    // It is back: the guards hold a second reboot.
    says: [/reboot: held back/],
  },
  'crawlwatch reboot i-0123456789abcdef0 --override asg --yes --no-wait': {
    ...account,
    spelled: named,
    exit: 1,
    says: [/reboot: held back/],
  },
  'crawlwatch restart-worker i-0123456789abcdef0 --dry-run': {
    ...account,
    spelled: named,
    exit: 1,
    says: [/restart-worker/],
  },
  'crawlwatch restart-worker ficrawler7': {
    ...account,
    spelled: named,
    asks: /\[y\/N\]/,
    exit: 1,
    says: [/restart-worker: held back/],
  },
  'crawlwatch restart-sshd ficrawler8': {
    ...account,
    spelled: named,
    asks: /\[y\/N\]/,
    exit: 1,
    says: [/restart-sshd: held back/],
  },
  'crawlwatch restart-sshd ficrawler8 --yes': {
    ...account,
    spelled: named,
    exit: 1,
    says: [/restart-sshd: held back/],
  },
  'crawlwatch why i-0123456789abcdef0': { ...account, spelled: real, says: [/reboot: worked/] },
  'crawlwatch why i-0123456789abcdef0 --json': { ...account, spelled: real, says: [/"name": ?"ficrawler1"/] },
  'crawlwatch history i-0123456789abcdef0': { ...account, spelled: real, says: [/reboot: begun/, /reboot: done/] },
  'crawlwatch history i-0123456789abcdef0 -o json': { ...account, spelled: real, says: [/"reboot"/] },
  'crawlwatch history ficrawler9': { ...account, spelled: named, says: [/reboot: worked/] },
  "crawlwatch mute ficrawler7 --for 2h --why 'new disk'": {
    ...account,
    spelled: named,
    says: [/ficrawler2 .*muted until/],
  },
  "crawlwatch mute 'ficrawler*:!ficrawler9' --until 2026-11-23T06:00:00Z": {
    ...account,
    // Tomorrow, whatever day it is.
    spelled: (command, world) =>
      named(command, world).replace(/2026-\S+/, new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '')),
    says: [/ficrawler2 .*muted until/],
  },
  'crawlwatch mute --tag team=search --tag env=prod --for 1d': {
    ...account,
    prepare: async (world) => {
      await world.tag('team', 'search');
      await world.tag('env', 'prod');
    },
    says: [/ficrawler1 .*muted until/],
  },
  "crawlwatch mute --all --window 'Sat 02:00-06:00 Europe/Berlin' --why backups": {
    ...account,
    spelled: (command) => `${command} --yes`,
    says: [/ficrawler1 .*Sat 02:00-06:00 Europe\/Berlin/],
  },
  'crawlwatch mute --list': { ...account, says: [/ficrawler1 .*backups/, /ficrawler2 .*backups/] },
  'crawlwatch mute --all --off': {
    ...account,
    spelled: (command) => `${command} --yes`,
    says: [/ficrawler1 .*no longer muted/],
  },
  "crawlwatch pause --why 'moving the database' --for 2h": { ...account, says: [/CrawlwatchStack: paused: /] },
  'crawlwatch pause': { ...account, says: [/CrawlwatchStack: paused/] },
  'crawlwatch resume': { ...account, says: [/the pause by .* is over/] },
  'crawlwatch resume --dry-run': { ...account, says: [/CrawlwatchStack/] },
  [LIMITED]: {
    ...account,
    spelled: byCli,
    orElse: { program: 'aws', by: (world) => world.tag('crawlwatch:limits', 'memory.warning=8;ignore=/mnt/*') },
    says: [],
    after: async (world) => {
      expect(await world.emulator.tagsOf(world.id)).toMatchObject({
        'crawlwatch:limits': 'memory.warning=8;ignore=/mnt/*',
      });
    },
  },

  // A second stack, and other places.
  [SECOND_STACK]: {
    ...account,
    spelled: (command) => `${command} ${direct}`,
    says: [/Crawlers2\.RemedyFunctionName/],
  },
  'crawlwatch plan --stack Crawlers2': { ...account, says: [/nothing/i] },
  'aws cloudformation deploy --region us-east-1 --stack-name crawlwatch-member --template-file accounts/crawlwatch-member.yaml --parameter-overrides MakeRole=false':
    { ...account, spelled: byCli, orElse: noCli, says: [/Successfully created\/updated stack - crawlwatch-member/] },
  'aws cloudformation deploy --region eu-central-1 --stack-name crawlwatch-member --template-file accounts/crawlwatch-member.yaml --capabilities CAPABILITY_NAMED_IAM --parameter-overrides CheckRoleArn=... WidgetRoleArn=... ExternalId=choose-a-long-one':
    {
      ...account,
      spelled: (command, world) =>
        byCli(command, world)
          .replace('CheckRoleArn=...', 'CheckRoleArn=arn:aws:iam::123456789012:role/check')
          .replace('WidgetRoleArn=...', 'WidgetRoleArn=arn:aws:iam::123456789012:role/widget'),
      orElse: noCli,
      says: [/Successfully created\/updated stack - crawlwatch-member/],
    },

  // Its end.
  'crawlwatch forget --dry-run': { ...account, says: [/2/] },
  'crawlwatch deploy --destroy': {
    ...account,
    // The second stack: the command after it removes the first.
    spelled: (command) => `${command} -- -c crawlwatch='{"stack":"Crawlers2","tag":{"key":"crawlers2"}}'`,
    asks: /\(y\/n\)/,
    says: [/Crawlers2: destroyed/],
  },
  'crawlwatch deploy --destroy && crawlwatch forget': {
    ...account,
    prepare: (world) => world.emptyBucket(),
    during: async (typed) => {
      await typed.shows(/\(y\/n\)/);
      typed.type('y\n');
      await typed.shows(/\[y\/N\]/);
      typed.type('y\n');
    },
    says: [/removed crawlwatch's own tags from 2/],
  },
};

describe('a command in docs/', () => {
  it('is run by one of these tests', () => {
    expect([...COMMANDS].filter((command) => ROWS[command] === undefined)).toEqual([]);
    expect(COMMANDS.size).toBeGreaterThan(90);
    expect(Object.keys(ELSEWHERE).filter((page) => !pages.includes(page) || commandsOf(page).length === 0)).toEqual([]);
  });
});

afterAll(() => moto?.stop());

describePage({
  title: 'docs/, by somebody who types its commands',
  root: ROOT,
  file: 'docs/',
  rows: ROWS,
  // One that is no longer in any page is in excess.
  commands: [
    ...Object.keys(ROWS).filter((command) => COMMANDS.has(command)),
    ...[...COMMANDS].filter((one) => !(one in ROWS)),
  ],
  begin: async (world, hasAccount) => {
    install(world, ROOT);
    furnish(world, ROOT);
    if (hasAccount) moto = await openAccount(world);
  },
});
