// By its namespace: the export `z` brings every language's messages into the bundle.
import * as z from 'zod';
import { ENV } from '../model/index.ts';
import { settingsSchema } from './schema.ts';

export type Settings = z.output<typeof settingsSchema>;

/** Settings that can't be used. `problems` has a line for each: key, got, allowed. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  constructor(readonly problems: readonly string[]) {
    super(`settings: ${problems.join('\n')}`);
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
      return `${prefix}${key}: unknown key; allowed: ${allowed}`;
    });
  }
  const row = rows.find((r) => `${path.join('.')}.`.startsWith(`${r.key}.`));
  const key = row?.key ?? path.join('.');
  const value = issue.code === 'custom' ? issue.params?.got : at(key === '' ? [] : key.split('.'));
  const got = JSON.stringify(value) ?? 'nothing';
  const allowed = issue.code === 'custom' ? issue.message : (row?.allowed ?? 'an object of settings');
  return [`${key || 'settings'}: got ${got}; allowed: ${allowed}`];
}

/**
 * Reads settings from layers, the first of them strongest; what none names takes its default.
 * @throws SettingsError with every problem found.
 */
export function parseSettings(...layers: readonly unknown[]): Settings {
  const bad = layers.filter((layer) => layer !== undefined && layer !== null && !isRecord(layer));
  if (bad.length > 0) {
    throw new SettingsError(
      bad.map((layer) => `settings: got ${JSON.stringify(layer)}; allowed: an object of settings`),
    );
  }
  const raw = layers.reduceRight<unknown>((under, layer) => overlay(under, layer ?? undefined), {});
  const parsed = settingsSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new SettingsError([...new Set(parsed.error.issues.flatMap((issue) => explain(issue, raw)))]);
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

/** Environment variables for a function; {@link fromEnvironment} reads them back. */
export function toEnvironment(
  settings: Settings,
  deployed: Partial<Record<Exclude<keyof typeof ENV, 'settings'>, string>>,
): Record<string, string> {
  const names = Object.entries(deployed).map(([what, value]) => [ENV[what as keyof typeof deployed], value]);
  return { [ENV.settings]: JSON.stringify(settings), ...Object.fromEntries(names) };
}

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
    `${ENV.settings}: got ${JSON.stringify(given.slice(0, 80))}; allowed: a JSON object of settings`,
  ]);
}
