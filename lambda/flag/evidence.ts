/** What else bears a hang out than the path that failed, and what refutes it. Pure. */

import { clockTime, percent, printableAscii } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import type { Instance, LastGood, ProbedInstance, ProbeOutcome, RawEvidence, Transport } from '../model/index.ts';
import { isHung } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { readConsole } from './console.ts';

/** What is known of an instance beside the path that failed. */
export interface Evidence {
  readonly ec2Impaired: boolean | null;
  /** Lines from the console that name an OOM kill, made safe. */
  readonly consoleLines: readonly string[];
  /** A kill in the console is newer than the last good check. False where that is not known. */
  readonly killedSince: boolean;
  readonly lastGood: LastGood | null;
  /** What the other transport came to; null where it was not asked. */
  readonly otherPath: {
    readonly transport: Transport;
    /** `hung` bears the hang out, `answers` refutes it, `unknown` does neither. */
    readonly says: 'hung' | 'answers' | 'unknown';
    readonly text: string;
  } | null;
  readonly gaps: readonly string[];
}

export interface Witness {
  /** What it is, to follow "corroborated by". */
  readonly text: string;
  /** It is about the hang itself, not only about the host before it. */
  readonly direct: boolean;
}

/**
 * The instance as the other transport is to ask it, or null where there is no other: SSM where the stack's role may use
 * it, SSH only where the stack has a way in, since a closed road would look like a hang.
 */
export function otherWay(
  instance: Instance,
  transports: Readonly<Partial<Record<Transport, unknown>>>,
  settings: Settings,
): Instance | null {
  const hasWayIn = settings.vpc.id !== null || settings.ssh.address === 'public';
  if (instance.transport === 'ssh' && transports.ssm !== undefined && settings.transport !== 'ssh') {
    return { ...instance, transport: 'ssm', sshdExpected: true };
  }
  if (instance.transport === 'ssm' && transports.ssh !== undefined && hasWayIn && instance.address !== null) {
    return { ...instance, transport: 'ssh', sshdExpected: false };
  }
  return null;
}

/** Asked before it is known that only its sshd is dead: SSM is asked in every check, not only once a flag is due. */
export const needsOtherWay = (t: Transition): boolean =>
  t.kind === 'hung' &&
  t.instance.transport === 'ssh' &&
  [...t.before.reasons, ...(t.before.incident?.codes ?? [])].includes('SshdDown');

/**
 * SSM has answered where SSH hangs: what SSM saw is the verdict, with sshd down. Null where that isn't so, and where
 * sshd answers on the host itself: then the way to it is broken, which no restart mends.
 */
export function sshdIsDown({ instance, outcome, ...rest }: ProbedInstance): ProbedInstance | null {
  if (instance.transport !== 'ssm' || outcome.kind === 'failed' || outcome.vitals.sshd === true) return null;
  return { ...rest, instance, outcome: { ...outcome, vitals: { ...outcome.vitals, sshd: false } } };
}

/** The evidence on an instance. `other` is the other transport's answer, where it was asked. */
export function weigh(t: Transition, raw: RawEvidence | null, other: ProbedInstance | null, now: Date): Evidence {
  const read = readConsole(raw?.console ?? '', t.instance.launchedAt, now);
  const since = raw?.lastGood?.at ?? t.after.since ?? now;
  const counted = t.before.seen?.oomKills ?? null;
  const killedSince =
    (counted !== null && read.kills > counted) || (read.lastKillNotBefore !== null && read.lastKillNotBefore > since);
  return {
    ec2Impaired: raw?.ec2Impaired ?? null,
    consoleLines: read.lines,
    killedSince,
    lastGood: raw?.lastGood ?? null,
    otherPath: other === null ? null : pathOf(other, t.before.pin !== null),
    gaps: raw?.gaps ?? [],
  };
}

function pathOf(
  { instance, outcome }: Pick<ProbedInstance, 'instance' | 'outcome'>,
  sshReached: boolean,
): Evidence['otherPath'] {
  const { transport } = instance;
  if (outcome.kind === 'vitals') {
    const { memory, sshd } = outcome.vitals;
    const available = percent((memory.availableBytes / memory.totalBytes) * 100);
    const andSshd = sshd === true ? '; its sshd answers on the host itself' : '';
    return { transport, says: 'answers', text: `it answers, with ${available} of memory available${andSshd}` };
  }
  // An instance that SSM doesn't manage has no other way: nothing worth a line.
  if (outcome.reason === 'SsmNotManaged') return null;
  const says = isUnanswered(outcome, transport, sshReached) ? 'hung' : 'unknown';
  return { transport, says, text: `${outcome.reason}: ${outcome.text}` };
}

/** The command went unanswered. A lost ping is only the agent's; a path that never led there proves nothing. */
function isUnanswered(outcome: ProbeOutcome, transport: Transport, sshReached: boolean): boolean {
  if (outcome.kind === 'vitals') return false;
  if (transport === 'ssm') return ['SsmDeliveryTimedOut', 'CommandTimeout', 'ForkFailed'].includes(outcome.reason);
  return sshReached && isHung(outcome.reason) && !['ConnectionRefused', 'ConnectionLost'].includes(outcome.reason);
}

/** Who bears the hang out, of another kind than the path that failed. */
export function witnessesOf(evidence: Evidence | null, settings: Settings): Witness[] {
  if (evidence === null) return [];
  const { otherPath, lastGood } = evidence;
  const witnesses: Witness[] = [];
  if (otherPath?.says === 'hung') {
    witnesses.push({ text: `a command over ${otherPath.transport.toUpperCase()} that went unanswered`, direct: true });
  }
  if (evidence.ec2Impaired === true) {
    witnesses.push({ text: "EC2's own status check (impaired)", direct: true });
  }
  if (evidence.killedSince) {
    witnesses.push({ text: 'an OOM kill in its console since its last answer', direct: true });
  }
  if (lastGood !== null && lastGood.memory * 100 < settings.memory.warningPercent) {
    witnesses.push({
      text: `its memory at its last answer (${percent(lastGood.memory * 100)} available)`,
      direct: false,
    });
  }
  return witnesses;
}

/** A host's evidence in lines of printable ASCII, safe to show; none where none was gathered. */
export function evidenceSentences(evidence: Evidence | undefined, now: Date): string[] {
  if (evidence === undefined) return [];
  const { otherPath, lastGood } = evidence;
  return [
    ...(lastGood === null ? [] : [lastAnswer(lastGood, now)]),
    ...(otherPath === null ? [] : [`Over ${otherPath.transport.toUpperCase()}: ${otherPath.text}`]),
    ...(evidence.ec2Impaired === null
      ? []
      : [`EC2's status check: ${evidence.ec2Impaired ? 'impaired' : 'ok (it only asks the network card)'}`]),
    ...evidence.consoleLines.map((line) => `Console: ${line}`),
    ...evidence.gaps.map((gap) => `Not known: ${gap}`),
  ].map(printableAscii);
}

function lastAnswer({ at, memory, disk }: LastGood, now: Date): string {
  const andDisk = disk === null ? '' : ` and ${percent(disk * 100)} of its fullest disk`;
  return `It last answered at ${clockTime(at, now)}, with ${percent(memory * 100)} of memory${andDisk} available.`;
}
