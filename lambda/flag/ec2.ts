/** What AWS itself knows of an instance that is due for a flag: a reboot destroys the rest. */

import {
  GetConsoleOutputCommand,
  type GetConsoleOutputCommandOutput,
  type InstanceStatus,
  paginateDescribeInstanceStatus,
} from '@aws-sdk/client-ec2';
import pLimit from 'p-limit';
import { byTarget, type Target } from '../discover/index.ts';
import { forecast } from '../forecast/index.ts';
import type { CloudWatch, Ec2 } from '../kit/index.ts';
import { bisect, chunks, errorCode, errorText } from '../kit/index.ts';
import type { PastFigures } from '../memory/index.ts';
import type { ConsoleOutput, Impairment, Instance, LastGood, RawEvidence } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { readHypervisors } from './cloudwatch.ts';

/** API_DescribeInstanceStatus.html. */
const STATUS_IDS_PER_CALL = 100;
const CONSOLES_AT_ONCE = 10;
const CONSOLE_BYTES = 65_536;

export interface GatherOptions {
  readonly ec2: Ec2;
  /** Absent: what the hypervisor measures can't be asked. */
  readonly cloudWatch?: Pick<CloudWatch, 'send'>;
  readonly now: Date;
  /** The figures, by instance id, as they are being read. */
  readonly lastGood: Promise<ReadonlyMap<string, LastGood>>;
  /** When each one's memory was to run out, by the forecast at its last answer. */
  memoryEnds?(lastGood: ReadonlyMap<string, LastGood>): Promise<ReadonlyMap<string, Date>>;
}

/**
 * EC2's status checks, the hypervisor's metrics, the console, and the last figures. What can't be asked is a sentence in
 * `gaps`; never rejects.
 *
 * @returns an entry for each instance asked about
 */
export async function gatherEvidence(
  instances: readonly Pick<Instance, 'id' | 'remembered'>[],
  { ec2, cloudWatch, now, ...past }: GatherOptions,
): Promise<ReadonlyMap<string, RawEvidence>> {
  const limit = pLimit(CONSOLES_AT_ONCE);
  const ids = instances.map(({ id }) => id);
  const lastFigures = past.lastGood.catch((error: unknown) => `the last figures: ${errorText(error)}`);
  const [statuses, metrics, consoles, figures, ends] = await Promise.all([
    Promise.all(chunks(ids, STATUS_IDS_PER_CALL).map((some) => readStatuses(ec2, some))),
    cloudWatch === undefined ? null : readHypervisors(cloudWatch, instances, now),
    Promise.all(ids.map((id) => limit(readConsole, ec2, id))),
    lastFigures,
    lastFigures
      .then((read) => (typeof read === 'string' ? undefined : past.memoryEnds?.(read)))
      .catch((error: unknown) => `the forecast at its last answer: ${errorText(error)}`),
  ]);
  const impaired = new Map(statuses.flatMap((some) => [...some]));
  return new Map(
    ids.map((id, n) => {
      const status = impaired.get(id) ?? null;
      const console = consoles[n] ?? { output: null, gap: null };
      const hypervisor = metrics === null ? NO_CLIENT : (metrics.get(id) ?? []);
      return [
        id,
        {
          impaired: typeof status === 'string' ? null : status,
          console: console.output,
          hypervisor: typeof hypervisor === 'string' ? null : hypervisor,
          lastGood: typeof figures === 'string' ? null : (figures.get(id) ?? null),
          memoryEndsAt: typeof ends === 'string' ? null : (ends?.get(id) ?? null),
          gaps: [status, hypervisor, console.gap, figures, ends].filter((answer) => typeof answer === 'string'),
        },
      ];
    }),
  );
}

const NO_CLIENT = "the hypervisor's metrics: there is no client for CloudWatch there";

