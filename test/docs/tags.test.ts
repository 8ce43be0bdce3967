import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OWN_TAG_KEYS } from '../../lambda/model/index.ts';

const PAGE = join(import.meta.dirname, '../../docs/tags.md');

const own = [
  '  ```hcl',
  '  ignore_tags {',
  '    keys = [',
  ...OWN_TAG_KEYS.map((key) => `      "${key}",`),
  '    ]',
  '  }',
  '  ```',
].join('\n');

it('docs/tags.md names exactly the tags that crawlwatch writes (npm run docs)', () => {
  const page = readFileSync(PAGE, 'utf8');
  const made = page.replace(
    / {2}<!-- own:begin -->[\s\S]*<!-- own:end -->/,
    () => `  <!-- own:begin -->\n${own}\n  <!-- own:end -->`,
  );
  if (process.env.UPDATE_DOCS !== undefined) writeFileSync(PAGE, made);
  else expect(page).toBe(made);
  expect(made).toContain(own);
});
