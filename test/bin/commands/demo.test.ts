import { beforeAll, describe, expect, it } from 'vitest';
import { demo } from '../../../bin/commands/start/demo.ts';
import { unwrapped } from '../../support/unwrapped.ts';

/** What the demo printed, check by check; the last part is its end. */
let checks: string[];
let end: string;

/** The entry of that host in the mail of that check, a paragraph a line. */
const entry = (time: string, host: string): string => {
  const mail = at(time)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(2));
  return (
    unwrapped(mail.join('\n'))
      .split('\n\n')
      .find((block) => block.startsWith(`${host} (`)) ?? ''
  );
};

/** The check at that time, with the mails that followed. */
const at = (time: string): string => checks.find((text) => text.includes(` at ${time} UTC: `)) ?? '';

beforeAll(async () => {
  let printed = '';
  expect(await demo({ stdout: { write: (text) => (printed += text) } })).toBe(0);
  [, ...checks] = printed.split(/^=+$/m);
  end = checks.pop() ?? '';
});

describe('the demo', () => {
  it('shows three dead workers, a full disk, a host that hangs', () => {
    for (const name of ['ficrawler4', 'ficrawler10', 'ficrawlerbig']) {
      expect(at('08:05')).toMatch(new RegExp(`^${name} +CRITICAL +WorkerDown, OomKill`, 'm'));
    }
    expect(at('08:05')).toMatch(/^fiweb1 +CRITICAL +DiskLow/m);
    expect(at('08:05')).toMatch(/^ficrawler9 +CRITICAL +BannerTimeout/m);
  });

  it('forecasts a leak, and mails it', () => {
    expect(at('08:10')).toMatch(/^ficrawler7 +WARNING +MemoryExhaustionForecast .*memory \d+ min to/m);
    expect(at('08:15')).toMatch(/^\| {3}- MemoryExhaustionForecast: Memory runs out in/m);
  });

  it('restarts the worker where memory is exhausted and SSH still answers, and says that a reboot was avoided', () => {
    expect(at('08:15')).toMatch(/^ficrawler3 +CRITICAL +MemoryExhaustedResponsive/m);
    expect(entry('08:15', 'ficrawler3')).toMatch(/^ {2}Its worker was restarted by crawlwatch at 08:15 UTC/m);
    expect(at('08:20')).toMatch(/^ficrawler3 +OK /m);
    expect(end).toMatch(/ficrawler3: restart-worker worked: .*A reboot was avoided/);
  });

  it('reboots the flagged host whose tag allows it, and knows by its boot id that it came back', () => {
    expect(at('08:15')).toMatch(/^ficrawler9: CRITICAL, flagged for reboot/m);
    expect(entry('08:15', 'ficrawler9')).toMatch(/^ {2}FLAGGED and being rebooted by crawlwatch at 08:15 UTC/m);
    expect(at('08:20')).toMatch(/^ficrawler9 +OK /m);
    expect(end).toMatch(/ficrawler9: reboot worked: .*it came back with a new boot id/);
    expect(end).toMatch(/^ {2}ficrawler9 +\.hhh\.{8} {2}0009b002$/m);
  });

  it('holds the next reboot back until the first has had its time, and reports it', () => {
    expect(at('08:20')).toMatch(/^HELD BACK {2}ficrawler6: no reboot by itself: .*reboots are 15 minutes apart/m);
    expect(entry('08:35', 'ficrawler6')).toMatch(/^ {2}Being rebooted by crawlwatch at 08:35 UTC/m);
  });

  it('escalates the host that no reboot helps to a person, and leaves its flag', () => {
    expect(at('08:55')).toMatch(/^\| Do: see to ficrawler6: its reboot was in vain\.$/m);
    const said = entry('08:55', 'ficrawler6').split('\n');
    expect(said.filter((line) => /did not help/.test(line))).toEqual([
      '  - The reboot of 08:35 UTC did not help: it still hangs (ConnectionReset), 20 min after it.',
    ]);
    expect(said.filter((line) => /needs a person/.test(line))).toEqual([
      '  It needs a person: save its console output, then stop and start it, or replace it.',
    ]);
    expect(end).toMatch(/ficrawler6: over to a person: /);
    expect(end).toMatch(/crawlwatch:reboot-flag = ConnectionReset@2026-11-22T08:20:/);
  });

  it('mails what is bad in two of three checks, what was done and how it ended: one mail a check, five in the hour', () => {
    const mailed = checks.flatMap((text): [string, number][] => {
      const count = text.match(/^\+-- E-MAIL to /gm)?.length ?? 0;
      return count === 0 ? [] : [[/ at ([\d:]+) UTC: /.exec(text)?.[1] ?? '', count]];
    });
    expect(mailed).toEqual([
      ['08:10', 1],
      ['08:15', 1],
      ['08:20', 1],
      ['08:35', 1],
      ['08:55', 1],
    ]);
    expect(at('08:05')).not.toContain('E-MAIL');
    expect(entry('08:35', 'ficrawler4')).toMatch(/^ {2}RECOVERED: is OK again after 30 minutes/m);
  });

  it('restarts and reboots no host whose tag does not allow it', () => {
    expect(at('08:05')).toMatch(/^HELD BACK {2}ficrawler4, ficrawler10, ficrawlerbig: no restart-worker by itself/m);
    const [, acts = ''] = end.split('WHAT CRAWLWATCH DID BY ITSELF');
    expect(new Set([...acts.matchAll(/^ {2}[\d:]+ {2}(\w+): /gm)].map(([, name]) => name))).toEqual(
      new Set(['ficrawler3', 'ficrawler9', 'ficrawler6']),
    );
  });
});
