// By its namespace: the export `z` brings every language's messages into the bundle.
import * as z from 'zod';

import { isTimeZone } from '../kit/index.ts';
import { DEFAULT_STACK_NAME, REGION_NAME } from '../model/index.ts';
import { keySecretArn, topicArn } from './arns.ts';
import { MOUNT_PATTERN } from './mounts.ts';
import { maintenanceWindow } from './window.ts';

/** A leaf: its schema, what is allowed in words, and what it does. The README's table is generated from these. */
export function leaf<T extends z.ZodType>(schema: T, allowed: string, description: string): T {
  return schema.meta({ allowed, description }) as T;
}
export const text = (fallback: string, pattern: RegExp, allowed: string, says: string) =>
  leaf(z.string().regex(pattern), allowed, says).default(fallback);
export const optional = <T extends z.ZodType>(schema: T, allowed: string, says: string) =>
  leaf(schema.nullable(), `${allowed}, or null`, says).default(null as never);
export const number = (fallback: number, min: number, max: number, says: string, unit = '') =>
  leaf(z.number().min(min).max(max), `a number from ${min} to ${max}${unit}`, says).default(fallback);
export const whole = (fallback: number, min: number, max: number, says: string) =>
  leaf(z.number().int().min(min).max(max), `a whole number from ${min} to ${max}`, says).default(fallback);
export const percent = (fallback: number, says: string) => number(fallback, 0, 100, says);
export const flag = (fallback: boolean, says: string) => leaf(z.boolean(), 'true or false', says).default(fallback);
export const choice = <const T extends readonly [string, ...string[]]>(fallback: T[number], values: T, says: string) =>
  leaf(z.enum(values), values.join(', '), says).default(fallback as never);
export const group = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never);

const EMAIL = /^[^\s@,]+@[^\s@,]+\.[^\s@,]+$/;
const email = z.string().regex(EMAIL);
const ids = (prefix: string) => z.array(z.string().regex(new RegExp(`^${prefix}-[0-9a-f]+$`))).min(1);

/** An endpoint's name in `com.amazonaws.REGION.NAME`. Synth holds it to CDK's table. */
const service = z.string().regex(/^[a-z0-9][a-z0-9.-]{1,63}$/);

/** The role of accounts/crawlwatch-member.yaml, where it isn't named. */
export const MEMBER_ROLE = 'crawlwatch-member';
/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html, and sts:ExternalId of AssumeRole. */
const account = z.strictObject({
  id: z.string().regex(/^\d{12}$/),
  externalId: z.string().regex(/^[\w+=,.@:/-]{8,128}$/),
  roleName: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/)
    .default(MEMBER_ROLE),
});