/** What of each is impaired, null where EC2 can't tell yet; a sentence where it could not be asked. */
async function readStatuses(
  ec2: Ec2,
  ids: readonly string[],
): Promise<Map<string, readonly Impairment[] | null | string>> {
  const { done, failed } = await bisect(
    ids,
    (some) => describeStatuses(ec2, some),
    (error) => errorCode(error).startsWith('InvalidInstanceID'),
  );
  const statuses = new Map<string, readonly Impairment[] | null | string>();
  for (const status of done.flatMap(({ value }) => value)) {
    statuses.set(status.InstanceId ?? '', impairments(status));
  }
  for (const { id, error } of failed) statuses.set(id, `EC2's status checks: ${errorText(error)}`);
  return statuses;
}

async function describeStatuses(ec2: Ec2, ids: readonly string[]): Promise<InstanceStatus[]> {
  const found: InstanceStatus[] = [];
  const input = { InstanceIds: [...ids], IncludeAllInstances: true };
  for await (const { InstanceStatuses = [] } of paginateDescribeInstanceStatus({ client: ec2 }, input)) {
    found.push(...InstanceStatuses);
  }
  return found;
}

function impairments(status: InstanceStatus): Impairment[] | null {
  const checks = [
    ['system', status.SystemStatus],
    ['instance', status.InstanceStatus],
    ['volumes', status.AttachedEbsStatus],
  ] as const;
  const impaired = checks.flatMap(([what, check]): Impairment[] => {
    if (check?.Status !== 'impaired') return [];
    const since = check.Details?.find(({ Status }) => Status === 'failed')?.ImpairedSince ?? null;
    return [{ what, since }];
  });
  if (impaired.length > 0) return impaired;
  const isKnown = (word: string | undefined) => word === 'ok' || word === 'not-applicable';
  return checks.slice(0, 2).every(([, check]) => isKnown(check?.Status)) ? [] : null;
}

/** Of the console the last 64 KiB, which is all that EC2 keeps. */
async function readConsole(ec2: Ec2, id: string): Promise<{ output: ConsoleOutput | null; gap: string | null }> {
  try {
    const { Output = '', Timestamp } = await consoleOutput(ec2, id);
    const text = Buffer.from(Output, 'base64').subarray(-CONSOLE_BYTES).toString('latin1');
    return { output: { text, at: Timestamp ?? null }, gap: null };
  } catch (error) {
    return { output: null, gap: `console output: ${errorText(error)}` };
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

/** What EC2 and CloudWatch say in each place, and the figures at home. Never rejects. */
export async function evidenceIn(
  targets: readonly Target[],
  instances: readonly Instance[],
  past: PastFigures,
  now: Date,
  settings: Settings,
): Promise<ReadonlyMap<string, RawEvidence>> {
  const gathered = await Promise.all(
    [...byTarget(targets, instances)].map(([{ ec2, cloudWatch }, some]) =>
      gatherEvidence(some, {
        ec2,
        ...(cloudWatch !== undefined && { cloudWatch }),
        now,
        lastGood: past.lastGood(some),
        memoryEnds: (lastGood) => memoryEnds(some, lastGood, past, settings),
      }),
    ),
  );
  return new Map(gathered.flatMap((some) => [...some]));
}

/** By the same forecast that a check makes, as it was at the last answer. */
async function memoryEnds(
  instances: readonly Instance[],
  lastGood: ReadonlyMap<string, LastGood>,
  { history }: PastFigures,
  { forecast: { enabled, lookBelowPercent }, schedule }: Settings,
): Promise<ReadonlyMap<string, Date>> {
  const isLow = ({ id }: Instance) => (lastGood.get(id)?.memory ?? 1) < lookBelowPercent / 100;
  const low = enabled ? instances.filter(isLow) : [];
  if (low.length === 0) return new Map();
  const past = await history(low);
  return new Map(
    low.flatMap(({ id, remembered }): [string, Date][] => {
      const last = lastGood.get(id);
      if (last === undefined) return [];
      const samples = (past.get(id)?.memory ?? []).filter(({ at }) => at < last.at);
      const speaking = remembered.incident?.codes.includes('MemoryExhaustionForecast') === true;
      const options = { speaking, everyMinutes: schedule.everyMinutes };
      const { minutes } = forecast('memory', samples, { at: last.at, available: last.memory }, options);
      return minutes === null ? [] : [[id, new Date(last.at.getTime() + minutes * 60_000)]];
    }),
  );
}
