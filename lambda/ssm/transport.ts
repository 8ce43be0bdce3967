/** Runs the probe by SSM Run Command: in batches, with each reply as soon as it is there. */
import { setTimeout as delay } from 'node:timers/promises';
import {
  CancelCommandCommand,
  type CommandInvocation,
  paginateListCommandInvocations,
  SendCommandCommand,
} from '@aws-sdk/client-ssm';
import pLimit from 'p-limit';
import type { Ssm } from '../kit/index.ts';
import {
  bisect,
  deniesAnInstance,
  errorCode,
  errorText,
  isAccessDenied,
  isRefusal,
  isThrottle,
  ownLimit,
} from '../kit/index.ts';
import type { Instance, ProbeTransport, Reply } from '../model/index.ts';
import { type Batch, batches } from './batches.ts';
import { describeNodes } from './nodes.ts';
import { failure, NOT_MANAGED, replyAtDeadline, replyOf } from './reply.ts';

/** SSM publishes no rates; the client's adaptive retry spreads what it throttles. */
const CALLS_AT_ONCE = 4;
/**
 * The document's newest version. CloudFormation puts out no number to pin, and no role of the stack can write a document, so
 * that the newest is what was deployed with the function, a rollback included: that adds the old content as a new one.
 */
const NEWEST = '$LATEST';
/** The least that SendCommand accepts. It bounds only the delivery, and not well: the run has its own deadline. */
const DELIVERY_SECONDS = 30;
const SLOWEST_POLL_MS = 5_000;
const CANCEL_MS = 3_000;

export interface SsmOptions {
  /** The Command document that runs the probe script; its one parameter is `Units`. */
  readonly documentName: string;
  /** The port at which the probe asks whether sshd answers; null: don't ask. */
  sshdPort(instance: Instance): number | null;
  /** What the console shows beside the command, at most 100 characters. @default crawlwatch probe */
  readonly comment?: string;
  /** Sends the command, where a second one would do harm: a client that tries nothing twice. @default the usual client */
  readonly sender?: Ssm;
  /** Seconds before the first look for results; it grows to 5. @default 2 */
  readonly pollSeconds?: number;
  /** Milliseconds since the epoch, and a wait that ends early, without a rejection, when the signal fires. */
  readonly time?: Time;
}

interface Time {
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const realTime: Time = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined),
};

/** One command on its way. */
interface Sent {
  readonly commandId: string;
  readonly at: number;
}

