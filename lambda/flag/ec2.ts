/** What EC2 itself knows of an instance that is about to be flagged: a reboot destroys the rest. */

import {
  DescribeInstanceStatusCommand,
  GetConsoleOutputCommand,
  type GetConsoleOutputCommandOutput,
  type InstanceStatus,
} from '@aws-sdk/client-ec2';
import pLimit from 'p-limit';
import { byTarget, type Target } from '../discover/index.ts';
import type { Ec2 } from '../kit/index.ts';
import { bisect, chunks, errorCode, errorText } from '../kit/index.ts';
import type { PastFigures } from '../memory/index.ts';
import type { Instance, LastGood, RawEvidence } from '../model/index.ts';

/** API_DescribeInstanceStatus.html. */
const STATUS_IDS_PER_CALL = 100;
const CONSOLES_AT_ONCE = 10;
const CONSOLE_BYTES = 65_536;

/**
 * EC2's status checks, the console, and the last figures. What can't be asked is a sentence in `gaps`; never rejects.
 *
 * @param lastGood the figures, by instance id, as they are being read
 * @returns an entry for each instance asked about
 */
export async function gatherEvidence(
  ec2: Ec2,
  ids: readonly string[],
  lastGood: Promise<ReadonlyMap<string, LastGood>>,
): Promise<ReadonlyMap<string, RawEvidence>> {
  const limit = pLimit(CONSOLES_AT_ONCE);
  const [statuses, consoles, figures] = await Promise.all([
    Promise.all(chunks(ids, STATUS_IDS_PER_CALL).map((some) => readStatuses(ec2, some))),
    Promise.all(ids.map((id) => limit(readConsole, ec2, id))),
    lastGood.catch((error: unknown) => `the last figures: ${errorText(error)}`),
  ]);
  const impaired = new Map(statuses.flatMap((some) => [...some]));
  return new Map(
    ids.map((id, n) => {
      const status = impaired.get(id) ?? null;
      const console = consoles[n] ?? { text: null, gap: null };
      return [
        id,
        {
          ec2Impaired: typeof status === 'string' ? null : status,
          console: console.text,
          lastGood: typeof figures === 'string' ? null : (figures.get(id) ?? null),
          gaps: [status, console.gap, figures].filter((answer) => typeof answer === 'string'),
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

/** Of the console the last 64 KiB, which is all that EC2 keeps. */
async function readConsole(ec2: Ec2, id: string): Promise<{ text: string | null; gap: string | null }> {
  try {
    const { Output = '' } = await consoleOutput(ec2, id);
    return { text: Buffer.from(Output, 'base64').subarray(-CONSOLE_BYTES).toString('latin1'), gap: null };
  } catch (error) {
    return { text: null, gap: `console output: ${errorText(error)}` };
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

/** What EC2 says in each place, and the figures at home. Never rejects. */
export async function evidenceIn(
  targets: readonly Target[],
  instances: readonly Instance[],
  { lastGood }: PastFigures,
): Promise<ReadonlyMap<string, RawEvidence>> {
  const gathered = await Promise.all(
    [...byTarget(targets, instances)].map(([{ ec2 }, some]) =>
      gatherEvidence(
        ec2,
        some.map(({ id }) => id),
        lastGood(some),
      ),
    ),
  );
  return new Map(gathered.flatMap((some) => [...some]));
}
