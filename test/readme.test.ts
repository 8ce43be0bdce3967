import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
/** What a person reads in ten minutes, the commands included. */
const MOST_WORDS = 1_400;

describe('the README', () => {
  it(`has at most ${MOST_WORDS} words`, () => {
    expect(readme.trim().split(/\s+/).length).toBeLessThanOrEqual(MOST_WORDS);
  });

  it('says of the forecast what docs/forecast.md has measured', () => {
    const measured = readFileSync(join(import.meta.dirname, '..', 'docs', 'forecast.md'), 'utf8');
    const [, caught = '', aWeek = ''] =
      /^memory +crawlwatch +\d+ of \d+ +([\d.]+) .*? ([\d.]+) +\d+ +[\d.]+$/m.exec(measured) ?? [];
    expect(readme).toContain(`in ${Math.round(Number(caught) * 100)} of 100 cases`);
    const weeks = ['eight', 'nine', 'ten', 'eleven'][Math.round(1 / Number(aWeek)) - 8];
    expect(readme).toContain(`one false alarm per host in ${weeks} weeks`);
  });

  it.each(['terminal.svg', 'widget-ten-hosts.png', 'mail.png'])('shows docs/images/%s, and says what it is', (name) => {
    const shown = new RegExp(
      `!\\[([^\\]]{20,})\\]\\(docs/images/${name}\\)|src="docs/images/${name}"[^>]* alt="[^"]{20,}"`,
    );
    expect(readme).toMatch(shown);
  });
});
