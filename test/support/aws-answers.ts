/** An HTTP server that answers as AWS does, call by call: in XML where the service is asked by a query, else in JSON. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface AwsCall {
  /** `DescribeSubnets`; of a REST API the method and the path. */
  readonly action: string;
  /** Of a query: `Filter.1.Name` and the like. Of JSON: its top level. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** The inner part of an answer: XML as text, JSON as an object; or what AWS refuses with. */
export type AwsAnswer = string | object | { readonly code: string; readonly message: string; readonly status?: number };
export type AwsAnswers = Readonly<Record<string, AwsAnswer | ((call: AwsCall) => AwsAnswer)>>;

export interface AnsweringAws {
  readonly url: string;
  /** Environment in which every SDK asks it alone. */
  readonly env: Readonly<Record<string, string>>;
  /** What was asked since the last look. */
  calls(): AwsCall[];
  /** Replaces the answers. */
  answer(answers: AwsAnswers): void;
  close(): void;
}

const isRefusal = (answer: AwsAnswer): answer is { code: string; message: string; status?: number } =>
  typeof answer === 'object' && 'code' in answer && 'message' in answer;

export const refusal = (code: string, message: string, status = 400): AwsAnswer => ({ code, message, status });

export async function startAnsweringAws(answers: AwsAnswers = {}): Promise<AnsweringAws> {
  let current = answers;
  const asked: AwsCall[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const target = request.headers['x-amz-target'];
    const form = new URLSearchParams(body);
    const query = form.get('Action');
    const path = (request.url ?? '').split('?')[0] ?? '';
    const isEc2 = form.get('Version') === '2016-11-15';
    const action = typeof target === 'string' ? (target.split('.')[1] ?? '') : (query ?? `${request.method} ${path}`);
    const params = query === null ? (body.startsWith('{') ? JSON.parse(body) : {}) : Object.fromEntries(form);
    const call = { action, params };
    asked.push(call);
    const given = current[action] ?? refusal('InvalidAction', `no answer to ${action}`);
    const answer = typeof given === 'function' ? (given as (call: AwsCall) => AwsAnswer)(call) : given;
    const send = (status: number, type: string, text: string) =>
      response.writeHead(status, { 'content-type': type }).end(text);
    if (isRefusal(answer)) {
      const { code, message, status = 400 } = answer;
      if (query === null) return send(status, 'application/x-amz-json-1.1', JSON.stringify({ __type: code, message }));
      const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
      const errors = `<Response><Errors>${error}</Errors><RequestID>1</RequestID></Response>`;
      return send(status, 'text/xml', isEc2 ? errors : `<ErrorResponse>${error}</ErrorResponse>`);
    }
    if (typeof answer !== 'string') return send(200, 'application/x-amz-json-1.1', JSON.stringify(answer));
    const inner = isEc2 ? answer : `<${action}Result>${answer}</${action}Result>`;
    return send(200, 'text/xml', `<${action}Response>${inner}</${action}Response>`);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    env: {
      ...{ AWS_ENDPOINT_URL: url, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' },
      AWS_MAX_ATTEMPTS: '1',
    },
    calls: () => asked.splice(0),
    answer: (next) => {
      current = next;
    },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
