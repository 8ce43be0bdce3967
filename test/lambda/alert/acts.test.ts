import { describe, expect, it } from 'vitest';
import { composeAlert, composeRemedyAlert } from '../../../lambda/alert/message.ts';
import type { Transition } from '../../../lambda/memory/index.ts';
import type { Act, ActNews, ActOutcome, Decision, RemedyNews } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { failed, hungFor, judged, NOW, read, SSH } from '../../support/fleet.ts';
import { unwrapped } from '../../support/unwrapped.ts';

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
  composeRemedyAlert(
    { outcomes: [], pausedNow: null, acted: [], escalated: [], now: NOW, ...over },
    { settings: SSH, home: 'eu-central-1' },
  );

describe('the mail about acts', () => {
  it('is none where there is no news', () => {
    expect(compose({})).toBeNull();
  });

  it('says what was done, by whom, why, with what evidence, and what comes next', () => {
    const alert = compose({ acted: [made()] });
    expect(alert?.subject).toBe('REBOOTING ficrawler9 hang');
    expect(alert?.body.split('\n\n')[0]).toBe(
      'Nothing to do: ficrawler9 is being rebooted by crawlwatch; the next\n    mail says whether it is back.',
    );
    expect(alert?.body.split('\n\n').at(-1)).toBe(`ficrawler9 (${ID})
  BEING REBOOTED: hang.
  Being rebooted by crawlwatch at 08:15 UTC: nothing to do; the next
    mail says whether it is back.
  - Why: it carries the flag BannerTimeout.
  - Result: EC2 has queued the reboot.
  - Console: Out of memory
  In EC2: https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1#InstanceDetails:instanceId=${ID}
`);
  });

  it('says nothing twice, and spells a unit as it is spelt', () => {
    const seen = 'MemoryExhaustedResponsive: 2 % of memory is available, the limit is 3 %';
    const alert = compose({
      acted: [
        made({
          decision: decision({ remedy: 'restart-worker', why: `sidekiq.service; just now ${seen}` }),
          act: act({ remedy: 'restart-worker', trouble: 'MemoryExhaustedResponsive' }),
          text: 'sidekiq.service was restarted and is active',
          evidence: [`${seen}.`, 'Console: Out of memory'],
        }),
      ],
    });
    expect(alert?.subject).toBe('RESTARTED ficrawler9 worker, memory gone');
    expect(
      unwrapped(alert?.body ?? '')
        .split('\n')
        .slice(5, 11),
    ).toEqual([
      `ficrawler9 (${ID})`,
      '  WORKER RESTARTED: memory gone.',
      '  Its worker was restarted by crawlwatch at 08:15 UTC: nothing to do; the next mail says whether it helped.',
      `  - Why: sidekiq.service; just now ${seen}.`,
      '  - Result: sidekiq.service was restarted and is active.',
      '  - Console: Out of memory',
    ]);
  });

  it('names the most urgent first, and offers no reboot where one is under way', () => {
    const of = (n: number) => ({ instanceId: `i-0000000000000000${n}`, name: `ficrawler${n}` });
    const alert = compose({
      outcomes: [
        outcome({ act: act(of(1)), name: 'ficrawler1' }),
        outcome({ act: act(of(2)), name: 'ficrawler2', outcome: 'failed', sentence: 'The reboot did not help.' }),
      ],
      acted: [
        made({ act: act(of(3)), decision: decision(of(3)) }),
        made({ act: act({ ...of(4), state: 'failed' }), decision: decision(of(4)), text: 'EC2: no right' }),
      ],
    });
    expect(alert?.subject).toBe('IN VAIN ficrawler2 hang (+3 more)');
    expect(alert?.body).toMatch(
      /^Do: see to ficrawler2: its reboot was in vain\. 1 more host below\n {4}needs you too\.\n/,
    );
    expect(alert?.body.match(/^ {2}[A-Z][A-Z ]+(?=:)/gm)).toEqual([
      '  REBOOTED IN VAIN',
      '  COULD NOT BE DONE',
      '  BEING REBOOTED',
      '  RECOVERED',
    ]);
    const reboots = alert?.body.match(/reboot-instances --instance-ids \S+/g);
    expect(reboots).toEqual(['reboot-instances --instance-ids i-00000000000000004']);
    expect(alert?.attributes).toMatchObject({
      status: 'CRITICAL',
      instanceIds: [2, 4, 3, 1].map((n) => of(n).instanceId),
    });
  });

  it('says once that a reboot did not help, though the incident says it too', () => {
    const sentence = 'The reboot of 07:55 UTC did not help: it still hangs (BannerTimeout), 20 min after it.';
    const why = 'the reboot of 07:55 UTC did not help: it needs a person (save its console output)';
    const alert = compose({
      outcomes: [outcome({ outcome: 'failed', sentence })],
      escalated: [decision({ remedy: 'escalated', heldBy: 'escalated', why })],
    });
    expect(unwrapped(alert?.body ?? '').match(/07:55 UTC/g)).toHaveLength(1);
    expect(alert?.body.match(/needs a person/g)).toHaveLength(1);
    expect(
      unwrapped(compose({ escalated: [decision({ remedy: 'escalated', heldBy: 'escalated', why })] })?.body ?? ''),
    ).toContain('The reboot of 07:55 UTC did not help: it needs a person (save its console output).');
  });

  it('says that a restart did not help and that a reboot is under way, of one host in one entry', () => {
    const alert = compose({
      outcomes: [
        outcome({
          act: act({ remedy: 'restart-worker' }),
          outcome: 'failed',
          sentence: 'The worker restart did not help.',
        }),
      ],
      acted: [made()],
    });
    expect(alert?.subject).toBe('REBOOTING ficrawler9 hang');
    expect(alert?.body).toContain('  - The worker restart did not help.\n');
  });

  it('is no alarm where all that was done has helped', () => {
    const alert = compose({ outcomes: [outcome()] });
    expect(alert?.subject).toBe('RECOVERED ficrawler9 hang, 30 min');
    expect(alert?.attributes.status).toBe('OK');
    expect(unwrapped(alert?.body ?? '')).toContain(
      'The reboot of 08:15 UTC helped: it came back with a new boot id, 4 min after it.',
    );
    expect(alert?.entries).toMatchObject([{ commands: [], status: 'OK' }]);
  });

  it('reports an act of which it is not known whether it was executed', () => {
    const alert = compose({ acted: [made({ act: act({ state: 'begun', requester: 'eve@host' }) })] });
    expect(unwrapped(alert?.body ?? '')).toContain(
      'Its reboot was begun as eve@host asked at 08:15 UTC: nothing to do; the next mail says whether it is back. Whether it was executed is not known yet.',
    );
    const restart = act({ remedy: 'restart-worker', state: 'begun' });
    const unsure = compose({ acted: [made({ act: restart })] });
    expect(unsure?.subject).toMatch(/^RESTARTING fic\S+9 worker/);
    expect(unwrapped(unsure?.body ?? '')).toMatch(
      /^Nothing to do: the worker restart of ficrawler9 was begun by crawlwatch, perhaps not executed;/,
    );
    expect(unsure?.body).not.toContain('was restarted');
  });

  it('says at which times in the zone of the settings, also within what others say', () => {
    const alert = composeRemedyAlert(
      { outcomes: [outcome()], pausedNow: null, acted: [made()], escalated: [], now: NOW },
      { settings: parseSettings({ alerts: { timeZone: 'Asia/Kolkata' } }), home: null },
    );
    expect(alert?.body).toContain('The reboot of 13:45 IST helped');
    expect(alert?.body).toContain('by crawlwatch at 13:45 IST');
    expect(alert?.body).not.toContain('UTC');
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
    const shown = unwrapped(alert?.body ?? '').match(/^\S.* \(i-\d+\)$/gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(5);
    expect(alert?.body).toContain(`... and ${100 - shown} more: the dashboard shows all`);
    expect(unwrapped(alert?.body ?? '')).toContain('... and 38 lines more of evidence, kept in its history.');
    expect(alert?.body.length).toBeLessThan(128 * 1024);
  });
});

describe('an act that did not help, of a host that this check has seen', () => {
  const seen = (t: Transition, over: Partial<RemedyNews>) =>
    composeAlert([], {
      ...{ at: NOW, checked: 1, evidence: new Map(), departed: [], untagged: [], maybeMailedAt: null },
      ...{ unremembered: null, breaker: { why: '', tripped: false, failing: 0, eligible: 1 }, settings: SSH },
      acts: { outcomes: [], pausedNow: null, acted: [], escalated: [], now: NOW, ...over },
      transitions: [t],
    });
  const named = { id: ID, name: 'ficrawler9' };
  const sentence =
    'The reboot of 07:55 UTC did not help: it answers again, but under the same boot id: it was not rebooted.';
  const vain = outcome({ outcome: 'failed', sentence });

  it('has nobody stop and start one that is well again', () => {
    const alert = seen(judged(read(), named), { outcomes: [vain] });
    expect(alert?.subject).toMatch(/^RECOVERED ficrawler9/);
    expect(unwrapped(alert?.body ?? '')).toMatch(
      /^Nothing to do: ficrawler9 answers again; no reboot of it was seen\./,
    );
    expect(unwrapped(alert?.body ?? '')).toContain(sentence);
    expect(alert?.body).not.toMatch(/stop-instances|replace it/);
  });

  it('says what is wrong now with one that answers', () => {
    const alert = seen(judged(read({ availableShare: 0.02 }), named), { outcomes: [vain] });
    expect(alert?.subject).toBe('CRIT ficrawler9 memory 98%');
    expect(alert?.body).not.toContain('stop-instances');
  });

  it('needs a person where it hangs', () => {
    const alert = seen(judged(failed('BannerTimeout'), { ...named, tags: hungFor(3) }), { outcomes: [vain] });
    expect(alert?.subject).toMatch(/^IN VAIN ficrawler9/);
    expect(alert?.body).toContain('stop-instances');
  });

  it('is called a restart where crawlwatch has restarted its worker as often as it may', () => {
    const low = judged(read({ availableShare: 0.02 }), { ...named, tags: { [TAG.worker]: 'sidekiq.service' } });
    const why = 'its worker was restarted 2 times and the trouble persists; it needs a person';
    const alert = seen(low, { escalated: [decision({ remedy: 'escalated', heldBy: 'escalated', why })] });
    expect(alert?.body).toContain('RESTARTED IN VAIN: memory 98%');
    expect(alert?.body).not.toMatch(/REBOOTED|stop-instances/);
  });
});
