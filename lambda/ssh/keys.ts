/** The keys for a login: private keys, read and parsed once, and those of an ssh-agent. */
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import { messageOf } from '../kit/index.ts';
import type { JumpHost } from '../model/index.ts';
import { LoginAgent } from './agent.ts';
import { type Failure, failure, quote } from './failures.ts';

export interface KeyOptions {
  /** The private key, already read: PEM or OpenSSH's format. Never logged. */
  readonly privateKey?: string | Buffer;
  /** Reads the key file that a host's login names. */
  readonly readKey?: (path: string) => Promise<string | Buffer>;
  /** For every key given here. */
  readonly passphrase?: string;
  /** Path of an ssh-agent's socket (`SSH_AUTH_SOCK`); asked after the private key. */
  readonly agentSocket?: string;
}

/** How crawlwatch logs in to one host. */
export interface Login {
  /** Tried in this order. */
  readonly methods: readonly AnyAuthMethod[];
  readonly agent: LoginAgent | null;
  /** What is wrong with keys that can't be tried. */
  readonly troubles: readonly string[];
}

/** A fresh ed25519 key pair in OpenSSH's format. */
export function newKeyPair(): { readonly private: string; readonly public: string } {
  const pair = ssh2.utils.generateKeyPairSync('ed25519');
  // ssh2 1.17 makes a key that it can't read itself, about once in two hundred times.
  return ssh2.utils.parseKey(pair.private) instanceof Error ? newKeyPair() : pair;
}

type Key = { readonly keys: readonly ParsedKey[] } | { readonly problem: string };

/** Returns the login methods for a host, in ssh's order. A key file is read once, however many hosts name it. */
export function loginMethods(
  options: KeyOptions,
): (host: Pick<JumpHost, 'user' | 'privateKeyPath'>) => Promise<Login | Failure> {
  const { privateKey, readKey, passphrase, agentSocket } = options;
  const own = privateKey === undefined ? null : parse(privateKey, passphrase);
  const files = new Map<string, Promise<Key>>();
  const fileKey = (path: string): Promise<Key> => {
    const known = files.get(path) ?? read(path, readKey, passphrase);
    files.set(path, known);
    return known;
  };
  return async ({ user, privateKeyPath: path }) => {
    const key = path === null ? own : await fileKey(path);
    const troubles: string[] = [];
    const methods: AnyAuthMethod[] = [];
    if (key && 'problem' in key) {
      troubles.push(`the private key ${path === null ? 'given' : quote(path)} can't be used: ${key.problem}`);
    } else if (key) {
      for (const each of key.keys) methods.push({ type: 'publickey', username: user, key: each });
      if (key.keys.length > 1) troubles.push('the RSA key is used with SHA-2 only');
    }
    const agent = agentSocket ? new LoginAgent(agentSocket) : null;
    if (agent) methods.push({ type: 'agent', username: user, agent });
    if (methods.length > 0) return { methods, agent, troubles };
    const why = troubles[0] ?? 'there is no key to log in with: give a private key, or start an ssh-agent';
    return failure('AuthenticationFailed', `No connection was made, since ${why}.`);
  };
}

async function read(path: string, readKey: KeyOptions['readKey'], passphrase: string | undefined): Promise<Key> {
  if (!readKey) return { problem: 'key files are not read here' };
  try {
    return parse(await readKey(path), passphrase);
  } catch (error) {
    return { problem: quote(messageOf(error)) };
  }
}

function parse(text: string | Buffer, passphrase: string | undefined): Key {
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) return { problem: quote(key.message) };
  const first = Array.isArray(key) ? (key[0] as ParsedKey) : key;
  return first.isPrivateKey() ? { keys: signers(first) } : { problem: 'it is a public key' };
}

/**
 * Offers an RSA key as two, one for each signature algorithm of RFC 8332. By default ssh2 falls back to SHA-1 where a
 * server doesn't list what it takes, and never tries the second where the server takes only that.
 */
function signers(key: ParsedKey): ParsedKey[] {
  if (key.type !== 'ssh-rsa') return [key];
  return ['sha512', 'sha256'].map((hash) =>
    Object.create(key, {
      type: { value: `rsa-sha2-${hash.slice(3)}` },
      sign: { value: (data: Buffer) => key.sign(data, hash) },
    }),
  );
}
