/**
 * One schema for everything that can be set: cdk.json's context, the functions' environment and the command line's
 * flags all become {@link Settings} here. Every problem is told at once, with its key, what was got, what is allowed.
 */
import { z } from 'zod';
import { ENV } from './names.ts';

/** A leaf: its schema, what is allowed in words, and what it does. The README's table is made of these. */
function leaf<T extends z.ZodType>(schema: T, allowed: string, description: string): T {
  return schema.meta({ allowed, description }) as T;
}
const text = (fallback: string, pattern: RegExp, allowed: string, says: string) =>
  leaf(z.string().regex(pattern), allowed, says).default(fallback);
const optional = <T extends z.ZodType>(schema: T, allowed: string, says: string) =>
  leaf(schema.nullable(), `${allowed}, or null`, says).default(null as never);
const number = (fallback: number, min: number, max: number, says: string, unit = '') =>
  leaf(z.number().min(min).max(max), `a number from ${min} to ${max}${unit}`, says).default(fallback);
const whole = (fallback: number, min: number, max: number, says: string) =>
  leaf(z.number().int().min(min).max(max), `a whole number from ${min} to ${max}`, says).default(fallback);
const percent = (fallback: number, says: string) => number(fallback, 0, 100, says);
const flag = (fallback: boolean, says: string) => leaf(z.boolean(), 'true or false', says).default(fallback);
const choice = <const T extends readonly [string, ...string[]]>(fallback: T[number], values: T, says: string) =>
  leaf(z.enum(values), values.join(', '), says).default(fallback as never);
const group = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);

const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;
const email = z.string().regex(EMAIL);
const arn = (service: string) => z.string().regex(new RegExp(`^arn:[a-z-]+:(${service}):`));
const ids = (prefix: string) => z.array(z.string().regex(new RegExp(`^${prefix}-[0-9a-f]+$`))).min(1);

/** Retention periods that CloudWatch Logs accepts, in days (PutRetentionPolicy). */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;
const WINDOW =
  /^((Mon|Tue|Wed|Thu|Fri|Sat|Sun)(-(Mon|Tue|Wed|Thu|Fri|Sat|Sun))? )?\d\d:\d\d-\d\d:\d\d [A-Za-z_+\-/0-9]+$/;

