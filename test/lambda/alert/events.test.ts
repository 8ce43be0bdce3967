import { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chatNotificationOf } from '../../../lambda/alert/chat.ts';
import { eventsOf, originOf } from '../../../lambda/alert/details.ts';
import { putEvents } from '../../../lambda/alert/events.ts';
import { actDetail, incidentDetail } from '../../../lambda/alert/schemas.ts';
import type { AlertEntry } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { act, acted, acts, alertOf, anyAlert, decision, entry, outcome, TOPIC } from '../../support/alerts.ts';

const ORIGIN = originOf(TOPIC, 'CrawlwatchStack');
/** Far below the 256 KB that EventBridge takes, ten of them too. */
const EVENT_BYTES = 16 * 1024;
const many = (count: number) =>
  alertOf(Array.from({ length: count }, (_, n) => entry({ instanceId: `i-${String(n).padStart(17, '0')}` })));

describe('the event of an act that did not help', () => {
  const vain = (over: Parameters<typeof act>[0], status: AlertEntry['status'] | null) => {
    const news = acts({ outcomes: [outcome({ act: act({ remedy: 'reboot', ...over }), outcome: 'failed' })] });
    const entries = status === null ? [] : [entry({ status, change: null })];
    const event = eventsOf(alertOf(entries, news), ORIGIN).find(({ detailType }) => detailType === 'Crawlwatch Act');
    return { ...event?.detail, chat: chatNotificationOf(alertOf(entries, news), ORIGIN).content.description };
  };

  it('is no alarm once its host is well: it says so, and that nobody knows whether it was executed', () => {
    const event = vain({ state: 'begun' }, 'OK');
    const summary = /: reboot begun, nobody knows whether it was executed; it is well again$/;
    expect(event).toMatchObject({ severity: 'info', summary: expect.stringMatching(summary), commands: [], links: [] });
    expect(event.chat).toMatch(/nobody knows whether it was executed; it is well again/);
    expect(vain({ state: 'done' }, 'OK')).toMatchObject({
      severity: 'info',
      summary: expect.stringMatching(/: reboot did not help; it is well again$/),
    });
  });

  it('is as severe as what its host has, where that answers', () => {
    expect(vain({ state: 'begun' }, 'WARNING')).toMatchObject({ severity: 'warning' });
    expect(vain({ remedy: 'restart-worker' }, 'WARNING')).toMatchObject({ severity: 'critical' });
  });

  it.each(['CRITICAL', 'UNKNOWN', null] as const)('is critical where its host is %s', (status) => {
    expect(vain({ state: 'begun' }, status)).toMatchObject({
      severity: 'critical',
      summary: expect.stringMatching(/: reboot begun, nobody knows whether it was executed$/),
      commands: [expect.stringContaining('crawlwatch history')],
    });
  });
});

