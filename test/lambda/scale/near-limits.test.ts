import { describe, expect, it } from 'vitest';
import type { Transport } from '../../../lambda/model/index.ts';
import { nearLimits } from '../../../lambda/scale/near-limits.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

const warning = (transport: Transport, hosts: number, seconds: number, settings: object = {}) =>
  nearLimits(
    {
      durationMs: seconds * 1000,
      deadlineMs: 270_000,
      instances: Array.from({ length: hosts }, () => ({ transport })),
    },
    parseSettings(settings),
  );

describe('the warning that one function is nearly too small', () => {
  it.each<[string, Parameters<typeof warning>]>([
    ['a check ends in time', ['ssm', 4_000, 180]],
    ['hosts are too few for shards, however long one of them takes', ['ssm', 1_000, 269]],
    ['forks can be raised no more, but time is left', ['ssh', 5_000, 130, { forks: 500 }]],
    ['the check is distributed already', ['ssm', 4_000, 269, { scale: 'distributed' }]],
  ])('is not given where %s', (_, given) => {
    expect(warning(...given)).toBeNull();
  });

  it.each<[string, Parameters<typeof warning>, string]>([
    [
      'over SSM',
      ['ssm', 4_000, 200],
      'this check took 200 of the 270 seconds that one function has, for 4000 hosts over SSM: set scale: distributed, which shares them out',
    ],
    [
      'over SSH, where more forks would help first',
      ['ssh', 2_000, 200],
      'this check took 200 of the 270 seconds that one function has, for 2000 hosts over SSH: raise forks (100, at most 500), or set scale: distributed, which shares them out',
    ],
    [
      'over SSH earlier, where forks can be raised no more',
      ['ssh', 5_000, 140, { forks: 500 }],
      'this check took 140 of the 270 seconds that one function has, for 5000 hosts over SSH: set scale: distributed, which shares them out',
    ],
  ])('names the setting that helps %s', (_, given, text) => {
    expect(warning(...given)).toBe(text);
  });
});
