/**
 * Lambda's REST API for a stack on `moto_server`, which keeps functions but runs none: a call of a function runs its
 * deployed bundle under the runtime's own Node, and all else goes on to the server behind it.
 * Point `AWS_ENDPOINT_URL_LAMBDA` here (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html).
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { type Answer, invoke } from '../deploy/node24.ts';

/** Of the only account of the server behind it. */
const ARN = 'arn:aws:lambda:us-east-1:123456789012:function:';

/** The parts of what an invocation names: a name or an ARN, with a qualifier or without. */
function target(named: string): { readonly name: string; readonly invokedFunctionArn: string } {
  const [name = '', qualifier] = named.replace(/^arn:[^:]*:lambda:[^:]*:\d*:function:/, '').split(':');
  return { name, invokedFunctionArn: `${ARN}${name}${qualifier === undefined ? '' : `:${qualifier}`}` };
}

const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations(\?|$)/;

/** A function as it was deployed. */
export interface DeployedFunction {
  /** Path of the bundle; `index` of `index.handler` is its file. */
  readonly bundle: string;
  readonly handler: string;
  readonly timeoutMs: number;
  readonly env: Readonly<Record<string, string>>;
  /** How far its clock is ahead. @default 0 */
  readonly minutesAhead?: number;
}

export interface LambdaStage {
  /** Where everything but an invocation goes. */
  readonly upstream: string;
  /** Path of the Node that runs the bundles. */
  readonly node: string;
  /** Null: there is no such function. */
  find(name: string): Promise<DeployedFunction | null>;
}

export interface LambdaEndpoint {
  readonly url: string;
  /** One run, as the schedule would start it. @throws where there is no such function, or it fails. */
  run(name: string, event: unknown): Promise<unknown>;
  /** When every function that was started has ended. */
  stop(): Promise<void>;
}

export async function startLambdaEndpoint(stage: LambdaStage): Promise<LambdaEndpoint> {
  const running = new Set<Promise<unknown>>();
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      reply(response, 500, { __type: 'ServiceException', message: String(error) });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async run(name, event) {
      const found = await stage.find(name);
      if (found === null) throw new Error(`no function ${name}`);
      const { result, error, log } = await start(found, event, target(name).invokedFunctionArn);
      if (error !== undefined) throw new Error([error, ...log].join('\n'));
      return result;
    },
    async stop() {
      server.close();
      await Promise.allSettled(running);
      server.closeAllConnections();
    },
  };

  function start(
    { bundle, handler, timeoutMs, env, minutesAhead = 0 }: DeployedFunction,
    event: unknown,
    invokedFunctionArn: string,
  ): Promise<Answer> {
    const run = invoke(stage.node, { bundle, handler, event, timeoutMs, minutesAhead, invokedFunctionArn }, env);
    running.add(run);
    return run.finally(() => running.delete(run));
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const [, named] = INVOKE.exec(request.url ?? '') ?? [];
    if (named === undefined || request.method !== 'POST') return passOn(request, body, response);
    const { name, invokedFunctionArn } = target(decodeURIComponent(named));
    const found = await stage.find(name);
    if (found === null) {
      const message = `Function not found: ${name}`;
      return reply(response, 404, { message }, { 'x-amzn-errortype': 'ResourceNotFoundException' });
    }
    const event: unknown = body.length === 0 ? {} : JSON.parse(body.toString());
    switch (request.headers['x-amz-invocation-type']) {
      case 'DryRun':
        return send(response, 204, '');
      case 'Event':
        start(found, event, invokedFunctionArn).catch(() => {});
        return send(response, 202, '');
      default: {
        const { result, error } = await start(found, event, invokedFunctionArn);
        if (error === undefined) return reply(response, 200, result ?? null);
        const [errorMessage = ''] = error.split('\n');
        return reply(response, 200, { errorType: 'Error', errorMessage }, { 'x-amz-function-error': 'Unhandled' });
      }
    }
  }

  async function passOn(request: IncomingMessage, body: Buffer, response: ServerResponse): Promise<void> {
    const { authorization = '', 'content-type': type = 'application/json' } = request.headers;
    const method = request.method ?? 'GET';
    const answered = await fetch(`${stage.upstream}${request.url}`, {
      method,
      headers: { authorization, 'content-type': type },
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    const headers = [...answered.headers].filter(([key]) => key.startsWith('x-amz'));
    send(response, answered.status, await answered.text(), Object.fromEntries(headers));
  }
}

type Headers = Readonly<Record<string, string>>;

function send(response: ServerResponse, status: number, text: string, headers: Headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(text);
}

const reply = (response: ServerResponse, status: number, body: unknown, headers?: Headers): void =>
  send(response, status, JSON.stringify(body), headers);
