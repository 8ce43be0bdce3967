/** Entry of the scheduled check: one whole check over AWS, or one step of a run that is shared out among functions. */
import type { Context } from 'aws-lambda';
import { beat, type CheckResult, checkFleet, type Outlets, type Ports, type RemedyOutlet } from './check/index.ts';
import { fleetTargets } from './discover/index.ts';
import {
  cloudWatchClient,
  createLog,
  ec2Client,
  eventBridgeClient,
  instanceConnectClient,
  lambdaOnceClient,
  packedFiles,
  parseInstant,
  s3Client,
  secretsManagerClient,
  snsOnceClient,
  ssmClient,
  withBudget,
} from './kit/index.ts';
import { fleetSamples } from './memory/index.ts';
import type { Summary } from './model/index.ts';
import { acknowledgeMail, askForActs, type RemedyPath } from './remedy/index.ts';
import {
  joinRun,
  nearLimits,
  type PlannedRun,
  planRun,
  probeShard,
  type RunPorts,
  readStep,
  SHARDS_AT_ONCE,
  s3Store,
} from './scale/index.ts';
import { type FunctionEnvironment, fromEnvironment, type Settings } from './settings/index.ts';
import { readPrivateKey } from './ssh/index.ts';
import { awsOutlets, awsPorts } from './wiring/index.ts';

export type CheckSummary = Summary & { readonly flagged: number; readonly durationMs: number };
/** What the state machine takes for an event that waited too long. */
export type DroppedRun = { readonly run: null; readonly key: null; readonly shards: 0 };
export type ShardAnswer = Awaited<ReturnType<typeof probeShard>>;

/** Kept back from the function's timeout, to publish what is known. */
const RESERVE_MS = 30_000;
/** Where nobody tells how long there is: what lib/ gives the function as a rule. And what an Express child has at most. */
const USUAL_TIMEOUT_MS = 300_000;
/** An event older than this tells of an outage that is over: its successor sees today's fleet. */
const STALE_MS = 10 * 60_000;

// Clients keep their connections for as long as Lambda keeps this process.
const log = createLog();
const sns = snsOnceClient();
const events = eventBridgeClient();
const secrets = secretsManagerClient();
const lambda = lambdaOnceClient();
const s3 = s3Client();
const clock = { now: () => new Date() };

/** Whatever AWS meters by the account, for one of `sharers` functions that ask at the same time. */
const connect = (sharers: number) => ({
  ec2: withBudget(ec2Client(), sharers),
  ssm: withBudget(ssmClient(), sharers),
  cloudWatch: withBudget(cloudWatchClient(), sharers),
  instanceConnect: instanceConnectClient(),
});
const alone = connect(1);
type RunClients = Awaited<ReturnType<typeof makeClients>>;
/** Of this process's settings, which don't change; an assumed role's credentials are good for an hour. */
let clientsAlone: RunClients | undefined;

/**
 * @returns what the step gives: of a whole check the summary, or null where its event was dropped
 * @throws when a step failed, after all others were done; and for a step that is none
 */
export async function handler(
  event: unknown,
  context?: Partial<Pick<Context, 'getRemainingTimeInMillis'>>,
): Promise<CheckSummary | PlannedRun | DroppedRun | ShardAnswer | null> {
  const asked = readStep(event);
  if (asked === null) throw new Error(`no step of a check: ${JSON.stringify(event).slice(0, 300)}`);
  const begins = asked.step === 'check' || asked.step === 'plan';
  if (begins && isStale(event)) {
    log.warn('event.dropped', { event });
    return asked.step === 'plan' ? { run: null, key: null, shards: 0 } : null;
  }
  const environment = fromEnvironment(process.env);
  const { settings } = environment;
  const leftMs = context?.getRemainingTimeInMillis?.() ?? USUAL_TIMEOUT_MS;
  const deadlineMs = leftMs - RESERVE_MS;
  switch (asked.step) {
    case 'check': {
      const result = await checkFleet(settings, await wholePorts(environment), { deadlineMs });
      const { durationMs, instances } = result.report;
      return wellDone(settings, summaryOf(result, nearLimits({ durationMs, deadlineMs, instances }, settings)));
    }
    case 'plan': {
      const planned = await planRun(asked.run, settings, await readingPorts(environment, 1));
      log.info('run.planned', { ...planned });
      return planned;
    }
    case 'shard': {
      const sharers = Math.min(SHARDS_AT_ONCE, asked.shards);
      const ports = await readingPorts(environment, sharers);
      const limits = { deadlineMs: Math.min(leftMs, USUAL_TIMEOUT_MS) - RESERVE_MS };
      const answer = await probeShard(asked.run, asked.index, settings, ports, limits);
      log.info('shard.finished', { run: asked.run, ...answer });
      return answer;
    }
    case 'join': {
      const ports = { ...(await wholePorts(environment)), store: storeOf(environment) };
      return wellDone(settings, summaryOf(await joinRun(asked.run, settings, ports, { deadlineMs, streamsFrom: 0 })));
    }
    default:
      return asked satisfies never;
  }
}

