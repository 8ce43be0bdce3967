/** What several places say in the same words: reason codes, for where a tag is all there is to read; who grew. */
import { duration, gib, quoted } from '../kit/index.ts';
import type { Growth, ReasonCode } from '../model/index.ts';

export const REASON_WORDS: Readonly<Record<ReasonCode, string>> = {
  MemoryLow: 'little memory is left',
  MemoryExhaustionForecast: 'memory will run out soon',
  MemoryPressure: 'tasks wait for memory',
  DiskLow: 'a disk is nearly full',
  DiskFillForecast: 'a disk will be full soon',
  InodesLow: 'a disk has few inodes left',
  ReadOnlyFilesystem: 'a file system went read-only',
  MemoryExhaustedResponsive: 'memory is gone, it still answers: restart the worker now',
  WorkerDown: 'the worker is down',
  SshdDown: 'the SSH server is down, the rest answers',
  OomKill: 'the OOM killer killed a process',
  ConnectTimeout: 'no TCP connection to SSH',
  ConnectionReset: 'SSH connections are reset',
  ClosedBeforeBanner: 'SSH accepts and closes at once',
  BannerTimeout: 'SSH accepts and says nothing',
  HandshakeTimeout: 'the SSH handshake does not end',
  CommandTimeout: 'a command on it does not end',
  ForkFailed: 'can start no process',
  SsmConnectionLost: 'the SSM agent has lost its connection',
  SsmDeliveryTimedOut: 'the SSM agent takes no command',
  ConnectionRefused: 'SSH connections are refused',
  ConnectionLost: 'the connection broke while it answered',
  InstanceConnectRefused: 'EC2 Instance Connect was refused',
  AuthenticationFailed: 'our login was refused',
  HostKeyMismatch: 'its host key has changed',
  HostKeyUnknown: 'its host key is not known',
  NegotiationFailed: 'no SSH algorithm in common',
  ProtocolError: 'what listens there is no SSH server',
  HostUnreachable: 'it could not be asked from here',
  NoAddress: 'it has no address of the wanted kind',
  NameNotResolved: 'its name is not known',
  ExecRefused: 'it runs no command for us',
  SshThrottled: 'SSH turns us away for the time being',
  SsmNotManaged: 'SSM does not manage it',
  SsmAccessDenied: 'we may not send it commands',
  BadOverride: 'one of its tags or variables cannot be used',
  Unparsable: 'what it printed cannot be read',
  NotChecked: 'its check did not get a turn',
};

/** `sidekiq (pid 2213) grew 3.1 GiB in 2 h`: begins with the host's own name for it, which is never capitalised. */
export function grewText({ kind, name, pid, count, grewBytes, atLeast, minutes }: Growth): string {
  const grew = `grew ${atLeast ? 'at least ' : ''}${gib(grewBytes)} in ${duration(minutes)}`;
  if (kind === 'shared memory' || name === null) return `Shared memory and tmpfs ${grew}`;
  if (kind === 'processes') return `${count} processes named ${quoted(name)} ${grew}`;
  const forked = count > 1 ? ` and ${count === 2 ? 'a process that it forked' : `${count - 1} that it forked`}` : '';
  return `${quoted(name)} (pid ${pid})${forked} ${grew}`;
}
