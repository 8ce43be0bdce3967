/**
 * With command-channel.ts all that uses what ssh2 doesn't document: to send without waiting what SSH lets a client send without
 * waiting, and to leave out work that takes the client's time for nothing. ssh2 is pinned to one version, and
 * test/lambda/ssh/inside-ssh2.test.ts fails where that has changed inside.
 */
import {
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomFillSync,
  verify,
} from 'node:crypto';
import ssh2, { type Client, type ParsedKey } from 'ssh2';

/** Of ssh2/lib/protocol/Protocol.js. */
export interface Protocol {
  /** Writes our identification line; gone afterwards. */
  start?: () => void;
  parse(chunk: Buffer, from: number, to: number): void;
  /** What `parse` passes chunks to: before the host's identification line, the reader of that line. */
  _parse(chunk: Buffer, from: number, to: number): number;
  /** The host's identification line, which both sides hash and the host signs. */
  _remoteIdentRaw: Buffer | undefined;
  /** Faults that the host is known to have by that line, a bit each. */
  _compatFlags: number;
  /** Handles each message, decrypted; not those of a key exchange. */
  _onPayload(payload: Buffer): void;
  /** What the client does with each kind of message. */
  readonly _handlers: {
    SERVICE_ACCEPT(protocol: Protocol, service: string): void;
    USERAUTH_FAILURE(protocol: Protocol, left: readonly string[], isPartial: boolean): void;
    CHANNEL_OPEN_CONFIRMATION(protocol: Protocol, opened: Opened): void;
    CHANNEL_OPEN_FAILURE(protocol: Protocol, recipient: number, reason: number, description: string): void;
    CHANNEL_SUCCESS(protocol: Protocol, recipient: number): void;
    CHANNEL_FAILURE(protocol: Protocol, recipient: number): void;
    CHANNEL_WINDOW_ADJUST(protocol: Protocol, recipient: number, more: number): void;
    CHANNEL_DATA(protocol: Protocol, recipient: number, chunk: Buffer): void;
    CHANNEL_EXTENDED_DATA(protocol: Protocol, recipient: number, chunk: Buffer, type: number): void;
    CHANNEL_REQUEST(protocol: Protocol, recipient: number, type: string, wantsReply: boolean, data: unknown): void;
    CHANNEL_EOF(protocol: Protocol, recipient: number): void;
    CHANNEL_CLOSE(protocol: Protocol, recipient: number): void;
  };
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  requestSuccess(): void;
  disconnect(reason: number): void;
  /** Asks for a channel for a session, by our number of it. The others take the host's number of it. */
  session(ours: number, window: number, packetSize: number): void;
  exec(theirs: number, command: string, wantsReply: boolean): void;
  channelData(theirs: number, data: Buffer): void;
  channelEOF(theirs: number): void;
  channelClose(theirs: number): void;
  channelFailure(theirs: number): void;
  _cipher: Cipher;
  /** The key exchange under way; there is a new one where either side asks for new keys. */
  _kex: KeyExchange | undefined;
}

/** A channel that the host has opened: our number of it and the host's, and what the host takes before it says more. */
interface Opened {
  readonly recipient: number;
  readonly sender: number;
  readonly window: number;
  readonly packetSize: number;
}

/** Of ssh2/lib/protocol/crypto.js. */
interface Cipher {
  /** Of AESGCMCipherNative, which encrypts by `node:crypto`, alone. */
  readonly _encSSLName?: string;
  /** Room for a payload behind the packet's length and that of its padding, which is filled. */
  allocPacket(payloadLength: number): Buffer;
}

/** Of ssh2/lib/protocol/kex.js. */
interface KeyExchange {
  readonly type: string;
  generateKeys(): void;
  getPublicKey(): Buffer;
  computeSecret(other: Buffer): Buffer | Error;
}

type Sign = (data: Buffer, send: (signature: Buffer) => void) => void;

export const protocolOf = (client: Client): Protocol =>
  (client as unknown as { readonly _protocol: Protocol })._protocol;

/** Used in place of the host's line until that has come. */
const ANY_IDENT = Buffer.from('SSH-2.0-unknown\r\n');

/** The host's identification line, without its end, and what came after it. */
export interface Identified {
  readonly line: string;
  readonly rest: Buffer;
}

/**
 * Sends our identification and SSH_MSG_KEXINIT together, before the host has sent anything: each side may (RFC 4253, 4.2 and
 * 7.1), and dropbear's client always does. To be called right after `client.connect()`.
 * @param read gets what the host sends, until it returns the identification line
 */
