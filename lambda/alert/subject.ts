/**
 * The subject of a mail: its first 40 characters, which a phone shows, say status, host and reason with its number. The
 * reasons in so few characters are here, too.
 */

import { roughly } from '../forecast/index.ts';
import { quoted } from '../kit/index.ts';
import type { Transition } from '../memory/index.ts';
import { isHung, kindOf, type ReasonCode, type RemedyNews, SUBJECT_MAX, type Vitals } from '../model/index.ts';
import { plainName } from './text.ts';

/** In the order of a mail, the most urgent first: what a person must do, what crawlwatch does, what is over. */
export const URGENCY = [
  'suppressed',
  'in vain',
  'not done',
  'flagged',
  'reminder',
  'critical',
  'held',
  'rebooting',
  'restarted',
  'waiting',
  'unknown',
  'warning',
  'recovered',
  'departed',
  'event',
] as const;
export type Urgency = (typeof URGENCY)[number];

/** What a subject needs of a host's news. */
export interface Headed {
  readonly id: string;
  readonly name: string;
  readonly urgency: Urgency;
  /** First in the subject: `CRIT`, `FLAGGED`. */
  readonly word: string;
  /** Behind the name: `disk 96%`. */
  readonly reason: string;
}

/** What a phone shows. */
const SHOWN = 40;
const NAME_MIN = 8;

interface SubjectContext {
  readonly unremembered: string | null;
  readonly unread?: readonly string[];
  readonly breaker: { readonly failing: number; readonly eligible: number };
}

/** @param hosts the most urgent first */
export function subjectOf(
  hosts: readonly Headed[],
  acts: RemedyNews | null,
  { unremembered, unread = [], breaker }: SubjectContext,
): string {
  const count = new Set(hosts.map(({ id }) => id)).size;
  const more = (named: number) => (count > named ? ` (+${count - named} more)` : '');
  const isPausing = acts?.pausedNow != null;
  const trouble = isPausing
    ? 'PAUSED: '
    : unremembered !== null
      ? 'NO STATE: '
      : unread.length > 0
        ? 'PART UNREAD: '
        : '';
  const [first] = hosts;
  const suppressing = hosts.filter(({ urgency }) => urgency === 'suppressed').length;
  if (first === undefined && isPausing) return 'PAUSED automatic acts: reboots in vain';
  if (first === undefined) return `${trouble}nothing to say`;
  if (suppressing > 0 && !isPausing) {
    const of = breaker.eligible >= suppressing ? `/${breaker.eligible}` : '';
    return `FLAGGING SUPPRESSED ${suppressing}${of} ${first.reason}, ${shortened(first.name, 20)}${more(suppressing)}`.slice(
      0,
      SUBJECT_MAX,
    );
  }
  const { word, name, reason } = first;
  const room = SHOWN - trouble.length - word.length - reason.length - 2;
  return `${trouble}${word} ${shortened(name, Math.max(NAME_MIN, room))} ${reason}${more(1)}`.slice(0, SUBJECT_MAX);
}

/** Cut in the middle: the beginnings of a fleet's names are alike, and their ends are what differs. */
function shortened(name: string, max: number): string {
  const plain = plainName(name);
  if (plain.length <= max) return plain;
  const tail = Math.ceil((max - 2) / 2);
  return `${plain.slice(0, max - 2 - tail)}..${plain.slice(plain.length - tail)}`;
}

/** At most 20 characters: with the status before it a dozen are left for the host's name. */
export const SHORT: Readonly<Record<ReasonCode, string>> = {
  MemoryLow: 'memory low',
  MemoryExhaustionForecast: 'memory runs out',
  MemoryPressure: 'waits for memory',
  DiskLow: 'disk full',
  DiskFillForecast: 'disk fills up',
  InodesLow: 'few inodes left',
  ReadOnlyFilesystem: 'disk read-only',
  MemoryExhaustedResponsive: 'memory gone',
  WorkerDown: 'worker down',
  SshdDown: 'sshd down',
  OomKill: 'OOM kill',
  ConnectTimeout: 'no connection',
  ConnectionReset: 'SSH resets',
  ClosedBeforeBanner: 'SSH closes at once',
  BannerTimeout: 'SSH silent',
  HandshakeTimeout: 'SSH login hangs',
  CommandTimeout: 'commands hang',
  ForkFailed: 'starts no process',
  SsmConnectionLost: 'SSM agent lost',
  SsmDeliveryTimedOut: 'SSM agent silent',
  ConnectionRefused: 'SSH refused',
  ConnectionLost: 'connection breaks',
  InstanceConnectRefused: 'EC2 Connect refused',
  AuthenticationFailed: 'cannot log in',
  HostKeyMismatch: 'host key changed',
  HostKeyUnknown: 'host key unknown',
  NegotiationFailed: 'no common cipher',
  ProtocolError: 'no SSH server',
  HostUnreachable: 'no route to it',
  NoAddress: 'no address',
  NameNotResolved: 'name unknown',
  ExecRefused: 'runs no command',
  SshThrottled: 'SSH throttles us',
  SsmNotManaged: 'not in SSM',
  SsmAccessDenied: 'SSM access denied',
  BadOverride: 'unusable tag',
  Unparsable: 'output unreadable',
  NotChecked: 'not checked',
};

/** Of several codes that an incident had the one that says most: a hang, if it came to that. */
export const mainCode = (codes: readonly ReasonCode[]): ReasonCode | undefined => codes.find(isHung) ?? codes[0];

const used = (percent: number): string => `${Math.round(percent)}%`;

/** The earlier end of a forecast: `35 min`. */
const soonest = (minutes: number): string => roughly(minutes).split(' to ')[0] ?? '';

/** Null where there is no number to be had. */
function withNumber({ code, text }: { code: ReasonCode; text: string }, t: Transition): string | null {
  const { memoryMinutes, diskMinutes } = t.assessment.forecast;
  const vitals = t.outcome.kind === 'vitals' ? t.outcome.vitals : null;
  switch (code) {
    case 'MemoryLow':
    case 'MemoryExhaustedResponsive':
      return vitals && `memory ${used((vitals.memory.usedBytes / vitals.memory.totalBytes) * 100)}`;
    case 'MemoryPressure':
      return vitals?.memoryPressure ? `memory waits ${used(vitals.memoryPressure.someAvg10)}` : null;
    case 'DiskLow': {
      const disk = vitals && diskNamedIn(text, ' is ', vitals);
      return disk ? `disk ${used(disk.usedPercent)}` : null;
    }
    case 'InodesLow': {
      const inodes = vitals && diskNamedIn(text, ' has ', vitals)?.inodesUsedPercent;
      return inodes == null ? null : `inodes ${used(inodes)}`;
    }
    case 'MemoryExhaustionForecast':
      return memoryMinutes === null ? null : `memory full in ${soonest(memoryMinutes)}`;
    case 'DiskFillForecast':
      return diskMinutes === null ? null : `disk full in ${soonest(diskMinutes)}`;
    default:
      return null;
  }
}

/** The sentence on several disks begins with the worst of them. */
const diskNamedIn = (text: string, verb: string, { disks }: Vitals) =>
  disks.find(({ mount }) => text.startsWith(`${quoted(mount)}${verb}`));

/** `disk 96%`, `SSH resets`: the first reason of what an instance has now; null where it is well. */
export function shortReason(t: Transition): string | null {
  const reason = t.assessment.reasons.find(({ code }) => kindOf(code) !== 'event');
  return reason === undefined ? null : (withNumber(reason, t) ?? SHORT[reason.code]);
}
