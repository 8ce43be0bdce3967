import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type Instance, NOTHING_REMEMBERED, type Reply } from '../../../lambda/model/index.ts';
import type { Shard, ShardReply, ShardResult } from '../../../lambda/scale/schema.ts';
import { decodeCost, decodeResult, decodeShard, encodeResult, encodeShard } from '../../../lambda/scale/schema.ts';
import { instance } from '../../support/fleet.ts';

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T;

const RUN = 'run-1';
/** A field that is added to Instance, or to its limits, has to be added here. */
const WHOLE: Required<Instance> & { readonly limits: Required<Instance['limits'] & object> } = {
  ...instance({ id: 'i-7', tags: { 'crawlwatch:worker': 'crawler.service' } }),
  ...{ region: 'eu-central-1', account: '123456789012', elsewhere: true },
  ...{ subnet: 'subnet-1', zone: 'eu-central-1a', securityGroups: ['sg-1', 'sg-2'] },
  limits: {
    ...{ memoryWarning: 8, memoryCritical: 4, diskWarning: 5, diskCritical: 0.5 },
    ...{ inodesWarning: 3, inodesCritical: 1, ignore: ['/mnt/*'] },
  },
};
const SHARD: Shard = {
  index: 3,
  hosts: [
    instance({ id: 'i-1', tags: { crawlwatch: 'true', Näme: 'ü' } }),
    instance({ id: 'i-2', launchedAt: null, elsewhere: true }),
    instance({ id: 'i-4', tags: { 'crawlwatch:mute': 'until=2026-11-23T06:00:00Z;why=disk' } }),
    instance({ id: 'i-5', tags: { 'crawlwatch:mute': 'window=Sat 02:00-06:00 UTC,Sun 02:00-06:00 UTC' } }),
    instance({ id: 'i-6', tags: { 'crawlwatch:mute': 'later' } }),
    instance({ id: 'i-3', tags: { 'crawlwatch:limits': 'memory.warning=8;disk.critical=0.5;ignore=/mnt/*' } }),
  ],
};
const RESULT: ShardResult = {
  run: RUN,
  index: 3,
  replies: [
    { id: 'i-1', reply: { kind: 'output', output: 'crawlwatch 1\n', hostKey: 'SHA256:x' }, durationMs: 12 },
    { id: 'i-2', reply: { kind: 'failed', reason: 'BannerTimeout', text: 'Silence.' }, durationMs: 15_000 },
  ],
};
const read = (text: string | null) => decodeResult(text, RUN, SHARD);
const changed = (change: object) => JSON.stringify({ ...JSON.parse(encodeResult(RESULT)), ...change });

describe('a shard, and its result', () => {
  it.each<[string, string | null]>([
    ['nothing there', null],
    ['nothing in it', ''],
    ['no JSON', '<html>'],
    ['cut short', encodeResult(RESULT).slice(0, -9)],
    ['another version', changed({ version: 2 })],
    ["another run's", changed({ run: 'run-0' })],
    ["another shard's", changed({ index: 4 })],
    ['no list', changed({ replies: { length: 1 } })],
    [
      'an unknown reason',
      changed({ replies: [{ id: 'i-1', reply: { kind: 'failed', reason: 'Fine', text: '' }, durationMs: 1 }] }),
    ],
    [
      'a measured reason as a failure',
      changed({ replies: [{ id: 'i-1', reply: { kind: 'failed', reason: 'MemoryLow', text: '' }, durationMs: 1 }] }),
    ],
    [
      'a flood',
      changed({ replies: [{ id: 'i-1', reply: { kind: 'output', output: 'x'.repeat(9_000) }, durationMs: 1 }] }),
    ],
  ])('is not read: %s', (_, text) => {
    expect(read(text)).toBeNull();
  });

  it('has every field of an instance and of a reply', () => {
    expectTypeOf<Frozen<Shard['hosts'][number]>>().toEqualTypeOf<Frozen<Instance>>();
    expectTypeOf<Frozen<ShardReply['reply']>>().toEqualTypeOf<Frozen<Reply>>();
  });

  it('is read as it was written', () => {
    expect(read(encodeResult(RESULT))).toEqual(RESULT.replies);
    expect(decodeShard(encodeShard(RUN, SHARD), RUN, 3)).toEqual(SHARD);
  });

  it('keeps each field of an instance that has them all, but for what is remembered', () => {
    const { hosts = [] } = decodeShard(encodeShard(RUN, { index: 3, hosts: [WHOLE] }), RUN, 3) ?? {};
    expect(hosts).toEqual([{ ...WHOLE, remembered: NOTHING_REMEMBERED }]);
  });

  it("leaves out replies of other shards' hosts", () => {
    const foreign = { id: 'i-9', reply: { kind: 'output' as const, output: '' }, durationMs: 1 };
    expect(read(encodeResult({ ...RESULT, replies: [foreign, ...RESULT.replies] }))).toEqual(RESULT.replies);
  });

  it('cuts a flood before it is written', () => {
    const flood = { id: 'i-1', reply: { kind: 'output' as const, output: 'x'.repeat(100_000) }, durationMs: 1 };
    expect(read(encodeResult({ ...RESULT, replies: [flood] }))?.[0]?.reply.output).toHaveLength(8_192);
  });

  it('is null, never an exception, for any other text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(decodeShard(text, RUN, 3)).toBeNull();
        expect(read(text)).toBeNull();
      }),
    );
  });

  it.each([
    [null, {}],
    ['{"ssh":-1}', {}],
    ['{"ssh":"1"}', {}],
    ['{"ssh":300,"ssm":2000,"more":1}', { ssh: 300, ssm: 2000 }],
  ])('reads the last cost %s as %o', (text, cost) => {
    expect(decodeCost(text)).toEqual(cost);
  });
});
