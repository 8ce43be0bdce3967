/** Entry of the scheduled check: one check over AWS, and its summary. */
import type { Context } from 'aws-lambda';
import { awsOutlets, awsPorts } from './aws-ports.ts';
import { checkFleet } from './check-fleet.ts';
import { parseInstant } from './core/remembered-state.ts';
import { withBudget } from './io/api-budget.ts';
import {
  cloudWatchClient,
  ec2Client,
  instanceConnectClient,
  lambdaClient,
  secretsManagerClient,
  snsClient,
  ssmClient,
} from './io/clients.ts';
import { callRemedy } from './io/invoke.ts';
import { createLog } from './io/log.ts';
import { readPrivateKey } from './io/secrets.ts';
import type { Summary } from './model.ts';
import { fromEnvironment } from './settings.ts';
import { fleetTargets, type Target } from './targets.ts';

/** Kept back from the function's timeout, to publish what is known. */
const RESERVE_MS = 30_000;
/** Where nobody tells how long there is: what lib/ gives the function as a rule. */
const USUAL_TIMEOUT_MS = 300_000;
/** An event older than this tells of an outage that is over: its successor sees today's fleet. */
const STALE_MS = 10 * 60_000;

// Clients keep their connections for as long as Lambda keeps this process.
const log = createLog();
const ec2 = withBudget(ec2Client());
const ssm = withBudget(ssmClient());
const cloudWatch = withBudget(cloudWatchClient());
const sns = snsClient();
const secrets = secretsManagerClient();
const instanceConnect = instanceConnectClient();
const lambda = lambdaClient();
const clock = { now: () => new Date() };
/** Of this process's settings, which don't change; an assumed role's credentials are good for an hour. */
let targets: readonly Target[] | undefined;

/** @returns the summary, or null where the event was dropped. @throws when a step failed, after all others were done. */
export async function handler(
  event: unknown,
  context?: Partial<Pick<Context, 'getRemainingTimeInMillis'>>,
): Promise<(Summary & { flagged: number; durationMs: number }) | null> {
  if (isStale(event)) {
    log.warn('event.dropped', { event });
    return null;
  }
  const { settings, topicArn, probeDocument, remedyFunctionArn } = fromEnvironment(process.env);
  const { keySecretArn } = settings.ssh;
  const privateKey = async () => (keySecretArn === null ? null : readPrivateKey({ secrets, ssm }, keySecretArn));
  const region = await ec2.config.region();
  targets ??= fleetTargets(settings, { region, ec2, ssm, instanceConnect, probeDocument });
  const asking = { ec2, ssm, cloudWatch, probeDocument, privateKey, instanceConnect, targets };
  const world = { settings, region, clock, log, ...asking };
  const outlets = {
    ...awsOutlets(world, sns, topicArn),
    ...(remedyFunctionArn !== null && { remedy: (at: Date) => callRemedy(lambda, remedyFunctionArn, at) }),
  };
  const ports = { ...awsPorts(world), outlets };
  const deadlineMs = (context?.getRemainingTimeInMillis?.() ?? USUAL_TIMEOUT_MS) - RESERVE_MS;

  const { report, flagged, errors } = await checkFleet(settings, ports, { deadlineMs });
  const result = { ...report.summary, flagged, durationMs: report.durationMs };
  log.info('check.finished', { ...result, skipped: report.skipped, problems: report.problems });
  if (errors.length > 0) throw new Error(`the check was made, but not all of it was done: ${errors.join('; ')}`);
  return result;
}

/** `{"scheduledTime":"<ISO 8601>"}`; an event without the key runs, and so does one whose time can't be read. */
function isStale(event: unknown): boolean {
  const text = (event as { scheduledTime?: unknown } | null | undefined)?.scheduledTime;
  const at = typeof text === 'string' ? parseInstant(text) : null;
  return at !== null && Date.now() - at.getTime() > STALE_MS;
}
