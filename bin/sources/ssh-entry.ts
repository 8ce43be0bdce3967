/** What ssh_config's options mean for one sshd: the keys to offer, how its host key is judged, and what only ssh can do. */
import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import type { AllowedAlgorithms, HostKeyTrust, Identities } from '../../lambda/model/index.ts';
import { hasCertAuthority, OFFERED, parsePublicKey, publicKeyWithin } from '../../lambda/ssh/index.ts';
import { readBounded } from './bounded-file.ts';
import { expandHome, type SshOptions } from './ssh-config.ts';
import { expand, type Tokens } from './ssh-words.ts';

/** This account and this machine, as the tokens and defaults of ssh_config need them. */
export interface Here {
  readonly home: string;
  readonly localUser: string;
  readonly uid: number;
  readonly hostname: string;
  readonly env: NodeJS.ProcessEnv;
  /** Key types that the agent of SSH_AUTH_SOCK holds; empty: none, or it does not answer. */
  readonly agentTypes: readonly string[];
}

/** What the command line says for every host. */
export interface EntryFlags {
  readonly privateKey?: string;
  readonly knownHosts?: string;
  readonly acceptNewHostKeys?: boolean;
}

/** Where an sshd is. */
export interface Place {
  /** As it was named, before HostName. */
  readonly name: string;
  readonly hostName: string;
  readonly port: number;
  readonly user: string;
}

export interface Entry {
  readonly identities?: Identities;
  readonly trust?: HostKeyTrust;
  readonly algorithms?: AllowedAlgorithms;
}

/** The entry for ssh2, or what it lacks: the name of the directive. */
export type EntryOrNeed = { readonly entry: Entry; readonly more: string | null } | { readonly because: string };

/** In the order in which OpenSSH tries them, without those of security keys, which only its client can use. */
export const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ed25519'];
const DEFAULT_SECURITY_KEYS = ['id_ecdsa_sk', 'id_ed25519_sk'];
const DEFAULT_KEY = /^~\/\.ssh\/id_(rsa|ecdsa|ed25519|ecdsa_sk|ed25519_sk|xmss|dsa)$/;
export const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];
export const userKnownHosts = (home: string): string[] =>
  ['known_hosts', 'known_hosts2'].map((name) => join(home, '.ssh', name));

/** Directives that only OpenSSH's client can follow, with the values at which they ask for nothing. */
const NEEDS: readonly (readonly [name: string, harmless: RegExp])[] = [
  ['AddressFamily', /^any$/],
  ['BindAddress', /^$/],
  ['BindInterface', /^$/],
  ['CanonicalizeHostname', /^(no|none|false)$/],
  ['HostbasedAuthentication', /^(no|false)$/],
  ['KnownHostsCommand', /^none$/],
  ['NoHostAuthenticationForLocalhost', /^(no|false)$/],
  ['PKCS11Provider', /^none$/],
  ['PreferredAuthentications', /(^|,)publickey(,|$)/],
  ['ProxyUseFdpass', /^(no|false)$/],
  ['PubkeyAuthentication', /^(yes|true)$/],
  ['RevokedHostKeys', /^none$/],
  ['Tunnel', /^(no|false)$/],
  ['VerifyHostKeyDNS', /^(no|false)$/],
];

const OURS = { kexalgorithms: 'kex', ciphers: 'cipher', macs: 'hmac', hostkeyalgorithms: 'hostKey' } as const;

/** Reads what is needed of files once, for all hosts of a run. */
export class Entries {
  readonly #exists = new Map<string, boolean>();
  readonly #texts = new Map<string, string | null>();
  readonly #shared = new Map<string, unknown>();

  constructor(
    private readonly here: Here,
    private readonly flags: EntryFlags,
  ) {}

