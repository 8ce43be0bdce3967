import { type BundlingOptions, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';

/** How every function of the stack is bundled: one file, SDK included, which Lambda reads at each cold start. */
export const LAMBDA_BUNDLING: BundlingOptions = {
  // ssh2 needs CommonJS. Its native parts are optional, and would be built for this machine instead of Lambda's.
  format: OutputFormat.CJS,
  externalModules: ['cpu-features', '*.node'],
  // Bundles the SDK too (the runtime's own is older), from its ES modules: smaller, and loaded in half the time.
  mainFields: ['module', 'main'],
  // Each of the SDK's clients reads its version from its package.json, for the User-Agent alone, and would bring all of it
  // along: 24 kB of the check's.
  loader: { '.sh': 'text', '.json': 'empty' },
  esbuildArgs: {
    '--alias:@aws-sdk/credential-provider-node': './lambda/kit/environment-credentials.ts',
    '--alias:bcrypt-pbkdf': './lambda/kit/no-passphrases.ts',
  },
  target: 'node24',
  minify: true,
};