export function speakFirst(client: Client, read: (chunk: Buffer) => Identified | null): void {
  const protocol = protocolOf(client);
  const { start, _parse: readLine } = protocol;
  protocol.start = () => {
    start?.();
    protocol.parse(ANY_IDENT, 0, ANY_IDENT.length);
    protocol.parse = (chunk) => {
      const found = read(chunk);
      if (found === null) return;
      Reflect.deleteProperty(protocol, 'parse');
      protocol._remoteIdentRaw = Buffer.from(found.line, 'latin1');
      protocol._compatFlags = faultsBy(found.line, readLine);
      if (found.rest.length > 0) protocol.parse(found.rest, 0, found.rest.length);
    };
  };
}

/**
 * The workarounds that ssh2 takes for a host by its identification line. One counts here: OpenSSH 7.4 does not list that it
 * takes RSA keys with SHA-2, and an agent's RSA key would not be tried.
 */
function faultsBy(line: string, readLine: Protocol['_parse']): number {
  const whole = Buffer.from(`${line}\r\n`, 'latin1');
  const reader = { _compatFlags: 0, _onHeader() {} };
  readLine.call(reader as unknown as Protocol, whole, 0, whole.length);
  return reader._compatFlags;
}

/**
 * Sends the first login request right behind the request for the login service, as dropbear's client does: a host handles
 * packets in their order, and one that doesn't offer that service disconnects anyway (RFC 4253, 10). To be called when keys
 * have been exchanged.
 * @param mayGoOn asked just before
 */
export function loginAtOnce(client: Client, mayGoOn: () => boolean): void {
  const protocol = protocolOf(client);
  const accepted = protocol._handlers.SERVICE_ACCEPT;
  // Also for one that the host sends unasked, right behind its keys: a login begins once.
  protocol._handlers.SERVICE_ACCEPT = () => {};
  // ssh2 asks for the service when this event's listeners have returned.
  queueMicrotask(() => {
    if (mayGoOn()) accepted(protocol, 'ssh-userauth');
  });
}

/**
 * Signs with this key without asking first whether the host would take it, which RFC 4252, 7 leaves to the client. Only the
 * next login request is sent so. The signature covers the session's own hash, so it is of no use in another.
 * @param sign null where the key can't sign; the host is then asked first, as usual
 */
export function signAtOnce(client: Client, sign: (data: Buffer) => Buffer | null): void {
  const protocol = protocolOf(client);
  const usual = protocol.authPK;
  protocol.authPK = (user, key, algorithm) => {
    protocol.authPK = usual;
    protocol.authPK(user, key, algorithm, (data, send) => {
      const signature = sign(data);
      if (signature === null) protocol.authPK(user, key, algorithm);
      else send(signature);
    });
  };
}

/** Calls `act` right behind each signed login request. */
export function whenSigned(client: Client, act: () => void): void {
  const protocol = protocolOf(client);
  const usual = protocol.authPK;
  protocol.authPK = (user, key, algorithm, sign) => {
    const signAndAct: Sign | undefined =
      sign &&
      ((data, send) =>
        sign(data, (signature) => {
          send(signature);
          act();
        }));
    usual.call(protocol, user, key, algorithm, signAndAct);
  };
}

/**
 * Calls `act` where the host refuses a login request, or takes it for a part only; the next key is tried if that returns true.
 * ssh2's own handler goes on to an agent's next key without a call of the `authHandler`.
 */
export function whenRefused(client: Client, act: (left: readonly string[], isPartial: boolean) => boolean): void {
  const handlers = protocolOf(client)._handlers;
  const goOn = handlers.USERAUTH_FAILURE;
  handlers.USERAUTH_FAILURE = (protocol, left, isPartial) => {
    if (act(left, isPartial)) goOn(protocol, left, isPartial);
  };
}

/** SSH_MSG_GLOBAL_REQUEST and the name of that request (RFC 4254, 4); behind it whether a reply is wanted, and the keys. */
const HOST_KEYS = Buffer.from('\x50\0\0\0\x17hostkeys-00@openssh.com', 'latin1');

/**
 * Ignores the list of all its host keys that OpenSSH sends after each login, without reading it: ssh2 would parse each, and
 * have it proved by a signature, which costs the host more than the login did. Nothing here asks for them. To be called right
 * after `client.connect()`.
 */
export function ignoreOtherHostKeys(client: Client): void {
  const protocol = protocolOf(client);
  const usual = protocol._onPayload;
  protocol._onPayload = (payload) => {
    if (payload[0] !== HOST_KEYS[0] || !HOST_KEYS.equals(payload.subarray(0, HOST_KEYS.length))) usual(payload);
    else if (payload[HOST_KEYS.length]) protocol.requestSuccess();
  };
}

/** Random bytes for the padding of packets: at least 4 and less than 20 each (RFC 4253, 6). */
const padding = Buffer.alloc(4096);
let padded = padding.length;

/**
 * Fills packets up with random bytes that were made many at a time: ssh2 asks OpenSSL for those of each packet, which takes as
 * long as encrypting it. To be called right after `client.connect()`.
 */
