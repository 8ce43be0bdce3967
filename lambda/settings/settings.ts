// By its namespace: the export `z` brings every language's messages into the bundle.
import * as z from 'zod';
import { secretIn, shown, withoutSecrets } from '../kit/index.ts';
import { ENV } from '../model/index.ts';
import { MEMBER_ROLE, settingsSchema } from './schema.ts';

export type Settings = z.output<typeof settingsSchema>;
/** Settings as people write them: what is left out has its default. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Settings that can't be used. `problems` has a line for each: key, got, allowed; a secret only by its kind. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    const safe = problems.map(withoutSecrets);
    super(`settings: ${safe.join('\n')}`);
    this.problems = safe;
  }
}

/** One row of the settings table. */
export interface SettingRow {
  readonly key: string;
  readonly default: unknown;
  readonly allowed: string;
  readonly description: string;
}

/** The schema's leaves, in its order, with dotted keys. */
export function settingRows(): SettingRow[] {
  const rows: SettingRow[] = [];
  const walk = (shape: z.ZodRawShape, prefix: string) => {
    for (const [key, field] of Object.entries(shape)) {
      const inner = (field as unknown as { def: { innerType: z.ZodType; defaultValue: unknown } }).def;
      if (inner.innerType instanceof z.ZodObject) {
        walk(inner.innerType.shape, `${prefix}${key}.`);
      } else {
        const meta = inner.innerType.meta() as { allowed: string; description: string };
        rows.push({ key: prefix + key, default: inner.defaultValue, ...meta });
      }
    }
  };
  walk(settingsSchema.shape, '');
  return rows;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Lays `over` on `under`, key by key; lists and plain values replace. */
function overlay(under: unknown, over: unknown): unknown {
  if (!isRecord(under) || !isRecord(over)) return over === undefined ? under : over;
  const keys = new Set([...Object.keys(under), ...Object.keys(over)]);
  return Object.fromEntries([...keys].map((key) => [key, overlay(under[key], over[key])]));
}

/** Text as it comes from `-c` or the environment: JSON if it parses, else itself. */
export function readLoose(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Of a value that may hold a secret of no known kind. */
const hidden = (value: unknown): string =>
  (typeof value === 'string' ? secretIn(value) : null) ?? 'what is not shown here, since it may hold a secret';

function explain(issue: z.core.$ZodIssue, raw: unknown): string[] {
  const at = (path: readonly PropertyKey[]) =>
    path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], raw);
  const rows = settingRows();
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const prefix = path.map((p) => `${p}.`).join('');
    const known = [
      ...new Set(rows.filter((r) => r.key.startsWith(prefix)).map((r) => r.key.slice(prefix.length).split('.')[0])),
    ];
    return issue.keys.map((key) => {
      // Written as the documentation names it, with dots.
      const isFlat = rows.some((row) => row.key === `${prefix}${key}`);
      const allowed = isFlat
        ? `its value within objects, ${key.split('.').reduceRight((inner, part) => `{ "${part}": ${inner} }`, '...')}`
        : known.join(', ');
      return `${prefix}${withoutSecrets(key)}: unknown key; allowed: ${allowed}`;
    });
  }
  const row = rows.find((r) => `${path.join('.')}.`.startsWith(`${r.key}.`));
  const key = row?.key ?? path.join('.');
  // A refinement of a single value has no parameters; one that compares several says itself what it got.
  const own = issue.code === 'custom' ? issue.params : undefined;
  const value = own === undefined ? at(key === '' ? [] : key.split('.')) : own.got;
  const got = key === HEARTBEAT ? hidden(value) : shown(value);
  const allowed = own === undefined ? (row?.allowed ?? 'an object of settings') : issue.message;
  return [`${key || 'settings'}: got ${got}; allowed: ${allowed}`];
}

/**
 * A line for each text that holds a secret: settings end up in templates, environments and tags, which many may read.
 * What merely has the form of an AWS secret key may be an external id. A watchdog's address is a secret by its nature,
 * which opens nothing: those who know it can only pretend that a check was made.
 */
function secretProblems(value: unknown, path: readonly string[] = []): string[] {
  if (typeof value === 'string') {
    const secret = secretIn(value);
    if (secret === null || secret === 'an AWS secret access key') return [];
    if (secret === 'the address of a watchdog' && path.join('.') === HEARTBEAT) return [];
    const row = settingRows().find(({ key }) => `${path.join('.')}.`.startsWith(`${key}.`));
    const key = row?.key ?? path.map(withoutSecrets).join('.');
    return [`${key}: got ${secret}; allowed: ${row?.allowed ?? 'an object of settings'}`];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretProblems(inner, [...path, key]));
}

/**
 * Reads settings from layers, the first of them strongest; what none names takes its default.
 * @throws SettingsError with every problem found.
 */
export function parseSettings(...layers: readonly unknown[]): Settings {
  const bad = layers.filter((layer) => layer !== undefined && layer !== null && !isRecord(layer));
  if (bad.length > 0) {
    throw new SettingsError(bad.map((layer) => `settings: got ${shown(layer)}; allowed: an object of settings`));
  }
  const raw = layers.reduceRight<unknown>((under, layer) => overlay(under, layer ?? undefined), {});
  const parsed = settingsSchema.safeParse(raw);
  const secrets = secretProblems(raw);
  if (parsed.success && secrets.length === 0) return parsed.data;
  const issues = parsed.success ? [] : parsed.error.issues.flatMap((issue) => explain(issue, raw));
  throw new SettingsError([...new Set([...secrets, ...issues])]);
}

