/**
 * OpenSSH's known_hosts, and the check of a host's key against it or against a pin.
 * Format: https://man.openbsd.org/sshd#SSH_KNOWN_HOSTS_FILE_FORMAT
 */
import { createHash, createHmac } from 'node:crypto';
import { shellWord } from '../kit/index.ts';
import { type HostKeyTrust, TAG } from '../model/index.ts';
import { HOST_KEY_ALGORITHMS } from './algorithms.ts';
import { endpointOf, type Failure, failure, quote } from './failures.ts';
import { typeOf } from './key-files.ts';

export interface KnownHost {
  /** The line's first field: patterns with commas, or `|1|salt|hash`. */
  readonly hosts: string;
  readonly type: string;
  /** The key, base64. */
  readonly key: string;
  readonly revoked: boolean;
}

/**
 * How host keys are judged.
 * `known-hosts`: by OpenSSH's files: `known`, or those that a host's login names, which `read` reads. `accepted` gets each
 * line that is added, and the file where it belongs if the login names one.
 * `pin`: by the fingerprint in `instance.hostKey`; without one the first key seen is accepted and returned.
 */
export type HostKeyPolicy =
  | {
      readonly kind: 'known-hosts';
      readonly known: readonly KnownHost[];
      readonly acceptNew: boolean;
      /** The file of accepted keys, for hosts that have none of their own: advice names it. */
      readonly addTo?: string;
      /** Whether a folder is there: advice makes one that isn't. @default each is */
      readonly hasFolder?: (path: string) => boolean;
      readonly accepted?: (line: string, file: string | undefined) => void;
      readonly read?: (path: string) => readonly KnownHost[];
      /** Lines that a person has accepted, and the way to learn what to ask a person for. */
      readonly approved?: ReadonlySet<string>;
      readonly unknown?: (key: UnknownKey) => void;
    }
  | { readonly kind: 'pin' };

/** A key that a host showed and known_hosts lacks. */
export interface UnknownKey {
  readonly endpoint: string;
  /** The name that known_hosts has for the host. */
  readonly name: string;
  readonly type: string;
  readonly fingerprint: string;
  /** The line for known_hosts. */
  readonly line: string;
}

/** The check of a host's key in one connection. */
export interface HostKeyCheck {
  /** Algorithms to ask for, in this order: those of the keys that are known come first, as in OpenSSH. */
  readonly algorithms: readonly string[];
  /** The host has been here before: its key is pinned or in known_hosts. */
  readonly isKnown: boolean;
  /** Null where the key may be trusted. */
  verify(key: Buffer): Failure | null;
  /** The host has proved that it holds this key. */
  proved(key: Buffer): void;
}

/** Skips lines that aren't understood, as OpenSSH does, and `@cert-authority` lines: certificates aren't read. */
export function parseKnownHosts(text: string): KnownHost[] {
  return linesOf(text).flatMap(({ marker, hosts, type, key }) => {
    if (marker !== '' && marker !== '@revoked') return [];
    return typeOf(Buffer.from(key, 'base64')) === type ? [{ hosts, type, key, revoked: marker === '@revoked' }] : [];
  });
}

/** Whether a `@cert-authority` line names the host, so that it may show a certificate, which only OpenSSH's client reads. */
export function hasCertAuthority(text: string, { address, port, alias }: HostNaming): boolean {
  const authorities = linesOf(text).filter(({ marker }) => marker === '@cert-authority');
  if (authorities.length === 0) return false;
  const { name, unported } = lookedUp({ address, port, alias });
  return authorities.some(({ hosts }) => namesHost(hosts, name) || (unported !== null && namesHost(hosts, unported)));
}

function linesOf(text: string) {
  return text.split('\n').flatMap((line) => {
    // Not trim(), to which a byte order mark is blank: OpenSSH does not know a host by such a line.
    const fields = line.replace(/^[ \t]+|[ \t\r]+$/g, '').split(/[ \t]+/);
    const marker = fields[0]?.startsWith('@') ? (fields.shift() ?? '') : '';
    const [hosts, type, key] = fields;
    return !hosts || hosts.startsWith('#') || !type || !key ? [] : [{ marker, hosts, type, key }];
  });
}

