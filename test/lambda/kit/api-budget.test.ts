import { CreateTagsCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { describe, expect, it } from 'vitest';
import { BUDGETS, withBudget } from '../../../lambda/kit/api-budget.ts';

/** AWS's own, https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html: capacity and refill a second. */
const PUBLISHED: Readonly<Record<string, readonly [number, number]>> = {
  DescribeInstancesCommand: [100, 20],
  DescribeInstanceStatusCommand: [100, 20],
  GetConsoleOutputCommand: [100, 20],
  CreateTagsCommand: [100, 10],
  DeleteTagsCommand: [100, 10],
};

/** A real client whose requests a handler of ours answers, and a clock that leaps. */
function client(answers: readonly number[], sharers = 1) {
  let now = 0;
  const sentAt: number[] = [];
  const ec2 = new EC2Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
    maxAttempts: 3,
    requestHandler: {
      handle: async () => {
        const statusCode = answers[sentAt.length] ?? 200;
        sentAt.push(now);
        const body =
          statusCode === 200
            ? '<r/>'
            : '<Response><Errors><Error><Code>InternalError</Code></Error></Errors></Response>';
        return { response: { statusCode, headers: {}, body: new Blob([body]).stream() } };
      },
    } as never,
  });
  const time = {
    now: () => now,
    random: () => 0.5,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  return { ec2: withBudget(ec2, sharers, time), sentAt };
}

describe('the budget of an API', () => {
  it.each(Object.entries(PUBLISHED))('of %s is below what AWS publishes', (command, [capacity, refill]) => {
    expect(BUDGETS[command]?.burst).toBeLessThan(capacity);
    expect(BUDGETS[command]?.perSecond).toBeLessThan(refill);
  });

  it('lets a burst pass, and then holds the pace', async () => {
    const { ec2, sentAt } = client([]);
    for (let n = 0; n < 52; n += 1) await ec2.send(new CreateTagsCommand({ Resources: ['i-1'], Tags: [] }));
    expect(sentAt.slice(0, 50)).toEqual(Array(50).fill(0));
    expect(sentAt.slice(50)).toEqual([200, 400]);
  });

  it('is kept for each API', async () => {
    const { ec2, sentAt } = client([], 50);
    await ec2.send(new CreateTagsCommand({ Resources: ['i-1'], Tags: [] }));
    await ec2.send(new DescribeInstancesCommand({}));
    expect(sentAt).toEqual([5_000, 7_500]);
  });

  it('is shared: one of fifty functions gets a fiftieth of it, from a moment of its own on', async () => {
    const { ec2, sentAt } = client([], 50);
    for (let n = 0; n < 3; n += 1) await ec2.send(new CreateTagsCommand({ Resources: ['i-1'], Tags: [] }));
    expect(sentAt).toEqual([5_000, 15_000, 25_000]);
  });

  it('counts retries', async () => {
    const { ec2, sentAt } = client([500, 200], 50);
    await ec2.send(new DescribeInstancesCommand({}));
    expect(sentAt).toEqual([2_500, 7_500]);
  });
});
