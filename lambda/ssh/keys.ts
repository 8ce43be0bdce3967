/** The keys for a login: private keys, read and parsed once, and those of an ssh-agent. */
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { messageOf } from '../kit/index.ts';
import type { Identities, JumpHost } from '../model/index.ts';
import { LoginAgent } from './agent.ts';
import { type Failure, failure, quote } from './failures.ts';
import { type PrivateKey, type PublicKey, parsePrivateKey, parsePublicKey, publicKeyWithin } from './key-files.ts';

export interface KeyOptions {
  /** The private key, already read: PEM or OpenSSH's format. Never logged. */
  readonly privateKey?: string | Buffer;
  /** Reads the key file that a host's login names, and the public key beside it. */
  readonly readKey?: (path: string) => Promise<string | Buffer>;
  /** For every key given here. */
  readonly passphrase?: string;
  /** The passphrase of one key file, and the way to learn which files need one. */
  readonly passphraseOf?: (path: string) => string | undefined;
  readonly locked?: (path: string) => void;
  /** Path of an ssh-agent's socket (`SSH_AUTH_SOCK`); asked after the private key. */
  readonly agentSocket?: string;
  /** The keys of a host whose login names none, in place of `privateKey` and `agentSocket`. */
  readonly identities?: Identities;
  /** Also asks to be let in without a key, as ssh does. @default false: without a key no connection is made */
  readonly none?: boolean;
}

/** How crawlwatch logs in to one host. */
export interface Login {
  /** Tried in this order. Which come after the agent's depends on what it has listed. */
  readonly methods: Iterable<AnyAuthMethod>;
  readonly agent: LoginAgent | null;
  /** There is nothing to choose from, so a host need not be asked first which key it would take. */
  readonly hasOneKey: boolean;
  /** The first private key file that can be used; null: none is. */
  readonly keyFile: string | null;
  /** What is wrong with keys that can't be tried. */
  troubles(): readonly string[];
}

/** A fresh ed25519 key pair in OpenSSH's format. */
export function newKeyPair(): { readonly private: string; readonly public: string } {
  const pair = ssh2.utils.generateKeyPairSync('ed25519');
  // ssh2 1.17 makes a key that it can't read itself, about once in two hundred times.
  return ssh2.utils.parseKey(pair.private) instanceof Error ? newKeyPair() : pair;
}

/** A private key that a login may use. */
interface Key {
  /** Of its file; null: the key itself was given. */
  readonly path: string | null;
  readonly read: PrivateKey;
  /** Null where it can't be known, e.g. of a PEM file with a passphrase. */
  readonly publicKey: PublicKey | null;
}

/** sshd ends the connection after so many refused keys by default (MaxAuthTries 6), less one. */
const FEW_KEYS = 5;

/** Returns the login methods for a host, in ssh's order. A key file is read once, however many hosts name it. */
export function loginMethods(
  options: KeyOptions,
): (host: Pick<JumpHost, 'user' | 'privateKeyPath' | 'identities'>) => Promise<Login | Failure> {
  const { privateKey, agentSocket, none = false } = options;
  const own = privateKey === undefined ? null : keyOf(null, privateKey, options.passphrase);
  const files = new Map<string, Promise<Key>>();
  const fileKey = (path: string): Promise<Key> => {
    const known = files.get(path) ?? readKeyFile(path, options);
    files.set(path, known);
    return known;
  };
  const sets = new Map<Identities | string | null, Promise<KeySet>>();
  /** Many hosts share what their logins name. */
  const keysOf = (path: string | null, identities: Identities | undefined): Promise<KeySet> => {
    const source = identities ?? path;
    const paths = identities?.files ?? (path === null ? [] : [path]);
    const known = sets.get(source) ?? readSet(paths.map(fileKey), source === null ? own : null);
    sets.set(source, known);
    return known;
  };
  return async ({ user, privateKeyPath: path, identities = path === null ? options.identities : undefined }) => {
    const { keys, named } = await keysOf(path, identities);
    const socket = identities === undefined ? agentSocket : identities.agent;
    const agent = socket ? new LoginAgent(socket, { named, only: identities?.only ?? false }) : null;
    const troubles = () => keys.flatMap((key) => troubleOf(key, agent) ?? []);
    if (agent === null && !none && !keys.some(({ read }) => 'key' in read)) {
      const why = troubles()[0] ?? 'there is no key to log in with: give a private key, or start an ssh-agent';
      return failure('AuthenticationFailed', `No connection was made, since ${why}.`);
    }
    const isAgentFirst = identities !== undefined;
    const hasOneKey = agent === null && keys.filter(({ read }) => 'key' in read).length === 1;
    const keyFile = keys.find(({ read }) => 'key' in read)?.path ?? null;
    return { methods: methodsOf({ user, keys, agent, isAgentFirst, none }), agent, hasOneKey, keyFile, troubles };
  };
}

