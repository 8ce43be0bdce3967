import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { whyNoMoto } from '../support/moto.ts';
import { commandsOf, exported, Typed } from '../support/readme-commands.ts';
import { ReadmeWorld, whyNoHosts } from './readme-world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** Of a command that failed: the end of what it wrote. */
const SHOWN = 4_000;
const WEBS = [/web1/, /web2/, /2 hosts?.*2 OK/is];

/** How one command is run, and what must be seen. */
interface Row {
  /** Default 0. */
  readonly exit?: number;
  readonly says: readonly RegExp[];
  readonly needs?: 'hosts' | 'account';
  readonly prepare?: (world: ReadmeWorld) => unknown;
  /** What has to be spelled otherwise here. */
  readonly spelled?: (command: string, world: ReadmeWorld) => string;
  /** On a terminal, and this question answered with y. */
  readonly asks?: RegExp;
  /** While it runs, on a terminal. */
  readonly during?: (typed: Typed, world: ReadmeWorld) => Promise<void>;
  readonly after?: (world: ReadmeWorld) => Promise<void>;
  /** Of an account of one's own: what stands before the README's own emulator. */
  readonly inOwnAccount?: boolean;
  /** Goes on behind the commands after it: to its own end, or to the end of all. */
  readonly meanwhile?: 'to its end' | 'for ever';
  /** What is done where this program is missing. */
  readonly orElse?: { readonly program: string; readonly by: (world: ReadmeWorld) => Promise<void> };
  /** Not run here, and where it is. */
  readonly elsewhere?: string;
}

const real = (command: string, { id }: ReadmeWorld) => command.replaceAll('i-0123456789abcdef0', id);
const ported = (command: string, { port }: ReadmeWorld) => command.replace(/\b5000\b/, String(port));
const own: Pick<Row, 'needs' | 'inOwnAccount'> = { needs: 'account', inOwnAccount: true };
let mails: (() => Promise<readonly { readonly subject: string }[]>) | undefined;

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
      mails = await world.own.listen(await world.ownTopic());
    },
    says: [/confirmed .*listener/, /Sent to 1 subscriber/],
    after: async () => {
      expect(await mails?.()).toMatchObject([{ subject: 'crawlwatch: test of CrawlwatchStack' }]);
    },
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
  "npx crawlwatch pause --why 'moving the database' --for 1h": {
    needs: 'account',
    says: [/CrawlwatchStack: paused: /],
  },
  'npx crawlwatch resume': { needs: 'account', says: [/the pause by .* is over/] },
  'npx crawlwatch why i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    says: [/Checks: /, /Decisions about a flag/, /reboot: worked/],
  },
  'npx crawlwatch history i-0123456789abcdef0': {
    needs: 'account',
    spelled: real,
    says: [/reboot: begun/, /reboot: done/, /reboot: worked/],
  },
  'npx crawlwatch forget': {
    needs: 'account',
    asks: /\[y\/N\]/,
    says: [/removed crawlwatch's own tags from 2/],
    after: async (world) => {
      expect(await world.emulator.tagsOf(world.id)).not.toHaveProperty('crawlwatch:status');
    },
  },
  'npx cdk destroy': { needs: 'account', asks: /\(y\/n\)/, says: [/CrawlwatchStack: destroyed/] },
  'npx crawlwatch cost --instances 250': { says: [/250 instances/] },
  'npx crawlwatch probe': { says: [/^main "\$@"$/m] },
  'npm run simulate -- --instances 10000 --transport ssh': { says: [/10,000 instances over SSH/, /All of it fits/] },
};

const commands = commandsOf(readFileSync(join(ROOT, 'README.md'), 'utf8'));
const noHosts = whyNoHosts();
const missing = { hosts: noHosts, account: whyNoMoto() ?? noHosts };
for (const [what, why] of Object.entries(missing)) {
  if (why !== null) process.stderr.write(`\nSKIPPED, commands of the README that need ${what}: ${why}\n\n`);
}

describe('the README, by somebody who has nothing else', () => {
  let world: ReadmeWorld;
  const later: Promise<void>[] = [];
  beforeAll(async () => {
    world = new ReadmeWorld(ROOT);
    world.settle();
    if (noHosts === null) await world.openHosts();
  });
  afterAll(() => world.close());

  it('has no command that this test does not run, and this test none that it has not', () => {
    expect(Object.keys(ROWS).toSorted()).toEqual(commands.toSorted());
  });

  it.for(commands.filter((command) => ROWS[command]?.elsewhere === undefined))('runs %s', async (command, { skip }) => {
    const row: Row = ROWS[command] ?? { says: [/nothing: it is not in the table/] };
    const why = row.needs === undefined ? null : missing[row.needs];
    if (why !== null) skip(why);
    await row.prepare?.(world);
    const line = row.spelled?.(command, world) ?? command;
    if (line.startsWith('export ')) {
      world.env = exported(line, world.env);
      await row.after?.(world);
      return;
    }
    const { orElse } = row;
    if (orElse !== undefined && spawnSync(orElse.program, ['--version']).error !== undefined) {
      process.stderr.write(`\nNOT RUN, since there is no ${orElse.program} here: ${line}\n\n`);
      await orElse.by(world);
      await row.after?.(world);
      return;
    }
    const typed = new Typed(line.replace(/ &$/, ''), {
      cwd: world.clone,
      env: { ...world.env, ...(row.inOwnAccount === true && world.ownAccount) },
      terminal: row.asks !== undefined || row.during !== undefined,
    });
    if (row.meanwhile === 'for ever') {
      for (const wanted of row.says) await typed.shows(wanted);
      return;
    }
    const seen = watched(row, typed, world);
    if (row.meanwhile === undefined) return seen;
    seen.catch(() => {});
    later.push(seen);
  });

  it('has seen the end of what went on meanwhile', async () => {
    await Promise.all(later);
  });
});

/** Types what it asks for, and holds it against what it should show. */
async function watched(row: Row, typed: Typed, world: ReadmeWorld): Promise<void> {
  if (row.asks !== undefined) {
    await typed.shows(row.asks);
    typed.type('y\n');
  }
  await row.during?.(typed, world);
  const exit = await typed.ended();
  const { output } = typed;
  expect(exit, output.slice(-SHOWN)).toBe(row.exit ?? 0);
  const unseen = row.says.filter((wanted) => !wanted.test(output));
  expect(unseen, output.slice(-SHOWN)).toEqual([]);
  await row.after?.(world);
}