  /** @param role of a jump host ssh takes no key from its command line */
  of({ values }: SshOptions, place: Place, role: 'host' | 'jump' = 'host'): EntryOrNeed {
    const first = (key: string): string | undefined => values.get(key)?.[0];
    for (const [name, harmless] of NEEDS) {
      const value = first(name.toLowerCase());
      if (value !== undefined && !harmless.test(value)) return { because: name };
    }
    if (/^(yes|true)$/i.test(first('gssapiauthentication') ?? '') && this.#hasTicket()) {
      return { because: 'GSSAPIAuthentication, with a Kerberos ticket' };
    }
    const algorithms = this.#algorithms(values);
    if (typeof algorithms === 'string') return { because: algorithms };

    const alias = first('hostkeyalias') ?? null;
    const tokens = this.#tokens(place, alias);
    const files = this.#keyFiles(values.get('identityfile'), tokens, role);
    const agent = this.#agent(first('identityagent'), tokens);
    const trusted = this.#trust(values, alias, tokens);
    if (files === null) return { because: 'IdentityFile' };
    if (agent === undefined) return { because: 'IdentityAgent' };
    if (trusted === null) return { because: 'UserKnownHostsFile' };
    const isGiven = this.flags.privateKey !== undefined && role === 'host';
    const only = isGiven || /^(yes|true)$/i.test(first('identitiesonly') ?? '');
    const need =
      this.#keyNeed(files.paths, { values, only, agent }) ?? this.#authorityNeed(trusted.files, { ...place, alias });
    if (need !== null) return { because: need };

    // What the transport offers by itself.
    const isUsual = agent === this.#ownAgent() && (isGiven || (files.isDefault && !only));
    const identities: Identities = { files: files.paths, only, agent };
    return {
      entry: {
        ...(!isUsual && { identities: this.#share(identities) }),
        ...(!trusted.isDefault && { trust: this.#share(trusted.trust) }),
        ...(algorithms !== null && { algorithms: this.#share(algorithms) }),
      },
      more: this.#moreKeys(files, only),
    };
  }

  /** Many hosts have equal values: one object for all of them. */
  #share<T>(value: T): T {
    const id = JSON.stringify(value);
    const known = this.#shared.get(id) as T | undefined;
    if (known !== undefined) return known;
    this.#shared.set(id, value);
    return value;
  }

  #tokens({ name, hostName, port, user }: Place, alias: string | null): Tokens {
    const { home, localUser, uid, hostname } = this.here;
    const [short = ''] = hostname.split('.');
    return {
      ...{ d: home, h: hostName, i: `${uid}`, k: alias ?? name, L: short, l: hostname, n: name, p: `${port}`, r: user },
      u: localUser,
    };
  }

  /** As OpenSSH expands a path: tokens, variables, then `~`. Null for a token that isn't known here. */
  #path(text: string, tokens: Tokens): string | null {
    const expanded = expand(text, tokens, this.here.env);
    if (expanded === null || /^~[^/]/.test(expanded)) return null;
    return expandHome(expanded, this.here.home);
  }

  #keyFiles(raw: readonly string[] | undefined, tokens: Tokens, role: 'host' | 'jump') {
    const { privateKey } = this.flags;
    if (privateKey !== undefined && role === 'host') return { isDefault: false, paths: [privateKey] };
    if (raw === undefined || (raw.length > 2 && raw.every((path) => DEFAULT_KEY.test(path)))) {
      const paths = this.#defaultKeys(DEFAULT_KEYS);
      return privateKey === undefined
        ? { isDefault: true, paths }
        : { isDefault: false, paths: [privateKey, ...paths] };
    }
    const paths = raw.filter((path) => path.toLowerCase() !== 'none').map((path) => this.#path(path, tokens));
    return paths.every((path) => path !== null) ? { isDefault: false, paths: [...new Set(paths)] } : null;
  }

  #defaultKeys(names: readonly string[]): string[] {
    return names.map((name) => join(this.here.home, '.ssh', name)).filter((path) => this.#has(path));
  }

  #ownAgent(): string | null {
    return this.here.env.SSH_AUTH_SOCK || null;
  }

  /** Undefined where it can't be read. */
  #agent(value: string | undefined, tokens: Tokens): string | null | undefined {
    if (value === undefined || value === 'SSH_AUTH_SOCK') return this.#ownAgent();
    if (value === 'none') return null;
    if (/^\$\w+$/.test(value)) return this.here.env[value.slice(1)] || null;
    return this.#path(value, tokens) ?? undefined;
  }

  #trust(values: SshOptions['values'], alias: string | null, tokens: Tokens) {
    const { knownHosts, acceptNewHostKeys = false } = this.flags;
    const strict = values.get('stricthostkeychecking')?.[0]?.toLowerCase() ?? 'ask';
    const acceptNew = acceptNewHostKeys || ['accept-new', 'no', 'off', 'false'].includes(strict);
    // Nobody is asked about a new key, as in ssh.
    const isStrict = ['yes', 'true'].includes(strict);
    const ofUser = userKnownHosts(this.here.home);
    const user =
      knownHosts !== undefined ? [knownHosts] : this.#paths(values.get('userknownhostsfile') ?? ofUser, tokens);
    const global =
      knownHosts !== undefined ? [] : this.#paths(values.get('globalknownhostsfile') ?? GLOBAL_KNOWN_HOSTS, tokens);
    if (user === null || global === null) return null;
    const files = [...user, ...global];
    const isDefault =
      alias === null &&
      acceptNew === acceptNewHostKeys &&
      !isStrict &&
      (knownHosts !== undefined || files.join() === [...ofUser, ...GLOBAL_KNOWN_HOSTS].join());
    const trust: HostKeyTrust = { alias, files, addTo: user[0] ?? null, acceptNew, ...(isStrict && { strict: true }) };
    return { files, isDefault, trust };
  }