/** @returns a transport that never rejects: an error of SSM becomes the reply of the instances it concerns */
export function ssmTransport(ssm: Ssm, options: SsmOptions): ProbeTransport {
  const { documentName, comment = 'crawlwatch probe', sender = ssm, pollSeconds = 2, time = realTime } = options;

  return async (instances, run) => {
    const begun = time.now();
    const limit = pLimit(CALLS_AT_ONCE);
    const calling = { abortSignal: run.signal };
    const { nodes, unasked } = await describeNodes(
      ssm,
      instances.map((instance) => instance.id),
      run.signal,
    );
    const online = instances.filter(({ id }) => {
      const node = nodes.get(id);
      // Where SSM couldn't be asked, sends the command all the same: SSM refuses it for an id that it doesn't manage.
      if (unasked.has(id) || node?.ping === 'Online') return true;
      const lost = `The SSM agent has not reported since ${node?.lastPingAt?.toISOString() ?? 'an unknown time'}.`;
      const reply = node === undefined ? failure('SsmNotManaged', NOT_MANAGED) : failure('SsmConnectionLost', lost);
      run.reply(id, reply, time.now() - begun);
      return false;
    });
    await Promise.all(batches(online, options.sshdPort).map(probe));

    async function probe(batch: Batch): Promise<void> {
      const isDenied = deniesAnInstance();
      const blamesAnId = (error: unknown) => isBadId(error) || isDenied(error);
      const { done, failed } = await bisect(batch.ids, (ids) => limit(send, ids, batch.units), blamesAnId);
      if (!run.signal.aborted) {
        for (const { id, error } of failed) run.reply(id, sendRefusal(error), time.now() - begun);
      }
      await Promise.all(done.map(({ ids, value }) => collect(value, ids)));
    }

    async function send(ids: readonly string[], units: string): Promise<Sent> {
      const at = time.now();
      const { Command } = await sender.send(
        new SendCommandCommand({
          DocumentName: documentName,
          // What the last deploy wrote. Without it SSM runs the default version, which a deploy may have left behind.
          DocumentVersion: NEWEST,
          InstanceIds: [...ids],
          ...(units !== '' && { Parameters: { Units: [units] } }),
          Comment: comment,
          TimeoutSeconds: DELIVERY_SECONDS,
          MaxConcurrency: '100%',
          // By default the first failure would stop the command for the rest.
          MaxErrors: '100%',
        }),
        calling,
      );
      if (Command?.CommandId === undefined) throw new Error('SendCommand returned no command id');
      return { commandId: Command.CommandId, at };
    }

    async function collect({ commandId, at }: Sent, ids: readonly string[]): Promise<void> {
      const waiting = new Set(ids);
      const seen = new Map<string, CommandInvocation>();
      const deadline = at + run.hostDeadlineMs;
      const answer = (id: string, reply: Reply) => {
        waiting.delete(id);
        run.reply(id, reply, time.now() - at);
      };
      let problem: unknown;
      let wait = pollSeconds * 1_000;
      while (waiting.size > 0 && !run.signal.aborted && time.now() < deadline && !isAccessDenied(problem)) {
        await time.sleep(Math.min(wait, deadline - time.now()), run.signal);
        wait = Math.max(wait, Math.min(wait * 1.5, SLOWEST_POLL_MS));
        problem = await poll(commandId, (invocation) => {
          const id = invocation.InstanceId ?? '';
          if (!waiting.has(id)) return;
          seen.set(id, invocation);
          const reply = replyOf(invocation);
          if (reply !== null) answer(id, reply);
        });
      }
      if (waiting.size === 0) return;
      const late = [...waiting];
      if (!run.signal.aborted) {
        for (const id of late) {
          // An error of SSM is not the host's fault.
          answer(
            id,
            problem === undefined
              ? replyAtDeadline(seen.get(id), run.hostDeadlineMs / 1_000)
              : refusal('ListCommandInvocations', problem),
          );
        }
      }
      await cancel(commandId, late);
    }

    /** @returns the error where a page could not be read */
    async function poll(commandId: string, see: (invocation: CommandInvocation) => void): Promise<unknown> {
      const input = { CommandId: commandId, Details: true, MaxResults: 50 };
      try {
        await limit(async () => {
          for await (const page of paginateListCommandInvocations({ client: ssm }, input, calling)) {
            for (const invocation of page.CommandInvocations ?? []) see(invocation);
          }
        });
        return undefined;
      } catch (error) {
        return error;
      }
    }

    /** Keeps a frozen agent from running an old probe when it wakes. Its failure changes nothing. */
    async function cancel(commandId: string, ids: readonly string[]): Promise<void> {
      const command = new CancelCommandCommand({ CommandId: commandId, InstanceIds: [...ids] });
      await ssm.send(command, { abortSignal: AbortSignal.timeout(CANCEL_MS) }).catch(() => undefined);
    }
  };
}

const isBadId = (error: unknown): boolean => /^(InvalidInstanceId|UnsupportedPlatformType)$/.test(errorCode(error));

/** What AWS refused was not sent to the host; without an answer it may have been. */
function sendRefusal(error: unknown): Reply {
  const reply = refusal('SendCommand', error);
  if (reply.kind !== 'failed' || !isRefusal(error)) return reply;
  return { ...reply, unsent: isThrottle(error) ? 'throttled' : 'refused' };
}

function refusal(call: string, error: unknown): Reply {
  if (errorCode(error) === 'InvalidInstanceId') return failure('SsmNotManaged', NOT_MANAGED);
  const limit = ownLimit((error as NodeJS.ErrnoException | null)?.code);
  if (limit !== null) return failure('NotChecked', `${call} was not sent: ${limit}.`);
  return failure(isAccessDenied(error) ? 'SsmAccessDenied' : 'NotChecked', `${call}: ${errorText(error)}`);
}
