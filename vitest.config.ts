import { readFileSync } from 'node:fs';
import { defineConfig } from 'vitest/config';

/** Shell scripts are imported as text, as esbuild's `text` loader does for dist/ and the Lambda. */
const shellAsText = {
  name: 'shell-as-text',
  enforce: 'pre' as const,
  load(id: string) {
    return id.endsWith('.sh') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : null;
  },
};

export default defineConfig({
  plugins: [shellAsText],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/integration/**', 'test/deploy/**', 'test/browser/**'],
    testTimeout: 30_000,
  },
});
