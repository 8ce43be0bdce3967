/**
 * Entry of the only function that may reboot. Whoever asks (the dashboard's button, the command line), nothing of what
 * they say is believed but the instance's id: its tags and the record of acts are read anew, and unknown means no.
 */
import type { Clock, Log } from './check-fleet.ts';
import { printableAscii } from './core/escape.ts';
import { html } from './core/html.ts';
import { planReboot } from './core/plan-remedies.ts';
import { isoSeconds } from './core/remembered-state.ts';
import { errorText } from './io/aws-error.ts';
import { type DynamoDb, dynamoDbClient, type Ec2, ec2Client } from './io/clients.ts';
import { describeInstance } from './io/ec2.ts';
import { readActs, takeLease } from './io/lease.ts';
import { createLog } from './io/log.ts';
import { rebootInstance, rehearseReboot } from './io/reboot.ts';
import { writeTags } from './io/tags.ts';
import { TAG } from './names.ts';
import { fromEnvironment, type Settings } from './settings.ts';

export interface RemedyAnswer {
  readonly done: boolean;
  /** Null where what was given is no instance's id. */
  readonly instanceId: string | null;
  readonly why: string;
}

/** What a remedy needs of the world. */
export interface RemedyWorld {
  readonly settings: Settings;
  readonly region: string;
  readonly ec2: Ec2;
  readonly dynamoDb: DynamoDb;
  /** The table with the record of acts. */
  readonly leaseTable: string;
  readonly clock: Clock;
  readonly log: Log;
}

const INSTANCE_ID = /^i-([0-9a-f]{8}|[0-9a-f]{17})$/;
const ASKER_LENGTH = 64;

// Clients keep their connections for as long as Lambda keeps this process.
const log = createLog();
const ec2 = ec2Client();
const dynamoDb = dynamoDbClient();
const clock = { now: () => new Date() };

/** @returns the answer; as HTML where a dashboard's widget asks. */
export async function handler(event: unknown): Promise<RemedyAnswer | string> {
  const { settings, leaseTable } = fromEnvironment(process.env);
  if (leaseTable === null) throw new Error('no table for the record of acts: CRAWLWATCH_LEASE_TABLE is not set');
  const region = await ec2.config.region();
  const world = { settings, region, ec2, dynamoDb, leaseTable, clock, log };
  // The console adds it to what its widgets' buttons send.
  if (!isObject(event) || !('widgetContext' in event)) return remedy(event, world);
  return answerHtml(await remedy({ asker: 'dashboard', ...event }, world));
}

/**
 * `{instanceId, action: 'reboot', asker?, dryRun?}`: reboots that instance if nothing stands against it. Never rejects:
 * whatever fails is why it was not done.
 */
export async function remedy(event: unknown, world: RemedyWorld): Promise<RemedyAnswer> {
  const { instanceId, action, asker, dryRun } = isObject(event) ? event : {};
  const answer = (done: boolean, why: string): RemedyAnswer => {
    const known = typeof instanceId === 'string' && INSTANCE_ID.test(instanceId) ? instanceId : null;
    const asking = typeof asker === 'string' ? printableAscii(asker).slice(0, ASKER_LENGTH) : 'unknown';
    world.log.info('remedy.answered', { instanceId: known, asker: asking, done, why });
    return { done, instanceId: known, why };
  };
  if (action !== 'reboot') return answer(false, 'action must be "reboot"');
  if (typeof instanceId !== 'string' || !INSTANCE_ID.test(instanceId)) {
    return answer(false, 'instanceId must be an EC2 instance id, like i-0123456789abcdef0');
  }
  // Anything but a plain no is a rehearsal: a caller's slip must not cost a host.
  const rehearsal = dryRun !== undefined && dryRun !== false;
  return act(instanceId, rehearsal, world, answer);
}

async function act(
  instanceId: string,
  rehearsal: boolean,
  { settings, region, ec2, dynamoDb, leaseTable, clock }: RemedyWorld,
  answer: (done: boolean, why: string) => RemedyAnswer,
): Promise<RemedyAnswer> {
  let failing = 'its tags could not be read';
  try {
    const { address } = settings.ssh;
    const one = await describeInstance(ec2, instanceId, { address, region });
    failing = 'the record of acts could not be read';
    const acts = await readActs(dynamoDb, leaseTable);
    const at = clock.now();
    const plan = planReboot(one, acts, at, settings);
    if (!plan.reboot) return answer(false, plan.why);
    failing = 'EC2 would refuse the reboot';
    await rehearseReboot(ec2, instanceId);
    if (rehearsal) return answer(false, `dry run: would reboot, ${plan.why}`);

    failing = 'the lease could not be taken';
    const mine = await takeLease(dynamoDb, leaseTable, acts, { remedy: 'reboot', instanceId, at });
    if (!mine) return answer(false, 'another reboot was begun at the same moment');
    failing = 'EC2 refused the reboot';
    await rebootInstance(ec2, instanceId);
    const tags = { [TAG.acted]: `reboot@${isoSeconds(at)}` };
    const untagged = await writeTags(ec2, [{ action: 'create', ids: [instanceId], tags }]);
    const unsaid = untagged.map(({ text }) => `; its tag ${TAG.acted} could not be written (${text})`);
    return answer(true, `${plan.why}; the next checks tell whether it came back${unsaid.join('')}`);
  } catch (error) {
    return answer(false, `${failing}: ${errorText(error)}`);
  }
}

/** One sentence for the widget's pop-up. What EC2 says may quote a tag. */
export function answerHtml({ done, instanceId, why }: RemedyAnswer): string {
  return html`<p><b>${instanceId ?? 'Nothing'} ${done ? 'is being rebooted' : 'was not rebooted'}</b>: ${why}.</p>`
    .text;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
