import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { parsePrivateKey, parsePublicKey, publicKeyWithin } from '../../../lambda/ssh/key-files.ts';
import { keyPair } from '../../support/ssh-server.ts';

const KINDS: readonly [string, () => KeyObject][] = [
  ['ssh-rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
  ['ecdsa-sha2-nistp256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
  ['ecdsa-sha2-nistp384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ['ecdsa-sha2-nistp521', () => generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey],
  ['ssh-ed25519', () => generateKeyPairSync('ed25519').privateKey],
];

describe('a private key with more than it in its file', () => {
  const rsa = String(
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' }),
  );
  it.each([
    ['attributes before it, as openssl pkcs12 writes them', `Bag Attributes\n    friendlyName: web\n${rsa}`, true],
    ['a certificate after it', `${rsa}-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n`, true],
    ["a line after it, in OpenSSH's format", `${keyPair().private.trimEnd()}\ntrailing\n`, true],
    ["a line before it, in OpenSSH's format, which ssh does not read either", `before\n${keyPair().private}`, false],
  ])('is read as ssh does: %s', (_what, text, isRead) => {
    expect('key' in parsePrivateKey(text, undefined)).toBe(isRead);
  });
});

describe('a private key in PKCS#8', () => {
  it.each(KINDS)('is read: %s', (type, make) => {
    const pem = make().export({ type: 'pkcs8', format: 'pem' });
    const read = parsePrivateKey(pem, undefined);
    if (!('key' in read)) throw new Error(read.problem);
    expect(read.key.type).toBe(type);
    const data = Buffer.from('what is signed');
    const signature = read.key.sign(data) as Buffer;
    const { key } = { key: ssh2.utils.parseKey(read.key.getPublicSSH()) as ssh2.ParsedKey };
    expect(key.verify(data, signature)).toBe(true);
  });

  it.each(KINDS)('is read with its passphrase, and says that it needs one: %s', (type, make) => {
    const cipher = 'aes-256-cbc';
    const pem = make().export({ type: 'pkcs8', format: 'pem', cipher, passphrase: 'open sesame' });
    expect(parsePrivateKey(pem, 'open sesame')).toMatchObject({ key: { type } });
    expect(parsePrivateKey(pem, undefined)).toMatchObject({
      isLocked: true,
      problem: expect.stringMatching(/passphrase/),
    });
    expect(parsePrivateKey(pem, 'wrong')).toMatchObject({
      isLocked: true,
      problem: expect.stringMatching(/passphrase/),
    });
  });

  it.each([
    [
      'of a kind that SSH does not use',
      generateKeyPairSync('x25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
    [
      'of a curve that SSH does not use',
      generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    ],
    ['broken', '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n'],
  ])('is refused where it is %s, and never quoted', (_what, pem) => {
    const read = parsePrivateKey(pem as string, undefined);
    expect(read).toMatchObject({ isLocked: false });
    expect(JSON.stringify(read)).not.toContain('hunter2');
  });
});

describe('the public key', () => {
  it.each(['ed25519', 'ecdsa', 'rsa'] as const)(
    'is read out of a locked private key, without its passphrase: %s',
    (type) => {
      const pair = keyPair(type, 'open sesame');
      expect(publicKeyWithin(pair.private)?.blob).toEqual(parsePublicKey(pair.public)?.blob);
    },
  );

  it.each([
    ['nothing', ''],
    ['another format', generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' })],
    ['a cut file', keyPair().private.slice(0, 90)],
    ['noise', '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA/////w==\n-----END OPENSSH PRIVATE KEY-----\n'],
  ])('is none in %s', (_what, text) => {
    expect(publicKeyWithin(text as string)).toBeNull();
  });

  it.each(['', 'ssh-ed25519', 'ssh-ed25519 AAAA', 'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA=='])(
    'is none in the line %j',
    (line) => {
      expect(parsePublicKey(line)).toBeNull();
    },
  );
});
