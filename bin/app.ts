/** The CDK app, which cdk.json runs: one stack from the settings. */
import { App } from 'aws-cdk-lib';
import { SettingsError } from '../lambda/settings/index.ts';
import { CrawlwatchStack } from '../lib/crawlwatch-stack.ts';
import { appSettings } from './settings/index.ts';

const app = new App();
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
