/** How each host is reached: from the inventory, the flags and ssh's configuration, as `ssh NAME` would go there. */
import { existsSync } from 'node:fs';
import { homedir, hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { JumpHost, Login } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { agentKeyTypes } from '../../lambda/ssh/index.ts';
import { type InventoryHost, readPort } from '../inventory/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { findSsh, type SshClient, sshClient } from './ssh-client.ts';
import { ConfigReader, expandHome, type SshOptions, type Unread } from './ssh-config.ts';
import { Entries, type Entry, type EntryFlags, type Here } from './ssh-entry.ts';
import { type Hop, proxyOf } from './ssh-proxy.ts';
import { readCommand, type Tokens } from './ssh-words.ts';

export interface RouteFlags extends EntryFlags {
  readonly user?: string;
  /** Where neither the host nor ssh's configuration names one. @default the local user, as with ssh */
  readonly usualUser?: string | null;
}

/** A host as its source names it. */
export type RoutedHost = Pick<InventoryHost, 'name' | 'address' | 'login'> & {
  readonly sshArguments?: readonly string[];
  readonly sshArgumentsFirst?: number;
};

export interface Route {
  readonly address: string;
  readonly login: Partial<Login>;
  /** Why it must not be asked, a sentence; null: it can be. */
  readonly problem: string | null;
  /** How this is known, for `--verbose`. */
  readonly how: string;
}

export interface RoutePorts {
  /** Null where OpenSSH's client isn't installed. @default what PATH has */
  readonly client?: SshClient | null;
  /** @default /etc/ssh/ssh_config */
  readonly systemConfig?: string;
}

/** A longer chain of jump hosts is a loop. */
const HOPS_MAX = 8;
/** For an agent to say what keys it holds. */
const AGENT_MS = 1000;

/** @returns how to reach a host; it never rejects: what can't be followed is that host's own problem. */
export async function sshRoutes(
  flags: RouteFlags,
  settings: Settings,
  io: Pick<CommandIo, 'env'> & Partial<Pick<CommandIo, 'signal'>>,
  ports: RoutePorts = {},
): Promise<(host: RoutedHost) => Promise<Route>> {
  const { env } = io;
  const account = userInfo();
  const socket = env.SSH_AUTH_SOCK;
  const here: Here = {
    ...{ home: homedir(), localUser: account.username, uid: account.uid, hostname: hostname(), env },
    agentTypes: socket ? await agentKeyTypes(socket, AGENT_MS) : [],
  };
  const path = ports.client === undefined ? findSsh(env) : null;
  const client =
    path === null ? (ports.client ?? null) : sshClient(path, { env, ...(io.signal && { signal: io.signal }) });
  const { systemConfig } = ports;
  const reader = new ConfigReader({ ...here, ...(systemConfig !== undefined && { systemConfig }) });
  const routes = new Routes({
    here,
    client,
    reader,
    accountHome: account.homedir,
    flags,
    settings,
    user: flags.usualUser ?? account.username,
  });
  return (host) => routes.to(host);
}

interface Context {
  readonly here: Here;
  readonly client: SshClient | null;
  readonly reader: ConfigReader;
  /** OpenSSH looks there, whatever HOME says. */
  readonly accountHome: string;
  readonly flags: RouteFlags;
  readonly settings: Settings;
  readonly user: string;
}

/** What is known of one sshd. */
interface Known {
  readonly options: SshOptions;
  readonly how: string;
}

/** The way to a host: its jump hosts, or why only ssh can go it, or why nobody can. */
type Way =
  | { readonly kind: 'jumps'; readonly jumps: readonly JumpHost[] }
  | { readonly kind: 'openssh'; readonly because: string }
  | { readonly kind: 'bad'; readonly text: string };

class Routes {
  readonly #entries: Entries;
  readonly #asked = new Map<string, Promise<Known | Unread>>();
  readonly #jumps = new Map<string, Promise<Way>>();
  readonly #clientWords = new Map<string, readonly string[]>();

  constructor(private readonly context: Context) {
    this.#entries = new Entries(context.here, context.flags);
  }

  async to(host: RoutedHost): Promise<Route> {
    const { flags, settings } = this.context;
    const { address, login } = host;
    const words = wordsOf(host, flags);
    const unreachable = (problem: string, how = ''): Route => ({ address, login: {}, problem, how });
    if (address.startsWith('-'))
      return unreachable(`${JSON.stringify(address)} is no name of a host: it begins with a dash.`);
    const known = await this.#find(address, words);
    if ('unread' in known) return unreachable(this.#notAsked(host.name, known));
    const { options, how } = known;
    const named = { user: this.#user(options, words), port: this.#port(options) };
    const place = {
      ...{ name: address, hostName: options.hostName },
      ...{ user: named.user ?? this.context.user, port: named.port ?? settings.ssh.port },
    };
    const found = this.#entries.of(options, place);
    const wayByJumps = await this.#wayTo(options, this.#tokens(place), words, 0);
    // ssh would start itself again and again in a circle, so that is looked for where ssh goes the way, too.
    const isForSsh = 'because' in found && wayByJumps !== CIRCLE;
    const way: Way = isForSsh ? { kind: 'openssh', because: found.because } : wayByJumps;
    if (way.kind === 'bad') return unreachable(`${host.name} was not asked: ${way.text}.`);
    const fallback = [
      ...(named.user === null ? ['-l', place.user] : []),
      ...(named.port === null && place.port !== 22 ? ['-p', String(place.port)] : []),
    ];
    const clientWords = this.#wordsForClient(words, fallback);
    // Written out: an object that begins with a spread gets a hidden class of its own, 150 bytes more a host.
    const throughClient = (because: string) => ({ destination: address, options: clientWords, because });
    const given = flags.privateKey ?? login.privateKeyPath ?? null;
    const key = given === null ? null : expandHome(given, this.context.here.home);
    const common: Partial<Login> = {
      user: place.user,
      ...(named.port !== null && { port: named.port }),
      ...(key !== null && { privateKeyPath: key }),
    };
    if (way.kind === 'openssh' || 'because' in found) {
      const because = way.kind === 'openssh' ? way.because : '';
      if (this.context.client === null) return unreachable(this.#notAsked(host.name, { unread: because }), how);
      const openssh = throughClient(because);
      return { address: options.hostName, login: { ...common, openssh }, problem: null, how };
    }
    return {
      address: options.hostName,
      login: {
        ...common,
        ...found.entry,
        // With `identities`, for the sentences alone.
        ...(key === null && found.entry.identities?.files[0] && { privateKeyPath: found.entry.identities.files[0] }),
        ...(way.jumps.length > 0 && { jumps: way.jumps }),
        ...(this.context.client !== null && { opensshToo: throughClient(found.more ?? ALGORITHMS) }),
      },
      problem: null,
      how,
    };
  }

  /** Our own reader, else OpenSSH itself where our reader can't follow what is said. */
  async #find(host: string, words: readonly string[]): Promise<Known | Unread> {
    const { reader, client } = this.context;
    const read = reader.of(host, words);
    if (!('unread' in read)) return { options: read, how: '' };
    if (client === null) return read;
    const asked = this.#wordsForClient(words, []);
    const id = JSON.stringify([host, asked]);
    const answer =
      this.#asked.get(id) ??
      client.ask(asked, host).then((options) => ('unread' in options ? options : { options, how: read.unread }));
    this.#asked.set(id, answer);
    return answer;
  }

  /** Null where nothing names one: not even ssh can say whether its answer is more than the default. */
  #user({ values }: SshOptions, words: readonly string[]): string | null {
    const { here, reader } = this.context;
    const [user = null] = values.get('user') ?? [];
    const isDefault = user === here.localUser && isOfSsh(values) && !saysUser(words) && !reader.namesUser(user);
    return isDefault ? null : user;
  }

  #port({ values }: SshOptions): number | null {
    const port = readPort(values.get('port')?.[0] ?? '');
    return port === 22 && isOfSsh(values) ? null : port;
  }

  #tokens({ name, hostName, port, user }: { name: string; hostName: string; port: number; user: string }): Tokens {
    const { home, localUser } = this.context.here;
    return { h: hostName, n: name, p: String(port), r: user, u: localUser, d: home };
  }

  async #wayTo(options: SshOptions, tokens: Tokens, words: readonly string[], depth: number): Promise<Way> {
    const read = readCommand(words);
    const files = 'unread' in read ? [] : read.options.filter(({ letter }) => letter === 'F');
    const configWords = files.flatMap(({ value }) => ['-F', value]);
    const proxy = proxyOf(options, { tokens, configWords, home: this.context.here.home });
    switch (proxy.kind) {
      case 'none':
        return NO_JUMPS;
      case 'command':
        return { kind: 'openssh', because: 'ProxyCommand' };
      case 'bad':
        return proxy;
      case 'jumps': {
        if (depth > HOPS_MAX) return CIRCLE;
        // Hosts behind one jump host share what is known of it; on the way there a circle would wait for itself.
        const id = JSON.stringify(proxy.hops);
        const known = (depth === 0 ? this.#jumps.get(id) : undefined) ?? this.#through(proxy.hops, depth);
        if (depth === 0) this.#jumps.set(id, known);
        return known;
      }
      default:
        return proxy satisfies never;
    }
  }

  /** As in ssh: each is reached through the one before it, and only the first through its own proxy. */
  async #through(hops: readonly Hop[], depth: number): Promise<Way> {
    const jumps: JumpHost[] = [];
    for (const [nth, hop] of hops.entries()) {
      const found = await this.#jumpTo(hop, nth === 0 ? depth : null);
      if (found.kind !== 'jumps') return found;
      jumps.push(...found.jumps);
    }
    return { kind: 'jumps', jumps };
  }

  /** @param depth null: its own proxy doesn't count */
  async #jumpTo({ host, words }: Hop, depth: number | null): Promise<Way> {
    const { flags, client } = this.context;
    const known = await this.#find(host, words);
    if ('unread' in known) return { kind: 'bad', text: `its jump host ${host}: ${this.#why(known)}` };
    const { options } = known;
    const place = {
      ...{ name: host, hostName: options.hostName },
      user: this.#user(options, words) ?? flags.user ?? this.context.user,
      port: readPort(options.values.get('port')?.[0] ?? '') ?? 22,
    };
    const found = this.#entries.of(options, place, 'jump');
    const before = depth === null ? NO_JUMPS : await this.#wayTo(options, this.#tokens(place), words, depth + 1);
    if ('because' in found && before !== CIRCLE) {
      const because = `${found.because}, for the jump host ${host}`;
      return client === null ? { kind: 'bad', text: this.#why({ unread: because }) } : { kind: 'openssh', because };
    }
    if (before.kind !== 'jumps' || 'because' in found) return before;
    const { entry } = found;
    return { kind: 'jumps', jumps: [...before.jumps, jumpHost(place, entry)] };
  }

  #notAsked(name: string, unread: Unread): string {
    return `${name} was not asked: ${this.#why(unread)}.`;
  }

  #why({ unread, isRefused }: Unread): string {
    return isRefused === true
      ? `ssh -G, which resolves its name, says ${unread}`
      : `${unread} needs OpenSSH's client, and there is no ssh on this machine (install openssh-client)`;
  }

  /** The words as ssh has to get them: it finds the configuration by the account, not by HOME. */
  #wordsForClient(words: readonly string[], more: readonly string[]): readonly string[] {
    const { here, accountHome } = this.context;
    const id = JSON.stringify([words, more]);
    const known = this.#clientWords.get(id);
    if (known !== undefined) return known;
    const own = join(here.home, '.ssh', 'config');
    const read = readCommand(words);
    const hasFile = !('unread' in read) && read.options.some(({ letter }) => letter === 'F');
    const isElsewhere = here.home !== accountHome && !hasFile;
    const all = [...(isElsewhere ? ['-F', existsSync(own) ? own : 'none'] : []), ...words, ...more];
    this.#clientWords.set(id, all);
    return all;
  }
}