interface HostNaming {
  readonly address: string;
  readonly port: number;
  /** HostKeyAlias: looked up as it is, whatever the port. */
  readonly alias: string | null;
}

/** As in OpenSSH (sshconnect.c, get_hostfile_hostname_ipaddr), a line without a port holds for the host on any port. */
function lookedUp({ address, port, alias }: HostNaming): { readonly name: string; readonly unported: string | null } {
  if (alias !== null) return { name: alias.toLowerCase(), unported: null };
  const plain = address.toLowerCase();
  return port === 22 ? { name: plain, unported: null } : { name: `[${plain}]:${port}`, unported: plain };
}

/** `SHA256:...` without padding, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Returns a finder of the entries that name a host: `host` for port 22, `[host]:port` for others. Entries of plain names
 * are looked up; those with patterns or hashes must be tried one by one.
 */
function entryFinder(known: readonly KnownHost[]): (name: string) => KnownHost[] {
  const named = new Map<string, KnownHost[]>();
  const others: KnownHost[] = [];
  for (const entry of known) {
    if (/[|*?!]/.test(entry.hosts)) {
      others.push(entry);
      continue;
    }
    for (const name of new Set(entry.hosts.toLowerCase().split(','))) {
      const same = named.get(name);
      if (same === undefined) named.set(name, [entry]);
      else same.push(entry);
    }
  }
  return (name) => [...(named.get(name) ?? []), ...others.filter((entry) => namesHost(entry.hosts, name))];
}

