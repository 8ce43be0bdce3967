/** The stack's settings: from `-c alertEmail`, `-c crawlwatch`, the environment and cdk.json, the first overriding. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { shown } from '../../lambda/kit/index.ts';
import { CONTEXT_KEY } from '../../lambda/model/index.ts';
import { parseSettings, readLoose, type Settings, SettingsError, settingsOf } from '../../lambda/settings/index.ts';

export interface AppSources {
  /** CDK's context: cdk.json's, overridden by `-c` flags, which are text. */
  readonly context: (key: string) => unknown;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where cdk.json is. */
  readonly cwd: string;
}

/** @throws SettingsError with every problem found. */
export function appSettings({ context, env, cwd }: AppSources): Settings {
  const alertEmail = readLoose(context('alertEmail'));
  const given = context(CONTEXT_KEY);
  // CDK replaces cdk.json's value by the flag's; its settings, such as the address, must stay under the flag's.
  const byFlag = typeof given === 'string';
  return parseSettings(
    alertEmail === undefined ? undefined : { alertEmail },
    byFlag ? layer(`-c ${CONTEXT_KEY}`, readLoose(given)) : undefined,
    settingsOf(env),
    layer(`cdk.json: context.${CONTEXT_KEY}`, byFlag ? contextOfFile(cwd) : given),
  );
}

/** Refuses anything but an object, which a stronger layer would hide. */
function layer(from: string, value: unknown): object | undefined {
  if (value === undefined || (typeof value === 'object' && value !== null && !Array.isArray(value))) return value;
  throw new SettingsError([`${from}: got ${shown(value)}; allowed: an object of settings`]);
}

function contextOfFile(cwd: string): unknown {
  const file = JSON.parse(readFileSync(join(cwd, 'cdk.json'), 'utf8')) as { context?: Record<string, unknown> };
  return file.context?.[CONTEXT_KEY];
}
