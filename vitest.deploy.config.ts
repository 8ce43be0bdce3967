import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** `npm run test:deploy`: deploys for real, to a pretend AWS. */
export default defineConfig({
  ...base,
  test: {
    include: ['test/deploy/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 300_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Each step stands on the one before.
    bail: 1,
  },
});