const NO_JUMPS: Extract<Way, { kind: 'jumps' }> = { kind: 'jumps', jumps: [] };
const CIRCLE: Way = { kind: 'bad', text: 'its ProxyJump leads in a circle' };
const ALGORITHMS = 'algorithms';

function jumpHost(place: { hostName: string; port: number; user: string }, entry: Entry): JumpHost {
  const { hostName: address, port, user } = place;
  return { address, port, user, privateKeyPath: entry.identities?.files[0] ?? null, ...entry };
}

/**
 * Options as Ansible orders them: those of `ansible_ssh_args`, then what the inventory and the flags say of port, key and
 * user, then the others. ssh takes the first of a kind.
 */
function wordsOf({ login, sshArguments = [], sshArgumentsFirst = 0 }: RoutedHost, flags: RouteFlags): string[] {
  const { user = flags.user, port } = login;
  const key = flags.privateKey ?? login.privateKeyPath ?? null;
  return [
    ...sshArguments.slice(0, sshArgumentsFirst),
    ...(port === undefined ? [] : ['-o', `Port=${port}`]),
    ...(key === null ? [] : ['-o', `IdentityFile=${/\s/.test(key) ? `"${key}"` : key}`]),
    ...(flags.privateKey === undefined ? [] : ['-o', 'IdentitiesOnly=yes']),
    ...(user === undefined ? [] : ['-o', `User=${/\s/.test(user) ? `"${user}"` : user}`]),
    ...sshArguments.slice(sshArgumentsFirst),
  ];
}

/** OpenSSH prints every keyword, also with its default. */
const isOfSsh = (values: SshOptions['values']): boolean => values.has('compression');

const saysUser = (words: readonly string[]): boolean => {
  const read = readCommand(words);
  if ('unread' in read) return true;
  return read.options.some(({ letter, value }) => letter === 'l' || (letter === 'o' && /^\s*user[\s=]/i.test(value)));
};