function namesHost(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|');
  if (version === '1' && salt !== undefined && hash !== undefined) {
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const matching = hosts.split(',').filter((pattern) => matchesPattern(pattern.replace(/^!/, ''), name));
  // One negated pattern that matches rules the whole line out.
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

/**
 * `*` and `?` only. Written by hand, since a pattern as a RegExp can take exponential time.
 * @param how `loose`: the pattern's letters in either case; `name` is in lower case
 */
export function matchesPattern(pattern: string, name: string, how: 'exact' | 'loose' = 'loose'): boolean {
  const wanted = how === 'loose' ? pattern.toLowerCase() : pattern;
  let p = 0;
  let star = -1;
  let resume = 0;
  for (let n = 0; n < name.length; ) {
    if (wanted[p] === '*') {
      star = p++;
      resume = n;
    } else if (wanted[p] === '?' || wanted[p] === name[n]) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  return /^\**$/.test(wanted.slice(p));
}

/** A host whose key is to be judged. */
export interface KeyHolder {
  readonly address: string;
  readonly port: number;
  /** Its remembered fingerprint; null where there is none. */
  readonly pin: string | null;
  /** Its own known_hosts files and rules; absent: those of the policy. */
  readonly trust?: HostKeyTrust | undefined;
}

/** Returns the check of each host's key. A key accepted in this run is known from then on. */
export function hostKeyChecks(policy: HostKeyPolicy): (holder: KeyHolder) => HostKeyCheck {
  if (policy.kind === 'pin') return pinCheck;
  const { read } = policy;
  const ofPolicy = { entriesFor: entryFinder(policy.known), added: new Map<string, string>() };
  const ofFiles = new Map<string, Known>();
  const knownIn = (files: readonly string[]): Known => {
    const id = files.join('\0');
    const found = ofFiles.get(id) ?? {
      entriesFor: entryFinder(files.flatMap((file) => read?.(file) ?? [])),
      added: new Map(),
    };
    ofFiles.set(id, found);
    return found;
  };
  return (holder) => {
    const known = holder.trust === undefined ? ofPolicy : knownIn(holder.trust.files);
    return knownHostsCheck(policy, known, holder);
  };
}

/** What a set of known_hosts files holds. */
interface Known {
  readonly entriesFor: (name: string) => KnownHost[];
  /** Keys accepted in this run, base64, by the name that known_hosts has for the host. */
  readonly added: Map<string, string>;
}

function pinCheck({ address, port, pin }: KeyHolder): HostKeyCheck {
  return {
    algorithms: HOST_KEY_ALGORITHMS,
    isKnown: pin !== null,
    verify(key) {
      const got = fingerprint(key);
      if (pin === null || pin === got) return null;
      return failure(
        'HostKeyMismatch',
        `${endpointOf(address, port)} showed the host key ${got}, not the pinned ${pin}; nothing was run; if the host was rebuilt, delete its tag ${TAG.hostKey}.`,
      );
    },
    proved() {},
  };
}

function knownHostsCheck(
  policy: Extract<HostKeyPolicy, { kind: 'known-hosts' }>,
  { entriesFor, added }: Known,
  { address, port, trust }: KeyHolder,
): HostKeyCheck {
  const acceptNew = trust?.acceptNew ?? policy.acceptNew;
  const { name, unported: plain } = lookedUp({ address, port, alias: trust?.alias ?? null });
  const named = entriesFor(name);
  const unported = plain === null ? [] : entriesFor(plain);
  const isTrusted = (entry: KnownHost) => !entry.revoked;
  // Unless another line names the port.
  const trusted = named.some(isTrusted) ? named.filter(isTrusted) : unported.filter(isTrusted);
  const revoked = [...named, ...unported].filter((entry) => entry.revoked);
  const types = new Set(trusted.map((entry) => entry.type));
  const preferred = HOST_KEY_ALGORITHMS.filter((a) => types.has(a.startsWith('rsa-') ? 'ssh-rsa' : a));
  return {
    algorithms: [...new Set([...preferred, ...HOST_KEY_ALGORITHMS])],
    isKnown: trusted.length > 0,
    verify(key) {
      const isShown = (entry: KnownHost) => Buffer.from(entry.key, 'base64').equals(key);
      const shown = `${endpointOf(address, port)} showed the ${quote(typeOf(key))} host key ${fingerprint(key)}`;
      if (revoked.some(isShown)) {
        return failure('HostKeyMismatch', `${shown}, which known_hosts marks as revoked; nothing was run.`);
      }
      if (trusted.some(isShown) || added.get(name) === key.toString('base64')) return null;
      if (trusted.length > 0 || added.has(name)) {
        const file = trust === undefined ? policy.addTo : trust.addTo;
        const within = file ? ` -f ${shellWord(file)}` : '';
        const old = plain !== null && trusted.length > 0 && !named.some(isTrusted) ? plain : name;
        const fix = `if the host was rebuilt, forget the old key: ssh-keygen -R ${shellWord(old)}${within}`;
        return failure('HostKeyMismatch', `${shown}, not the one in known_hosts; nothing was run; ${fix}.`);
      }
      const line = `${name} ${typeOf(key)} ${key.toString('base64')}`;
      if (acceptNew || policy.approved?.has(line)) return null;
      if (trust?.strict !== true) {
        const endpoint = endpointOf(address, port);
        policy.unknown?.({ endpoint, name, type: typeOf(key), fingerprint: fingerprint(key), line });
      }
      // ssh-keyscan writes the address, which an alias is not.
      const file = (trust === undefined ? policy.addTo : trust.alias === null ? trust.addTo : null) ?? '';
      // A path that a shell would not read as one word is left out.
      const into = /^[\w./-]+$/.test(file) ? ` >>${file}` : '';
      const [, folder = ''] = /^(.+)\/[^/]*$/.exec(file) ?? [];
      const isMissing = into !== '' && folder !== '' && policy.hasFolder?.(folder) === false;
      const fix = `${isMissing ? `mkdir -p -m 700 ${folder} && ` : ''}ssh-keyscan ${port === 22 ? '' : `-p ${port} `}${address}${into}, or --accept-new-host-keys`;
      return failure(
        'HostKeyUnknown',
        `${shown}, but known_hosts has none for it; nothing was run; to add it: ${fix}.`,
      );
    },
    proved(key) {
      if (trusted.length > 0 || added.has(name)) return;
      added.set(name, key.toString('base64'));
      if (trust?.addTo === null) return;
      policy.accepted?.(`${name} ${typeOf(key)} ${key.toString('base64')}`, trust?.addTo);
    },
  };
}
