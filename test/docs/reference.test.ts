import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REFERENCE } from '../support/reference/index.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'docs', 'reference');

describe('docs/reference', () => {
  it.each(Object.entries(REFERENCE))('has %s as the code has it (npm run docs)', (name, make) => {
    const file = join(FOLDER, name);
    const made = make();
    // `npm run docs` writes the pages; every other run only compares them.
    if (process.env.UPDATE_DOCS === '1') {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, made);
    }
    expect(existsSync(file) ? readFileSync(file, 'utf8') : 'it is not there: npm run docs').toBe(made);
    // A statement, a tag or a metric without words.
    expect(made).not.toMatch(/MISSING|undefined/);
  });

  it('has no page that is not made', () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(REFERENCE).sort());
  });
});
