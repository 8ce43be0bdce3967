/** Alerts for tests of the channels: one that says all there is, and any that may come. */
import fc from 'fast-check';
import type {
  Act,
  ActNews,
  ActOutcome,
  Alert,
  AlertEntry,
  Decision,
  ReasonCode,
  RemedyNews,
} from '../../lambda/model/index.ts';
import { REASON_CLASS, REMEDIES } from '../../lambda/model/index.ts';

export const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:CrawlwatchStack-Alerts';
export const AT = new Date('2026-11-22T08:15:00Z');
const OPENED = new Date('2026-11-22T08:05:00.250Z');

export const entry = (over: Partial<AlertEntry> = {}): AlertEntry => ({
  instanceId: 'i-0123456789abcdef0',
  name: 'fiweb1',
  region: 'eu-central-1',
  account: '123456789012',
  status: 'CRITICAL',
  reasons: ['DiskLow'],
  change: 'opened',
  openedAt: OPENED,
  headline: 'CRIT fiweb1 disk 96 % of / used',
  lines: ['CRITICAL since 08:05 UTC (10 min).', 'DiskLow: / is 96 % full, 305 MiB of 7.9 GiB are left.'],
  commands: ['ssh ubuntu@10.0.1.7 sudo du -xh / | sort -h | tail -20'],
  links: [
    {
      label: 'Instance',
      url: 'https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1#InstanceDetails:instanceId=i-0123456789abcdef0',
    },
    { label: 'Runbook', url: 'https://example.com/runbook#disklow' },
  ],
  ...over,
});

export const act = (over: Partial<Act> = {}): Act => ({
  remedy: 'reboot',
  instanceId: 'i-0123456789abcdef0',
  at: AT,
  state: 'done',
  requester: 'schedule',
  boot: '1a2b3c4d',
  since: OPENED,
  ...over,
});
export const decision = (over: Partial<Decision> = {}): Decision => ({
  instanceId: 'i-0123456789abcdef0',
  name: 'fiweb1',
  remedy: 'reboot',
  heldBy: null,
  why: 'flagged, and its console says that the kernel killed sshd',
  ...over,
});
export const acted = (over: Partial<Act> = {}, text = 'EC2 has queued the reboot'): ActNews => ({
  decision: decision({ remedy: over.remedy ?? 'reboot' }),
  act: act(over),
  text,
  evidence: ['Out of memory: Killed process 812 (sshd)'],
});
export const outcome = (over: Partial<ActOutcome> = {}): ActOutcome => ({
  act: act(),
  name: 'fiweb1',
  outcome: 'worked',
  minutes: 4,
  sentence: 'It has booted and answers.',
  rebootAvoided: false,
  recoveryMinutes: 14,
  ...over,
});
export const acts = (over: Partial<RemedyNews> = {}): RemedyNews => ({
  outcomes: [],
  pausedNow: null,
  acted: [],
  escalated: [],
  now: AT,
  ...over,
});

export function alertOf(entries: readonly AlertEntry[], news: RemedyNews | null = null, over: Partial<Alert> = {}) {
  return {
    subject: 'CRIT fiweb1 disk 96 % of / used',
    body: 'fiweb1 (i-0123456789abcdef0) is CRITICAL since 08:05 UTC (10 min).\n  DiskLow: / is 96 % full.\n',
    attributes: {
      status: entries[0]?.status ?? 'OK',
      reasons: [...new Set(entries.flatMap(({ reasons }) => reasons))],
      instanceIds: entries.map(({ instanceId }) => instanceId),
    },
    entries,
    acts: news,
    ...over,
  } satisfies Alert;
}

/** What a hostile host or tag may hold: markup of both chats, quotes, controls, and whatever else. */
const words = (max: number) =>
  fc.oneof(
    fc.string({ unit: 'binary', maxLength: max }),
    fc
      .array(
        fc.constantFrom(
          ...['<!channel>', '<@U123>', '<https://evil.example|here>', '[x](https://evil.example)', '`', '*', '_', '~'],
          ...['"', '\\', '\n', '\u202e', '\u0000', '\ud800', 'ü', '@here', '&lt;!here&gt;', 'www.evil.example', ' '],
        ),
        { maxLength: 30 },
      )
      .map((parts) => parts.join('').slice(0, max)),
  );
const codes = fc.subarray(Object.keys(REASON_CLASS) as ReasonCode[]);
const dates = fc.date({ min: new Date('2020-01-01'), max: new Date('2040-01-01'), noInvalidDate: true });
const id = fc.oneof(fc.constantFrom('i-0123456789abcdef0', 'i-0fedcba9876543210'), words(80));

const entries: fc.Arbitrary<AlertEntry> = fc.record({
  instanceId: id,
  name: words(300),
  region: fc.option(words(60)),
  account: fc.option(words(30)),
  status: fc.constantFrom('OK', 'WARNING', 'CRITICAL', 'UNKNOWN'),
  reasons: codes,
  change: fc.option(fc.constantFrom('opened', 'escalated', 'flagged', 'ended')),
  openedAt: fc.option(dates),
  headline: words(400),
  lines: fc.array(words(600), { maxLength: 40 }),
  commands: fc.array(words(700), { maxLength: 8 }),
  links: fc.array(fc.record({ label: words(100), url: fc.oneof(fc.webUrl(), words(1_200)) }), { maxLength: 6 }),
});
const anAct: fc.Arbitrary<Act> = fc.record({
  remedy: fc.constantFrom(...REMEDIES),
  instanceId: id,
  at: dates,
  state: fc.constantFrom('begun', 'done', 'worked', 'failed'),
  requester: words(300),
  boot: fc.constant(null),
  since: fc.option(dates),
});
const decisions: fc.Arbitrary<Decision> = fc.record({
  instanceId: id,
  name: words(300),
  remedy: fc.constantFrom('escalated', ...REMEDIES),
  heldBy: fc.constant(null),
  why: words(600),
});
const news: fc.Arbitrary<RemedyNews> = fc.record({
  outcomes: fc.array(
    fc.record({
      act: anAct,
      name: words(300),
      outcome: fc.constantFrom('worked', 'failed'),
      minutes: fc.nat(),
      sentence: words(600),
      rebootAvoided: fc.boolean(),
      recoveryMinutes: fc.option(fc.nat()),
    }),
    { maxLength: 5 },
  ),
  pausedNow: fc.constant(null),
  acted: fc.array(
    fc.record({ decision: decisions, act: anAct, text: words(600), evidence: fc.array(words(500), { maxLength: 30 }) }),
    { maxLength: 5 },
  ),
  escalated: fc.array(decisions, { maxLength: 5 }),
  now: dates,
});

/** Any alert. Of attributes and subject only what the seam allows: the mail's own tests hold it to that. */
export const anyAlert: fc.Arbitrary<Alert> = fc
  .record({
    entries: fc.array(entries, { maxLength: 12 }),
    acts: fc.option(news),
    body: words(2_000).filter((text) => text.trim() !== ''),
    subject: fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 99 })
      .map((text) => `C${text.replace(/[^ -~]/g, '')}`.slice(0, 99)),
  })
  .map(({ entries: all, ...rest }) => ({
    ...rest,
    entries: all,
    attributes: {
      status: all[0]?.status ?? ('OK' as const),
      reasons: [...new Set(all.flatMap(({ reasons }) => reasons))],
      instanceIds: all.map(({ instanceId }) => instanceId),
    },
  }));
