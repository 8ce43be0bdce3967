/** The table of docs/reference/permissions.md: every statement of every role, with what it is for. */
import { grantsOf } from '../lib/synth.ts';
import { markdownTable } from './readme-tables.ts';

/** By statement id. A statement without words here fails the test. */
const FOR: Readonly<Record<string, string>> = {
  WriteLogs: 'its own log group, which the stack makes',
  DiscoverInstances: 'find what is watched; where the right is there, ask EC2 for its own status checks',
  WriteOwnTags: "show what was found: crawlwatch's own keys alone, never the watch tag, and never all tags at once",
  ReadConsole: 'save the OOM lines before a reboot destroys them',
  RunProbeDocument: 'the probe: this one document',
  RunOnWatchedInstances: '... on watched instances; together the two allow one fixed script there',
  FollowCommands: 'see what came of it, and cancel what was given up',
  ReadSshKey: 'the one secret that the settings name',
  PushSshKey: 'a 60-second key, for the one user of the settings',
  PutMetrics: 'publish; the namespace is what a writer can be held to',
  ReadMetrics:
    'what the hypervisor measures of an instance that hangs, and whether the other stack that an instance belongs to still checks',
  PublishAlerts: 'mail, and whether anybody has subscribed',
  SendEvents: 'events of incidents and acts, on the default bus, in the name of crawlwatch alone',
  JoinVpc: "Lambda puts the function's network interfaces into the VPC as this role",
  KeepRuns: 'scale distributed: the files of a run, by which its steps share the fleet out',
  KeepState: 'remember incidents and figures from one check to the next: these two files',
  ReadState: 'look back on what checks remember',
  NoteActs:
    'note the last act for the checks, and unflag; no flag counts without its tag, which only the check can set',
  SeeMissingFiles:
    'distinguish a file that is not there yet from one that may not be read, which S3 says only to those who may list',
  RebootFlagged: 'reboot: only what carries the flag, which the check alone can write',
  RunRestartDocuments: 'restart a worker or sshd: these two documents',
  RecordAct: 'note the last act on the instance',
  TakeFlagAway: 'unflag when a person asks; it can never set one',
  UseTable: 'the lease, the pause, the record of acts',
  ReadPauses: 'whether acting is paused: three items, none of them a history',
  ReadSubscriptions: 'whether anybody reads the mail',
  // The one that CDK writes, for the function's destination on failure.
  '': 'a check that failed, kept for people to look at',
  InvokeRemedy:
    'have the fleet looked at, wait for what was done, and say that it is mailed; through this alias it can name no instance, no act and no person',
};

const ROLES = [
  ['CheckRole', 'check'],
  ['RemedyRole', 'remedy'],
  ['WidgetRole', 'widget'],
] as const;

/** All on, so that every statement there can be is in the table. */
export const EVERYTHING_ON = {
  transport: 'auto',
  vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] },
  ssh: {
    keySecretArn: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:crawler-key-AbCdEf',
    instanceConnect: true,
  },
  remedies: { restartWorker: true, restartSshd: true, reboot: true },
  scale: 'distributed',
};

export function permissionTable(): string {
  const rows = ROLES.flatMap(([logicalId, role]) =>
    grantsOf(logicalId, EVERYTHING_ON).map(({ Sid = '', Action, Resource, Condition }) => [
      role,
      Sid,
      [Action]
        .flat()
        .map((action) => `\`${action}\``)
        .join(' '),
      Condition === undefined ? onWhat(Resource) : `${onWhat(Resource)}, if ${conditionKeys(Condition)}`,
      FOR[Sid] ?? 'MISSING',
    ]),
  );
  return markdownTable(['function', 'statement', 'may', 'on', 'for'], rows);
}

/** `arn:{AWS::Partition}:ec2:{AWS::Region}:{AWS::AccountId}:instance/*` as `instance/*`. */
const onWhat = (resource: unknown): string =>
  [resource]
    .flat()
    .map((one) => `\`${String(one).replace(/^arn:[^:]*(?:\{[^}]*\})?[^:]*:.*:(?=[^:]*$)/, '')}\``)
    .join(' ');

const conditionKeys = (condition: unknown): string =>
  Object.values(condition as Record<string, Record<string, unknown>>)
    .flatMap((test) => Object.keys(test))
    .filter((key, i, all) => all.indexOf(key) === i)
    .map((key) => `\`${key}\``)
    .join(' and ');