/** @throws where not all was done */
function summaryOf({ report, flagged, errors }: CheckResult, warning: string | null = null): CheckSummary {
  const result = { ...report.summary, flagged, durationMs: report.durationMs };
  const problems = [...report.problems, ...(warning === null ? [] : [warning])];
  log.info('check.finished', { ...result, skipped: report.skipped, problems });
  if (errors.length > 0) throw new Error(`the check was made, but not all of it was done: ${errors.join('; ')}`);
  return result;
}

/** After everything else: a watchdog outside AWS hears only of checks of which all was done. */
async function wellDone({ alerts }: Settings, summary: CheckSummary): Promise<CheckSummary> {
  await beat(alerts.heartbeatUrl, log);
  return summary;
}

/** For a step that judges, publishes and mails. */
async function wholePorts(environment: FunctionEnvironment): Promise<Ports> {
  const { topicArn, remedyFunctionArn, bucket } = environment;
  // New for each run, which reads the file once.
  const kept =
    bucket === null ? {} : { samples: fleetSamples({ s3, bucket, clock, log }), files: packedFiles(s3, bucket) };
  const clients = { ...(await clientsFor(environment, 1)), events, ...kept };
  const outlets: Outlets = {
    ...awsOutlets(clients, sns, topicArn),
    ...(remedyFunctionArn !== null && { remedy: remedyBehind({ lambda, functionArn: remedyFunctionArn }) }),
  };
  return { ...awsPorts(clients), outlets };
}

const remedyBehind = (path: RemedyPath): RemedyOutlet => ({
  act: (at, signal) => askForActs(path, at, signal),
  mailed: (receipt, signal) => acknowledgeMail(path, receipt, signal),
});

/** For a step that only finds hosts or probes them: it can publish and mail nothing. */
async function readingPorts(environment: FunctionEnvironment, sharers: number): Promise<RunPorts> {
  const files = environment.bucket === null ? {} : { files: packedFiles(s3, environment.bucket) };
  const ports = awsPorts({ ...(await clientsFor(environment, sharers)), ...files });
  return { ...ports, outlets: null, store: storeOf(environment) };
}

/** Functions that share the rates begin each run at moments of their own, and so with clients of their own. */
async function clientsFor(environment: FunctionEnvironment, sharers: number): Promise<RunClients> {
  if (sharers > 1) return makeClients(environment, connect(sharers), sharers);
  clientsAlone ??= await makeClients(environment, alone, 1);
  return clientsAlone;
}

async function makeClients({ settings, probeDocument }: FunctionEnvironment, clients: typeof alone, sharers: number) {
  const { keySecretArn } = settings.ssh;
  const privateKey = async () =>
    keySecretArn === null ? null : readPrivateKey({ secrets, ssm: clients.ssm }, keySecretArn);
  const region = await clients.ec2.config.region();
  const targets = fleetTargets(settings, { ...clients, region, probeDocument }, { sharers });
  return { ...clients, settings, region, clock, log, probeDocument, privateKey, targets };
}

function storeOf({ bucket }: FunctionEnvironment): RunPorts['store'] {
  if (bucket === null) throw new Error('no bucket for the files of a run: CRAWLWATCH_BUCKET is not set');
  return s3Store(s3, bucket);
}

/** `{"scheduledTime":"<ISO 8601>"}`; an event without the key runs, and so does one whose time can't be read. */
function isStale(event: unknown): boolean {
  const text = (event as { scheduledTime?: unknown } | null | undefined)?.scheduledTime;
  const at = typeof text === 'string' ? parseInstant(text) : null;
  return at !== null && Date.now() - at.getTime() > STALE_MS;
}
