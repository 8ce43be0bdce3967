/** Each rule of evidence, breaker and guards is there for something: without it the simulator finds what it prevents. */
import { beforeAll, expect, it } from 'vitest';
import { MUTANTS, withoutRule } from '../support/mutants.ts';

const SEED = 15;
const MONTHS = 4;

/** Healthy hosts that are flagged with all rules in place, where nothing that can be known speaks for them. */
const known = new Map<string, number>();
beforeAll(async () => {
  const { moreWrong } = await withoutRule(null, 'whole');
  const trial = { seed: SEED, months: MONTHS, known: new Map(), monthsFirst: false };
  for await (const [title, count] of moreWrong(trial)) known.set(title, count);
});

it.each(MUTANTS.map((mutant, n) => [mutant.rule, mutant, n] as const))('needs: %s', async (rule, mutant, n) => {
  const { moreWrong } = await withoutRule(mutant, `mutant-${n}`);
  const monthsFirst = mutant.monthsFirst === true;
  const found = await moreWrong({ seed: SEED, months: MONTHS, known, monthsFirst }).next();
  process.stdout.write(`without "${rule}": ${found.value ?? 'NOTHING FOUND'}\n`);
  expect(found.done).toBe(false);
});
