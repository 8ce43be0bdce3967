/** Reads what a restart script printed. The host is not to be trusted: whatever it sends becomes one bounded line. */

import { printableAscii } from '../kit/index.ts';
import type { Reply } from '../model/index.ts';

export interface RestartResult {
  /** Null: it is not known whether anything was restarted. */
  readonly ok: boolean | null;
  /** Printable ASCII, one line of at most 300 characters, no full stop. */
  readonly text: string;
}

const TEXT_MAX = 300;
const BEGIN = /^crawlwatch restart 1\r?$/m;
const END = /^end (ok|failed) ([^\r\n]*)\r?$/m;

/** Before the script can have run: what the transports say of a host that they did not get in to. */
const NOT_BEGUN = new Set([
  'ConnectTimeout',
  'ConnectionRefused',
  'ConnectionReset',
  'ClosedBeforeBanner',
  'BannerTimeout',
  'HandshakeTimeout',
  'AuthenticationFailed',
  'HostKeyMismatch',
  'HostKeyUnknown',
  'NegotiationFailed',
  'ProtocolError',
  'HostUnreachable',
  'NoAddress',
  'NameNotResolved',
  'ExecRefused',
  'SshThrottled',
  'InstanceConnectRefused',
  'SsmNotManaged',
  'SsmAccessDenied',
  'SsmConnectionLost',
  'BadOverride',
]);

/** What a restart over the wire came to. A host that was cut off amid it may have done it all the same. */
export function readRestart(reply: Reply): RestartResult {
  const told = parseRestart(reply.output ?? '');
  if (told.ok !== null || reply.kind === 'output') return told;
  const text = oneLine(`${reply.reason}: ${reply.text}`);
  return { ok: NOT_BEGUN.has(reply.reason) ? false : null, text };
}

/** The first whole answer counts; banners around it are nothing to us. */
export function parseRestart(output: string): RestartResult {
  const begin = BEGIN.exec(output);
  const [, outcome, text = ''] = END.exec(begin === null ? '' : output.slice(begin.index)) ?? [];
  if (outcome === undefined) {
    return { ok: null, text: begin === null ? 'the host said nothing of a restart' : 'the answer was cut off' };
  }
  // The script says so itself where its shell came to an end amid the restart.
  if (outcome === 'failed' && text.startsWith('it is not known')) return { ok: null, text: oneLine(text) };
  return { ok: outcome === 'ok', text: oneLine(text) };
}

const oneLine = (text: string): string =>
  printableAscii(text.replace(/\s+/g, ' ').trim()).replace(/\.+$/, '').slice(0, TEXT_MAX);