export const settingsSchema = z
  .strictObject({
    tag: group({
      key: text(
        'crawlwatch',
        /^(?!aws:).{1,127}$/,
        '1 to 127 characters, not aws:...',
        'Tag key that marks an instance to watch.',
      ),
      value: text('true', /^.{1,256}$/, '1 to 256 characters', 'Value that the tag must have.'),
    }),
    schedule: group({ everyMinutes: whole(5, 1, 60, 'Minutes between checks.') }),
    alertEmail: optional(
      z.union([email, z.array(email).min(1)]),
      'an e-mail address or a list of them',
      'Who gets the mail. Without it nobody does, and synth warns.',
    ),
    transport: choice(
      'auto',
      ['ssm', 'ssh', 'auto'],
      'How hosts are asked. auto: SSH where the stack has a way in (vpc given), else SSM.',
    ),
    ssh: group({
      user: text(
        'ubuntu',
        /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/,
        'a Linux user name',
        'Login user; the tag crawlwatch:ssh overrides it.',
      ),
      port: whole(22, 1, 65535, 'Port of sshd; the tag crawlwatch:ssh overrides it.'),
      address: choice('private', ['private', 'public'], 'Which address of an instance SSH connects to.'),
      keySecretArn: optional(
        arn('secretsmanager|ssm'),
        'the ARN of a Secrets Manager secret or an SSM SecureString parameter',
        'Private key for the login.',
      ),
      instanceConnect: flag(false, 'Push a 60-second key by EC2 Instance Connect instead of keeping one.'),
    }),
    vpc: group({
      id: optional(
        z.string().regex(/^vpc-[0-9a-f]+$/),
        'vpc-...',
        'The VPC that the check function joins, for SSH to private addresses.',
      ),
      subnetIds: optional(ids('subnet'), 'a list of subnet-...', 'Its subnets.'),
      securityGroupIds: optional(ids('sg'), 'a list of sg-...', 'Its security groups.'),
      createEndpoints: flag(
        false,
        'Make the interface endpoints that a VPC without NAT needs (about $7.30 a month each and zone).',
      ),
    }),
    forks: whole(100, 1, 500, 'Hosts asked over SSH at the same time.'),
    timeouts: group({
      sshSeconds: number(15, 2, 300, 'Deadline of one host over SSH, in seconds, connection to last byte.'),
      ssmSeconds: number(75, 2, 300, 'Deadline of one host over SSM, in seconds.'),
    }),
    memory: group({
      warningPercent: percent(12, 'Available memory under which an instance is WARNING.'),
      clearPercent: percent(15, 'Available memory from which that WARNING ends.'),
      criticalPercent: percent(6, 'Available memory under which an instance is CRITICAL.'),
      criticalClearPercent: percent(9, 'Available memory from which that CRITICAL ends.'),
      exhaustedPercent: percent(3, 'Available memory at or under which it counts as gone.'),
      idleUsedPercent: percent(4, 'Used memory under which an expected worker counts as dead.'),
    }),
    disk: group({
      warningPercent: percent(10, 'Available space under which a mount is WARNING.'),
      criticalPercent: percent(5, 'Available space under which a mount is CRITICAL.'),
      ignoreAboveGib: number(20, 0, 1_000_000, 'Free space above this is never low.', ' GiB'),
    }),
    inodes: group({
      warningPercent: percent(5, 'Free inodes under which a mount is WARNING.'),
      criticalPercent: percent(3, 'Free inodes under which a mount is CRITICAL.'),
    }),
    pressure: group({
      fullAvg10: percent(
        40,
        'Share of ten seconds in which every task waited for memory (PSI full avg10) that counts as thrashing.',
      ),
    }),
    forecast: group({
      enabled: flag(true, 'Tell ahead when memory or a disk will run out.'),
      lookBelowPercent: percent(40, 'History is read only for instances with less available than this.'),
    }),
    flag: group({
      afterFailures: whole(3, 1, 100, 'Consecutive hung checks before an instance is flagged for reboot.'),
      afterMinutes: number(5, 0, 1440, 'Minutes that those checks must span.'),
      graceMinutes: number(10, 0, 1440, 'Minutes after launch or reboot in which nothing is flagged.'),
      breakerPercent: number(
        30,
        1,
        100,
        'Share of the fleet failing within 30 minutes above which nothing is flagged.',
      ),
    }),
    remedies: group({
      restartWorker: flag(false, 'Restart a worker by itself where memory is gone and the host still answers.'),
      restartSshd: flag(false, 'Restart sshd by itself where only sshd is dead.'),
      reboot: flag(false, 'Reboot flagged instances by itself.'),
      window: optional(
        z.string().regex(WINDOW),
        'like `Mon-Fri 02:00-05:00 Europe/Berlin`',
        'Only act by itself in this window.',
      ),
    }),
    alerts: group({
      remindHours: number(24, 0, 8760, 'Hours between reminders while an instance is flagged; 0 is never.'),
      hostAlarms: flag(false, 'Let the alarms on hosts send mail too.'),
    }),
    metrics: group({
      perInstance: choice('all', ['all', 'none'], 'Publish metrics of each instance (about $0.30 a month each).'),
    }),
    logs: group({
      retentionDays: leaf(
        z.literal(RETENTION_DAYS),
        `one of ${RETENTION_DAYS.join(', ')}`,
        'Days that logs are kept.',
      ).default(30),
    }),
  })
  .superRefine((s, context) => {
    const ordered = (path: string, low: number, highKey: string, high: number) => {
      if (low > high) {
        context.addIssue({
          code: 'custom',
          path: path.split('.'),
          message: `at most ${highKey} (${high})`,
          params: { got: low },
        });
      }
    };
    ordered('memory.exhaustedPercent', s.memory.exhaustedPercent, 'memory.criticalPercent', s.memory.criticalPercent);
    ordered(
      'memory.criticalPercent',
      s.memory.criticalPercent,
      'memory.criticalClearPercent',
      s.memory.criticalClearPercent,
    );
    ordered('memory.criticalPercent', s.memory.criticalPercent, 'memory.warningPercent', s.memory.warningPercent);
    ordered('memory.warningPercent', s.memory.warningPercent, 'memory.clearPercent', s.memory.clearPercent);
    ordered('disk.criticalPercent', s.disk.criticalPercent, 'disk.warningPercent', s.disk.warningPercent);
    ordered('inodes.criticalPercent', s.inodes.criticalPercent, 'inodes.warningPercent', s.inodes.warningPercent);
    if (s.vpc.id !== null && s.vpc.subnetIds === null) {
      context.addIssue({
        code: 'custom',
        path: ['vpc', 'subnetIds'],
        message: 'a list of subnet-... when vpc.id is given',
        params: { got: null },
      });
    }
  });

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
    return issue.keys.map((key) => `${prefix}${key}: unknown key; allowed: ${known.join(', ')}`);
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
  const raw = layers.reduceRight<unknown>((under, layer) => overlay(under, layer ?? undefined), {});
  const parsed = settingsSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new SettingsError([...new Set(parsed.error.issues.flatMap((issue) => explain(issue, raw)))]);
}

/** What a function is told by its environment. */
export interface FunctionEnvironment {
  readonly settings: Settings;
  readonly topicArn: string | null;
  readonly probeDocument: string | null;
}

/** Environment variables for a function; {@link fromEnvironment} reads them back. */
export function toEnvironment(
  settings: Settings,
  deployed: { readonly topicArn: string; readonly probeDocument: string },
): Record<string, string> {
  return {
    [ENV.settings]: JSON.stringify(settings),
    [ENV.topicArn]: deployed.topicArn,
    [ENV.probeDocument]: deployed.probeDocument,
  };
}

/** @throws SettingsError where `CRAWLWATCH_SETTINGS` isn't JSON or holds a bad setting. */
export function fromEnvironment(env: Readonly<Record<string, string | undefined>>): FunctionEnvironment {
  return {
    settings: parseSettings(settingsOf(env)),
    topicArn: env[ENV.topicArn] ?? null,
    probeDocument: env[ENV.probeDocument] ?? null,
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
