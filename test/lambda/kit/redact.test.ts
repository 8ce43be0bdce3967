import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretIn, shown, withoutSecrets } from '../../../lambda/kit/redact.ts';
import { piecesOf, plantedSecrets } from '../../support/secrets.ts';

const SECRETS = plantedSecrets();

describe('a secret in a text', () => {
  it.each(SECRETS)('is known for $kind: $text', (planted) => {
    const { kind, text } = planted;
    expect(secretIn(text)).toBe(kind);
    expect(shown(text)).toBe(kind);
    expect(shown({ ssh: { keySecretArn: text } })).toBe(kind);
    for (const around of [`got "${text}"; allowed`, `AWS_THING=${text}`, `(${text})`, `see ${text}`]) {
      const left = withoutSecrets(around);
      expect(left).toContain(`[${kind}]`);
      expect(piecesOf(planted).filter((piece) => left.includes(piece))).toEqual([]);
    }
  });

  it('leaves JSON readable, whatever is cut off', () => {
    for (const { text } of SECRETS) {
      for (const length of [text.length, 60, 200]) {
        const json = JSON.stringify({ before: 1, name: text.slice(0, length), after: 2 });
        expect(JSON.parse(withoutSecrets(json))).toMatchObject({ before: 1, after: 2 });
      }
    }
  });

  it('is found wherever it is, between any other words', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SECRETS), fc.lorem(), fc.lorem(), (planted, before, after) => {
        const left = withoutSecrets(`${before} ${planted.text} ${after}`);
        expect(piecesOf(planted).filter((piece) => left.includes(piece))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a path', '/home/ubuntu/.ssh/id_ed25519'],
    ['a long path', '/opt/Crawler2/releases/20261122/shared/config/settings'],
    ['an ARN of a secret', 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:crawler-key-AbCdEf'],
    ['a fingerprint', `SHA256:${randomBytes(32).toString('base64').replace(/=+$/, '')}`],
    ['a public key', `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${randomBytes(32).toString('base64').replace(/=+$/, '')}`],
    ['a fingerprint with a slash', 'SHA256:aB/Abcdefghij0123456789Abcdefghij0123456789'],
    ['a public key with a slash', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAbc/Abcdefghij0123456789Abcdefghij0123456789'],
    ['a commit', randomBytes(20).toString('hex')],
    ['a name', 'sk-bratislava-crawler-0001'],
    ['a function', 'CrawlwatchStack-CheckE5D1D8A7-8Zs0ZvE2mYdX'],
    ['a role', 'AROAABCDEFGHIJKLMNOPQ'],
    ['an address of a host', 'ssh://ubuntu@web1:2222'],
    [
      'a link to the console',
      'https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#alarmsV2:alarm/x',
    ],
    [
      'what to type',
      'aws sns subscribe --topic-arn arn:aws:sns:eu-west-1:123456789012:CrawlwatchStack-Alerts5A2C1F0B-kq3',
    ],
  ])('is not seen in %s', (_, text) => {
    expect(secretIn(text)).toBeNull();
    expect(withoutSecrets(text)).toBe(text);
  });
});
