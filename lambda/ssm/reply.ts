/** Turns a Run Command invocation into a reply. */
import type { CommandInvocation } from '@aws-sdk/client-ssm';
import type { FailureReason, Reply } from '../model/index.ts';
import { PROBE_SCRIPT } from '../probe/index.ts';

/** The agent joins the two streams with this line (iohandler.go, amazon-ssm-agent). */
const ERROR_PART = /\r?\n?-{10}ERROR-{7}\r?\n/;
/** Most of what an agent prints in place of a report that a reply quotes. */
const QUOTE_MAX = 200;
/**
 * Of all that may fail when the agent starts a shell (`fork/exec PATH: ERROR`, from Go's os/exec), ENOMEM and EAGAIN alone
 * mean a host out of memory or processes; the others are shells that started and could not fork themselves.
 */
const CANNOT_FORK =
  /fork\/exec [^:]*: (cannot allocate memory|resource temporarily unavailable)|\bcan(?:not|'t) fork\b|\bfork: |\bpthread_create failed\b/i;
/** Without its shell or its directory the agent runs nothing; ENOSPC is of inotify's watches too, which fill no disk. */
const DISK_FAULTS: readonly (readonly [RegExp, string])[] = [
  [
    /no space left on device|disk quota exceeded/i,
    'A disk of the host is full, most likely its root: make room there, or grow its volume. ',
  ],
  [
    /read-only file system/i,
    'A file system of the host is mounted read-only, most likely its root, as after an I/O error: see its kernel log and its volume. ',
  ],
  [
    /failed to create orchestrationDir|plugin with name \S+ not found/i,
    "The agent can't write on the host, whose root is most likely full or read-only. ",
  ],
];

/** The version line of a report, on a line of its own; a restart's is `crawlwatch restart 1`. */
const VERSION_LINE = /^crawlwatch (\d{1,9})\r?$/gm;
/** Of the reports that this program reads: those of the script that it would deploy. */
const OWN_VERSION = /'crawlwatch (\d+)'/.exec(PROBE_SCRIPT)?.[1] ?? '';

/** The reply of a host that gave no report. */
export const failure = (reason: FailureReason, text: string, output = ''): Reply => ({
  kind: 'failed',
  reason,
  text,
  ...(output !== '' && { output }),
});

/** What is wrong, and how to put it right. */
export const NOT_MANAGED =
  'SSM does not manage this instance: give it an instance profile with AmazonSSMManagedInstanceCore, a running ' +
  'amazon-ssm-agent, and a way to the ssm and ssmmessages endpoints.';

/** @returns null while the command may still answer. */
export function replyOf(invocation: CommandInvocation): Reply | null {
  // The documentation prints "Delivery Timed Out" and the API "DeliveryTimedOut".
  const status = (invocation.StatusDetails ?? invocation.Status ?? '').replaceAll(' ', '');
  switch (status) {
    case '':
    case 'Pending':
    case 'InProgress':
    case 'Delayed':
    case 'Cancelling':
      return null;
    case 'Success':
    case 'Failed':
      return finished(invocation);
    case 'DeliveryTimedOut':
      return failure('SsmDeliveryTimedOut', 'The SSM agent is registered, but did not take or finish the command.');
    case 'ExecutionTimedOut':
    case 'TimedOut':
      return failure(
        'CommandTimeout',
        'The SSM agent ended the probe: it ran past its time, or was killed.',
        streams(invocation).stdout,
      );
    case 'Undeliverable':
      return failure('SsmNotManaged', NOT_MANAGED);
    case 'AccessDenied':
      return failure('SsmAccessDenied', 'IAM allows the command, but not on this instance (ssm:SendCommand).');
    default:
      return failure('NotChecked', `The SSM command ended as ${status.slice(0, 100)}.`);
  }
}

/** The reply where a command's time is up, by what SSM listed last. */
export function replyAtDeadline(invocation: CommandInvocation | undefined, seconds: number): Reply {
  if (invocation === undefined) return failure('NotChecked', `SSM did not list the command within ${seconds} s.`);
  return hasStarted(invocation)
    ? failure('CommandTimeout', `The probe did not finish within ${seconds} s.`, streams(invocation).stdout)
    : failure('SsmDeliveryTimedOut', `The SSM agent did not take the command within ${seconds} s.`);
}

function hasStarted(invocation: CommandInvocation): boolean {
  return (invocation.CommandPlugins ?? []).some((plugin) => plugin.ResponseStartDateTime !== undefined);
}

function finished(invocation: CommandInvocation): Reply {
  const { stdout, all } = streams(invocation);
  if (stdout.trim() !== '') return ofOtherVersion(stdout) ?? { kind: 'output', output: stdout };
  const said = all
    .replace(ERROR_PART, '')
    .replace(/[^!-~]+/g, ' ')
    .trim();
  if (said === '') return { kind: 'output', output: '' };
  const quoted = said.slice(0, QUOTE_MAX);
  if (CANNOT_FORK.test(said)) {
    return failure('ForkFailed', `The SSM agent answered, but the host could start no process: ${quoted}`);
  }
  const [, means = ''] = /inotify|watch/i.test(said) ? [] : (DISK_FAULTS.find(([words]) => words.test(said)) ?? []);
  return failure('ExecRefused', `${means}The SSM agent answered, but could not run the probe: ${quoted}`);
}

/** Where the document was deployed with another version than this program; null where a report of ours is among it. */
function ofOtherVersion(stdout: string): Reply | null {
  const versions = [...stdout.matchAll(VERSION_LINE)].map(([, version = '']) => version);
  const [other] = versions;
  if (other === undefined || versions.includes(OWN_VERSION)) return null;
  return failure(
    'Unparsable',
    `The probe's document reports in version ${other}, and this program reads version ${OWN_VERSION}: deploy the stack again with this version of crawlwatch (crawlwatch deploy), and accounts/crawlwatch-member.yaml where another Region or account is watched.`,
  );
}

function streams(invocation: CommandInvocation): { readonly stdout: string; readonly all: string } {
  const all = (invocation.CommandPlugins ?? []).map((plugin) => plugin.Output ?? '').join('');
  return { stdout: all.split(ERROR_PART, 1)[0] ?? '', all };
}
