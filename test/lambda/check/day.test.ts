import { CreateTagsCommand } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { Day, type DayOptions } from '../../support/random-day.ts';
import { idOf, type SandboxFleet } from '../../support/sandbox-fleet.ts';

const WELL = ['.', '.', '.'];
/** The first host does as its row says, over and over; three others are well, and nothing else happens. */
const dayOf = (row: string, over: Partial<DayOptions> = {}): Promise<Day> =>
  new Day({ seed: 1, rows: [row, ...WELL], isCalm: true, ...over }).run();
const kindsOf = ({ mails }: Day): string[] => mails.map(({ kind }) => kind);
const tagsOf = (fleet: SandboxFleet) => fleet.aws.instances.get(idOf(1))?.tags ?? new Map<string, string>();
const strip = (fleet: SandboxFleet): void => {
  for (const key of [...tagsOf(fleet).keys()]) if (key.startsWith('crawlwatch:')) tagsOf(fleet).delete(key);
};

describe('a random day', () => {
  it('keeps every promise about mails and flags, whatever happens to hosts, tags, state, mail and S3', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { broken } = await new Day({ seed }).run();
      expect(broken, `seed ${seed}`).toEqual([]);
    }
  });
});

describe('a day of a host', () => {
  it.each([
    ['that hangs and has 1 % of memory left by turns is mailed', 'hc', ['measured', 'held']],
    ['that hangs and is low by turns is mailed', 'hw', ['measured', 'held']],
    ['that hangs every other check is mailed', 'h.', ['held']],
    ['that hangs steadily is mailed and flagged', `.${'h'.repeat(287)}`, ['held', 'flagged']],
    ['that cannot be checked every other time is mailed', 'u.', ['inconclusive']],
    ['that is well is not', '.', []],
  ])('%s', async (_, row, kinds) => {
    const day = await dayOf(row);
    expect(day.broken).toEqual([]);
    expect(kindsOf(day)).toEqual(kinds);
  });

  it.each(['h..', 'hhh.', 'hhhh.', 'hhhh..', 'hhh...', 'wch..', 'hhhhhh......', 'uuwcchhh..'])(
    'that does %s over and over is mailed twelve times at most',
    async (row) => {
      const day = await dayOf(row);
      expect(day.broken).toEqual([]);
      expect(day.mails.length).toBeGreaterThan(0);
      expect(day.mails.length).toBeLessThanOrEqual(12);
    },
  );

  it.each([
    ['fills its disk', '..cc..cc..cc......cc......', 'c'],
    ['hangs', '..hhh.hhh.hhh.hhh......', 'h'],
  ])('that %s in the evening of a bad morning is mailed again', async (_, morning, letter) => {
    const calm = '.'.repeat(100);
    const row = `${morning}${calm}${letter.repeat(12)}`;
    const day = await dayOf(row.padEnd(288, '.'));
    expect(day.broken).toEqual([]);
    const begun = morning.length + calm.length;
    expect(day.mails.filter(({ check }) => check < begun).length).toBeGreaterThanOrEqual(6);
    expect(day.mails.filter(({ check }) => check >= begun && check < begun + 6)).not.toEqual([]);
    expect(day.mails.length).toBeLessThanOrEqual(12);
  });

  it.each<[string, (fleet: SandboxFleet) => void]>([
    ['are denied', (fleet) => fleet.aws.denied.add(idOf(1))],
    ['are refused', (fleet) => fleet.aws.fail(CreateTagsCommand, 'UnauthorizedOperation', 1_000_000)],
    ...[47, 48, 49, 50].map((count): [string, (fleet: SandboxFleet) => void] => [
      `are ${count} of somebody else already`,
      (fleet) => {
        for (let n = tagsOf(fleet).size; n < count; n++) tagsOf(fleet).set(`other:${n}`, '');
      },
    ]),
  ])('whose tags %s is mailed and flagged all the same', async (_, spoil) => {
    const day = await new Day({
      seed: 1,
      rows: [`.${'h'.repeat(100)}`, ...WELL],
      isCalm: true,
      before: (fleet, check) => check === 0 && spoil(fleet),
    }).run(40);
    expect(kindsOf(day)).toEqual(['held', 'flagged']);
    expect(day.fleet.remembered(1).flag).not.toBeNull();
  });

  it('loses an old flag by a stop and start, and gets a new one where it hangs again', async () => {
    const day = await new Day({
      seed: 1,
      rows: [`.${'h'.repeat(100)}`, ...WELL],
      isCalm: true,
      before: (fleet, check) => {
        const host = fleet.aws.instances.get(idOf(1));
        if (check === 20 && host !== undefined) host.launchedAt = new Date(fleet.now.getTime() - 60_000);
        if (check === 21) {
          expect(fleet.remembered(1)).toMatchObject({ flag: null, failures: 1 });
          expect(fleet.tags(1)).not.toHaveProperty(TAG.flag);
        }
      },
    }).run(30);
    const flagged = day.mails.filter(({ kind }) => kind === 'flagged').map(({ check }) => check);
    expect(flagged).toEqual([3, 22]);
    expect(day.fleet.tags(1)[TAG.flag]).toContain(day.fleet.remembered(1).flag?.at.toISOString().slice(0, 16));
  });

  it.each([
    ['hangs', `.${'h'.repeat(287)}`, ['held', 'flagged']],
    ['hangs and is low by turns', 'hc', ['measured', 'held']],
    ['is well', '.', []],
  ])('that %s is mailed as ever where a tool strips its tags every third check', async (_, row, kinds) => {
    const day = await dayOf(row, { before: (fleet, check) => check % 3 === 0 && strip(fleet) });
    expect(day.broken).toEqual([]);
    expect(kindsOf(day)).toEqual(kinds);
    expect(day.fleet.tags(1)[TAG.stack]).toBe('CrawlwatchStack');
  });

  it.each([
    [TAG.status, 'OK'],
    [TAG.flag, 'BannerTimeout@2026-11-22T08:00:00Z'],
    [TAG.acted, 'reboot@2099-01-01T00:00:00Z'],
    [TAG.acted, 'booted@2099-01-01T00:00:00Z'],
    [TAG.stack, 'Ghost'],
    [TAG.hostKey, 'renew'],
  ])('that hangs is mailed and flagged as ever where %s = %s is forged before every check', async (key, value) => {
    const forge = (fleet: SandboxFleet) => void tagsOf(fleet).set(key, value);
    const day = await dayOf(`.${'h'.repeat(287)}`, { before: forge });
    expect(day.broken).toEqual([]);
    expect(kindsOf(day)).toEqual(['held', 'flagged']);
    const well = await dayOf('.', { before: forge });
    expect([well.mails, well.fleet.remembered(1).flag]).toEqual([[], null]);
  });

  it('whose host key is forged by tag is mailed as one that cannot be checked', async () => {
    const day = await dayOf('.', { before: (fleet) => void tagsOf(fleet).set(TAG.hostKey, 'nonsense') });
    expect(kindsOf(day)).toEqual(['inconclusive']);
  });
});

describe('a day without an answer of SNS', () => {
  it('repeats its mail three times, then once an hour, and never again once an answer came', async () => {
    const day = new Day({ seed: 1, rows: [`.${'h'.repeat(287)}`, ...WELL], isCalm: true });
    day.mailOutage = 'answer lost';
    await day.run(1 + 36);
    const lost = day.mails.length;
    expect(lost).toBeLessThanOrEqual(4 + 3);
    expect(day.mails.slice(1).every(({ isExcused }) => isExcused)).toBe(true);
  });
});
