import { InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import type { Lambda, Once } from '../../../lambda/kit/clients/index.ts';
import { acknowledgeMail, askForActs } from '../../../lambda/remedy/lambda.ts';

const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:Remedy:automatic';
const RECEIPT = '7d9f4e0a-6a43-4a52-9d1b-6f3f0f6f2c11';
const AT = new Date('2026-11-22T08:20:00Z');
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const ANSWER = { done: false, instanceId: null, why: '0 acts, 0 instances held back', news: null, receipt: null };

function pathThat(send: (command: InvokeCommand, options: { abortSignal: AbortSignal }) => Promise<unknown>) {
  return { lambda: { send } as unknown as Once<Lambda>, functionArn };
}
const signal = () => new AbortController().signal;

describe('what the check asks of the remedy function', () => {
  it.each([
    ['to act', askForActs, AT, { action: 'auto', scheduledTime: '2026-11-22T08:20:00.000Z' }],
    ['to take note of a mail', acknowledgeMail, RECEIPT, { action: 'mailed', receipt: RECEIPT }],
  ] as const)('%s: once, waiting for the answer, and it names no instance', async (_, ask, what, request) => {
    const sent: InvokeCommand[] = [];
    const path = pathThat(async (command, { abortSignal }) => {
      expect(abortSignal.aborted).toBe(false);
      sent.push(command);
      return { Payload: bytes(ANSWER) };
    });
    expect(await ask(path, what as never, signal())).toMatchObject({ news: null, receipt: null });
    expect(sent).toHaveLength(1);
    expect(sent[0]).toBeInstanceOf(InvokeCommand);
    expect(sent[0]?.input).toMatchObject({ FunctionName: functionArn, InvocationType: 'RequestResponse' });
    expect(JSON.parse(new TextDecoder().decode(sent[0]?.input.Payload as Uint8Array))).toEqual(request);
  });

  it.each([
    ['Lambda does not take it', () => Promise.reject(new Error('TooManyRequestsException')), 'TooManyRequests'],
    [
      'the function failed',
      async () => ({ FunctionError: 'Unhandled', Payload: bytes({ errorType: 'Error', errorMessage: 'no table' }) }),
      'the remedy function failed: {"errorType":"Error","errorMessage":"no table"}',
    ],
    ['it answered with nothing', async () => ({}), 'is not understood'],
    ['it answered with no JSON', async () => ({ Payload: new TextEncoder().encode('<html>') }), 'it said <html>'],
    ['it answered with something else', async () => ({ Payload: bytes({ statusCode: 200 }) }), 'is not understood'],
    [
      'news is not what it should be',
      async () => ({ Payload: bytes({ ...ANSWER, news: { acted: 'all' } }) }),
      'deploy the stack again',
    ],
    [
      'a date of its news is none',
      async () => ({
        Payload: bytes({
          ...ANSWER,
          news: { outcomes: [], pausedNow: null, acted: [], escalated: [], now: 'yesterday' },
        }),
      }),
      'is not understood',
    ],
  ])('is without an answer where %s', async (_, send, why) => {
    await expect(askForActs(pathThat(send), AT, signal())).rejects.toThrow(why);
  });

  it('ends with the wait', async () => {
    const over = new AbortController();
    const path = pathThat(
      (_, { abortSignal }) =>
        new Promise((__, reject) => abortSignal.addEventListener('abort', () => reject(new Error('aborted')))),
    );
    const asked = askForActs(path, AT, over.signal);
    over.abort();
    await expect(asked).rejects.toThrow('aborted');
  });
});
