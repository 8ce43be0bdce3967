/** The CDK app, which cdk.json runs: one stack from the settings. */
import { App } from 'aws-cdk-lib';
import { CURRENT_VERSION_EXPIRED_FLAGS, FLAGS } from 'aws-cdk-lib/cx-api';
import { SettingsError } from '../lambda/settings/index.ts';
import { CrawlwatchStack } from '../lib/crawlwatch-stack.ts';
import { appSettings } from './settings/index.ts';

/**
 * The CDK's feature flags as they are where nobody sets them, said in words: its command line counts those that are left
 * open, after every synth and deploy. What cdk.json and -c say comes before. A flag that is no switch knows the word
 * `undefined` (aws-cdk-lib, core/lib/stack.ts).
 */
const flagsAsTheyAre = Object.fromEntries(
  Object.entries(FLAGS)
    .filter(([name]) => !CURRENT_VERSION_EXPIRED_FLAGS.includes(name))
    .map(([name, { unconfiguredBehavesLike, recommendedValue }]) => [
      name,
      unconfiguredBehavesLike?.v2 ?? (typeof recommendedValue === 'boolean' ? false : 'undefined'),
    ]),
);

const app = new App({ context: flagsAsTheyAre });
try {
  const context = (key: string): unknown => app.node.tryGetContext(key);
  const settings = appSettings({ context, env: process.env, cwd: process.cwd() });
  new CrawlwatchStack(app, settings.stack, {
    settings,
    // Of the credentials with which the CDK CLI runs the app; unknown where it has none.
    deployRegion: process.env.CDK_DEFAULT_REGION,
    description: 'crawlwatch: keeps a fleet of Linux EC2 crawlers alive',
  });
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  // Wrong settings, not a bug: print what to change, without a stack trace.
  process.stderr.write(`${error.problems.map((problem) => `crawlwatch: ${problem}`).join('\n')}\n`);
  process.exit(1);
}
