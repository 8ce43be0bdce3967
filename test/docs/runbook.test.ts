import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REASON_CLASS } from '../../lambda/model/index.ts';

const runbook = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbook.md'), 'utf8');
const sections = new Map(
  runbook
    .split(/^#{2,3} /m)
    .slice(1)
    .map((text) => [text.split('\n', 1)[0] ?? '', text] as const),
);

describe('the runbook', () => {
  it.each(Object.keys(REASON_CLASS))('says of %s what it means, what to look at and what to do', (code) => {
    const section = sections.get(code) ?? '';
    for (const part of ['**It means:** ', '**Look at:** ', '**Do:** ']) expect(section).toContain(part);
  });

  it('has no section of a reason that there is not', () => {
    const reasons = (runbook.split('\n# Reasons\n')[1] ?? '').matchAll(/^### (.+)$/gm);
    expect([...reasons].map(([, code]) => code).sort()).toEqual(Object.keys(REASON_CLASS).sort());
  });
});