export function padQuickly(client: Client): void {
  const protocol = protocolOf(client);
  let current = protocol._cipher;
  current.allocPacket = (length) => packetFor(length, 8, 0);
  Object.defineProperty(protocol, '_cipher', {
    get: () => current,
    set(next: Cipher) {
      current = next;
      // The length of a packet is not encrypted, and does not count.
      if (next._encSSLName?.endsWith('-gcm')) next.allocPacket = (length) => packetFor(length, 16, 4);
    },
  });
}

/** @param blockLength what the packet is a multiple of, without its `uncounted` first bytes */
function packetFor(payloadLength: number, blockLength: number, uncounted: number): Buffer {
  const before = 5 + payloadLength;
  const short = blockLength - ((before - uncounted) % blockLength);
  const fill = short < 4 ? short + blockLength : short;
  if (padded + fill > padding.length) {
    randomFillSync(padding);
    padded = 0;
  }
  const packet = Buffer.allocUnsafe(before + fill);
  packet.writeUInt32BE(packet.length - 4);
  packet[4] = fill;
  padding.copy(packet, before, padded, padded + fill);
  padded += fill;
  return packet;
}

/**
 * Exchanges keys over curve25519 (RFC 8731) with keys passed to OpenSSL as they are: ssh2 writes and reads them as ASN.1, which
 * takes twice as long as all the arithmetic. To be called right after `client.connect()`.
 */
export function exchangeQuickly(client: Client): void {
  let current: KeyExchange | undefined;
  Object.defineProperty(protocolOf(client), '_kex', {
    get: () => current,
    set(next: KeyExchange | undefined) {
      current = next?.type === '25519' ? Object.assign(next, curve25519()) : next;
    },
  });
}

/** SSH_DISCONNECT_BY_APPLICATION of RFC 4253, 11.1. */
const BY_APPLICATION = 11;

/** Disconnects in SSH's words. `client.end()` also ends the socket, which takes longer and is of no use where that is closed at once. */
export function disconnect(client: Client): void {
  protocolOf(client).disconnect(BY_APPLICATION);
}

/** An ed25519 public key as SSH writes it: its type and 32 bytes, each with its length before it (RFC 8709, 4). */
const ED25519_LENGTH = 51;
const ED25519_AT = 19;

/**
 * Checks a host's signature with an ed25519 key passed to OpenSSL as it is: ssh2 writes it as PEM, and OpenSSL takes as long to
 * read that as to verify. Changes what all keys that ssh2 reads are made of.
 */
function verifyQuickly(): void {
  const sample = `ssh-ed25519 ${Buffer.concat([Buffer.from('\0\0\0\x0bssh-ed25519\0\0\0\x20', 'latin1'), Buffer.alloc(32)]).toString('base64')}`;
  const keys = Object.getPrototypeOf(ssh2.utils.parseKey(sample)) as ParsedKey;
  const usual = keys.verify;
  keys.verify = function verifyEd25519(this: ParsedKey, data, signature, algorithm) {
    const blob = this.type === 'ssh-ed25519' ? this.getPublicSSH() : null;
    if (blob?.length !== ED25519_LENGTH) return usual.call(this, data, signature, algorithm);
    try {
      const x = blob.toString('base64url', ED25519_AT);
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      return verify(null, Buffer.from(data as Buffer), key, signature as Buffer);
    } catch (error) {
      // As ssh2's own, which never throws.
      return error as never;
    }
  };
}
verifyQuickly();

/**
 * The public key is asked for in bytes, whose last are the key itself (RFC 8410, 4). `export()` of a pair's KeyObject could wait
 * for ever in Node 20: it holds the key's lock while it makes strings, and where garbage is collected just then, what has
 * generated the pair is freed under the same lock.
 */
const AS_BYTES = { type: 'spki', format: 'der' } as const;
const X25519_LENGTH = 32;

function curve25519(): Omit<KeyExchange, 'type'> {
  let pair: { readonly publicKey: Buffer; readonly privateKey: KeyObject } | undefined;
  const own = () => {
    pair ??= generateKeyPairSync('x25519', { publicKeyEncoding: AS_BYTES } as never) as unknown as NonNullable<
      typeof pair
    >;
    return pair;
  };
  return {
    generateKeys: own,
    getPublicKey: () => own().publicKey.subarray(-X25519_LENGTH),
    computeSecret(other) {
      try {
        const x = other.toString('base64url');
        const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x }, format: 'jwk' });
        // OpenSSL refuses a point of small order, as RFC 7748, 6.1 has it.
        return mpint(diffieHellman({ privateKey: own().privateKey, publicKey }));
      } catch (error) {
        return error as Error;
      }
    },
  };
}

/** A number as SSH writes it, without its length (RFC 4251, 5): no zeros before it but one that keeps it positive. */
function mpint(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const short = bytes.subarray(first);
  return (short[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.alloc(1), short]) : short;
}
