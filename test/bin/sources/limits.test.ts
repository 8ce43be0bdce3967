import { expect, it } from 'vitest';
import { withLimits } from '../../../bin/sources/limits.ts';
import { instance, SSH } from '../../support/fleet.ts';

const PLAIN = instance();

it.each([null, undefined])('a host without crawlwatch_limits (%s) is as it was', (text) => {
  expect(withLimits(PLAIN, text, SSH)).toBe(PLAIN);
});

it('crawlwatch_limits gives a host limits of its own', () => {
  const one = withLimits(PLAIN, 'memory.warning=8;ignore=/scratch', SSH);
  expect(one).toEqual({ ...PLAIN, limits: { memoryWarning: 8, ignore: ['/scratch'] } });
});

it.each(['', 'memory.warning=high', 'memory.critical=50'])('%j makes its host inconclusive, by name', (text) => {
  const { problem } = withLimits(PLAIN, text, SSH);
  expect(problem).toMatchObject({ code: 'BadOverride' });
  expect(problem?.text).toContain(`The variable crawlwatch_limits is ${JSON.stringify(text)}; allowed: `);
});

it('a host that can not be checked for another reason keeps that', () => {
  const problem = { code: 'NoAddress', text: 'It has none.' } as const;
  expect(withLimits({ ...PLAIN, problem }, 'x', SSH).problem).toBe(problem);
});
