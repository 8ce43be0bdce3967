import { expect, it } from 'vitest';
import { Day } from '../support/random-day.ts';

it('keeps every promise about mails and flags in three hundred random days', async () => {
  for (let seed = 1001; seed <= 1300; seed++) {
    const { broken } = await new Day({ seed }).run();
    expect(broken, `seed ${seed}`).toEqual([]);
  }
});
