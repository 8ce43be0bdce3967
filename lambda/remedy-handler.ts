/**
 * Entry of the only function that may restart or reboot. From the dashboard's buttons and the command line it takes
 * nothing but what is wanted of which instance, and from the check, through an alias, nothing but that it is time to look:
 * tags, the record of acts and the host itself are read again, and unknown means no.
 */
import type { Context } from 'aws-lambda';
import {
  createLog,
  dynamoDbClient,
  ec2Client,
  ec2OnceClient,
  html,
  late,
  messageOf,
  ssmClient,
  ssmOnceClient,
} from './kit/index.ts';
import type { PastFigures } from './memory/index.ts';
import type { Remedy } from './model/index.ts';
import type { RemedyAnswer, RemedyAnswerJson } from './remedy/index.ts';
import {
  isFromWidget,
  mayBeAPerson,
  parseAutomaticRequest,
  parseRemedyRequest,
  remedyAnswer,
  remedyFleet,
} from './remedy/index.ts';
import { fromEnvironment } from './settings/index.ts';
import { type RemedyClients, remedyPorts } from './wiring/index.ts';

export type { RemedyAnswer } from './remedy/index.ts';
export type { RemedyClients } from './wiring/index.ts';

/** Kept back from the function's timeout, for mail and record. */
const RESERVE_MS = 20_000;
/** The timeout that lib/ gives the function, for calls without a context. */
const USUAL_TIMEOUT_MS = 300_000;

// Services that few runs call come with the file that calls them. Clients keep their connections for as long as Lambda keeps this process.
const log = createLog();
const ec2 = ec2Client();
const ssm = ssmClient();
const cloudWatch = late(async () => (await import('./kit/index.ts')).cloudWatchClient());
/** It keeps no connection. */
const sns = async () => (await import('./kit/index.ts')).snsOnceClient();
const events = late(async () => (await import('./kit/index.ts')).eventBridgeClient());
/** For acts: what a second call would do twice. */
const once = { ec2: ec2OnceClient(), ssm: ssmOnceClient() };
const secrets = late(async () => (await import('./kit/index.ts')).secretsManagerClient());
const instanceConnect = late(async () => (await import('./kit/index.ts')).instanceConnectClient());
const dynamoDb = dynamoDbClient();
const s3 = late(async () => (await import('./kit/index.ts')).s3Client());
const clock = { now: () => new Date() };

/**
 * @returns the answer; as HTML where a dashboard's widget asks
 * @throws where the check asks and nothing could be done for it; with news in it the answer is of more use than an error
 */
export async function handler(
  event: unknown,
  context?: Partial<Pick<Context, 'getRemainingTimeInMillis' | 'invokedFunctionArn'>>,
): Promise<RemedyAnswerJson | string> {
  const { settings, topicArn, probeDocument, restartWorkerDocument, restartSshdDocument, leaseTable, bucket } =
    fromEnvironment(process.env);
  if (leaseTable === null) throw new Error('no table for the record of acts: CRAWLWATCH_LEASE_TABLE is not set');
  const { keySecretArn } = settings.ssh;
  const documents =
    restartWorkerDocument === null || restartSshdDocument === null
      ? null
      : { worker: restartWorkerDocument, sshd: restartSshdDocument };
  const clients: RemedyClients = {
    ...{
      settings,
      region: await ec2.config.region(),
      clock,
      log,
      ec2,
      ssm,
      cloudWatch,
      probeDocument,
      instanceConnect,
    },
    ...{ once, sns, events, topicArn, dynamoDb, table: leaseTable, restartDocuments: documents },
    ...(bucket !== null && storedIn(bucket)),
    privateKey: async () =>
      keySecretArn === null ? null : (await import('./ssh/index.ts')).readPrivateKey({ secrets, ssm }, keySecretArn),
  };
  const deadlineMs = (context?.getRemainingTimeInMillis?.() ?? USUAL_TIMEOUT_MS) - RESERVE_MS;
  const isAutomatic = !mayBeAPerson(context?.invokedFunctionArn);
  const answer = await remedy(event, clients, { deadlineMs, isAutomatic });
  const { action } = isObject(event) ? event : {};
  if (!isAutomatic && isFromWidget(event)) return answerHtml(answer, action);
  if (!isAutomatic) return remedyAnswer.encode(answer);
  const { done, instanceId, why, news = null, receipt = null, problems = [] } = answer;
  if (!done && news === null && problems.length > 0) throw new Error(`nothing was done: ${problems.join('; ')}`);
  // Without the plan of the fleet, which may be longer than an answer can be (6 MB, gettingstarted-limits.html).
  return remedyAnswer.encode({ done, instanceId, why, news, receipt, problems });
}

