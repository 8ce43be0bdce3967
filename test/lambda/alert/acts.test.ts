import { describe, expect, it } from 'vitest';
import { composeRemedyAlert } from '../../../lambda/alert/acts.ts';
import type { Act, ActNews, ActOutcome, Decision, RemedyNews } from '../../../lambda/model/index.ts';
import { NOW } from '../../support/fleet.ts';

const ID = 'i-00000000000000001';
const act = (over: Partial<Act> = {}): Act => ({
  ...{ remedy: 'reboot', instanceId: ID, at: NOW, state: 'done', requester: 'schedule', boot: null, since: null },
  ...over,
});
const decision = (over: Partial<Decision> = {}): Decision => ({
  ...{ instanceId: ID, name: 'ficrawler9', remedy: 'reboot', heldBy: null, why: 'it carries the flag BannerTimeout' },
  ...over,
});
const outcome = (over: Partial<ActOutcome> = {}): ActOutcome => ({
  ...{ act: act(), name: 'ficrawler9', outcome: 'worked', minutes: 4, rebootAvoided: false, recoveryMinutes: 30 },
  sentence: 'The reboot of 08:15 UTC helped: it came back with a new boot id, 4 min after it.',
  ...over,
});
const made = (over: Partial<ActNews> = {}): ActNews => ({
  ...{ decision: decision(), act: act(), text: 'EC2 has queued the reboot', evidence: ['Console: Out of memory'] },
  ...over,
});
const compose = (over: Partial<RemedyNews>) =>
  composeRemedyAlert({ outcomes: [], pausedNow: null, acted: [], escalated: [], now: NOW, ...over });

describe('the mail about acts', () => {
  it('is none where there is no news', () => {
    expect(compose({})).toBeNull();
  });

  it('says what was done, by whom, why, with what evidence, and what comes next', () => {
    expect(compose({ acted: [made()] })?.body).toBe(`DONE

ficrawler9 (${ID}): reboot at 08:15 UTC by itself.
  Why: it carries the flag BannerTimeout.
  EC2 has queued the reboot.
  Console: Out of memory
  It is back once its boot id has changed; a mail follows within 20 min.
  Run: crawlwatch history ${ID}
`);
  });

  it('says nothing twice, and spells a unit as it is spelt', () => {
    const seen = 'MemoryExhaustedResponsive: 2 % of memory is available, the limit is 3 %';
    const body = compose({
      acted: [
        made({
          decision: decision({ remedy: 'restart-worker', why: `sidekiq.service; just now ${seen}` }),
          act: act({ remedy: 'restart-worker' }),
          text: 'sidekiq.service was restarted and is active',
          evidence: [`${seen}.`, 'Console: Out of memory'],
        }),
      ],
    })?.body;
    expect(body?.split('\n').slice(2, 6)).toEqual([
      `ficrawler9 (${ID}): restart-worker at 08:15 UTC by itself.`,
      `  Why: sidekiq.service; just now ${seen}.`,
      '  sidekiq.service was restarted and is active.',
      '  Console: Out of memory',
    ]);
  });

  it('puts the worst first', () => {
    const alert = compose({
      outcomes: [outcome(), outcome({ outcome: 'failed', sentence: 'The reboot did not help: it still hangs.' })],
      acted: [made(), made({ act: act({ state: 'failed' }), text: 'no right' })],
      escalated: [
        decision({ remedy: 'escalated', heldBy: 'escalated', why: 'the reboot did not help: it needs a person' }),
      ],
    });
    const titles = ['NEEDS A PERSON', 'DID NOT HELP', 'COULD NOT BE DONE', 'DONE', 'HELPED'];
    expect(alert?.body.match(/^[A-Z][A-Z ]+(?=:|$)/gm)).toEqual(titles);
    expect(alert?.subject).toBe(
      'crawlwatch: 1 needs a person, 1 did not help, 1 not done, 1 rebooted, 1 helped (ficrawler9)',
    );
    expect(alert?.attributes).toEqual({ status: 'CRITICAL', reasons: [], instanceIds: [ID] });
  });

  it('is no alarm where all that was done has helped', () => {
    const alert = compose({ outcomes: [outcome()] });
    expect(alert?.attributes.status).toBe('OK');
    expect(alert?.body).toContain('The reboot of 08:15 UTC helped: it came back with a new boot id, 4 min after it.');
  });

  it('reports an act of which it is not known whether it was executed', () => {
    const alert = compose({ acted: [made({ act: act({ state: 'begun', requester: 'eve@host' }) })] });
    expect(alert?.body).toContain('asked for by eve@host: it is not known whether it was executed.');
  });

  it('is bounded and plain, whatever hosts, tags and people have written', () => {
    const hostile = `\u001b[31m\u202e\r\nSubject: x ${'y'.repeat(1000)}`;
    const alert = compose({
      acted: Array.from({ length: 100 }, (_, n) =>
        made({
          decision: decision({ name: hostile, why: hostile }),
          act: act({ requester: hostile, instanceId: `i-${n}` }),
          text: hostile,
          evidence: Array.from({ length: 50 }, (_line, line) => `${line} ${hostile}`),
        }),
      ),
    });
    expect(alert?.subject).toMatch(/^[ -~]{1,99}$/);
    expect(alert?.body).toMatch(/^[ -~\n]*$/);
    expect(alert?.body).toContain('... and 60 more: run crawlwatch plan.');
    expect(alert?.body).toContain('... and 38 lines more of evidence, kept in its history.');
    expect(alert?.body.length).toBeLessThan(256 * 1024);
  });
});
