/** The private key of the login, from Secrets Manager or an SSM SecureString parameter. Its text is never logged. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { errorText } from '../kit/index.ts';
import { isSecretsManager } from '../settings/index.ts';

export interface SecretClients {
  readonly secrets: Pick<SecretsManagerClient, 'send'>;
  readonly ssm: Pick<SSMClient, 'send'>;
}

/** A rotated key is used within this time; a container that checks every minute still asks only 96 times a day. */
const KEEP_MS = 15 * 60_000;

interface Kept {
  readonly key: Promise<string>;
  /** By {@link readPrivateKey}'s clock. */
  readonly until: number;
}

/** By client, which lives as long as its container, and ARN. */
const kept = new WeakMap<SecretClients['secrets'], Map<string, Kept>>();

/**
 * Reads the private key that an ARN names, once per container and quarter of an hour; a failure isn't kept.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html,
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
 * @throws Error that names the ARN and the service's own error, which is its `cause`.
 */
export function readPrivateKey(clients: SecretClients, arn: string, now: () => number = Date.now): Promise<string> {
  const keys = kept.get(clients.secrets) ?? new Map<string, Kept>();
  kept.set(clients.secrets, keys);
  const known = keys.get(arn);
  if (known && now() < known.until) return known.key;
  const key = fetchKey(clients, arn).catch((cause: unknown) => {
    keys.delete(arn);
    throw new Error(`the private key ${arn} can't be read (${errorText(cause)})`, { cause });
  });
  keys.set(arn, { key, until: now() + KEEP_MS });
  return key;
}

async function fetchKey({ secrets, ssm }: SecretClients, arn: string): Promise<string> {
  const key = await (isSecretsManager(arn) ? secret(secrets, arn) : parameter(ssm, arn));
  if (key === undefined || key.trim() === '') throw new Error('it is empty');
  return key;
}

async function secret(client: SecretClients['secrets'], arn: string): Promise<string | undefined> {
  const { SecretString, SecretBinary } = await client.send(new GetSecretValueCommand({ SecretId: arn }));
  return SecretString ?? (SecretBinary && Buffer.from(SecretBinary).toString('utf8'));
}

async function parameter(client: SecretClients['ssm'], arn: string): Promise<string | undefined> {
  const { Parameter } = await client.send(new GetParameterCommand({ Name: arn, WithDecryption: true }));
  return Parameter?.Value;
}
