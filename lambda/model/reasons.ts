/** The catalogue of statuses and reason codes. Nothing else may stand in a status. */

export type Status = 'OK' | 'WARNING' | 'CRITICAL' | 'UNKNOWN';

/**
 * What kind of statement a reason makes.
 * `measured`: the host reported it. `event`: it happened once. `hung`: SSH or the agent no longer serves a login.
 * `ambiguous`: hung, but something else explains it as well. `inconclusive`: the check itself could not be made.
 */
export type ReasonClass = 'measured' | 'event' | 'hung' | 'ambiguous' | 'inconclusive';

/** Every reason code, with its class. Nothing else may stand in a status. */
export const REASON_CLASS = {
  MemoryLow: 'measured',
  MemoryExhaustionForecast: 'measured',
  MemoryPressure: 'measured',
  DiskLow: 'measured',
  DiskFillForecast: 'measured',
  InodesLow: 'measured',
  ReadOnlyFilesystem: 'measured',
  MemoryExhaustedResponsive: 'measured',
  WorkerDown: 'measured',
  SshdDown: 'measured',
  OomKill: 'event',
  ConnectTimeout: 'hung',
  ConnectionReset: 'hung',
  ClosedBeforeBanner: 'hung',
  BannerTimeout: 'hung',
  HandshakeTimeout: 'hung',
  CommandTimeout: 'hung',
  ForkFailed: 'hung',
  SsmConnectionLost: 'hung',
  SsmDeliveryTimedOut: 'hung',
  ConnectionRefused: 'ambiguous',
  ConnectionLost: 'ambiguous',
  InstanceConnectRefused: 'ambiguous',
  AuthenticationFailed: 'inconclusive',
  HostKeyMismatch: 'inconclusive',
  HostKeyUnknown: 'inconclusive',
  NegotiationFailed: 'inconclusive',
  ProtocolError: 'inconclusive',
  HostUnreachable: 'inconclusive',
  NoAddress: 'inconclusive',
  NameNotResolved: 'inconclusive',
  ExecRefused: 'inconclusive',
  SshThrottled: 'inconclusive',
  SsmNotManaged: 'inconclusive',
  SsmAccessDenied: 'inconclusive',
  BadOverride: 'inconclusive',
  Unparsable: 'inconclusive',
  /** The run's time was up before this instance had its turn, or its transport failed as a whole. */
  NotChecked: 'inconclusive',
} as const satisfies Record<string, ReasonClass>;

export type ReasonCode = keyof typeof REASON_CLASS;
type CodeOf<C extends ReasonClass> = {
  [K in ReasonCode]: (typeof REASON_CLASS)[K] extends C ? K : never;
}[ReasonCode];
export type MeasuredReason = CodeOf<'measured' | 'event'>;
/** Why no vitals came. */
export type FailureReason = CodeOf<'hung' | 'ambiguous' | 'inconclusive'>;

export const isReasonCode = (text: string): text is ReasonCode => Object.hasOwn(REASON_CLASS, text);

export const classOf = (code: ReasonCode): ReasonClass => REASON_CLASS[code];

export const isHung = (code: ReasonCode): boolean => kindOf(code) === 'hung';

/** What a status is about: a host that reported it, one that hangs, one we could not ask. Events are no status. */
export function kindOf(code: ReasonCode): Exclude<ReasonClass, 'ambiguous'> {
  const known = classOf(code);
  return known === 'ambiguous' ? 'hung' : known;
}

export interface Reason {
  readonly code: ReasonCode;
  /** One sentence with the numbers. May quote the host: escape it where it is shown. */
  readonly text: string;
}

/** The class that decides what a status leads to; null for OK. */
export function assessmentClass(reasons: readonly Reason[]): 'measured' | 'hung' | 'inconclusive' | null {
  const first = reasons[0];
  if (first === undefined) return null;
  const kind = kindOf(first.code);
  return kind === 'event' ? 'measured' : kind;
}
