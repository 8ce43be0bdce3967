import { describe, expect, it } from 'vitest';
import { grewText } from '../../../lambda/judge/index.ts';
import type { Growth } from '../../../lambda/model/index.ts';

const GROWTH: Growth = {
  ...{ kind: 'process', name: 'sidekiq', pid: 2213, count: 1 },
  ...{ grewBytes: 3.1 * 1024 ** 3, atLeast: false, minutes: 120, share: 0.9 },
};

describe('who grew', () => {
  it.each([
    [{}, 'sidekiq (pid 2213) grew 3.1 GiB in 2 h'],
    [{ atLeast: true, minutes: 40 }, 'sidekiq (pid 2213) grew at least 3.1 GiB in 40 min'],
    [{ count: 2 }, 'sidekiq (pid 2213) and a process that it forked grew 3.1 GiB in 2 h'],
    [{ count: 4 }, 'sidekiq (pid 2213) and 3 that it forked grew 3.1 GiB in 2 h'],
    [{ kind: 'processes', pid: null, count: 5 }, '5 processes named sidekiq grew 3.1 GiB in 2 h'],
    [{ kind: 'shared memory', name: null, pid: null, count: 0 }, 'Shared memory and tmpfs grew 3.1 GiB in 2 h'],
    // A host may name a process as it likes: in quotes it is no sentence of ours.
    [{ name: 'call 555 now. OK' }, '"call 555 now. OK" (pid 2213) grew 3.1 GiB in 2 h'],
  ] as const)('is said of %j', (over, text) => {
    expect(grewText({ ...GROWTH, ...over })).toBe(text);
  });
});
