import { beforeAll, describe, expect, it } from 'vitest';
import { idOf } from '../../support/sandbox-fleet.ts';
import type { Trouble } from './hosts.ts';
import type { MailedEntry } from './mails.ts';
import { CHECKS, FAULTS, isDuring, simulateWeek, type Week } from './week.ts';

let week: Week;
beforeAll(async () => {
  week = await simulateWeek(20261122);
});

const troubleOf = (host: string, check: number): Trouble | null =>
  week.episodes.find((one) => idOf(one.host) === host && isDuring(check, one))?.trouble ?? null;
/** While tags or the breaker's word are out of order nothing can be flagged, and while half the fleet is cut off nothing may. */
const BLIND = [FAULTS.tags, FAULTS.metrics, FAULTS.securityGroup];
const near = (check: number, window: { readonly from: number; readonly to: number }) =>
  isDuring(check, { from: window.from - 4, to: window.to + 4 });
/** After five mails within a day no end is mailed. Of many hosts a mail about the cut names ten, and is about them all. */
const isPastItsMails = (host: number, check: number): boolean => {
  const isAbout = (mail: Week['mails'][number]) =>
    (host % 2 === 0 && near(mail.check, FAULTS.securityGroup)) || mail.entries.some((one) => one.host === idOf(host));
  const day = { from: check - 288, to: check };
  return week.mails.filter((mail) => isDuring(mail.check, day) && isAbout(mail)).length > 5;
};
const isQuiet = (check: number) => ![...Object.values(FAULTS)].some((window) => near(check, window));

describe('a week of 200 hosts', () => {
  it('has all that it is meant to bring: every kind of trouble, failed runs and failed steps', () => {
    const kinds = new Set(week.episodes.map((episode) => episode.trouble));
    expect(kinds.size).toBe(4);
    expect(week.episodes.filter((episode) => episode.trouble === 'hang').length).toBeGreaterThan(100);
    expect(week.failedRuns.length).toBeGreaterThan(3);
    expect(week.failedSteps.length).toBeGreaterThan(10);
    expect(week.flagged).toHaveLength(CHECKS);
  });

  it('never flags a host that does not hang', () => {
    const wrong = week.flagged.flatMap((flags, check) =>
      [...flags]
        .filter((host) => !week.flagged[check - 1]?.has(host) && troubleOf(idOf(host), check) !== 'hang')
        .map((host) => ({ host, check })),
    );
    expect(wrong).toEqual([]);
  });

  it('flags every real hang within four checks, or as soon as it may be flagged again', () => {
    const failed = new Set(week.failedRuns);
    const missed = week.episodes
      .filter((episode) => episode.trouble === 'hang')
      .flatMap(({ host, from, to }) => {
        const blind = BLIND.find((window) => near(from, window));
        const begin = blind === undefined ? from : Math.max(from, blind.to);
        const made = Array.from({ length: 20 }, (_, n) => begin + n).filter((check) => !failed.has(check));
        const due = made[3] ?? CHECKS;
        return due >= to || week.flagged[due]?.has(host) ? [] : [{ host, from, due }];
      });
    expect(missed).toEqual([]);
  });

  it('takes the flag off as soon as the host answers again', () => {
    const left = week.episodes
      .filter(({ trouble, to }) => trouble === 'hang' && isQuiet(to) && !week.failedRuns.includes(to))
      .filter(({ host, to }) => week.flagged[to]?.has(host));
    expect(left).toEqual([]);
  });

  it('says nothing in a mail that was not so', () => {
    const isTrue = ({ kind, host }: MailedEntry, check: number): boolean => {
      const trouble = troubleOf(host, check);
      const cut = isDuring(check, FAULTS.securityGroup);
      switch (kind) {
        case 'flagged':
        case 'reminder':
          return trouble === 'hang';
        case 'held':
          // A host that answers nothing in two checks is mailed, long before it is known whether it hangs for good.
          return trouble === 'hang' || trouble === 'blip' || cut;
        case 'suppressed':
          return cut;
        case 'measured':
          return trouble === 'full disk';
        case 'unknown':
          return trouble === 'bad key';
        case 'recovered':
          return trouble === null || trouble === 'full disk';
      }
      return kind satisfies never;
    };
    const wrong = week.mails.flatMap(({ check, entries }) =>
      entries.filter((entry) => !isTrue(entry, check)).map((entry) => ({ check, ...entry })),
    );
    expect(wrong).toEqual([]);
  });

  it('repeats no mail: between two of a kind about a host there is its recovery', () => {
    const open = new Map<string, Set<string>>();
    const repeated: unknown[] = [];
    for (const { check, entries } of week.mails) {
      // Nothing is remembered while tags can't be written; and of many that recover at once only ten are named.
      if (near(check, FAULTS.tags) || near(check, FAULTS.securityGroup)) open.clear();
      for (const { kind, host } of entries) {
        const said = open.get(host) ?? new Set();
        open.set(host, said);
        if (kind === 'recovered') said.clear();
        else if (said.has(kind) && !near(check, FAULTS.tags)) repeated.push({ check, kind, host });
        else said.add(kind);
      }
    }
    expect(repeated).toEqual([]);
  });

  it.each([
    ['hang', 'flagged', 5],
    ['full disk', 'measured', 4],
    ['bad key', 'unknown', 6],
  ] as const)('tells every %s in one mail, and its end in one more', (trouble, kind, least) => {
    const wrong = week.episodes
      .filter((one) => one.trouble === trouble && one.to - one.from >= least)
      .filter(({ from, to }) => Array.from({ length: to - from + 3 }, (_, n) => from + n).every(isQuiet))
      .flatMap(({ host, from, to }) => {
        const of = (wanted: MailedEntry['kind']) =>
          week.mails
            .filter(({ check }) => check >= from && check <= to + 2)
            .flatMap(({ entries }) => entries)
            .filter((entry) => entry.host === idOf(host) && entry.kind === wanted).length;
        return of(kind) === 1 && (of('recovered') === 1 || isPastItsMails(host, to))
          ? []
          : [{ host, from, to, mailed: of(kind), ended: of('recovered') }];
      });
    expect(wrong).toEqual([]);
  });

  it('says once that the mistake with the security group suppressed flagging, and tells its end', () => {
    const suppressed = week.mails.filter(({ subject }) => subject.includes('FLAGGING SUPPRESSED'));
    expect(suppressed.map(({ check }) => check)).toEqual([FAULTS.securityGroup.from]);
    const ends = week.mails.filter(({ check }) =>
      isDuring(check, { from: FAULTS.securityGroup.to, to: FAULTS.securityGroup.to + 3 }),
    );
    expect(ends.map(({ subject }) => subject).join()).toMatch(/RECOVERED .*\(\+9\d more\)/);
  });

  it('costs a few calls a check, and tag writes only where something happened', () => {
    const { aws } = week.fleet;
    const calls = (name: string) => aws.calls(`${name}Command`);
    const hangs = week.episodes.filter((episode) => episode.trouble === 'hang').length;
    // One a check, one more for each that overlaps or mails.
    expect(calls('DescribeInstances')).toBeLessThan(1.5 * CHECKS);
    expect(calls('CreateTags') + calls('DeleteTags')).toBeLessThan(8 * week.episodes.length);
    expect(calls('GetConsoleOutput')).toBeLessThan(4 * hangs);
    expect(calls('PutMetricData')).toBeLessThan(1.1 * CHECKS);
    expect(calls('Publish')).toBeLessThan(week.mails.length + 2 * 12);
  });
});