/** What checks have kept, each file read once in a run; S3's part of the code comes with the first. */
function storedIn(bucket: string): Required<Pick<RemedyClients, 'files' | 'samples'>> {
  const files = async () => (await import('./kit/index.ts')).packedFiles(s3, bucket);
  const open = async () => (await import('./memory/index.ts')).pastSamples({ s3, bucket, clock, log });
  let reading: Promise<PastFigures> | undefined;
  const past = () => {
    reading ??= open();
    return reading;
  };
  return {
    files: {
      get: async (key) => (await files()).get(key),
      put: async (key, bytes, etag) => (await files()).put(key, bytes, etag),
    },
    samples: {
      history: async (instances) => (await past()).history(instances),
      lastGood: async (instances) => (await past()).lastGood(instances),
    },
  };
}

/** Does what is asked unless a guard holds it back. Never rejects: what fails is the reason why it was not done. */
export async function remedy(
  event: unknown,
  clients: RemedyClients,
  { deadlineMs = USUAL_TIMEOUT_MS, isAutomatic = false }: { deadlineMs?: number; isAutomatic?: boolean } = {},
): Promise<RemedyAnswer> {
  const parsed = isAutomatic ? parseAutomaticRequest(event) : parseRemedyRequest(event, clients.clock.now());
  if (!parsed.ok)
    return answered({ done: false, instanceId: parsed.instanceId, why: parsed.why, problems: [parsed.why] });
  const { request } = parsed;
  try {
    return answered(await remedyFleet(request, clients.settings, remedyPorts(clients), { deadlineMs }));
  } catch (error) {
    const why = messageOf(error);
    return answered({
      done: false,
      instanceId: 'instanceId' in request ? request.instanceId : null,
      why,
      problems: [why],
    });
  }

  function answered(answer: RemedyAnswer): RemedyAnswer {
    const { done, instanceId, why, problems = [] } = answer;
    clients.log.info('remedy.answered', { instanceId, done, why, problems });
    return answer;
  }
}

const DONE: Readonly<Record<Remedy, readonly [string, string]>> = {
  'restart-worker': ["'s worker was restarted", "'s worker was not restarted"],
  'restart-sshd': ["'s sshd was restarted", "'s sshd was not restarted"],
  reboot: [' is being rebooted', ' was not rebooted'],
};

/** What is asked about the whole stack, or changes nothing on a host. */
const SAID: Readonly<Record<'pause' | 'resume' | 'ack' | 'unflag', readonly [string, string]>> = {
  pause: ['Paused', 'Not paused'],
  resume: ['Resumed', 'Not resumed'],
  ack: ['Acknowledged', 'Not acknowledged'],
  unflag: ['Unflagged', 'Not unflagged'],
};

/** One sentence for the widget's pop-up; escaped, since the words of EC2 or a host may quote a tag. */
export function answerHtml({ done, instanceId, why }: RemedyAnswer, action: unknown = 'reboot'): string {
  if (typeof action === 'string' && Object.hasOwn(SAID, action)) {
    const [was, wasNot] = SAID[action as keyof typeof SAID];
    return html`<p><b>${done ? was : wasNot}${instanceId === null ? '' : ` ${instanceId}`}</b>: ${why}.</p>`.text;
  }
  const remedyAsked = typeof action === 'string' && Object.hasOwn(DONE, action) ? (action as Remedy) : 'reboot';
  const [did, didNot] = DONE[remedyAsked];
  return html`<p><b>${instanceId ?? 'Nothing'}${done ? did : didNot}</b>: ${why}.</p>`.text;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
