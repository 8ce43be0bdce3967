/** A command's settings: from its flags, the environment, ./cdk.json and the defaults, the first overriding. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, shown } from '../../lambda/kit/index.ts';
import { CONTEXT_KEY } from '../../lambda/model/index.ts';
import { parseSettings, readLoose, type Settings, SettingsError, settingsOf } from '../../lambda/settings/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { type ThresholdFlags, withThresholds } from './thresholds.ts';

/** Flags that are settings, as they were typed. */
export interface SettingFlags extends ThresholdFlags {
  readonly user?: string;
  readonly forks?: string;
  readonly timeout?: string;
  readonly transport?: string;
}

/** The flag by which a setting was given: the name that an error should use. */
const FLAG_OF: Readonly<Record<string, Exclude<keyof SettingFlags, keyof ThresholdFlags>>> = {
  'ssh.user': 'user',
  forks: 'forks',
  'timeouts.sshSeconds': 'timeout',
  'timeouts.ssmSeconds': 'timeout',
  transport: 'transport',
};

/**
 * @throws SettingsError naming the flag where a flag is at fault; UsageError where ./cdk.json can't be read, and for bad
 * thresholds
 */
export async function settingsFor(flags: SettingFlags, io: Pick<CommandIo, 'env' | 'cwd'>): Promise<Settings> {
  const timeout = numeric(flags.timeout);
  const layer = {
    ssh: { user: flags.user },
    forks: numeric(flags.forks),
    timeouts: { sshSeconds: timeout, ssmSeconds: timeout },
    transport: flags.transport,
  };
  const context = await cdkContext(io.cwd);
  try {
    return withThresholds(parseSettings(layer, settingsOf(io.env), context), flags);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    throw new SettingsError([...new Set(error.problems.map((problem) => namingFlag(problem, flags)))]);
  }
}

/** The login user that the environment or ./cdk.json names; null where only the default would count. */
export async function namedUser(io: Pick<CommandIo, 'env' | 'cwd'>): Promise<string | null> {
  for (const layer of [settingsOf(io.env), await cdkContext(io.cwd)]) {
    const user = (layer as { readonly ssh?: { readonly user?: unknown } } | undefined)?.ssh?.user;
    if (typeof user === 'string') return user;
  }
  return null;
}

/** Text that is no number stays text, so that an error quotes it as it was typed. */
function numeric(text: string | undefined): number | string | undefined {
  return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function namingFlag(problem: string, flags: SettingFlags): string {
  const [key = ''] = problem.split(':');
  const flag = FLAG_OF[key];
  return flag === undefined || flags[flag] === undefined ? problem : `--${flag}${problem.slice(key.length)}`;
}

/** The settings in ./cdk.json; undefined where there is no such file, or no settings in it. */
async function cdkContext(cwd: string): Promise<object | undefined> {
  const path = join(cwd, 'cdk.json');
  let file: unknown;
  try {
    file = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new UsageError(`can't read ${path}: ${withoutExcerpt(messageOf(error))}`);
  }
  const context = (file as { context?: Record<string, unknown> } | null)?.context?.[CONTEXT_KEY];
  const settings = readLoose(context);
  if (settings === undefined) return undefined;
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings;
  throw new SettingsError([`cdk.json: context.${CONTEXT_KEY}: got ${shown(context)}; allowed: an object of settings`]);
}

/** V8 quotes what it can't read, in part: what is left of a key then bears no mark of one. */
const withoutExcerpt = (message: string): string => message.replace(/(?:,? (?:\.\.\.)?|^)".*$/s, ' (it is not JSON)');
