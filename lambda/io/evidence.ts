/** What EC2 itself knows of an instance that is about to be flagged: a reboot destroys the rest. */
import {
  DescribeInstanceStatusCommand,
  GetConsoleOutputCommand,
  type GetConsoleOutputCommandOutput,
  type InstanceStatus,
} from '@aws-sdk/client-ec2';
import pLimit from 'p-limit';
import type { Evidence } from '../model.ts';
import { errorCode, errorText } from './aws-error.ts';
import { bisect, chunks } from './batches.ts';
import type { Ec2 } from './clients.ts';

/** API_DescribeInstanceStatus.html. */
const STATUS_IDS_PER_CALL = 100;
const CONSOLES_AT_ONCE = 10;
const LINES_KEPT = 5;
const LINE_MAX = 200;

/** As Linux has printed it from 2.6 to 6.x: mm/oom_kill.c and mm/memcontrol.c. */
const OOM_KILLER =
  /invoked oom-killer|oom-kill:|Out of memory: Kill(ed)? process|Memory cgroup out of memory|Killed process \d+ \(/i;
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences begin with one
const ANSI = /\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\r\n]*(\x07|\x1b\\)|[@-Z\\^_])/g;

/** The OOM killer's last lines in a console's text: at most five of at most 200 printable ASCII characters. */
export function oomLines(consoleText: string): string[] {
  return consoleText
    .replace(ANSI, '')
    .split(/[\r\n]+/)
    .filter((line) => OOM_KILLER.test(line))
    .slice(-LINES_KEPT)
    .map((line) =>
      line
        .replace(/[^ -~]+/g, ' ')
        .trim()
        .slice(0, LINE_MAX),
    );
}

/**
 * EC2's status checks and the console's OOM-killer lines. What can't be asked is a sentence in `gaps`; never rejects.
 *
 * @returns an entry for each instance asked about
 */
export async function gatherEvidence(
  ec2: Ec2,
  instances: readonly { readonly id: string }[],
): Promise<ReadonlyMap<string, Evidence>> {
  const ids = instances.map((instance) => instance.id);
  const limit = pLimit(CONSOLES_AT_ONCE);
  const [statuses, consoles] = await Promise.all([
    Promise.all(chunks(ids, STATUS_IDS_PER_CALL).map((some) => readStatuses(ec2, some))),
    Promise.all(ids.map((id) => limit(readConsole, ec2, id))),
  ]);
  const impaired = new Map(statuses.flatMap((some) => [...some]));
  return new Map(
    ids.map((id, n) => {
      const status = impaired.get(id) ?? null;
      const lines = consoles[n] ?? [];
      const gaps = [status, lines].filter((answer) => typeof answer === 'string');
      return [
        id,
        {
          ec2Impaired: typeof status === 'string' ? null : status,
          consoleLines: typeof lines === 'string' ? [] : lines,
          gaps,
        },
      ];
    }),
  );
}

/** Whether each is impaired, null where EC2 can't tell yet; a sentence where it could not be asked. */
async function readStatuses(ec2: Ec2, ids: readonly string[]): Promise<Map<string, boolean | null | string>> {
  const { done, failed } = await bisect(
    ids,
    (some) => ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [...some], IncludeAllInstances: true })),
    (error) => errorCode(error).startsWith('InvalidInstanceID'),
  );
  const statuses = new Map<string, boolean | null | string>();
  for (const status of done.flatMap(({ value }) => value.InstanceStatuses ?? [])) {
    statuses.set(status.InstanceId ?? '', isImpaired(status));
  }
  for (const { id, error } of failed) statuses.set(id, `EC2's status checks: ${errorText(error)}`);
  return statuses;
}

function isImpaired(status: InstanceStatus): boolean | null {
  const checks = [status.SystemStatus?.Status, status.InstanceStatus?.Status, status.AttachedEbsStatus?.Status];
  if (checks.includes('impaired')) return true;
  return checks.slice(0, 2).every((check) => check === 'ok' || check === 'not-applicable') ? false : null;
}

/** The OOM killer's lines; a sentence where the console could not be had. */
async function readConsole(ec2: Ec2, id: string): Promise<string[] | string> {
  try {
    const { Output = '' } = await consoleOutput(ec2, id);
    return oomLines(Buffer.from(Output, 'base64').toString('latin1'));
  } catch (error) {
    return `console output: ${errorText(error)}`;
  }
}

/** Only Nitro instances give the console as it is now; the others what was last posted (instance-console.html). */
async function consoleOutput(ec2: Ec2, id: string): Promise<GetConsoleOutputCommandOutput> {
  try {
    return await ec2.send(new GetConsoleOutputCommand({ InstanceId: id, Latest: true }));
  } catch (error) {
    if (!/^(UnsupportedOperation|InvalidParameter)/.test(errorCode(error))) throw error;
    return ec2.send(new GetConsoleOutputCommand({ InstanceId: id }));
  }
}
