/** A pretend AWS over HTTP: `moto_server`, where it is installed (https://docs.getmoto.org). */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_WITHIN_MS = 60_000;

export interface Moto {
  /** `http://localhost:PORT`: the CDK CLI doesn't take 127.0.0.1 for a place where a template may lie. */
  readonly endpoint: string;
  /** Environment in which every AWS SDK, and the CDK CLI, talks to it alone. */
  readonly env: Readonly<Record<string, string>>;
  /** The same for a deployed function: S3 at an address, where the SDK puts the bucket into the path. */
  readonly functionEnv: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Environment of a program that has nothing to do with any account. */
export const EMULATED = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_CONFIG_FILE: '/dev/null',
  AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
};

/** Why no moto_server can be started here; null where it can. */
export function whyNoMoto(): string | null {
  const { error, status } = spawnSync('moto_server', ['--help'], { stdio: 'ignore' });
  if (status === 0) return null;
  return `moto_server can't be run (${error?.message ?? `exit ${status}`}); pip install 'moto[server]'`;
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error(`no port on ${host}`);
  return address.port;
}

/** Starts one on a free port. Its only account is 123456789012. */
export async function startMoto(): Promise<Moto> {
  const port = await freePort();
  const endpoint = `http://localhost:${port}`;
  const child = spawn('moto_server', ['-p', String(port)], { stdio: 'ignore' });
  await answers(`${endpoint}/moto-api/`, child);
  const recorder = await snsRecorder(endpoint);
  const env = { ...EMULATED, AWS_ENDPOINT_URL: endpoint, AWS_ENDPOINT_URL_SNS: recorder.url };
  return {
    endpoint,
    env,
    functionEnv: { ...env, AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}` },
    stop: async () => {
      recorder.stop();
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
}

/**
 * A client whose requests reach moto one after another, in the order in which they were made. AWS takes one conditional
 * write of an item or object at a time; moto may check the conditions of two before it writes either.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function oneByOne<Client extends { send(...request: never[]): Promise<unknown> }>(client: Client): Client {
  let last: Promise<unknown> = Promise.resolve();
  const send = (...request: never[]) => {
    const answer = last.then(() => client.send(...request));
    last = answer.catch(() => {});
    return answer;
  };
  return Object.assign(Object.create(client), { send });
}

/** What a subscriber by e-mail gets, by the id of the message: moto keeps it where nobody can ask for it. */
export const PUBLISHED_TEXTS = new Map<string, string>();

/** Passes every request on to moto's SNS, and records what is published. */
async function snsRecorder(endpoint: string) {
  const server = createHttpServer(async (request, response) => {
    const body = await bodyOf(request);
    const { method = 'POST', url = '/', headers } = request;
    const passed = { authorization: headers.authorization ?? '', 'content-type': headers['content-type'] ?? '' };
    const answer = await fetch(`${endpoint}${url}`, { method, headers: passed, body });
    const text = await answer.text();
    const form = new URLSearchParams(body);
    const id = /<MessageId>([^<]+)/.exec(text)?.[1];
    if (form.get('Action') === 'Publish' && id !== undefined) {
      const message = form.get('Message') ?? '';
      PUBLISHED_TEXTS.set(id, form.get('MessageStructure') === 'json' ? JSON.parse(message).default : message);
    }
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/xml' }).end(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, stop };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS;
  while (Date.now() < until && child.exitCode === null) {
    const response = await fetch(url).catch(() => null);
    if (response?.ok) return;
    await sleep(200);
  }
  child.kill();
  throw new Error(`moto_server did not answer at ${url}`);
}
