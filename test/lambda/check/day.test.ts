import { describe, expect, it } from 'vitest';
import { Day } from '../../support/random-day.ts';

describe('a random day', () => {
  it('keeps every promise about mails and flags, whatever happens to hosts, tags, state, mail and S3', async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { broken } = await new Day({ seed }).run();
      expect(broken, `seed ${seed}`).toEqual([]);
    }
  }, 120_000);
});