describe('the events of an alert', () => {
  it('are none for what did not change: a reminder, or a suppression of what was mailed before', () => {
    expect(eventsOf(alertOf([entry({ change: null })]), ORIGIN)).toEqual([]);
  });

  it.each([
    ['opened', 'Crawlwatch Incident Opened'],
    ['escalated', 'Crawlwatch Incident Escalated'],
    ['flagged', 'Crawlwatch Incident Flagged'],
    ['ended', 'Crawlwatch Incident Ended'],
  ] as const)('are one for an incident that is %s, all with the same key', (change, detailType) => {
    const opened = new Date('2026-11-22T08:05:00.250Z');
    // As it is read back from a file, or by an older version, to the second.
    const later = new Date('2026-11-22T08:05:00Z');
    const [event, ...others] = eventsOf(
      alertOf([entry({ change, openedAt: change === 'opened' ? opened : later })]),
      ORIGIN,
    );
    expect(others).toEqual([]);
    expect(event).toMatchObject({
      detailType,
      detail: {
        version: 1,
        dedupKey: 'crawlwatch:CrawlwatchStack:i-0123456789abcdef0:2026-11-22T08:05:00Z',
        incident: { change, reasons: [{ code: 'DiskLow', text: 'a disk is nearly full' }] },
      },
    });
  });

  it.each([
    ['made', true, acts({ acted: [acted()] })],
    ['made', null, acts({ acted: [acted({ state: 'begun' })] })],
    ['failed', false, acts({ acted: [acted({ state: 'failed' })] })],
    ['worked', true, acts({ outcomes: [outcome()] })],
    ['failed', true, acts({ outcomes: [outcome({ outcome: 'failed' })] })],
    ['worked', null, acts({ outcomes: [outcome({ act: act({ state: 'begun' }) })] })],
    ['held', false, acts({ escalated: [decision({ remedy: 'escalated' })] })],
  ])('are one for an act: %s, executed: %s', (state, executed, news) => {
    const events = eventsOf(alertOf([], news), ORIGIN);
    expect(events).toEqual([
      {
        detailType: 'Crawlwatch Act',
        detail: expect.objectContaining({ act: expect.objectContaining({ state, executed }) }),
      },
    ]);
  });

  it('have one key for an act from when it is made to its outcome', () => {
    const keys = [acts({ acted: [acted()] }), acts({ outcomes: [outcome()] })].flatMap((news) =>
      eventsOf(alertOf([], news), ORIGIN).map(({ detail }) => detail.dedupKey),
    );
    expect(keys).toEqual(Array(2).fill('crawlwatch:CrawlwatchStack:i-0123456789abcdef0:reboot:2026-11-22T08:15:00Z'));
  });

  it('leave a command or address out that is too long, and no half of it in', () => {
    const long = { label: 'Runbook', url: `https://example.com/${'x'.repeat(1_000)}` };
    const [event] = eventsOf(alertOf([entry({ commands: ['x'.repeat(501), 'ls'], links: [long] })]), ORIGIN);
    expect([event?.detail.commands, event?.detail.links]).toEqual([['ls'], []]);
  });

  it('are small where everything is as long as it may be, and each character takes two in JSON', () => {
    const long = { label: '"'.repeat(60), url: `https://example.com/${'"'.repeat(470)}` };
    const alert = alertOf([
      entry({
        ...{ instanceId: `i-${'0'.repeat(80)}`, name: 'x'.repeat(300), headline: 'x'.repeat(400) },
        lines: Array(40).fill('"'.repeat(400)),
        commands: Array(9).fill('"'.repeat(500)),
        links: Array(9).fill(long),
        reasons: [
          'MemoryLow',
          'MemoryExhaustionForecast',
          'MemoryPressure',
          'DiskLow',
          'DiskFillForecast',
          'InodesLow',
        ],
      }),
    ]);
    const [event] = eventsOf(alert, ORIGIN);
    expect(event?.detail.details.at(-1)).toBe('... and 29 lines more');
    expect(event?.detail.links).toHaveLength(4);
    expect(Buffer.byteLength(JSON.stringify(event?.detail))).toBeGreaterThan(14_000);
    expect(Buffer.byteLength(JSON.stringify(event?.detail))).toBeLessThan(EVENT_BYTES);
  });

  it('are valid and small whatever a host has sent', () => {
    fc.assert(
      fc.property(anyAlert, (alert) => {
        for (const { detailType, detail } of eventsOf(alert, ORIGIN)) {
          const schema = detailType === 'Crawlwatch Act' ? actDetail : incidentDetail;
          expect(schema.parse(detail)).toEqual(detail);
          expect(Buffer.byteLength(JSON.stringify(detail))).toBeLessThan(EVENT_BYTES);
        }
      }),
    );
  });
});

describe('sending them', () => {
  it('reports what EventBridge refuses, and never rejects', async () => {
    const aws = new SandboxAws();
    aws.fail(PutEventsCommand, 'AccessDeniedException', 10);
    expect(await putEvents(aws.events, many(2), ORIGIN)).toEqual([
      '2 of 2 events could not be sent to EventBridge: AccessDeniedException: as ordered',
    ]);
  });

  it('sends ten at a time, each with the instance as its resource', async () => {
    const aws = new SandboxAws();
    expect(await putEvents(aws.events, many(25), ORIGIN)).toEqual([]);
    expect(aws.calls('PutEventsCommand')).toBe(3);
    expect(aws.bus.events).toHaveLength(25);
    expect(aws.bus.events[7]).toMatchObject({
      source: 'crawlwatch',
      detailType: 'Crawlwatch Incident Opened',
      resources: ['arn:aws:ec2:eu-central-1:123456789012:instance/i-00000000000000007'],
    });
  });

  it('sends again what was throttled, and only that', async () => {
    const aws = new SandboxAws();
    aws.bus.refusals.push(null, 'ThrottlingException', null, 'InternalFailure');
    expect(await putEvents(aws.events, many(5), ORIGIN)).toEqual([]);
    expect(aws.calls('PutEventsCommand')).toBe(2);
    expect(aws.bus.events.map(({ resources }) => resources[0]?.at(-1))).toEqual(['0', '2', '4', '1', '3']);
  });

  it('gives up after three times, and does not send again what is refused for itself', async () => {
    const aws = new SandboxAws();
    const throttled = 'ThrottlingException';
    aws.bus.refusals.push('MalformedDetail', throttled, null, throttled, throttled);
    expect(await putEvents(aws.events, many(3), ORIGIN)).toEqual([
      '2 of 3 events could not be sent to EventBridge: ThrottlingException: as ordered',
    ]);
    expect(aws.calls('PutEventsCommand')).toBe(3);
  });

  it('asks for nothing where there is no event', async () => {
    const aws = new SandboxAws();
    expect(await putEvents(aws.events, alertOf([entry({ change: null })]), ORIGIN)).toEqual([]);
    expect(aws.calls('PutEventsCommand')).toBe(0);
  });
});
