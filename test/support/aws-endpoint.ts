/** As much of AWS's HTTP APIs, on loopback, as a check of some SSM hosts calls: for the handler with its real clients. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsEndpoint {
  readonly url: string;
  /** What was called since the last look: `DescribeInstances`, `PUT runs/run-1/plan.json`. */
  calls(): string[];
  readonly files: Map<string, string>;
  /** Calls that are refused from now on. */
  readonly refused: Set<string>;
  close(): void;
}

const EC2 = 'xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';

const instanceXml = (id: string) => `<item><instancesSet><item>
  <instanceId>${id}</instanceId><instanceState><code>16</code><name>running</name></instanceState>
  <privateIpAddress>10.0.0.1</privateIpAddress><launchTime>2026-01-01T00:00:00.000Z</launchTime>
  <tagSet><item><key>crawlwatch</key><value>true</value></item><item><key>Name</key><value>${id}</value></item></tagSet>
</item></instancesSet></item>`;

/** @param instances ids of running instances, of which SSM knows none */
export async function startAwsEndpoint(instances: readonly string[]): Promise<AwsEndpoint> {
  const files = new Map<string, string>();
  const called: string[] = [];
  const refused = new Set<string>();
  const server = createServer(async (request, response) => {
    const body = await textOf(request);
    const target = request.headers['x-amz-target'];
    const action = typeof target === 'string' ? target.split('.')[1] : /(?:^|&)Action=(\w+)/.exec(body)?.[1];
    const key = decodeURIComponent(new URL(request.url ?? '/', 'http://s3').pathname.replace(/^\/bucket\//, ''));
    called.push(action ?? `${request.method} ${key}`);
    if (action !== undefined && refused.has(action)) {
      return response.writeHead(400, { 'x-amzn-errortype': 'AccessDenied' }).end('{"message":"it is refused"}');
    }
    const xml = (name: string, inner: string) =>
      response
        .writeHead(200, { 'content-type': 'text/xml' })
        .end(`<${name}Response ${EC2}><requestId>1</requestId>${inner}</${name}Response>`);
    if (action === undefined) return file(request.method ?? '', key, body, response);
    if (action === 'DescribeInstances')
      return xml(action, `<reservationSet>${instances.map(instanceXml).join('')}</reservationSet>`);
    if (target === undefined) return xml(action, '<return>true</return>');
    const json: Record<string, object> = {
      DescribeInstanceInformation: { InstanceInformationList: [] },
      GetMetricData: { MetricDataResults: [] },
    };
    return response
      .writeHead(200, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(json[action] ?? {}));
  });
  const file = (method: string, key: string, body: string, response: import('node:http').ServerResponse) => {
    if (method === 'PUT') files.set(key, body);
    const held = files.get(key);
    if (held !== undefined) return response.writeHead(200, { etag: '"1"' }).end(method === 'PUT' ? '' : held);
    return response
      .writeHead(404, { 'content-type': 'application/xml' })
      .end('<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>');
  };
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    refused,
    calls: () => called.splice(0),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request) text += part;
  return text;
}
