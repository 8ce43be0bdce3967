import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { invokeRemedy } from '../../../bin/stack/lambda.ts';
import { patientLambdaClient } from '../../../lambda/kit/clients/index.ts';

let lambda: Server;
let answer: { readonly status?: number; readonly error?: string; readonly body: string };
/** Method, path and body of each call. */
let asked: string[];

beforeAll(async () => {
  lambda = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('end', () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      response.writeHead(
        answer.status ?? 200,
        answer.error === undefined ? {} : { 'x-amz-function-error': answer.error },
      );
      response.end(answer.body);
    });
  });
  await once(lambda.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => {
  lambda.closeAllConnections();
  lambda.close();
});
beforeEach(() => {
  asked = [];
  vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const invoke = () => invokeRemedy(patientLambdaClient('eu-west-1'), 'Remedy', { action: 'plan' });

describe('asking the remedy function', () => {
  it.each([
    [
      'failed',
      { error: 'Unhandled', body: '{"errorType":"Error","errorMessage":"no table"}' },
      'it failed: Error: no table',
    ],
    ['was cut off', { error: 'Unhandled', body: 'Task timed out' }, 'it failed: Task timed out'],
    ['answered no JSON', { body: '<html>' }, 'it answered no JSON: <html>'],
    ['answered nothing', { body: '' }, 'it answered no JSON: '],
  ])('tells that it %s', async (_, played, message) => {
    answer = played;
    await expect(invoke()).rejects.toMatchObject({ name: 'RemedyFunctionError', message });
  });

  it.each([500, 503, 429])('is done once only: after an error %i it may have acted', async (status) => {
    answer = { status, body: '{"message":"not now"}' };
    await expect(invoke()).rejects.toThrow('not now');
    expect(asked).toHaveLength(1);
  });

  it('waits for the answer, and hands it on as it came', async () => {
    answer = { body: '{"done":false,"why":"nothing is due"}' };
    expect(await invoke()).toEqual({ done: false, why: 'nothing is due' });
    expect(asked).toEqual(['POST /2015-03-31/functions/Remedy/invocations {"action":"plan"}']);
  });
});
