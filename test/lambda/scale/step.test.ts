import { describe, expect, it } from 'vitest';
import { readStep } from '../../../lambda/scale/step.ts';

describe('an event of the check function', () => {
  it.each<[string, unknown]>([
    ['a step that there is not', { step: 'probe', run: 'r' }],
    ['no step by name', { step: null }],
    ['a plan of no run', { step: 'plan' }],
    ['a run whose name leads to other files', { step: 'join', run: '../snapshot' }],
    ['a run without a name', { step: 'plan', run: '' }],
    ['a run with a name that no execution can have', { step: 'plan', run: 'r'.repeat(81) }],
    ['a shard without its index', { step: 'shard', run: 'r', shards: 2 }],
    ['a shard whose index is a text', { step: 'shard', run: 'r', index: '0', shards: 2 }],
    ['a shard beyond the last', { step: 'shard', run: 'r', index: 2, shards: 2 }],
    ['half a shard', { step: 'shard', run: 'r', index: 0.5, shards: 2 }],
    ['a shard of none', { step: 'shard', run: 'r', index: 0, shards: 0 }],
  ])('is refused for %s', (_, event) => {
    expect(readStep(event)).toBeNull();
  });

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'step'],
    ['an empty object', {}],
    ['a time and other keys', { scheduledTime: '2026-11-22T08:00:00Z', run: 'r' }],
  ])('requests a whole check where it is %s', (_, event) => {
    expect(readStep(event)).toEqual({ step: 'check' });
  });

  it('is read as the state machine sends it, and nothing else of it', () => {
    const run = '3f1c2a7e-7d0b-4b0e-9a53-1f6f2f1f2b11';
    expect([
      readStep({ step: 'plan', run, scheduledTime: '2026-11-22T08:00:00Z' }),
      readStep({ step: 'shard', run, index: 19, shards: 20 }),
      readStep({ step: 'join', run }),
    ]).toEqual([
      { step: 'plan', run },
      { step: 'shard', run, index: 19, shards: 20 },
      { step: 'join', run },
    ]);
  });
});
