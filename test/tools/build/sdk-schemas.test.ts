import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { sdkSchemas, withoutErrorClasses, withPlainKeys } from '../../../tools/build/sdk-schemas.mjs';

const PATH = 'schemas_0.js';

describe('keys of schemas', () => {
  it('become the strings that their constants hold', () => {
    const source = ['const _eQN = "ec2QueryName";', 'var A = [0, { [_eQN]: `X`,', '    [_eQN]: _x }];'].join('\n');
    expect(withPlainKeys(source, PATH)).toBe(
      ['const _eQN = "ec2QueryName";', 'var A = [0, { "ec2QueryName": `X`,', '    "ec2QueryName": _x }];'].join('\n'),
    );
  });

  it.each([
    ['a key of no constant', 'const _a = "a";\nvar A = [0, { [_b]: 1 }];'],
    ['a key that is worked out', 'const _a = "a";\nvar A = [0, { [_a + 1]: 1 }];'],
    ['no constants', 'var A = [0, { a: 1 }];'],
  ])('fail the build with %s', (_, source) => {
    expect(() => withPlainKeys(source, PATH)).toThrow(/schemas_0\.js: expected schemas .* got .*sdk-schemas\.mjs/);
  });
});

describe('classes of errors', () => {
  const source = [
    '_s_registry.registerError(BaseException$, BaseException);',
    'n0_registry.registerError(Gone$, Gone);',
  ];
  const json = '        protocol: config?.protocol ?? AwsJson1_1Protocol,\n';
  const errors = 'export class Gone extends Base {\n    name = "Gone";\n}\n';
  const of = (config: string, more = {}) =>
    withoutErrorClasses(source.join('\n'), { config, errors, path: PATH, ...more });

  it('are left out over a JSON protocol, all but the base', () => {
    expect(of(json).trim()).toBe(source[0]);
  });

  it.each([
    ['over XML', json.replace('AwsJson1_1', 'AwsQuery')],
    ['where the names of errors come from a query protocol', `${json}awsQueryCompatible: true,`],
  ])('stay %s', (_, config) => {
    expect(of(config)).toBe(source.join('\n'));
  });

  it('stay where an error says that it can be tried again', () => {
    expect(of(json, { errors: errors.replace('name', '$retryable = {};\n    name') })).toBe(source.join('\n'));
  });

  it.each([
    ['a client that names no protocol', '', {}],
    ['an error registered by the schema of another', json, { source: 'n0_registry.registerError(A$, B);' }],
    ['a client without a base class', json, { source: '' }],
  ])('fail the build with %s', (_, config, { source: other = source.join('\n') }: { source?: string }) => {
    expect(() => withoutErrorClasses(other, { config, errors, path: PATH })).toThrow(/schemas_0\.js: expected/);
  });
});

describe('a bundle of a client', () => {
  const SOURCE = `
    import { EC2Client, DescribeInstancesCommand } from '@aws-sdk/client-ec2';
    import { SSMClient, GetParameterCommand } from '@aws-sdk/client-ssm';
    const config = (endpoint) => ({ endpoint, region: 'eu-central-1', maxAttempts: 1, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    export const instances = (endpoint) => new EC2Client(config(endpoint)).send(new DescribeInstancesCommand({}));
    export const parameter = (endpoint) => new SSMClient(config(endpoint)).send(new GetParameterCommand({ Name: 'x' }));`;
  const bundled = async () => {
    const { outputFiles } = await build({
      ...{ stdin: { contents: SOURCE, resolveDir: process.cwd() }, bundle: true, write: false, metafile: true },
      ...{ format: 'esm', platform: 'node', mainFields: ['module', 'main'], minify: true, logLevel: 'error' },
      ...{ loader: { '.json': 'empty' }, plugins: [sdkSchemas] },
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
    });
    return outputFiles[0]?.text ?? '';
  };

  it('holds no schemas of other calls, reads what is answered, and names errors as the service does', async () => {
    const text = await bundled();
    expect(text).toContain('DescribeInstances');
    expect(text).not.toContain('DescribeVpcs');
    expect(text).not.toContain('ParameterVersionNotFound');
    const program = await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
    const server = createServer((request, response) => {
      if (request.headers['x-amz-target'] === undefined) {
        response.end(
          '<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>i-1</instanceId><launchTime>2026-01-01T00:00:00.000Z</launchTime></item></instancesSet></item></reservationSet></DescribeInstancesResponse>',
        );
        return;
      }
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.1' });
      response.end('{"__type":"ParameterNotFound","message":"no x"}');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect((await program.instances(endpoint)).Reservations).toMatchObject([
        { Instances: [{ InstanceId: 'i-1', LaunchTime: new Date('2026-01-01T00:00:00Z') }] },
      ]);
      await expect(program.parameter(endpoint)).rejects.toMatchObject({
        name: 'ParameterNotFound',
        message: 'no x',
        $fault: 'client',
        $metadata: { httpStatusCode: 400 },
      });
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