/** Retention periods that CloudWatch Logs accepts, in days (PutRetentionPolicy). */
const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

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
      'Who gets the mail. Null: nobody, and synth warns.',
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
        'Login user; the tag crawlwatch:ssh overrides it. Where it is not set, `check --host` and `-i` log in as ssh would.',
      ),
      port: whole(22, 1, 65535, 'Port of sshd; the tag crawlwatch:ssh overrides it.'),
      address: choice('private', ['private', 'public'], 'Which address of an instance SSH connects to.'),
      keySecretArn: optional(
        keySecretArn,
        'the ARN of a Secrets Manager secret or an SSM SecureString parameter in the Region of the stack',
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
      routeTableIds: optional(
        ids('rtb'),
        'a list of rtb-...',
        'Their route tables: with createEndpoints S3 and DynamoDB get gateway endpoints there, which are free, for all that uses these tables.',
      ),
      createEndpoints: leaf(
        z.union([z.boolean(), z.array(service).min(1)]),
        'true, false, or a list of services, like ["ec2", "monitoring", "sns"]',
        'Create the interface endpoints that a VPC without NAT needs (about $7.30 a month each and zone): true for all of them, a list where the VPC has some already. The VPC needs enableDnsSupport and enableDnsHostnames, each subnet a zone of its own.',
      ).default(false),
      ipv6: flag(
        false,
        'Let the functions connect by IPv6, to hosts that have no IPv4 address. Every subnet must be dual-stack.',
      ),
    }),
    forks: whole(100, 1, 500, 'Hosts asked over SSH at the same time.'),
    timeouts: group({
      sshSeconds: number(
        15,
        2,
        300,
        'Deadline of one host over SSH, in seconds, from the connection to the last byte.',
      ),
      ssmSeconds: number(75, 2, 300, 'Deadline of one host over SSM, in seconds.'),
      connectSeconds: optional(
        z.number().min(0.5).max(300),
        'a number from 0.5 to 300',
        'Of sshSeconds at most this for its name and the TCP connection. Null: only the whole deadline.',
      ),
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
      ignore: optional(
        z.array(z.string().regex(MOUNT_PATTERN)).min(1),
        'a list of mounts, like ["/scratch", "/mnt/*"]: `*` is any number of characters, `?` one',
        'Mounts that are left out of reasons, forecasts and metrics; the tag crawlwatch:limits adds more.',
      ),
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
      enabled: flag(true, 'Warn before memory or a disk runs out.'),
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
        maintenanceWindow,
        'like `Mon-Fri 02:00-05:00 Europe/Berlin`',
        'Only act by itself in this window.',
      ),
    }),
    alerts: group({
      remindHours: number(
        24,
        0,
        8760,
        'Hours between reminders of trouble that lasts, which come on top of at most 12 mails a day about one host; 0 is never.',
      ),
      recoverAfter: whole(2, 1, 12, 'Good checks in a row after which trouble counts as ended.'),
      hostAlarms: flag(false, 'Let the alarms on hosts send mail too.'),
      topicArn: optional(
        topicArn,
        'the ARN of a standard SNS topic of this account, in the Region of the stack',
        'Publish to this topic instead of creating one. Its policy must let CloudWatch alarms publish.',
      ),
      timeZone: leaf(
        z.string().refine(isTimeZone),
        'a time zone of the tz database, like Europe/Berlin or UTC',
        'The time zone of the times in mail and chat.',
      ).default('UTC'),
      heartbeatUrl: optional(
        z.url({ protocol: /^https$/ }).max(500),
        'an https address of at most 500 characters',
        'Fetched at the end of each good check, without any data: a service that expects it says when checks stop, also where AWS itself is down.',
      ),
      runbookUrl: optional(
        z.url({ protocol: /^https$/ }).max(300),
        'an https address of at most 300 characters',
        'Your own runbook, linked from mail and chat; {reason} in it becomes the reason code. Null: the runbook on the dashboard.',
      ),
      encrypt: flag(false, 'Encrypt the topic with a KMS key of its own (about $1 a month).'),
    }),
    metrics: group({
      perInstance: choice(
        'all',
        ['all', 'troubled', 'none'],
        'Of which instances metrics are published (about $0.90 a month each). troubled: only of those with an incident, low on memory or a disk, or recovered within the hour.',
      ),
    }),
    scale: choice(
      'single',
      ['single', 'distributed'],
      'distributed: Step Functions splits the fleet among functions; for more than a few thousand hosts.',
    ),
    regions: optional(
      z.array(z.string().regex(REGION_NAME)).min(1),
      'a list of Regions, like ["eu-central-1", "us-east-1"]',
      'Where instances are watched, here and in each account. Null: in the Region of the stack.',
    ),
    accounts: optional(
      z.array(account).min(1),
      'a list of { "id": 12 digits, "externalId": 8 to 128 characters, "roleName": "crawlwatch-member" }',
      'Further accounts, each by a role of accounts/crawlwatch-member.yaml. The own account is always watched.',
    ),
    budget: group({
      monthlyUsd: optional(
        z.number().positive(),
        'US dollars above 0',
        'Synth warns when the estimated month costs more than this.',
      ),
      instances: optional(
        z.number().int().positive(),
        'a whole number above 0',
        'How many instances that estimate is for.',
      ),
    }),
    stack: text(
      DEFAULT_STACK_NAME,
      /^[A-Za-z][A-Za-z0-9-]{0,127}$/,
      'a CloudFormation stack name: a letter, then at most 127 letters, digits and hyphens',
      'Name of the stack. Several stacks may be in one account and Region.',
    ),
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
    if (s.alerts.encrypt && s.alerts.topicArn !== null) {
      context.addIssue({
        code: 'custom',
        path: ['alerts', 'encrypt'],
        message: 'false when alerts.topicArn is given: that topic has the key that its owner gave it',
        params: { got: true },
      });
    }
    if (s.budget.monthlyUsd !== null && s.budget.instances === null) {
      context.addIssue({
        code: 'custom',
        path: ['budget', 'instances'],
        message: 'a whole number above 0 when budget.monthlyUsd is given',
        params: { got: null },
      });
    }
    if (s.vpc.id !== null && s.vpc.subnetIds === null) {
      context.addIssue({
        code: 'custom',
        path: ['vpc', 'subnetIds'],
        message: 'a list of subnet-... when vpc.id is given',
        params: { got: null },
      });
    }
  });
