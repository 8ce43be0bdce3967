/** The ports of acting, from the SDK's clients: for the remedy function and for the demo's sandbox. */

import { findFleet, findInstance } from '../discover/index.ts';
import type { DynamoDb, Ec2, Once, Sns, Ssm } from '../kit/index.ts';
import { errorCode, errorText, isoSeconds, isRefusal, isThrottle, minutesBetween } from '../kit/index.ts';
import { acknowledged, changeInstance, loadState, type ObjectStore, withState, writeTags } from '../memory/index.ts';
import type { FreshCheck, Instance, ProbeTransport, Remedy, Reply, TagWrite, Transport } from '../model/index.ts';
import { TAG } from '../model/index.ts';
import type { Execution, RemedyPorts } from '../remedy/index.ts';
import {
  freshCheck,
  RESTART_SCRIPTS,
  readRestart,
  rebootInstance,
  rehearseReboot,
  scheduledEvents,
  tablePorts,
} from '../remedy/index.ts';
import { watchesElsewhere } from '../settings/index.ts';
import { ssmTransport } from '../ssm/index.ts';
import { type AwsClients, awsPorts, sharedOutlets } from './check.ts';

export interface RemedyClients extends AwsClients {
  /** For acts, each of which is sent once. */
  readonly once: { readonly ec2: Once<Ec2>; readonly ssm: Once<Ssm> };
  /** Called when there is something to mail. */
  sns(): Promise<Once<Sns>>;
  readonly topicArn: string | null;
  readonly dynamoDb: DynamoDb;
  /** The table with the record of acts. */
  readonly table: string;
  /** The SSM documents that restart; null: nothing can be restarted over SSM. */
  readonly restartDocuments: { readonly worker: string; readonly sshd: string } | null;
}

/** The script waits a minute for systemd, SSM up to ten seconds for each end of the command. */
const RESTART_MS = 90_000;
/** For a transport to close its connections. */
const CLOSING_MS = 5_000;

export function remedyPorts(clients: RemedyClients): RemedyPorts {
  const { settings, region, clock, log, ec2, dynamoDb, table } = clients;
  const { transports } = awsPorts(clients);
  const outlets = sharedOutlets(clients, clients.sns, clients.topicArn);
  const { timeouts } = settings;
  const probeMs = Math.max(timeouts.sshSeconds, timeouts.ssmSeconds) * 1000;
  const fresh = { transports, log, clock, gatherEvidence: outlets.gatherEvidence };
  return {
    ...tablePorts(dynamoDb, table, clock),
    clock,
    log,
    describeFleet: async () => {
      const [found, { state }] = await Promise.all([findFleet(ec2, region, settings), loadState(filesOf(clients))]);
      return found.map((one) => withState(one, state));
    },
    describeInstance: async (id) => {
      const [one, { state }] = await Promise.all([describeHere(clients, id), loadState(filesOf(clients))]);
      return withState(one, state);
    },
    wasSuppressed: async () => {
      const { state, beginsEmpty } = await loadState(filesOf(clients));
      const isKnown = beginsEmpty === null && isRecent(state.at, clock.now(), settings.schedule.everyMinutes);
      return isKnown ? state.breaker.suppressed : null;
    },
    freshCheck: (one) =>
      freshCheck(one, { ...fresh, scheduledEvents: (id) => scheduledEvents(ec2, id) }, settings, probeMs),
    rehearseReboot: (id) => rehearseReboot(ec2, id),
    execute: (remedy, one, seen) =>
      remedy === 'reboot' ? reboot(clients, one.id) : restart(clients, remedy, one, seen),
    noteActed: async (id, acted) => {
      await changeInstance(filesOf(clients), id, (state) => ({ ...state, acted }));
      const stamp = `${acted.what}@${isoSeconds(acted.at)}`;
      await writeTag(clients, { action: 'create', ids: [id], tags: { [TAG.acted]: stamp } });
    },
    removeFlag: async (id) => {
      await changeInstance(filesOf(clients), id, (state) => ({
        ...state,
        flag: null,
        failures: 0,
        failingSince: null,
        // A flag that comes back is news again.
        incident: state.incident === null ? null : { ...state.incident, flagMailed: false },
      }));
      await writeTag(clients, { action: 'delete', ids: [id], keys: [TAG.flag] });
    },
    saveAck: (id, ack) =>
      changeInstance(filesOf(clients), id, (state) => {
        if (state.incident === null) return state;
        const { ack: _, ...incident } = state.incident;
        const known = ack === null ? null : acknowledged(state, ack);
        return { ...state, incident: known === null ? incident : { ...incident, ack: known } };
      }),
    notify: async (news) => {
      const { composeRemedyAlert } = await import('../alert/index.ts');
      const alert = composeRemedyAlert(news, { settings, home: region });
      if (alert === null) return;
      for (const text of await outlets.notify(alert)) log.error('events.unsent', { text });
    },
    publish: outlets.publish,
  };
}

