import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The dashboard's fleet table in Chromium (Debian's package `chromium`). */
export default defineConfig({
  ...base,
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    fileParallelism: false,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
