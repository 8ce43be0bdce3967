import { InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import type { Lambda } from '../../../lambda/kit/clients.ts';
import { callRemedy } from '../../../lambda/remedy/lambda.ts';

const ARN = 'arn:aws:lambda:eu-central-1:123456789012:function:Remedy';
const lambdaThat = (send: (command: unknown) => Promise<unknown>) => ({ send }) as unknown as Lambda;

describe('the call of the remedy function', () => {
  it('is an event that nobody waits for, with the time of the check and no instance', async () => {
    const sent: unknown[] = [];
    await callRemedy(
      lambdaThat(async (command) => void sent.push(command)),
      ARN,
      new Date('2026-11-22T08:20:00Z'),
    );
    expect(sent).toHaveLength(1);
    const [{ input }] = sent as [InvokeCommand];
    expect(sent[0]).toBeInstanceOf(InvokeCommand);
    expect(input).toMatchObject({ FunctionName: ARN, InvocationType: 'Event' });
    expect(JSON.parse(new TextDecoder().decode(input.Payload as Uint8Array))).toEqual({
      action: 'auto',
      scheduledTime: '2026-11-22T08:20:00.000Z',
    });
  });

  it('rejects where Lambda does not take it', async () => {
    const refuses = lambdaThat(async () => {
      throw new Error('TooManyRequestsException');
    });
    await expect(callRemedy(refuses, ARN, new Date())).rejects.toThrow('TooManyRequestsException');
  });
});
