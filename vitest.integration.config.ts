import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** Real sshd, real shells, real file systems: needs root and the Debian packages that .ci/run installs. */
export default defineConfig({
  ...base,
  test: {
    include: ['test/integration/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
