/** The CDK app. `cdk.json` builds and runs it: settings come in, one stack comes out. */
import { readFileSync } from 'node:fs';
import { App } from 'aws-cdk-lib';
import { CONTEXT_KEY, DEFAULT_STACK_NAME } from '../lambda/names.ts';
import { parseSettings, readLoose, type Settings, SettingsError, settingsOf } from '../lambda/settings.ts';
import { CrawlwatchStack } from '../lib/crawlwatch-stack.ts';

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A layer of settings must be an object or nothing: anything else would vanish under the stronger layers. */
function layer(from: string, value: unknown): object | undefined {
  if (value === undefined || isObject(value)) return value;
  throw new SettingsError([`${from}: got ${JSON.stringify(value)}; allowed: an object of settings`]);
}

/** Strongest first: `-c alertEmail`, `-c crawlwatch`, the environment, cdk.json. */
function settingsFor(app: App): Settings {
  const email = readLoose(app.node.tryGetContext('alertEmail'));
  // `-c crawlwatch=` hides cdk.json's value from the app, and comes as text.
  const given: unknown = app.node.tryGetContext(CONTEXT_KEY);
  const byFlag = typeof given === 'string';
  return parseSettings(
    email === undefined ? undefined : { alertEmail: email },
    byFlag ? layer(`-c ${CONTEXT_KEY}`, readLoose(given)) : undefined,
    settingsOf(process.env),
    layer(`cdk.json: context.${CONTEXT_KEY}`, byFlag ? contextOfFile() : given),
  );
}

function contextOfFile(): unknown {
  const file = JSON.parse(readFileSync('cdk.json', 'utf8')) as { context?: Record<string, unknown> };
  return file.context?.[CONTEXT_KEY];
}

const app = new App();
try {
  new CrawlwatchStack(app, DEFAULT_STACK_NAME, {
    settings: settingsFor(app),
    description: 'crawlwatch: keeps a fleet of Linux EC2 crawlers alive',
  });
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  process.stderr.write(`${error.problems.map((problem) => `crawlwatch: ${problem}`).join('\n')}\n`);
  process.exit(1);
}
