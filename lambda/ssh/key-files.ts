/** Reads private keys in every format that OpenSSH writes, and the public key of one that is locked by a passphrase. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';
import { messageOf } from '../kit/index.ts';
import { quote } from './failures.ts';

/** A public key as it goes over the wire, whose first string names its type (RFC 4253, 6.6). */
export interface PublicKey {
  readonly type: string;
  readonly blob: Buffer;
}

export type PrivateKey =
  | { readonly key: ParsedKey }
  /** Why it can't be used. `isLocked`: it needs a passphrase, or another one. */
  | { readonly problem: string; readonly isLocked: boolean };

/** The type that a public key's blob names. Empty where there is none. */
export function typeOf(blob: Buffer): string {
  return blob.length < 4 ? '' : blob.toString('latin1', 4, 4 + Math.min(blob.readUInt32BE(0), 64));
}

/** Never quotes what it reads. */
export function parsePrivateKey(text: string | Buffer, passphrase: string | undefined): PrivateKey {
  const pem = text.toString('latin1');
  // PKCS#8 (`ssh-keygen -m PKCS8`, `openssl genpkey`), which ssh2 can't read.
  if (/-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/.test(pem)) return fromPkcs8(pem, passphrase);
  const parsed = ssh2.utils.parseKey(blockOf(pem) ?? text, passphrase);
  if (parsed instanceof Error) {
    return { problem: quote(parsed.message), isLocked: /passphrase/i.test(parsed.message) };
  }
  const key = Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed;
  return key.isPrivateKey() ? { key: signingQuickly(key) } : { problem: 'it is a public key', isLocked: false };
}

/** The hash where a signature names none; ed25519 has its own within. Those with RSA always name one (RFC 8332). */
const HASHES: Readonly<Record<string, string | null>> = {
  'ssh-ed25519': null,
  'ssh-rsa': 'sha1',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

/** The same key, read by OpenSSL once: ssh2 has it read again for each signature, which takes ten times as long as signing. */
function signingQuickly(key: ParsedKey): ParsedKey {
  const hash = HASHES[key.type];
  if (hash === undefined) return key;
  let read: KeyObject;
  try {
    read = createPrivateKey(key.getPrivatePEM());
  } catch {
    // It is read, and fails, where it is used.
    return key;
  }
  const value: ParsedKey['sign'] = (data, named = hash ?? undefined) => {
    try {
      return sign(named ?? null, typeof data === 'string' ? Buffer.from(data) : data, read);
    } catch (error) {
      // As ssh2's own, which never throws.
      return error as never;
    }
  };
  return Object.create(key, { sign: { value } });
}

/**
 * The key without what is around it, e.g. the attributes that `openssl pkcs12` writes before it. As ssh reads it: in
 * OpenSSH's own format nothing may come before. Null where there is no such key.
 */
function blockOf(pem: string): string | null {
  const [, block = null] =
    /^(-----BEGIN OPENSSH PRIVATE KEY-----\r?\n[^-]*-----END OPENSSH PRIVATE KEY-----)/.exec(pem) ??
    /^(-----BEGIN (RSA|EC|DSA) PRIVATE KEY-----\r?\n[\s\S]*?^-----END \2 PRIVATE KEY-----)/m.exec(pem) ??
    [];
  return block;
}

function fromPkcs8(pem: string, passphrase: string | undefined): PrivateKey {
  if (pem.includes('BEGIN ENCRYPTED') && passphrase === undefined) {
    return { problem: quote('Encrypted private key detected, but no passphrase given'), isLocked: true };
  }
  try {
    const text = inReadableFormat(createPrivateKey({ key: pem, ...(passphrase !== undefined && { passphrase }) }));
    const parsed = text === null ? null : ssh2.utils.parseKey(text);
    if (parsed === null || parsed instanceof Error) {
      return { problem: 'it is of a kind that SSH does not use', isLocked: false };
    }
    return { key: signingQuickly(parsed) };
  } catch (error) {
    const isLocked = /decrypt/i.test(messageOf(error));
    return { problem: quote(isLocked ? 'bad passphrase?' : 'Malformed private key'), isLocked };
  }
}

/** The same key in a format that ssh2 reads; null where SSH has no such key. */
function inReadableFormat(key: KeyObject): string | null {
  switch (key.asymmetricKeyType) {
    case 'rsa':
      return String(key.export({ type: 'pkcs1', format: 'pem' }));
    case 'ec':
      return String(key.export({ type: 'sec1', format: 'pem' }));
    case 'ed25519': {
      const { x = '', d = '' } = key.export({ format: 'jwk' });
      return opensshEd25519(Buffer.from(x, 'base64url'), Buffer.from(d, 'base64url'));
    }
    default:
      return null;
  }
}

const MAGIC = Buffer.from('openssh-key-v1\0', 'latin1');
const LABEL = 'OPENSSH PRIVATE KEY';

/** https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key */
function opensshEd25519(publicKey: Buffer, seed: Buffer): string {
  const type = string('ssh-ed25519');
  const none = string('none');
  const check = Buffer.alloc(8);
  const secret = [check, type, string(publicKey), string(Buffer.concat([seed, publicKey])), string('')];
  const length = secret.reduce((sum, part) => sum + part.length, 0);
  const padding = Buffer.from(Array.from({ length: -length & 7 }, (_, n) => n + 1));
  const count = Buffer.from([0, 0, 0, 1]);
  const whole = Buffer.concat([
    ...[MAGIC, none, none, string(''), count],
    string(Buffer.concat([type, string(publicKey)])),
    string(Buffer.concat([...secret, padding])),
  ]);
  const lines = whole.toString('base64').match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${LABEL}-----`, ...lines, `-----END ${LABEL}-----`, ''].join('\n');
}

function string(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** The key of a `.pub` file or line: `type base64 comment`. Null for anything else. */
export function parsePublicKey(text: string): PublicKey | null {
  const [type, base64] = text.trim().split(/\s+/, 2);
  if (type === undefined || base64 === undefined || !/^[\w@.-]+$/.test(type)) return null;
  const blob = Buffer.from(base64, 'base64');
  return typeOf(blob) === type ? { type, blob } : null;
}

/** The public key in a private key file of OpenSSH's own format, which needs no passphrase. Null for any other format. */
export function publicKeyWithin(privateKey: string | Buffer): PublicKey | null {
  const [, base64] = /BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(privateKey.toString('latin1')) ?? [];
  const whole = Buffer.from(base64 ?? '', 'base64');
  if (!whole.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  // Cipher, key derivation and its options, each a string; the number of keys; the first public key.
  let at = MAGIC.length;
  for (let n = 0; n < 3; n++) {
    if (at + 4 > whole.length) return null;
    at += 4 + whole.readUInt32BE(at);
  }
  at += 4;
  if (at + 4 > whole.length) return null;
  const blob = whole.subarray(at + 4, at + 4 + whole.readUInt32BE(at));
  const type = typeOf(blob);
  return type === '' ? null : { type, blob };
}