/** The keys that one login, or many alike, may use. */
interface KeySet {
  readonly keys: readonly Key[];
  /** Their public keys. */
  readonly named: readonly Buffer[];
}

async function readSet(reading: readonly Promise<Key>[], own: Key | null): Promise<KeySet> {
  const keys = [...(own === null ? [] : [own]), ...(await Promise.all(reading))];
  return { keys, named: keys.flatMap(({ publicKey }) => publicKey?.blob ?? []) };
}

interface Offer {
  readonly user: string;
  readonly keys: readonly Key[];
  readonly agent: LoginAgent | null;
  readonly isAgentFirst: boolean;
  readonly none: boolean;
}

/**
 * As ssh does: the agent's keys, then the key files that it doesn't hold. ssh begins with `none`, which costs a round
 * trip that hardly a host needs: here it comes last, unless so many keys would be refused before it that sshd hangs up.
 */
function* methodsOf({ user: username, keys, agent, isAgentFirst, none }: Offer): Generator<AnyAuthMethod> {
  const isNoneFirst = none && keys.length + (agent === null ? 0 : 1) > FEW_KEYS;
  if (isNoneFirst) yield { type: 'none', username };
  if (agent && isAgentFirst) yield { type: 'agent', username, agent };
  const second: ParsedKey[] = [];
  for (const { read, publicKey } of keys) {
    if (!('key' in read) || (isAgentFirst && publicKey && agent?.holds(publicKey.blob))) continue;
    const [first, other] = signers(read.key);
    yield { type: 'publickey', username, key: first };
    if (other) second.push(other);
  }
  for (const key of second) yield { type: 'publickey', username, key };
  if (agent && !isAgentFirst) yield { type: 'agent', username, agent };
  if (none && !isNoneFirst) yield { type: 'none', username };
}

function troubleOf({ path, read, publicKey }: Key, agent: LoginAgent | null): string | null {
  if ('key' in read) return read.key.type === 'ssh-rsa' ? 'the RSA key is used with SHA-2 only' : null;
  if (publicKey && agent?.holds(publicKey.blob)) return null;
  const fix = read.isLocked ? '; load it into ssh-agent with ssh-add' : '';
  return `the private key ${path === null ? 'given' : quote(path)} can't be used: ${read.problem}${fix}`;
}

async function readKeyFile(path: string, options: KeyOptions): Promise<Key> {
  const { readKey, passphraseOf, locked } = options;
  if (!readKey) return { path, read: { problem: 'key files are not read here', isLocked: false }, publicKey: null };
  let key: Key;
  try {
    key = keyOf(path, await readKey(path), passphraseOf?.(path) ?? options.passphrase);
    if ('problem' in key.read && key.read.isLocked) locked?.(path);
  } catch (error) {
    key = { path, read: { problem: quote(messageOf(error)), isLocked: false }, publicKey: null };
  }
  if (key.publicKey !== null) return key;
  // The public key beside it names the agent's.
  const beside = await readKey(`${path}.pub`).then(String, () => '');
  return { ...key, publicKey: parsePublicKey(beside) };
}

function keyOf(path: string | null, text: string | Buffer, passphrase: string | undefined): Key {
  const read = parsePrivateKey(text, passphrase);
  if ('key' in read) return { path, read, publicKey: { type: read.key.type, blob: read.key.getPublicSSH() } };
  // An IdentityFile may be a public key, for one that only the agent has.
  return { path, read, publicKey: parsePublicKey(text.toString('latin1')) ?? publicKeyWithin(text) };
}

/**
 * Offers an RSA key as two, one for each signature algorithm of RFC 8332. By default ssh2 falls back to SHA-1 where a
 * server doesn't list what it takes, and never tries the second where the server takes only that.
 */
function signers(key: ParsedKey): [ParsedKey, ParsedKey?] {
  if (key.type !== 'ssh-rsa') return [key];
  const signer = (hash: 'sha512' | 'sha256'): ParsedKey =>
    Object.create(key, {
      type: { value: `rsa-sha2-${hash.slice(3)}` },
      sign: { value: (data: Buffer) => key.sign(data, hash) },
    });
  return [signer('sha512'), signer('sha256')];
}