/** What a function reads from its environment. */
export interface FunctionEnvironment {
  readonly settings: Settings;
  readonly topicArn: string | null;
  readonly probeDocument: string | null;
  readonly restartWorkerDocument: string | null;
  readonly restartSshdDocument: string | null;
  /** The table with the record of acts. */
  readonly leaseTable: string | null;
  /** The function that may restart and reboot; null: there is none. */
  readonly remedyFunctionArn: string | null;
  /** Of what is remembered between checks and of the runs' files; null: there is none. */
  readonly bucket: string | null;
}

/** Whether anything is done without being requested: then the check calls the remedy function. */
export const actsByItself = ({ remedies }: Settings): boolean =>
  remedies.restartWorker || remedies.restartSshd || remedies.reboot;

/** How instances of AWS are asked: SSH where the stack has a way in, else SSM. */
export const transportOf = ({ transport, vpc }: Settings): 'ssm' | 'ssh' =>
  transport !== 'auto' ? transport : vpc.id === null ? 'ssm' : 'ssh';

/** Whether instances may be watched in another Region or account than the stack's. */
export const watchesElsewhere = ({ regions, accounts }: Settings): boolean => regions !== null || accounts !== null;

/** Whether many functions share a check; their files are in the bucket. */
export const isDistributed = ({ scale }: Settings): boolean => scale === 'distributed';

/** Whether the bucket's snapshot replaces the metrics of single instances. */
export const keepsSnapshot = ({ metrics }: Settings): boolean => metrics.perInstance === 'none';

/** An address whose path is a secret, as its watchdog takes anyone who knows it for the sender. */
export const HEARTBEAT = 'alerts.heartbeatUrl';

/** Settings that only synth reads. `vpc.subnetIds` stays: with `vpc.id` it has to be given. */
const OF_SYNTH = [
  'budget',
  'logs',
  'vpc.securityGroupIds',
  'vpc.routeTableIds',
  'vpc.createEndpoints',
  'vpc.ipv6',
] as const;

/** Settings that a function has no use for which acts in its own Region and account alone, and mails to the topic. */
export const NOT_FOR_ACTING = ['alertEmail', 'accounts', 'regions', HEARTBEAT] as const;

/**
 * Environment variables for a function; {@link fromEnvironment} reads them back. Of the settings only those that differ
 * from the defaults and that a function reads, since Lambda allows 4 KB for all variables
 * (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html).
 *
 * @param unread further settings that this function has no use for
 */
export function toEnvironment(
  settings: Settings,
  deployed: Partial<Record<Exclude<keyof typeof ENV, 'settings'>, string>>,
  unread: readonly string[] = [],
): Record<string, string> {
  const names = Object.entries(deployed).map(([what, value]) => [ENV[what as keyof typeof deployed], value]);
  const left = new Set<string>([...OF_SYNTH, ...unread]);
  const needed = unlikeDefault(settings, parseSettings(), left, '') ?? {};
  return { [ENV.settings]: JSON.stringify(needed), ...Object.fromEntries(names) };
}

/** What of `given` is not as in `usual`, group by group; undefined where all of it is. Lists count as one value. */
function unlikeDefault(given: unknown, usual: unknown, left: ReadonlySet<string>, prefix: string): unknown {
  if (!isRecord(given) || !isRecord(usual)) return JSON.stringify(given) === JSON.stringify(usual) ? undefined : given;
  const entries = Object.entries(given).flatMap(([key, value]) => {
    if (left.has(prefix + key)) return [];
    const own = unlikeDefault(value, usual[key], left, `${prefix}${key}.`);
    return own === undefined ? [] : [[key, key === 'accounts' ? withoutUsualRole(own) : own] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Most accounts have the role's usual name, which the schema puts back. */
const withoutUsualRole = (accounts: unknown) =>
  (accounts as NonNullable<Settings['accounts']>).map(({ roleName, ...account }) =>
    roleName === MEMBER_ROLE ? account : { ...account, roleName },
  );

/** @throws SettingsError where `CRAWLWATCH_SETTINGS` isn't JSON or holds a bad setting. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): FunctionEnvironment {
  return {
    settings: parseSettings(settingsOf(env)),
    topicArn: env[ENV.topicArn] ?? null,
    probeDocument: env[ENV.probeDocument] ?? null,
    restartWorkerDocument: env[ENV.restartWorkerDocument] ?? null,
    restartSshdDocument: env[ENV.restartSshdDocument] ?? null,
    leaseTable: env[ENV.leaseTable] ?? null,
    remedyFunctionArn: env[ENV.remedyFunctionArn] ?? null,
    bucket: env[ENV.bucket] ?? null,
  };
}

/** The settings layer that the environment holds, unchecked; undefined where it holds none. */
export function settingsOf(env: Readonly<Record<string, string | undefined>>): unknown {
  const given = env[ENV.settings];
  if (given === undefined || given === '') return undefined;
  const value = readLoose(given);
  if (isRecord(value)) return value;
  throw new SettingsError([
    `${ENV.settings}: got ${secretIn(given) ?? JSON.stringify(given.slice(0, 80))}; allowed: a JSON object of settings`,
  ]);
}
