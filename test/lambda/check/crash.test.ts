import { describe, expect, it } from 'vitest';
import { checkFleet } from '../../../lambda/check/pipeline.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { seeded } from '../../../tools/random.ts';
import { aboutToReboot } from '../../support/about-to-reboot.ts';
import { ID } from '../../support/remedy-stack.ts';
import { SandboxFleet } from '../../support/sandbox-fleet.ts';
import { bothIn, orders } from '../../support/two-checks.ts';

const HUNG = 'CRIT crawler1 SSH silent';
const FLAGGED = 'FLAGGED crawler1 SSH silent';
const RECOVERED = 'RECOVERED crawler1 SSH silent';
const STOPPED = 'GONE crawler1 stopped';
const AGAIN = /A mail of .* may have said this already/;

type When = 'before' | 'after';

/** A check that is killed at the call of that number, before or after its effect. @returns at which call, or null */
async function killedCheck(fleet: SandboxFleet, at: number, when: When): Promise<string | null> {
  const ports = fleet.ports();
  let calls = 0;
  let killed: string | null = null;
  const never = new Promise<never>(() => {});
  let die = () => {};
  const dead = new Promise<void>((resolve) => (die = resolve));
  /** After its end a process does nothing more. */
  const step =
    <A extends unknown[], T>(name: string, real: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (killed !== null) return never;
      calls += 1;
      if (calls !== at) return real(...args);
      if (when === 'after') await real(...args);
      killed = name;
      die();
      return never;
    };
  const { outlets, state } = ports;
  const wrapped = {
    ...ports,
    state: state && { load: step('load', state.load), save: step('save', state.save) },
    outlets: {
      ...outlets,
      publish: step('publish', outlets.publish),
      writeTags: step('writeTags', outlets.writeTags),
      notify: step('notify', outlets.notify),
      ...(outlets.remedy !== undefined && {
        remedy: { act: step('act', outlets.remedy.act), mailed: step('mailed', outlets.remedy.mailed) },
      }),
    },
  };
  fleet.now = new Date(fleet.now.getTime() + 300_000);
  await Promise.race([checkFleet(fleet.settings, wrapped, { deadlineMs: 60_000 }), dead]);
  return killed;
}

interface Story {
  /** Up to the check that dies. */
  readonly begin: () => Promise<SandboxFleet>;
  /** Mails of an undisturbed run from then on. */
  readonly mails: readonly string[];
  readonly isFlagged: boolean;
}

const hung = async (checks: number): Promise<SandboxFleet> => {
  const fleet = new SandboxFleet(4);
  await fleet.checks(1);
  await fleet.host(1, 'BannerTimeout').checks(checks);
  return fleet;
};
const STORIES: Readonly<Record<string, Story>> = {
  'the first mail of a hang': { begin: () => hung(1), mails: [HUNG, FLAGGED], isFlagged: true },
  'the mail of a flag': { begin: () => hung(2), mails: [FLAGGED], isFlagged: true },
  'the mail of a recovery': {
    begin: async () => {
      const fleet = await hung(2);
      await fleet.host(1, {}).checks(1);
      return fleet;
    },
    mails: [RECOVERED],
    isFlagged: false,
  },
  'the mail of a flag that is removed': {
    begin: async () => (await hung(3)).host(1, {}),
    mails: [RECOVERED],
    isFlagged: false,
  },
  'the mail of a flag that is removed from a host that is still ill': {
    begin: async () => (await hung(3)).host(1, { diskUsedPercent: 97 }),
    mails: ['CRIT crawler1 disk 97%'],
    isFlagged: false,
  },
  'the mail of a flagged one that is stopped': {
    begin: async () => {
      const fleet = await hung(3);
      for (const one of fleet.aws.instances.values()) if (one.tags.get('Name') === 'crawler1') one.state = 'stopped';
      return fleet;
    },
    mails: [STOPPED],
    isFlagged: false,
  },
  nothing: { begin: () => hung(0).then((fleet) => fleet.host(1, {})), mails: [], isFlagged: false },
};

/** How long it lasted depends on the check that says it. */
const topicOf = ({ subject }: { readonly subject: string }) => subject.replace(/, \d+ min$/, '');

