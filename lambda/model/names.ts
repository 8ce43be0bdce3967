/**
 * Names that more than one room of the house must spell alike: tags, metrics, environment keys.
 * Tag keys avoid `/` and spaces, which instance metadata tags don't allow
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html).
 */

/** Tags on the instance. The first group is the user's to write, the second crawlwatch's. */
export const TAG = {
  worker: 'crawlwatch:worker',
  ssh: 'crawlwatch:ssh',
  limits: 'crawlwatch:limits',
  hostKey: 'crawlwatch:host-key',
  auto: 'crawlwatch:auto',
  mute: 'crawlwatch:mute',
  stack: 'crawlwatch:stack',
  status: 'crawlwatch:status',
  flag: 'crawlwatch:reboot-flag',
  acted: 'crawlwatch:acted',
} as const;

/** The only tag keys that crawlwatch itself may create or delete. */
export const OWN_TAG_KEYS = [TAG.stack, TAG.status, TAG.flag, TAG.acted] as const;
export type OwnTagKey = (typeof OWN_TAG_KEYS)[number];
/** What versions before 0.2 kept in tags: `crawlwatch forget` takes them away. */
export const FORMER_TAG_KEYS = ['crawlwatch:since', 'crawlwatch:failures', 'crawlwatch:seen'] as const;
export type FormerTagKey = (typeof FORMER_TAG_KEYS)[number];

/** EC2 cuts nothing: a longer value is an error (256 characters). */
export const TAG_VALUE_MAX = 256;

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
export const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;

/** SNS refuses 100 characters and more (API_Publish.html). */
export const SUBJECT_MAX = 99;

/** What a unit's name may hold: no character to which a shell gives a meaning, so not systemd's `\\` either. */
const UNIT_CHARACTER = '[A-Za-z0-9:_.@-]';
/** One systemd unit, of at most 255 characters (systemd.unit(5)); as a document's allowedPattern takes it. */
export const UNIT_PATTERN = `^${UNIT_CHARACTER}{1,255}$`;
/** Any number of them, with spaces between. */
export const UNITS_PATTERN = `^(${UNIT_CHARACTER}+( |$))*$`;
/** A worker as tags, flags and inventories may name it. */
export const WORKER = new RegExp(`^${UNIT_CHARACTER}{1,128}$`);

/** The probe's document where CloudFormation's own name can't be known: in other Regions and accounts. */
export const MEMBER_PROBE_DOCUMENT = 'crawlwatch-probe';

/** A member account's second role, by which the dashboard's table reads: `ROLE-read`. */
export const READER_SUFFIX = '-read';

export const METRIC_NAMESPACE = 'Crawlwatch';

/** Of its events on EventBridge's default bus. */
export const EVENT_SOURCE = 'crawlwatch';

/** Metrics per instance, with the dimensions `InstanceId` and `Name`. */
export const INSTANCE_METRIC = {
  memory: 'MemoryUtilization',
  disk: 'DiskSpaceUtilization',
  success: 'ProbeSuccess',
  oomKills: 'OomKills',
} as const;

/** Metrics of the fleet, with the dimension `Stack`. */
export const FLEET_METRIC = {
  checked: 'InstancesChecked',
  critical: 'InstancesCritical',
  unreachable: 'InstancesUnreachable',
  flagged: 'InstancesFlagged',
  memoryLow: 'InstancesMemoryLow',
  diskLow: 'InstancesDiskLow',
  suppressed: 'FlaggingSuppressed',
  /** Of the remedy function's acts; RecoveryMinutes is the check's, one value for each host that hung and answers again. */
  reboots: 'Reboots',
  workerRestarts: 'WorkerRestarts',
  rebootsAvoided: 'RebootsAvoided',
  recoveryMinutes: 'RecoveryMinutes',
  duration: 'CheckDuration',
} as const;

/** Environment of the functions. Read only by settings.ts. */
export const ENV = {
  settings: 'CRAWLWATCH_SETTINGS',
  topicArn: 'CRAWLWATCH_TOPIC_ARN',
  probeDocument: 'CRAWLWATCH_PROBE_DOCUMENT',
  restartWorkerDocument: 'CRAWLWATCH_RESTART_WORKER_DOCUMENT',
  restartSshdDocument: 'CRAWLWATCH_RESTART_SSHD_DOCUMENT',
  leaseTable: 'CRAWLWATCH_LEASE_TABLE',
  remedyFunctionArn: 'CRAWLWATCH_REMEDY_FUNCTION_ARN',
  bucket: 'CRAWLWATCH_BUCKET',
} as const;

/** The remedy function's alias by which the check asks it: what comes that way is never a person's word. */
export const AUTOMATIC_ALIAS = 'automatic';

/** In the bucket: what is remembered of every instance between checks. */
export const STATE_KEY = 'state.json.gz';

/** In the bucket: the packed past that forecasts, sparklines and last figures are read from. */
export const SAMPLES_KEY = 'samples';

/** Context key of cdk.json that holds the settings. */
export const CONTEXT_KEY = 'crawlwatch';

export const DEFAULT_STACK_NAME = 'CrawlwatchStack';

/**
 * How all of it is removed, in the order that holds: a check that still runs writes its tags again. The same in the
 * stack's outputs, the README, docs/first-hour.md and the help of `forget`.
 */
export const REMOVAL = 'crawlwatch deploy --destroy && crawlwatch forget';

/** What is left to do of it where the construct was in a stack of somebody else's CDK app. */
export const FORGET = 'crawlwatch forget';
