/**
 * The restarts: POSIX sh scripts, the same over SSM and SSH (`sh -s -- UNIT` with the script on stdin), and the reader of
 * what they print.
 */

import { printableAscii } from '../../kit/index.ts';
import { type Remedy, type Reply, UNIT_PATTERN } from '../../model/index.ts';
import type { Execution } from '../ports.ts';
import COMMON from './restart-common.sh';
import RESTART_SSHD from './restart-sshd.sh';
import RESTART_WORKER from './restart-worker.sh';

export const RESTART_SCRIPTS: Readonly<Record<Exclude<Remedy, 'reboot'>, string>> = {
  'restart-worker': COMMON + RESTART_WORKER,
  'restart-sshd': COMMON + RESTART_SSHD,
};

/** SSM's own time limit for a script, in seconds: longer than a script waits for systemd. */
const TIMEOUT_SECONDS = '90';

/**
 * Content of the SSM Command document that restarts one unit. Nothing but the unit is up to the sender
 * (https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html).
 */
export function ssmRestartWorkerDocument(): object {
  const parameters = {
    Units: {
      type: 'String',
      description: 'The one systemd service to restart.',
      allowedPattern: UNIT_PATTERN,
    },
  };
  // The agent puts the parameter in as text before a shell sees it.
  return document('Restarts one systemd service.', parameters, [
    'set -- {{ Units }}',
    ...lines(RESTART_SCRIPTS['restart-worker']),
  ]);
}

/** Content of the SSM Command document that restarts sshd; it takes no parameter. */
export function ssmRestartSshdDocument(): object {
  return document('Restarts sshd, if its configuration is good.', null, lines(RESTART_SCRIPTS['restart-sshd']));
}

const lines = (script: string): string[] => script.split('\n');

const document = (description: string, parameters: object | null, runCommand: readonly string[]): object => ({
  schemaVersion: '2.2',
  description,
  ...(parameters !== null && { parameters }),
  mainSteps: [
    { action: 'aws:runShellScript', name: 'restart', inputs: { timeoutSeconds: TIMEOUT_SECONDS, runCommand } },
  ],
});

const TEXT_MAX = 300;
const BEGIN = /^crawlwatch restart 1\r?$/m;
const END = /^end (ok|failed) ([^\r\n]*)\r?$/m;

/** Failures of the transports before the script can have run. */
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
  'SsmConnectionLost',
  'BadOverride',
]);

/** What a restart came to. Where the connection broke in the middle of it, it may have been done all the same. */
export function readRestart(reply: Reply): Execution {
  const read = parseRestart(reply.output ?? '');
  if (read.ok !== null || reply.kind === 'output') return read;
  const text = oneLine(`${reply.reason}: ${reply.text}`);
  const { unsent } = reply;
  if (unsent !== undefined) return { ok: false, text, undone: unsent };
  const hasBegun = BEGIN.test(reply.output ?? '');
  return { ok: NOT_BEGUN.has(reply.reason) && !hasBegun ? false : null, text };
}

/**
 * The first whole answer counts; banners around it don't. The host is not to be trusted: whatever it sends becomes one
 * bounded line.
 */
export function parseRestart(output: string): Execution {
  const begin = BEGIN.exec(output);
  const [, outcome, text = ''] = END.exec(begin === null ? '' : output.slice(begin.index)) ?? [];
  if (outcome === undefined) {
    return { ok: null, text: begin === null ? 'the host said nothing of a restart' : 'the answer was cut off' };
  }
  // By these words the script reports that its shell ended in the middle of the restart.
  if (outcome === 'failed' && text.startsWith('it is not known')) return { ok: null, text: oneLine(text) };
  return { ok: outcome === 'ok', text: oneLine(text) };
}

const oneLine = (text: string): string =>
  printableAscii(text.replace(/\s+/g, ' ').trim()).replace(/\.+$/, '').slice(0, TEXT_MAX);
