import { describe, expect, it } from 'vitest';
import { rowKeeper } from '../../../bin/terminal/kept-rows.ts';
import { reportLines } from '../../../bin/terminal/report-table.ts';
import type { InstanceReport } from '../../../lambda/model/index.ts';
import { BAD_NAME, GIB, host, plain, reportOf, unread, vitalsOf } from '../../lambda/report/report-fixtures.ts';

const refused = (nth: number, address: string | null = `10.0.0.${nth}`) =>
  host(`web${nth}`, {
    address,
    status: 'CRITICAL',
    vitals: null,
    recommendation: 'investigate',
    reasons: [{ code: 'ConnectionRefused', text: `${address}:22 refused the connection; ${address} is up.` }],
    notes: ['It was slow.'],
  });

const figures = vitalsOf(1000, 997, { free: 1, percent: 7 });
const [boot, root] = figures.disks;
const readOnly = { readOnly: true, readOnlyByDesign: true as const };
const FLEET: readonly InstanceReport[] = [
  ...[10, 9, 8, 7, 6, 5].map((nth) => refused(nth)),
  refused(11, null),
  refused(12, ''),
  refused(13, '2001:db8::7'),
  unread,
  host('web2', {
    status: 'WARNING',
    reasons: [
      { code: 'DiskLow', text: '4 % of / is available.' },
      { code: 'WorkerDown', text: 'sidekiq.service is failed.' },
    ],
    recommendation: 'restart-worker',
    forecast: { memoryMinutes: 40, diskMinutes: 9 },
    since: '2026-11-22T07:05:00.000Z',
    region: 'eu-west-1',
    vitals: { ...figures, worker: { unit: 'sidekiq.service', state: 'failed', restarts: 3 } },
  }),
  host('web3', {
    status: 'CRITICAL',
    flagged: true,
    recommendation: 'reboot',
    evidence: ['Its console shows an OOM.'],
  }),
  host('web4', { vitals: { ...figures, disks: [] }, notes: ['/data could not be read: permission denied.'] }),
  host('web4', { vitals: { ...figures, disks: [{ ...boot!, ...readOnly }] }, region: 'us-east-1', account: '1' }),
  host('web4', {
    vitals: {
      ...figures,
      disks: [
        { ...boot!, ...readOnly },
        { ...root!, readOnly: true },
      ],
    },
  }),
  host('web4', { vitals: { ...figures, disks: [{ ...boot!, ignored: true }, root!, { ...root!, usedPercent: 99 }] } }),
  host(BAD_NAME, { status: 'UNKNOWN', vitals: null, transport: 'ssm', recommendation: 'investigate' }),
];

describe('what the table keeps of each host', () => {
  it.each([null, 40, 80, 120, 200])('prints the same as all of the report would, at a width of %s', (width) => {
    const style = { ...plain, width, colour: true, glyphs: 'unicode' as const };
    const kept = FLEET.map(rowKeeper());
    expect([...reportLines(reportOf(...kept), style)]).toEqual([...reportLines(reportOf(...FLEET), style)]);
    expect(kept.map(({ durationMs }) => durationMs)).toEqual(FLEET.map(({ durationMs }) => durationMs));
  });

  it('keeps the sentences of hosts with the same problem once', () => {
    const keep = rowKeeper();
    const [first, second] = [refused(1), refused(2)].map(keep);
    expect(second?.notes).toBe(first?.notes);
    expect(second?.reasons[0]?.text).toBe('10.0.0.2:22 refused the connection; 10.0.0.2 is up.');
  });

  it('keeps no more figures than the table shows', () => {
    const processes = [{ pid: 1, name: 'ruby', residentBytes: GIB }];
    const kept = rowKeeper()(host('web1', { vitals: { ...figures, processes } }));
    expect(kept.vitals?.processes).toEqual([]);
    expect(kept.vitals?.disks).toEqual([root]);
  });
});
