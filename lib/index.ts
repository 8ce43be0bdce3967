/** What other people's CDK apps import as `crawlwatch/cdk`. */
export { SettingsError, type SettingsInput } from '../lambda/settings/index.ts';
export { Crawlwatch, type CrawlwatchProps } from './crawlwatch.ts';
export { CrawlwatchStack, type CrawlwatchStackProps } from './crawlwatch-stack.ts';
