import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Shell scripts are imported as text, as esbuild's `text` loader does for dist/ and the Lambda. */
const shellAsText = {
  name: 'shell-as-text',
  enforce: 'pre' as const,
  load(id: string) {
    return id.endsWith('.sh') ? `export default ${JSON.stringify(readFileSync(id, 'utf8'))}` : null;
  },
};

/**
 * Tests that change what a whole process has (its environment, prototypes, output streams), or that run the built
 * program. test/house.test.ts fails where another test file does so.
 */
const OWN_PROCESS = [
  'test/bin/commands/check-aws.test.ts',
  'test/bin/commands/doctor-deploy.test.ts',
  'test/bin/commands/secrets.test.ts',
  'test/bin/commands/stack-commands.test.ts',
  'test/bin/commands/test-alert.test.ts',
  'test/bin/lazy.test.ts',
  'test/bin/process.test.ts',
  'test/bin/sources/local.test.ts',
  'test/bin/sources/ssh-route.test.ts',
  'test/bin/stack/lambda.test.ts',
  'test/lambda/check-handler.test.ts',
  'test/lambda/check/late-remedy.test.ts',
  'test/lambda/discover/sts.test.ts',
  'test/lambda/kit/clients.test.ts',
  'test/lambda/kit/log.test.ts',
  'test/lambda/probe/parse-vitals-property.test.ts',
  'test/lambda/remedy/lost-answers.test.ts',
  'test/lambda/ssh/dial.test.ts',
  'test/lib/app.test.ts',
];
const OTHER_SUITES = ['slow', 'integration', 'browser', 'deploy', 'machine'].map((name) => `test/${name}/**`);

/** Builds the command line and the CDK app once for all test files that run them. */
const BUILD = 'test/support/build-programs.ts';
/** The SDK warns on stderr of a Node version that it will drop. */
const QUIET_SDK = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };

/** One `vitest --project NAME` each; package.json names those that belong together. */
export default defineConfig({
  plugins: [shellAsText],
  test: {
    pool: 'forks',
    // Two more than there are cores: tests of deadlines wait, and leave theirs idle.
    maxWorkers: availableParallelism() + 2,
    setupFiles: ['test/setup.ts'],
    // Time-outs only end a test that hangs: no verdict may depend on how busy the machine is.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    // Shorter than what the tests have hang, such as `sleep 60`.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        // Everything is loaded once per worker, not once per file: loading was two thirds of the CPU time.
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...OWN_PROCESS, ...OTHER_SUITES],
          isolate: false,
          env: QUIET_SDK,
        },
      },
      {
        extends: true,
        test: { name: 'process', include: OWN_PROCESS, globalSetup: BUILD, env: QUIET_SDK },
      },
      {
        // Simulations, models explored in full, bundles and linters of templates: minutes, twenty on a slow machine.
        extends: true,
        test: { name: 'slow', include: ['test/slow/**/*.test.ts'], testTimeout: 7_200_000 },
      },
      {
        // Real sshd, real shells, real file systems: needs root and the Debian packages that .ci/run installs.
        extends: true,
        test: { name: 'integration', include: ['test/integration/**/*.test.ts'], globalSetup: BUILD, maxWorkers: 1 },
      },
      {
        // The dashboard's fleet table in Chromium (Debian's package `chromium`).
        extends: true,
        test: { name: 'browser', include: ['test/browser/**/*.test.ts'], maxWorkers: 1, env: QUIET_SDK },
      },
      {
        // A virtual machine that really hangs: minutes, and Debian packages that it names where they are missing.
        extends: true,
        test: { name: 'machine', include: ['test/machine/**/*.test.ts'], maxWorkers: 1, env: QUIET_SDK },
      },
      {
        // Deploys for real, to a pretend AWS.
        extends: true,
        test: {
          name: 'deploy',
          include: ['test/deploy/**/*.test.ts'],
          // The emulator and the AWS CLI compute all the time; more at once only make each slower.
          maxWorkers: availableParallelism(),
          env: QUIET_SDK,
        },
      },
    ],
  },
});
