import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageStructure, SNS_BYTES } from '../../../lambda/alert/channels.ts';
import { originOf } from '../../../lambda/alert/details.ts';
import { alertMessage, chatNotification } from '../../../lambda/alert/schemas.ts';
import { publishAlert } from '../../../lambda/alert/sns.ts';
import type { AlertEntry } from '../../../lambda/model/index.ts';
import { SandboxAws } from '../../../sandbox/aws.ts';
import { acted, acts, alertOf, anyAlert, entry, TOPIC } from '../../support/alerts.ts';

const ORIGIN = originOf(TOPIC, 'CrawlwatchStack');
const PROGRAMS = ['sqs', 'lambda', 'firehose'];
const structureOf = (alert: Parameters<typeof messageStructure>[0]): Record<string, string> =>
  JSON.parse(messageStructure(alert, ORIGIN, SNS_BYTES - 36 * 1024));

/** As long as its bounds allow. */
const longest = (n: number): AlertEntry =>
  entry({
    instanceId: `i-${String(n).padStart(17, '0')}`,
    headline: '"'.repeat(200),
    lines: Array.from({ length: 20 }, () => '\\"'.repeat(150)),
    commands: Array.from({ length: 5 }, () => `echo ${"'".repeat(400)}`),
  });

describe('the message of each protocol', () => {
  it('is the text for people, by mail and wherever no other is meant, and never JSON', () => {
    const alert = alertOf([entry()], acts({ acted: [acted()] }));
    const structure = structureOf(alert);
    expect(Object.keys(structure)).toEqual(['default', 'sms', 'http', 'https', ...PROGRAMS]);
    expect(structure.default).toBe(alert.body);
    expect(structure.sms).toBe(alert.subject);
  });

  it('is JSON of one version for queues, functions and streams', () => {
    const structure = structureOf(alertOf([entry()], acts({ acted: [acted()] })));
    for (const program of PROGRAMS) {
      const message = alertMessage.parse(JSON.parse(structure[program] ?? ''));
      expect(message).toEqual(JSON.parse(structure[program] ?? ''));
      expect(message).toMatchObject({
        version: 1,
        source: 'crawlwatch',
        stack: 'CrawlwatchStack',
        entries: [{ incident: { change: 'opened' } }],
        acts: [{ act: { state: 'made' } }],
        omitted: { entries: 0, acts: 0 },
      });
    }
  });

  it("is Chatbot's notification for https, with the incident as its thread", () => {
    const structure = structureOf(alertOf([entry()]));
    const notification = chatNotification.parse(JSON.parse(structure.https ?? ''));
    expect(structure.http).toBe(structure.https);
    expect(notification.metadata.threadId).toBe('crawlwatch:CrawlwatchStack:i-0123456789abcdef0:2026-11-22T08:05:00Z');
    expect(notification.content).toMatchObject({
      title: 'CRIT fiweb1 disk 96 % of / used',
      description: expect.stringContaining('`DiskLow: / is 96 % full, 305 MiB of 7.9 GiB are left.`'),
      nextSteps: [
        'Run `ssh ubuntu@10.0.1.7 sudo du -xh / | sort -h | tail -20`',
        expect.stringMatching(/^Instance: https:/),
        'Runbook: https://example.com/runbook#disklow',
      ],
    });
  });

  it('leaves a command out of chat that a chat would change', () => {
    const { https = '' } = structureOf(alertOf([entry({ commands: ['echo `id`', 'cat < x'], links: [] })]));
    expect(JSON.parse(https).content.nextSteps).toBeUndefined();
  });

  it('says in chat what the mail says where there are no entries, as in a test', () => {
    const alert = alertOf([], null, { body: 'This is a test.\nNothing is to be done.\n' });
    expect(JSON.parse(structureOf(alert).https ?? '').content.description).toBe(
      '`This is a test.`\n`Nothing is to be done.`',
    );
  });

  it('fits SNS however long everything is, and says what it left out', async () => {
    const aws = new SandboxAws();
    const entries = Array.from({ length: 60 }, (_, n) => longest(n));
    const alert = alertOf(entries, acts({ acted: Array.from({ length: 40 }, () => acted()) }), {
      body: '"\n'.repeat(100_000),
    });
    const ids = Array.from({ length: 10_000 }, (_, n) => `i-${String(n).padStart(17, '0')}`);
    const attributes = { ...alert.attributes, instanceIds: ids };
    // The sandbox refuses what SNS would.
    await publishAlert(aws.sns, aws.topic.arn, { ...alert, attributes }, 'CrawlwatchStack');
    const { structure, subject } = aws.topic.published[0]!;
    const message = alertMessage.parse(JSON.parse(structure?.sqs ?? ''));
    expect(subject).toBe(alert.subject);
    expect(message.entries.length + message.omitted.entries).toBe(60);
    expect(message.omitted.entries).toBeGreaterThan(0);
    expect(message.acts).toHaveLength(40);
    expect(structure?.default).toMatch(/\n\[cut here: \d+ of 200000 characters are left out\]\n$/);
    expect(JSON.parse(structure?.https ?? '').content.description).toMatch(/\.\.\. and \d+ more in the mail\.$/);
    expect(chatNotification.safeParse(JSON.parse(structure?.https ?? '')).error).toBeUndefined();
  });

  it('is valid and within its bounds whatever a host has sent, and inert in a chat', () => {
    fc.assert(
      fc.property(anyAlert, (alert) => {
        const structure = structureOf(alert);
        const message = JSON.parse(structure.sqs ?? '');
        expect(alertMessage.parse(message)).toEqual(message);
        expect(message.entries.length + message.omitted.entries).toBe(alert.entries.length);
        const notification = chatNotification.parse(JSON.parse(structure.https ?? ''));
        const { title, description, nextSteps = [] } = notification.content;
        expect(title).not.toMatch(/[*_~`<>[\]|@#!\\]|:\/\/|www\./i);
        // Slack makes links and mentions of <...> even in code, and nothing of anything else there.
        expect(description).not.toMatch(/[<>]/);
        // An alert that says nothing is its title, which is inert by itself.
        for (const line of description === title ? [] : description.split('\n')) {
          expect(line).toMatch(/^(`[^`]+`|\.\.\. and \d+ more in the mail\.|)$/);
        }
        for (const step of nextSteps)
          expect(step).toMatch(/^(Run `[^`<>]+`|[^`<>*_~[\]|@#!\\]*: https:\/\/[^`<>|\s]+)$/);
      }),
    );
  });
});