  #paths(raw: readonly string[], tokens: Tokens): string[] | null {
    const paths = raw.filter((path) => path !== 'none').map((path) => this.#path(path, tokens));
    return paths.every((path) => path !== null) ? paths : null;
  }

  /** Null: all of ours may be used. A string names a directive that leaves none of them. */
  #algorithms(values: SshOptions['values']): AllowedAlgorithms | string | null {
    const allowed: Record<keyof AllowedAlgorithms, readonly string[]> = { ...OFFERED };
    let isLess = false;
    for (const [key, ours] of Object.entries(OURS)) {
      const list = values.get(key)?.[0]?.split(',');
      if (list === undefined) continue;
      allowed[ours] = OFFERED[ours].filter((name) => list.includes(name));
      if (allowed[ours].length < OFFERED[ours].length) isLess = true;
      // The MACs are for some of the ciphers only.
      if (allowed[ours].length === 0) return DIRECTIVE[key] ?? key;
    }
    const forKeys = values.get('pubkeyacceptedalgorithms')?.[0]?.split(',');
    const isRefused = forKeys !== undefined && OFFERED.hostKey.some((name) => !forKeys.includes(name));
    if (isRefused) return 'PubkeyAcceptedAlgorithms';
    return isLess ? allowed : null;
  }

  /** What in the keys only ssh can use: certificates, security keys. */
  #keyNeed(
    files: readonly string[],
    { values, only, agent }: { values: SshOptions['values']; only: boolean; agent: string | null },
  ): string | null {
    if (values.has('certificatefile')) return 'CertificateFile';
    const certified = files.find((path) => this.#has(`${path}-cert.pub`));
    if (certified !== undefined) return `the certificate ${basename(certified)}-cert.pub`;
    const isOwnAgent = agent !== null && agent === this.#ownAgent();
    if (isOwnAgent && !only && this.here.agentTypes.some((type) => type.includes('-cert-'))) {
      return 'a certificate in ssh-agent';
    }
    const present = files.filter((path) => this.#has(path));
    const isSecurityKey = (path: string) => this.#keyType(path).startsWith('sk-');
    return present.length > 0 && present.every(isSecurityKey) ? `the security key ${basename(present[0] ?? '')}` : null;
  }

  #authorityNeed(files: readonly string[], naming: Place & { readonly alias: string | null }): string | null {
    const isNamed = files.some((file) => {
      const text = this.#text(file);
      // Most files have none, and then nothing is parsed.
      if (text === null || !text.includes('@cert-authority')) return false;
      return hasCertAuthority(text, { address: naming.hostName, port: naming.port, alias: naming.alias });
    });
    return isNamed ? '@cert-authority in known_hosts' : null;
  }

  /** Keys that ssh could try where none of ours is accepted; null: none. */
  #moreKeys({ isDefault, paths }: { isDefault: boolean; paths: readonly string[] }, only: boolean): string | null {
    const files = isDefault ? this.#defaultKeys(DEFAULT_SECURITY_KEYS) : paths;
    if (files.some((path) => this.#keyType(path).startsWith('sk-'))) return 'a security key';
    return !only && this.here.agentTypes.some((type) => type.startsWith('sk-')) ? 'a security key in ssh-agent' : null;
  }

  /** Empty where it can't be known. */
  #keyType(path: string): string {
    const beside = this.#text(`${path}.pub`);
    const found = (beside === null ? null : parsePublicKey(beside)) ?? publicKeyWithin(this.#text(path) ?? '');
    return found?.type ?? '';
  }

  /** KRB5CCNAME, else the usual file of this account. */
  #hasTicket(): boolean {
    const cache = this.here.env.KRB5CCNAME ?? `/tmp/krb5cc_${this.here.uid}`;
    const path = cache.replace(/^(FILE|DIR):/, '');
    // In a keyring or a daemon: only Kerberos can look there.
    return isAbsolute(path) ? this.#has(path) : /^(KCM|KEYRING|API):/.test(cache);
  }

  #has(path: string): boolean {
    const known = this.#exists.get(path) ?? existsSync(path);
    this.#exists.set(path, known);
    return known;
  }

  #text(path: string): string | null {
    let text = this.#texts.get(path);
    if (text === undefined) {
      try {
        text = readBounded(path).toString();
      } catch {
        text = null;
      }
      this.#texts.set(path, text);
    }
    return text;
  }
}

const DIRECTIVE: Readonly<Record<string, string>> = {
  kexalgorithms: 'KexAlgorithms',
  ciphers: 'Ciphers',
  macs: 'MACs',
  hostkeyalgorithms: 'HostKeyAlgorithms',
};
