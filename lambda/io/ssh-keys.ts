/** What we log in with: private keys, read and parsed once, and the keys of an ssh-agent. */
import ssh2, { type AnyAuthMethod, type ParsedKey } from 'ssh2';
import type { Instance } from '../model.ts';
import { type LoginAgent, loginAgent } from './ssh-agent.ts';
import { type Failure, failure, quote } from './ssh-failures.ts';

export interface KeyOptions {
  /** The private key, already read: PEM or OpenSSH's format. Never logged. */
  readonly privateKey?: string | Buffer;
  /** Reads the key file that an instance's login names. */
  readonly readKey?: (path: string) => Promise<string | Buffer>;
  /** Of every key given here. */
  readonly passphrase?: string;
  /** Path of an ssh-agent's socket (`SSH_AUTH_SOCK`); asked after the private key. */
  readonly agentSocket?: string;
}

/** How one instance is logged in to. */
export interface Login {
  /** Tried in this order. */
  readonly methods: readonly AnyAuthMethod[];
  readonly agent: LoginAgent | null;
  /** What is wrong with keys that were to be tried. */
  readonly troubles: readonly string[];
}

type Key = { readonly key: ParsedKey } | { readonly problem: string };

/** Makes the reader of each instance's ways to log in. A key file is read once, however many instances name it. */
export function loginMethods(options: KeyOptions): (instance: Instance) => Promise<Login | Failure> {
  const { privateKey, readKey, passphrase, agentSocket } = options;
  const own = privateKey === undefined ? null : parse(privateKey, passphrase);
  const files = new Map<string, Promise<Key>>();
  const fileKey = (path: string): Promise<Key> => {
    const known = files.get(path) ?? read(path, readKey, passphrase);
    files.set(path, known);
    return known;
  };
  return async ({ login }) => {
    const path = login.privateKeyPath;
    const key = path === null ? own : await fileKey(path);
    const troubles: string[] = [];
    const methods: AnyAuthMethod[] = [];
    if (key && 'problem' in key) {
      troubles.push(`the private key ${path === null ? 'given' : quote(path)} can't be used: ${key.problem}`);
    } else if (key) {
      methods.push({ type: 'publickey', username: login.user, key: key.key });
    }
    const agent = agentSocket ? loginAgent(agentSocket) : null;
    if (agent) methods.push({ type: 'agent', username: login.user, agent: agent.agent });
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
    return { problem: quote(error instanceof Error ? error.message : String(error)) };
  }
}

function parse(text: string | Buffer, passphrase: string | undefined): Key {
  const key = ssh2.utils.parseKey(text, passphrase);
  if (key instanceof Error) return { problem: quote(key.message) };
  const first = Array.isArray(key) ? (key[0] as ParsedKey) : key;
  return first.isPrivateKey() ? { key: withoutSha1(first) } : { problem: 'it is a public key' };
}

/** ssh2 falls back to SHA-1 where a server doesn't say that it takes better; the key itself must then refuse. */
function withoutSha1(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-rsa') return key;
  const safe: ParsedKey = Object.create(key);
  safe.sign = (data, algo) => {
    if (algo !== undefined && algo !== 'sha1') return key.sign(data, algo);
    return new Error('the server only takes RSA signatures with SHA-1, which are refused here') as never;
  };
  return safe;
}
