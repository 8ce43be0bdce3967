/**
 * The arguments of `ssh` for one host. They are an array from beginning to end: no shell of ours sees a word of an inventory.
 * Options: https://man.openbsd.org/ssh and https://man.openbsd.org/ssh_config; the first value that ssh reads wins.
 */
import type { OpensshWay } from '../../lambda/model/index.ts';
import type { OpensshClient } from './client.ts';

/** What the flags of a check say about logging in. */
export interface LoginFlags {
  /** The one file of host keys to trust. */
  readonly knownHosts?: string;
  /** Trust the key of a host that has none yet. */
  readonly acceptNewHostKeys?: boolean;
}

export interface Call extends LoginFlags {
  readonly way: OpensshWay;
  readonly client: OpensshClient;
  /** Where ssh writes its own log, so that what the host says can't be taken for it. */
  readonly log: string;
  /** What the host is to run. */
  readonly command: string;
  /** Seconds after which ssh itself gives up; longer than our own deadline. */
  readonly connectSeconds: number;
}

export type Arguments =
  | { readonly kind: 'ok'; readonly words: readonly string[] }
  /** `why` completes "the host was not asked: ...". */
  | { readonly kind: 'refused'; readonly why: string };

/**
 * What a check is, whatever a configuration says: one login that asks nothing, forwards nothing, starts nothing here and
 * stays in the foreground.
 */
const ALWAYS = [
  'BatchMode=yes',
  'ConnectionAttempts=1',
  // A connection that another ssh holds open would prove nothing about a login now, and one of ours would outlive the check.
  'ControlMaster=no',
  'ControlPath=none',
  'ClearAllForwardings=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'Tunnel=no',
  'RequestTTY=no',
  'EscapeChar=none',
  'PermitLocalCommand=no',
  // A check only reads: nothing is added to an agent or to known_hosts.
  'AddKeysToAgent=no',
  'UpdateHostKeys=no',
  'VisualHostKey=no',
  // The deadline is ours: a host that is slow is not to be given up earlier.
  'ServerAliveInterval=0',
];

/** Options by the version that was the first to know them; earlier ones refuse what they don't know. */
const SINCE: readonly (readonly [version: number, option: string])[] = [
  [706, 'RemoteCommand=none'],
  [807, 'StdinNull=no'],
  [807, 'ForkAfterAuthentication=no'],
  [807, 'SessionType=default'],
];
const ACCEPT_NEW_SINCE = 706;

export function sshArguments(call: Call): Arguments {
  const { way, client, log, command, connectSeconds } = call;
  const refused = (why: string): Arguments => ({ kind: 'refused', why });
  if (!isHostName(way.destination)) return refused(`${JSON.stringify(way.destination)} is no name of a host`);
  if (call.acceptNewHostKeys === true && client.version < ACCEPT_NEW_SINCE) {
    return refused('--accept-new-host-keys needs OpenSSH 7.6 or later here');
  }
  const options = wayOptions(way.options, client);
  if (options.kind === 'refused') return options;
  const always = [...ALWAYS, ...SINCE.flatMap(([since, option]) => (client.version >= since ? [option] : []))];
  const ours = [...always, `ConnectTimeout=${connectSeconds}`, ...hostKeyOptions(call)];
  return {
    kind: 'ok',
    words: [
      // The log shows whose turn it is, packet by packet; a jump host's ssh logs likewise, on the error stream.
      '-vvv',
      ...['-E', log],
      ...ours.flatMap((option) => ['-o', option]),
      ...options.words,
      ...['--', way.destination, command],
    ],
  };
}

/** Where no flag says otherwise, ssh's own configuration decides whether a host key is trusted. */
function hostKeyOptions({ knownHosts, acceptNewHostKeys = false }: LoginFlags): string[] {
  return [
    ...(acceptNewHostKeys ? ['StrictHostKeyChecking=accept-new'] : []),
    ...(knownHosts === undefined
      ? []
      : [`UserKnownHostsFile="${knownHosts.replaceAll('"', '\\"')}"`, 'GlobalKnownHostsFile=/dev/null']),
  ];
}

/** ssh's own rule from 9.6 on (valid_hostname in ssh.c): an earlier one would give such a name to a ProxyCommand's shell. */
export const isHostName = (text: string): boolean =>
  text !== '' && !text.startsWith('-') && !/[\s\p{Cc}'`"$\\;&<>|(){},]/u.test(text);

/** Letters with a value, of getopt's string in ssh.c; -P has one since 9.4. */
const WITH_VALUE = 'bceilmopBDEFIJLOQRSwW';
/** Have nothing to do with the way to a host: terminal, log, forwardings, shared connections, foreground. */
const LEFT_OUT = 'aAfgMNnqsTtvxXYyDEeLRSw';
/** ssh would do something else than run the script. */
const REFUSED = 'GOQVW';

/** The options of a way, without those that are no part of it. They are read as getopt reads them, e.g. `-Cp2222`. */
function wayOptions(words: readonly string[], client: OpensshClient): Arguments {
  const kept: string[] = [];
  const refused = (why: string): Arguments => ({ kind: 'refused', why });
  for (let n = 0; n < words.length; n++) {
    const word = words[n] ?? '';
    if (word.includes('\0')) return refused('an option of ssh holds a NUL character');
    if (!/^-[^-]/.test(word)) return refused(`${JSON.stringify(word)} among the options of ssh is no option`);
    for (let at = 1; at < word.length; at++) {
      const letter = word.charAt(at);
      if (REFUSED.includes(letter)) return refused(`ssh is not to be called with -${letter}`);
      const hasValue = WITH_VALUE.includes(letter) || (letter === 'P' && client.version >= 904);
      const rest = word.slice(at + 1);
      const value = !hasValue ? null : rest === '' ? words[++n] : rest;
      if (value === undefined) return refused(`the option -${letter} of ssh has no value`);
      if (value?.includes('\0')) return refused('an option of ssh holds a NUL character');
      if (!LEFT_OUT.includes(letter)) kept.push(`-${letter}`, ...(value === null ? [] : [value]));
      if (hasValue) break;
    }
  }
  return { kind: 'ok', words: kept };
}
