import { describe, expect, it } from 'vitest';
import { assess } from '../../../lambda/judge/assess.ts';
import type { FailureReason, ProbeOutcome, ReasonCode, Recommendation, Status } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { disk, failed, instance, read, SSH } from '../../support/fleet.ts';

const KB = 1024;
const MIB = 1024 * KB;
const GIB = 1024 * MIB;

/** One host's line: memory in kB, the root disk's free space and use. */
const reported = (totalKb: number, usedKb: number, freeBytes: number, usedPercent: number): ProbeOutcome =>
  read({
    memory: {
      totalBytes: totalKb * KB,
      availableBytes: (totalKb - usedKb) * KB,
      freeBytes: (totalKb - usedKb) * KB,
      usedBytes: usedKb * KB,
    },
    disks: [disk({ totalBytes: 7.8 * GIB, availableBytes: freeBytes, usedPercent })],
  });
const crawler = (usedKb: number, freeGib: number, usedPercent: number) =>
  reported(15_666_140, usedKb, freeGib * GIB, usedPercent);
const unreachable = (reason: FailureReason) => failed(reason);

type Row = readonly [host: string, outcome: ProbeOutcome, Status, readonly ReasonCode[], Recommendation];

describe('the ten hosts of the blog post, each a crawler whose worker has no unit, as its author saw them', () => {
  it.each<Row>([
    ['ficrawler9, unreachable', unreachable('BannerTimeout'), 'CRITICAL', ['BannerTimeout'], 'investigate'],
    ['ficrawler6, five minutes later', unreachable('ConnectionReset'), 'CRITICAL', ['ConnectionReset'], 'investigate'],
    ['ficrawlerbig, 0 gb used', crawler(351_564, 1.2, 84), 'WARNING', ['WorkerDown'], 'restart-worker'],
    ['ficrawler4, "Killed"', crawler(327_688, 1.5, 81), 'WARNING', ['WorkerDown'], 'restart-worker'],
    ['ficrawler10, the same', crawler(351_416, 1.2, 84), 'WARNING', ['WorkerDown'], 'restart-worker'],
    ['ficrawler6, while it answered', crawler(946_336, 1.4, 83), 'OK', [], 'none'],
    ['ficrawler3', crawler(8_385_776, 1.9, 75), 'OK', [], 'none'],
    ['ficrawler5', crawler(9_511_684, 1.2, 85), 'OK', [], 'none'],
    ['ficrawler7, 3 gb left', crawler(12_421_004, 2, 74), 'OK', [], 'none'],
    ['ficrawler8', crawler(4_821_588, 1.4, 82), 'OK', [], 'none'],
    [
      'a crawler with 0 gb free that still answers, of which the author says that it is important',
      crawler(15_300_000, 1.4, 82),
      'CRITICAL',
      ['MemoryExhaustedResponsive'],
      'restart-worker',
    ],
  ])('reads %s', (_, outcome, status, codes, recommendation) => {
    const { reasons, ...read } = assess(instance({ tags: { [TAG.worker]: '' } }), outcome, SSH);
    expect(read).toMatchObject({ status, recommendation });
    expect(reasons.map((reason) => reason.code)).toEqual(codes);
  });

  it('reads fiweb1 by its disk, which is 96 % full, and expects no worker of a web server', () => {
    const web = reported(65_966_140, 3_847_964, 305 * MIB, 96);
    const { status, reasons } = assess(instance(), web, SSH);
    expect(status).toBe('CRITICAL');
    expect(reasons.map((reason) => reason.text)).toEqual([
      '/ is 96 % used, 305 MiB of 7.8 GiB left; the limit is 5 % left.',
    ]);
  });

  it('notes a killed worker where none is expected, and says how to declare one', () => {
    const { status, notes } = assess(instance(), crawler(327_688, 1.5, 81), SSH);
    expect(status).toBe('OK');
    expect(notes[0]).toContain('tag crawlwatch:worker=UNIT');
  });

  it('is sure of a killed worker where its unit is named', () => {
    const outcome = crawler(327_688, 1.5, 81);
    const worker = { unit: 'sidekiq.service', state: 'failed', restarts: 0 };
    const known = outcome.kind === 'vitals' ? { ...outcome, vitals: { ...outcome.vitals, worker } } : outcome;
    const { status, reasons } = assess(instance({ tags: { [TAG.worker]: 'sidekiq.service' } }), known, SSH);
    expect(status).toBe('CRITICAL');
    expect(reasons[0]?.text).toBe('The worker sidekiq.service is down (failed); used memory is 2.1 % of 14.9 GiB.');
  });
});
