import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, it } from 'vitest';
import { readPrivateKey } from '../../../lambda/ssh/secrets.ts';

const SECRET = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-AbCdEf';
const PARAMETER = 'arn:aws:ssm:eu-west-1:123456789012:parameter/ec2/keypair/key-0123';

/** Clients that answer from a table instead of the network, and note what they were asked. */
function clients(answer: (input: unknown) => object) {
  const asked: unknown[] = [];
  const given = { region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  const secrets = new SecretsManagerClient(given);
  const ssm = new SSMClient(given);
  for (const client of [secrets, ssm] as Pick<SSMClient, 'middlewareStack'>[]) {
    client.middlewareStack.add(
      () => async (args: { input: unknown }) => {
        asked.push(args.input);
        return { output: { $metadata: {}, ...answer(args.input) }, response: {} } as never;
      },
      { step: 'initialize' },
    );
  }
  return { secrets, ssm, asked };
}

describe('the reader of private keys', () => {
  it('says which key it could not read and why, and asks again next time', async () => {
    let calls = 0;
    const world = clients(() => {
      calls++;
      throw Object.assign(new Error('not authorized to perform secretsmanager:GetSecretValue'), {
        name: 'AccessDeniedException',
      });
    });
    const read = (arn: string) => readPrivateKey(world, arn);
    await expect(read(SECRET)).rejects.toThrow(
      `the private key ${SECRET} can't be read (AccessDeniedException: not authorized to perform secretsmanager:GetSecretValue)`,
    );
    await expect(read(SECRET)).rejects.toThrow('AccessDeniedException');
    expect(calls).toBe(2);
  });

  it('refuses an empty secret, and says that it is empty', async () => {
    await expect(
      readPrivateKey(
        clients(() => ({ SecretString: ' \n' })),
        SECRET,
      ),
    ).rejects.toThrow('it is empty');
  });

  it.each([
    ['a secret in text', SECRET, { SecretString: 'KEY' }, { SecretId: SECRET }],
    ['a binary secret', SECRET, { SecretBinary: Buffer.from('KEY') }, { SecretId: SECRET }],
    [
      'a SecureString, decrypted',
      PARAMETER,
      { Parameter: { Value: 'KEY' } },
      { Name: PARAMETER, WithDecryption: true },
    ],
  ])('reads %s', async (_what, arn, answer, input) => {
    const world = clients(() => answer);
    await expect(readPrivateKey(world, arn)).resolves.toBe('KEY');
    expect(world.asked).toEqual([input]);
  });

  it('asks once for many callers, and again only after a quarter of an hour', async () => {
    let now = 0;
    const world = clients(() => ({ SecretString: `KEY at ${now}` }));
    const read = (arn: string) => readPrivateKey(world, arn, () => now);
    expect(await Promise.all([read(SECRET), read(SECRET), read(SECRET)])).toEqual(Array(3).fill('KEY at 0'));
    now = 15 * 60_000 - 1;
    expect(await read(SECRET)).toBe('KEY at 0');
    now += 1;
    expect(await read(SECRET)).toBe(`KEY at ${now}`);
    expect(world.asked).toHaveLength(2);
  });
});
