/**
 * The one file that uses what ssh2 doesn't document, to send without waiting what SSH lets a client send without waiting.
 * ssh2 is pinned to one version, and test/lambda/ssh/inside-ssh2.test.ts fails where that has changed inside.
 */
import { createPublicKey, diffieHellman, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { Client, ParsedKey } from 'ssh2';

/** Of ssh2/lib/protocol/Protocol.js. */
interface Protocol {
  /** Writes our identification line; gone afterwards. */
  start?: () => void;
  parse(chunk: Buffer, from: number, to: number): void;
  /** What `parse` passes chunks to: before the host's identification line, the reader of that line. */
  _parse(chunk: Buffer, from: number, to: number): number;
  /** The host's identification line, which both sides hash and the host signs. */
  _remoteIdentRaw: Buffer | undefined;
  /** Faults that the host is known to have by that line, a bit each. */
  _compatFlags: number;
  /** What the client does with each kind of message. */
  readonly _handlers: {
    SERVICE_ACCEPT(protocol: Protocol, service: string): void;
    USERAUTH_FAILURE(protocol: Protocol, left: readonly string[], isPartial: boolean): void;
    GLOBAL_REQUEST(protocol: Protocol, name: string, wantsReply: boolean, data: unknown): void;
  };
  authPK(user: string, key: ParsedKey, algorithm?: string, sign?: Sign): void;
  requestSuccess(): void;
  /** The key exchange under way; there is a new one where either side asks for new keys. */
  _kex: KeyExchange | undefined;
}

/** Of ssh2/lib/protocol/kex.js. */
interface KeyExchange {
  readonly type: string;
  generateKeys(): void;
  getPublicKey(): Buffer;
  computeSecret(other: Buffer): Buffer | Error;
}

type Sign = (data: Buffer, send: (signature: Buffer) => void) => void;

const protocolOf = (client: Client): Protocol => (client as unknown as { readonly _protocol: Protocol })._protocol;

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

/**
 * Ignores the list of all its host keys that OpenSSH sends after each login: ssh2 would have each of them proved by a
 * signature, which costs the host more than the login did, and nothing here asks for them.
 */
export function ignoreOtherHostKeys(client: Client): void {
  const handlers = protocolOf(client)._handlers;
  const other = handlers.GLOBAL_REQUEST;
  handlers.GLOBAL_REQUEST = (protocol, name, wantsReply, data) => {
    if (name !== 'hostkeys-00@openssh.com') other(protocol, name, wantsReply, data);
    else if (wantsReply) protocol.requestSuccess();
  };
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

function curve25519(): Omit<KeyExchange, 'type'> {
  let pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject } | undefined;
  const own = () => {
    pair ??= generateKeyPairSync('x25519');
    return pair;
  };
  return {
    generateKeys: own,
    getPublicKey: () => Buffer.from(own().publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
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