describe('a check that dies', () => {
  it.each(Object.entries(STORIES))('at any of its calls, with %s due: that is mailed, and once', async (_, story) => {
    const seen = new Set<string>();
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const fleet = await story.begin();
        const before = fleet.subjects.length;
        const call = await killedCheck(fleet, at, when);
        if (call === null) break;
        seen.add(call);
        await fleet.checks(8);
        const mails = fleet.aws.topic.published.slice(before);
        const where = `${when} ${call}, call ${at}`;
        const repeated = mails.filter(({ body }) => AGAIN.test(body));
        const isUnknown = call === 'notify' && when === 'after';
        // One whose fate nobody knows is sent again; one that was certainly not sent may be taken for such a one.
        expect(repeated.length, where).toBeLessThanOrEqual(1);
        const isSecond = (n: number) => mails.slice(0, n).some((mail) => topicOf(mail) === topicOf(mails[n]!));
        const once = mails.flatMap((mail, n) => (repeated.includes(mail) && isSecond(n) ? [] : [topicOf(mail)]));
        const wanted = story.mails.filter((subject) => subject !== HUNG || once.includes(HUNG));
        expect(once, where).toEqual(wanted);
        if (isUnknown) expect(repeated.length, where).toBe(1);
        expect(fleet.tags(1)[TAG.flag] !== undefined, where).toBe(story.isFlagged);
        expect(fleet.remembered(1).flag !== null, where).toBe(story.isFlagged);
        expect(fleet.state.mailing, where).toBeNull();
      }
    }
    const least = story.mails.length === 0 ? ['load', 'save', 'publish'] : ['load', 'save', 'publish', 'notify'];
    expect([...seen]).toEqual(expect.arrayContaining(least));
  });
});

const REBOOT =
  /^crawler1 \(i-\w+\)\n {2}BEING REBOOTED: .*\n {2}.*being rebooted by crawlwatch at 08:\d\d UTC: nothing to do/im;
const HELPED = /The reboot of 08:\d\d UTC helped/;

describe('a check that dies while it acts', () => {
  it('at any of its calls: the host is rebooted once, and what came of it is mailed before it is on record', async () => {
    const seen = new Set<string>();
    for (const when of ['before', 'after'] as const) {
      for (let at = 1; ; at++) {
        const { stack, fleet, bodies, boots, states } = await aboutToReboot();
        const call = await killedCheck(fleet, at, when);
        if (call === null) break;
        seen.add(call);
        const where = `${when} ${call}, call ${at}`;
        let isBack = false;
        for (let n = 0; n < 8; n++) {
          if (stack.rebooted.length > 0 && !isBack) {
            isBack = true;
            boots();
          }
          await fleet.check();
          if ((await states()).includes('worked')) expect(bodies().join('\n'), where).toMatch(HELPED);
        }
        expect(stack.rebooted, where).toEqual([ID]);
        expect(await states(), where).toEqual(['worked']);
        const count = (words: RegExp) => bodies().filter((body) => words.test(body)).length;
        // What nobody knows to be mailed is mailed again.
        expect([1, 2], where).toContain(count(HELPED));
        expect(count(REBOOT), where).toBeLessThanOrEqual(2);
        expect(count(/^crawler1 \(i-\w+\)\n {2}RECOVERED: is OK again/m), where).toBe(1);
        expect([fleet.state.mailing, fleet.state.asking], where).toEqual([null, null]);
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining(['load', 'save', 'writeTags', 'act', 'notify', 'mailed']));
  });
});

describe('two checks at the same moment', () => {
  it('reboot a host once, and say so in one mail, in a hundred orders of their calls', async () => {
    const random = seeded(18);
    for (let n = 0; n < 100; n++) {
      const order = Array.from({ length: 20 }, () => (random() < 0.5 ? 0 : 1) as 0 | 1);
      const { stack, fleet, bodies } = await aboutToReboot();
      await bothIn(order, fleet);
      const where = order.join('');
      expect(stack.rebooted, where).toEqual([ID]);
      expect(bodies(), where).toEqual([expect.stringMatching(REBOOT)]);
      expect(bodies()[0], where).toContain('  FLAGGED and being rebooted by crawlwatch');
      expect([fleet.state.mailing, fleet.state.asking], where).toEqual([null, null]);
      expect(fleet.remembered(1), where).toMatchObject({ acted: { what: 'reboot' }, incident: { flagMailed: true } });
      // It was acknowledged.
      expect((await stack.ask({ action: 'auto', scheduledTime: null })).news, where).toBeNull();
    }
  });

  // A check of which news is due makes five such calls: load, save, tags, mail, save.
  it.each([
    ['mail a hang once', 1, HUNG],
    ['mail and set a flag once', 2, FLAGGED],
  ])(
    '%s, in whatever order they read and write',
    async (_, checks, subject) => {
      const alone = await hung(checks + 1);
      for (const order of orders(5, 5)) {
        const fleet = await hung(checks);
        const before = fleet.subjects.length;
        await bothIn(order, fleet);
        const where = order.join('');
        expect(fleet.subjects.slice(before), where).toEqual([subject]);
        expect(fleet.tags(1), where).toEqual(alone.tags(1));
        expect(fleet.remembered(1), where).toEqual(alone.remembered(1));
        expect(fleet.remembered(1).letters, where).toBe('.'.padEnd(checks + 2, 'h'));
        expect(fleet.state.mailing, where).toBeNull();
      }
    },
    60_000,
  );
});