/** Of checks that ended long ago, or never were, the breaker says nothing about now. */
const isRecent = (at: Date | null, now: Date, everyMinutes: number): boolean =>
  at !== null && minutesBetween(at, now) <= Math.max(15, 3 * everyMinutes);

/** What earlier checks remember is an input to every guard: without it nothing is done. */
function filesOf({ files }: RemedyClients): ObjectStore {
  if (files === undefined)
    throw new Error('there is no bucket with what checks remember: CRAWLWATCH_BUCKET is not set');
  const named = (what: string) => (error: unknown) => {
    throw new Error(`${what}: ${errorText(error)}`, { cause: error });
  };
  return {
    get: (key) => files.get(key).catch(named(`${key} could not be read`)),
    put: (key, pieces, etag) => files.put(key, pieces, etag).catch(named(`${key} could not be written`)),
  };
}

/** Instances elsewhere are watched, and not acted on: this role has no rights there. */
async function describeHere({ ec2, settings, region }: RemedyClients, id: string): Promise<Instance> {
  try {
    return await findInstance(ec2, id, region, settings);
  } catch (error) {
    if (!watchesElsewhere(settings) || !errorCode(error).startsWith('InvalidInstanceID')) throw error;
    const why = `there is no ${id} in ${region} of this account, and crawlwatch acts on no instance elsewhere`;
    throw new Error(why, { cause: error });
  }
}

async function writeTag({ ec2 }: RemedyClients, write: TagWrite): Promise<void> {
  const [failed] = await writeTags(ec2, [write]);
  if (failed === undefined) return;
  const keys = write.action === 'create' ? Object.keys(write.tags) : write.keys;
  throw new Error(`its tag ${keys.join(', ')} could not be written: ${failed.text}`);
}

/** Refused is what EC2 itself says; without an answer it may have been queued, which the next boot shows. */
async function reboot({ once }: RemedyClients, id: string): Promise<Execution> {
  try {
    await rebootInstance(once.ec2, id);
    return { ok: true, text: 'EC2 has queued the reboot' };
  } catch (error) {
    const text = `EC2: ${errorText(error)}`;
    if (!isRefusal(error)) return { ok: null, text };
    return { ok: false, text, undone: isThrottle(error) ? 'throttled' : 'refused' };
  }
}

async function restart(
  clients: RemedyClients,
  remedy: Exclude<Remedy, 'reboot'>,
  one: Instance,
  { report }: FreshCheck,
): Promise<Execution> {
  if (one.skipped !== null) return { ok: false, text: 'it can no longer be reached' };
  // Where sshd is dead SSM is the only way in; else the path over which it has just answered.
  const way = remedy === 'restart-sshd' ? 'ssm' : report.transport;
  const transport = restartTransports(clients, remedy)[way];
  if (transport === undefined) {
    return { ok: false, text: `there is no way to restart it over ${way.toUpperCase()} in this stack` };
  }
  const script = RESTART_SCRIPTS[remedy];
  const target = {
    ...one,
    transport: way,
    sshdExpected: false,
    worker: remedy === 'restart-worker' ? one.worker : null,
  };
  let got: Reply = { kind: 'failed', reason: 'NotChecked', text: `It did not answer within ${RESTART_MS / 1000} s.` };
  const signal = AbortSignal.timeout(RESTART_MS + CLOSING_MS);
  try {
    const reply = (_id: string, answer: Reply) => {
      got = answer;
    };
    await transport([target], { signal, hostDeadlineMs: RESTART_MS, forks: 1, script, reply });
  } catch (error) {
    return { ok: null, text: errorText(error) };
  }
  return readRestart(got);
}

/** The probe's transports, with the time that a restart takes; over SSM by a document of its own. */
function restartTransports(
  clients: RemedyClients,
  remedy: Exclude<Remedy, 'reboot'>,
): Partial<Record<Transport, ProbeTransport>> {
  const { ssm, once, restartDocuments } = clients;
  const { ssh } = awsPorts(clients).transports;
  const documentName = remedy === 'restart-worker' ? restartDocuments?.worker : restartDocuments?.sshd;
  return {
    ...(ssh !== undefined && { ssh }),
    ...(documentName !== undefined && {
      ssm: ssmTransport(ssm, { documentName, sender: once.ssm, comment: 'crawlwatch restart', sshdPort: () => null }),
    }),
  };
}
