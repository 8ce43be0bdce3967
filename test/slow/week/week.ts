/** A week of a fleet under a virtual clock, through the whole pipeline: all but the wire is real. */
import { GetMetricDataCommand, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { CreateTagsCommand, DeleteTagsCommand, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { PublishCommand } from '@aws-sdk/client-sns';
import { type CheckResult, checkFleet } from '../../../lambda/check/pipeline.ts';
import type { ProbeTransport } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { seeded } from '../../../tools/random.ts';
import { idOf, SandboxFleet } from '../../support/sandbox-fleet.ts';
import { behaviourAt, type Episode, episodesOf } from './hosts.ts';
import { entriesIn, type MailedEntry } from './mails.ts';

export const HOSTS = 200;
export const CHECKS = 2016;
const HOUR = 12;
/** From check to check; the mistake cuts every host of an even number off. */
export const FAULTS = {
  tags: { from: 300, to: 300 + HOUR },
  mail: { from: 600, to: 600 + HOUR },
  metrics: { from: 900, to: 900 + HOUR },
  securityGroup: { from: 1200, to: 1200 + 3 * HOUR },
} as const;
export const isDuring = (check: number, { from, to }: { readonly from: number; readonly to: number }): boolean =>
  check >= from && check < to;

export interface Week {
  readonly episodes: readonly Episode[];
  /** Hosts that carry the flag after each check. */
  readonly flagged: readonly ReadonlySet<number>[];
  readonly mails: readonly {
    readonly check: number;
    readonly entries: readonly MailedEntry[];
    readonly subject: string;
  }[];
  /** Checks that failed as a whole, and those of which a step failed. */
  readonly failedRuns: readonly number[];
  readonly failedSteps: readonly number[];
  readonly fleet: SandboxFleet;
}

export async function simulateWeek(seed: number): Promise<Week> {
  const random = seeded(seed);
  const episodes = episodesOf(HOSTS, CHECKS, random);
  // Two series a host and check would only make the sandbox slow.
  const fleet = new SandboxFleet(HOSTS, { metrics: { perInstance: 'none' } });
  const quiet = { info: () => {}, warn: () => {}, error: () => {} };
  const ports = { ...fleet.ports(), log: quiet };
  const boots = new Map<number, number>();
  const ahead = new Map<number, Episode[]>();
  for (const episode of episodes) ahead.set(episode.host, [...(ahead.get(episode.host) ?? []), episode]);
  const flagged: Set<number>[] = [];
  const mails: { check: number; entries: MailedEntry[]; subject: string }[] = [];
  const failedRuns: number[] = [];
  const failedSteps: number[] = [];

  for (let check = 0; check < CHECKS; check++) {
    fleet.now = new Date(fleet.now.getTime() + 5 * 60_000);
    order(fleet, check);
    const chance = random();
    if (chance < 0.005) fleet.aws.fail(DescribeInstancesCommand, 'RequestLimitExceeded', 1);
    for (let host = 1; host <= HOSTS; host++) {
      const own = ahead.get(host) ?? [];
      if (own[0]?.to === check) {
        if (own[0].trouble === 'hang') boots.set(host, (boots.get(host) ?? 0) + 1);
        own.shift();
      }
      const episode = own[0] !== undefined && isDuring(check, own[0]) ? own[0] : undefined;
      const cut = host % 2 === 0 && isDuring(check, FAULTS.securityGroup);
      fleet.host(host, cut ? 'ConnectTimeout' : behaviourAt(episode, host, boots.get(host) ?? 0));
    }
    // A slow run: one host is still silent when the time is up.
    const slow = chance > 0.997 ? 1 + Math.floor(random() * HOSTS) : null;
    if (slow !== null) fleet.host(slow, 'never');
    const runs = chance > 0.98 && slow === null ? await overlapping(fleet, ports) : await one(fleet, ports);
    if (runs.some((run) => run.status === 'rejected')) failedRuns.push(check);
    if (runs.some((run) => run.status === 'fulfilled' && run.value.errors.length > 0)) failedSteps.push(check);
    flagged.push(flagsOf(fleet));
    for (const { body, subject } of fleet.aws.topic.published.slice(mails.length)) {
      mails.push({ check, entries: entriesIn(body), subject });
    }
  }
  return { episodes, flagged, mails, failedRuns, failedSteps, fleet };
}

type World = ReturnType<SandboxFleet['ports']>;
type Runs = PromiseSettledResult<CheckResult>[];

/** A host that stays silent would hold the run up until its time is over: that is now. */
function one(fleet: SandboxFleet, ports: World): Promise<Runs> {
  const timeUp = new AbortController();
  const ssh: ProbeTransport = async (instances, run) => {
    const asked = fleet.transport(instances, run);
    timeUp.abort();
    await asked;
  };
  const transports = { ssh: [...fleet.behaviours.values()].includes('never') ? ssh : fleet.transport };
  const options = { deadlineMs: 600_000, signal: timeUp.signal };
  return Promise.allSettled([checkFleet(fleet.settings, { ...ports, transports }, options)]);
}

/** The second run has read the tags before the first has written any, and ends after it. */
async function overlapping(fleet: SandboxFleet, ports: World): Promise<Runs> {
  let secondHasRead = () => {};
  const mayGoOn = new Promise<void>((resolve) => (secondHasRead = resolve));
  const behind = (gate: () => Promise<unknown>): ProbeTransport => {
    let gated = true;
    return async (instances, run) => {
      if (gated) await gate();
      gated = false;
      await fleet.transport(instances, run);
    };
  };
  const run = (ssh: ProbeTransport) =>
    checkFleet(fleet.settings, { ...ports, transports: { ssh } }, { deadlineMs: 600_000 });
  const first = run(behind(() => mayGoOn));
  const second = run(
    behind(() => {
      secondHasRead();
      return first.catch(() => undefined);
    }),
  ).finally(secondHasRead);
  return Promise.allSettled([first, second]);
}

/** Begins and ends the faults of AWS. */
function order({ aws }: SandboxFleet, check: number): void {
  const commands = [
    [FAULTS.tags, CreateTagsCommand],
    [FAULTS.tags, DeleteTagsCommand],
    [FAULTS.mail, PublishCommand, 'ThrottledException'],
    [FAULTS.metrics, PutMetricDataCommand],
    [FAULTS.metrics, GetMetricDataCommand],
    [FAULTS.metrics, GetObjectCommand],
    [FAULTS.metrics, PutObjectCommand],
  ] as const;
  // A mail that is refused did not go out; of one whose answer is lost nobody knows (test/slow/day.test.ts has those).
  for (const [{ from, to }, command, code = 'ServiceUnavailable'] of commands) {
    if (check === from) aws.fail(command, code, Number.POSITIVE_INFINITY);
    if (check === to) aws.fail(command, code, 0);
  }
}

function flagsOf(fleet: SandboxFleet): Set<number> {
  const flags = new Set<number>();
  for (let host = 1; host <= HOSTS; host++) {
    if (fleet.aws.instances.get(idOf(host))?.tags.has(TAG.flag)) flags.add(host);
  }
  return flags;
}
