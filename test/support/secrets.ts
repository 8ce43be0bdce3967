/** Secrets of no one, each of the form that its issuer gives it: made here, since a scanner would find them in a file. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';

export interface Planted {
  /** As a message names it. */
  readonly kind: string;
  readonly text: string;
}

const body = (pem: string): string => pem.split('\n').slice(1, -2).join('');
const random = (length: number, letters: string): string =>
  [...randomBytes(length)].map((byte) => letters[byte % letters.length]).join('');
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const WORD = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function plantedSecrets(): Planted[] {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const ed25519 = generateKeyPairSync('ed25519').privateKey;
  const pem = (key: typeof rsa, type: 'pkcs1' | 'pkcs8' | 'sec1') =>
    key.export({ type: type as 'pkcs8', format: 'pem' }) as string;
  const sealed = rsa.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }) as string;
  // PROTOCOL.key: only its first bytes and its length are looked at.
  const openssh = `b3BlbnNzaC1rZXktdjEAAAAABG5vbmU${random(300, WORD)}==`;
  const framed = (label: string, text: string) =>
    `-----BEGIN ${label}-----\n${text.match(/.{1,70}/g)!.join('\n')}\n-----END ${label}-----\n`;
  const keys = [
    framed('OPENSSH PRIVATE KEY', openssh),
    pem(rsa, 'pkcs1'),
    pem(rsa, 'pkcs8'),
    pem(ec, 'sec1'),
    pem(ec, 'pkcs8'),
    pem(ed25519, 'pkcs8'),
    sealed,
  ];
  const forms = keys.flatMap((key) => [
    key,
    // As an environment variable, a shell's word or a JSON file in a JSON file may hold it.
    key.replaceAll('\n', ' '),
    key.replaceAll('\n', '\\n'),
    key.slice(0, -40),
    body(key),
  ]);
  const one = (kind: string, text: string): Planted => ({ kind, text });
  return [
    ...forms.map((text) => one('a private key', text)),
    one('an AWS access key id', `AKIA${random(16, UPPER)}`),
    one('an AWS access key id', `ASIA${random(16, UPPER)}`),
    one('an AWS secret access key', `a1B${random(37, `${WORD}+/`)}`),
    one('an AWS session token', `IQoJb3JpZ2luX2Vj${random(300, `${WORD}+/`)}`),
    one(
      'a webhook URL',
      `https://hooks.slack.com/services/T${random(8, UPPER)}/B${random(8, UPPER)}/${random(24, WORD)}`,
    ),
    one('a webhook URL', `https://discord.com/api/webhooks/1234567890/${random(60, WORD)}`),
    one(
      'a webhook URL',
      `https://example.webhook.office.com/webhookb2/${random(36, WORD)}/IncomingWebhook/${random(32, WORD)}`,
    ),
    one('the address of a watchdog', `https://hc-ping.com/${random(36, WORD)}`),
    one('a URL with a password', `https://ann:${random(12, WORD)}@example.com/hook`),
    one('a URL with a token', `https://example.com/hook?token=${random(24, WORD)}`),
    one('a token', `ghp_${random(36, WORD)}`),
    one('a token', `xoxb-${random(12, '0123456789')}-${random(24, WORD)}`),
  ];
}

/** Pieces of a secret of which none may be seen: all of it but what names its issuer. */
export function piecesOf({ text }: Planted): string[] {
  const secret = text
    .replace(/-----(?:BEGIN|END) [A-Z ]+-----/g, '')
    .replace(/^https:\/\/[\w.]+\/(?:services|api\/webhooks|webhookb2|hook)?\/?/, '');
  return (secret.match(/[\w+/]{10,}/g) ?? []).flatMap((run) => run.match(/.{10}/g) ?? []);
}
