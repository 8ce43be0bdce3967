import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { grantsOf } from './synth.ts';

/** Wherever a file may import the SDK: lambda/ and the command line. */
const SOURCES = ['lambda', 'bin'].map((folder) => join(import.meta.dirname, '../..', folder));
const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:crawler-key-AbCdEf';
const PARAMETER = 'arn:aws:ssm:us-east-1:123456789012:parameter/crawler/key';

/** IAM's prefix of a service, where the SDK calls it otherwise. */
const PREFIX: Readonly<Record<string, string>> = { 'secrets-manager': 'secretsmanager', eventbridge: 'events' };
/** And of an action. */
const ACTION: Readonly<Record<string, string>> = { 'lambda:Invoke': 'lambda:InvokeFunction' };
/** Sent only by the command line, with the person's own rights. */
const CLI_ONLY = [
  'cloudformation:DescribeStacks',
  'ssm:ListDocuments',
  'ec2:DescribeNetworkAcls',
  'ec2:DescribeRouteTables',
  'ec2:DescribeSecurityGroups',
  'ec2:DescribeSubnets',
  'ec2:DescribeVpcAttribute',
  'ec2:DescribeVpcEndpoints',
  'lambda:GetAccountSettings',
  'lambda:GetFunctionConfiguration',
  'sts:GetCallerIdentity',
];
/** What Lambda, or SNS for an encrypted topic, does in a function's name; the queue's as CDK grants them; S3's word on files that aren't there. */
const ON_BEHALF =
  /^(logs:|sqs:|kms:|s3:ListBucket$|ec2:(\w*NetworkInterfaces?|\w*PrivateIpAddresses|DescribeSubnets)$)/;

/** Actions that a source calls, by the SDK's commands, paginators and providers: `ec2:DescribeInstances`. */
function actionsSent(source: string): string[] {
  const clients = [...source.matchAll(/import \{([^}]*)\} from ['"]@aws-sdk\/client-([^'"]+)['"]/g)];
  const actionOf = (name: string, imported: string) => {
    const service = clients.find(([, names = '']) => new RegExp(`\\b${imported}\\b`).test(names))?.[2] ?? '';
    const action = `${PREFIX[service] ?? service}:${name}`;
    return ACTION[action] ?? action;
  };
  return [
    // esbuild numbers a name that several files of a bundle import.
    ...[...source.matchAll(/new (\w+)Command\d*\(/g)].map(([, name = '']) => actionOf(name, `${name}Command`)),
    ...[...source.matchAll(/\bpaginate([A-Z]\w+?)\d*\(/g)].map(([, name = '']) => actionOf(name, `paginate${name}`)),
    ...[...source.matchAll(/\bfromTemporaryCredentials\(/g)].map(() => 'sts:AssumeRole'),
  ];
}

const unique = (actions: readonly string[]): string[] => [...new Set(actions)].toSorted();

/** What a function can send: its own code bundled as for Lambda, less whatever nothing in it calls. */
async function sentBy(name: string): Promise<string[]> {
  const { outputFiles } = await build({
    entryPoints: [`lambda/${name}-handler.ts`],
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    loader: { '.sh': 'text' },
    write: false,
  });
  return unique(actionsSent(outputFiles[0]?.text ?? ''));
}

const granted = (role: string, ...settings: readonly object[]): string[] =>
  unique(settings.flatMap((some) => grantsOf(role, some).flatMap(({ Action }) => Action))).filter(
    (action) => !ON_BEHALF.test(action),
  );

const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] };
const MEMBERS = { accounts: [{ id: '210987654321', externalId: 'a-long-secret' }] };
/** Together these settings ask for all that a check can do, and the remedy function. */
const EVERYTHING = [
  { ssh: { keySecretArn: ARN } },
  { ssh: { keySecretArn: PARAMETER }, vpc: VPC, alerts: { encrypt: true } },
  { ssh: { instanceConnect: true }, vpc: VPC, remedies: { restartWorker: true } },
  { scale: 'distributed' },
  MEMBERS,
];

describe('what the functions send and what their roles may', () => {
  it('knows of every command that any file can send', async () => {
    const files = SOURCES.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    );
    const sources = files.filter((file) => file.endsWith('.ts')).map((file) => readFileSync(file, 'utf8'));
    const known = unique(sources.flatMap(actionsSent));
    expect(known.length).toBeGreaterThan(15);
    const sent = await Promise.all(['check', 'remedy', 'widget'].map(sentBy));
    expect(unique([...sent.flat(), ...CLI_ONLY])).toEqual(known);
  });

  it.each([
    ['check', 'CheckRole', EVERYTHING],
    ['remedy', 'RemedyRole', EVERYTHING],
    ['widget', 'WidgetRole', [MEMBERS]],
  ])(
    'is the same for the %s function: nothing missing, nothing to spare',
    async (name, role, settings) => {
      expect(granted(role, ...settings)).toEqual(await sentBy(name));
    },
    120_000,
  );
});
