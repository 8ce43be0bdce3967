import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { handler as Handler } from '../../lambda/check-handler.ts';
import { fleetRunDefinition } from '../../lib/fleet-run-definition.ts';
import { runStateMachine } from '../support/asl.ts';
import { type AwsEndpoint, startAwsEndpoint } from '../support/aws-endpoint.ts';

const IDS = ['i-00000000000000001', 'i-00000000000000002'];
const OLD = '2026-01-01T00:00:00Z';
const TOPIC = 'arn:aws:sns:us-east-1:123456789012:alerts';

let aws: AwsEndpoint;
let handler: typeof Handler;

beforeAll(async () => {
  aws = await startAwsEndpoint(IDS);
  vi.stubEnv('AWS_ENDPOINT_URL', aws.url);
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
  vi.stubEnv('POWERTOOLS_LOG_LEVEL', 'SILENT');
  vi.stubEnv('CRAWLWATCH_SETTINGS', '{"transport":"ssm","scale":"distributed"}');
  vi.stubEnv('CRAWLWATCH_TOPIC_ARN', TOPIC);
  vi.stubEnv('CRAWLWATCH_PROBE_DOCUMENT', 'Probe');
  vi.stubEnv('CRAWLWATCH_BUCKET', 'bucket');
  ({ handler } = await import('../../lambda/check-handler.ts'));
});
afterAll(() => {
  aws.close();
  vi.unstubAllEnvs();
});
beforeEach(() => {
  aws.calls();
  aws.files.clear();
});

describe('the function of a check', () => {
  it.each([
    [{ step: 'reboot', run: 'r' }],
    [{ step: 'shard', run: 'r', index: 3, shards: 3 }],
    [{ step: 'join', run: '../../etc' }],
  ])('refuses %j, and calls nobody', async (event) => {
    await expect(handler(event)).rejects.toThrow(`no step of a check: ${JSON.stringify(event)}`);
    expect(aws.calls()).toEqual([]);
  });

  it.each([
    ['a check', {}, null],
    ['a plan', { step: 'plan', run: 'r' }, { run: null, key: null, shards: 0 }],
  ])('drops the event of %s that waited too long, and calls nobody', async (_, event, answer) => {
    expect(await handler({ ...event, scheduledTime: OLD })).toEqual(answer);
    expect(aws.calls()).toEqual([]);
  });

  it.each([
    [{ step: 'shard', run: 'r', index: 0, shards: 1 }, "shard 0 of run r can't be read"],
    [{ step: 'join', run: 'r' }, "the plan of run r can't be read"],
  ])('fails on %j where there was no plan', async (event, text) => {
    await expect(handler({ ...event, scheduledTime: OLD })).rejects.toThrow(text);
  });

  it('says which variable is missing where there is no bucket', async () => {
    vi.stubEnv('CRAWLWATCH_BUCKET', undefined);
    await expect(handler({ step: 'plan', run: 'r' })).rejects.toThrow('CRAWLWATCH_BUCKET is not set');
    vi.stubEnv('CRAWLWATCH_BUCKET', 'bucket');
  });

  it('makes a whole check of an event without a step', async () => {
    expect(await handler({ scheduledTime: new Date().toISOString() })).toMatchObject({ checked: 2, unknown: 2 });
    expect(aws.calls()).toEqual(expect.arrayContaining(['DescribeInstanceInformation', 'PutMetricData', 'CreateTags']));
    expect([...aws.files.keys()]).toEqual(['state.json.gz']);
  });
});

describe('the heartbeat', () => {
  const URL = 'https://hc.example.com/6e1c0f1e';
  const fetched = vi.fn(async () => new Response('OK'));
  beforeAll(() => {
    vi.stubGlobal('fetch', fetched);
    vi.stubEnv('CRAWLWATCH_SETTINGS', JSON.stringify({ transport: 'ssm', alerts: { heartbeatUrl: URL } }));
  });
  afterAll(() => {
    vi.unstubAllGlobals();
    vi.stubEnv('CRAWLWATCH_SETTINGS', '{"transport":"ssm","scale":"distributed"}');
  });
  beforeEach(() => {
    fetched.mockClear();
  });
  const now = () => new Date().toISOString();

  it('follows a check of which all was done, once that is on record', async () => {
    fetched.mockImplementationOnce(async () => {
      expect([...aws.files.keys()]).toEqual(['state.json.gz']);
      expect(aws.calls()).toContain('PutMetricData');
      return new Response('OK');
    });
    await handler({ scheduledTime: now() });
    expect(fetched).toHaveBeenCalledExactlyOnceWith(URL, expect.objectContaining({ redirect: 'manual' }));
  });

  it('follows no check of which something could not be done', async () => {
    aws.refused.add('PutMetricData');
    await expect(handler({ scheduledTime: now() })).rejects.toThrow('not all of it was done: metrics');
    aws.refused.clear();
    expect(fetched).not.toHaveBeenCalled();
  });

  it('follows no event that was dropped', async () => {
    await handler({ scheduledTime: OLD });
    expect(fetched).not.toHaveBeenCalled();
  });

  it('that fails leaves the check as good as it was', async () => {
    fetched.mockRejectedValueOnce(new TypeError('fetch failed'));
    expect(await handler({ scheduledTime: now() })).toMatchObject({ checked: 2 });
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('follows the last step of a run that is shared out, and none before', async () => {
    const settings = { transport: 'ssm', scale: 'distributed', alerts: { heartbeatUrl: URL } };
    vi.stubEnv('CRAWLWATCH_SETTINGS', JSON.stringify(settings));
    await handler({ step: 'plan', run: 'run-9', scheduledTime: now() });
    await handler({ step: 'shard', run: 'run-9', index: 0, shards: 1 });
    expect(fetched).not.toHaveBeenCalled();
    await handler({ step: 'join', run: 'run-9' });
    expect(fetched).toHaveBeenCalledTimes(1);
  });
});

describe('the steps of a run', () => {
  const definition = fleetRunDefinition({ functionArn: 'f', bucketName: 'bucket', concurrency: 20, stepSeconds: 300 });
  let stepCalls: Record<string, string[]>;

  async function run() {
    stepCalls = {};
    return runStateMachine(
      definition,
      { scheduledTime: new Date().toISOString() },
      {
        executionName: 'run-1',
        read: async (_, key) => aws.files.get(key) ?? '',
        invoke: async (_, payload) => {
          const { step } = payload as { step: string };
          const answer = await handler(payload, { getRemainingTimeInMillis: () => 60_000 });
          stepCalls[step] = [...(stepCalls[step] ?? []), ...aws.calls()];
          return answer;
        },
      },
    );
  }

  it('come to the summary of the whole fleet, and leave their files', async () => {
    const { output, entered } = await run();
    expect(entered).toEqual(['Plan', 'IsDue', 'Probe', 'Join']);
    expect(output).toMatchObject({ summary: { checked: 2, unknown: 2, flagged: 0 } });
    expect([...aws.files.keys()].toSorted()).toEqual([
      'runs/cost.json',
      'runs/run-1/plan.json',
      'runs/run-1/results/0.json',
      'runs/run-1/shards.json',
      'runs/run-1/shards/0.json',
      'state.json.gz',
    ]);
  });

  it('ask hosts in the shard alone; find them, publish, and write tags elsewhere alone', async () => {
    await run();
    const own = (step: string) => [...new Set(stepCalls[step])].filter((call) => !/^(GET|PUT) /.test(call)).toSorted();
    expect(own('plan')).toEqual(['DescribeInstances']);
    expect(own('shard')).toEqual(['DescribeInstanceInformation']);
    expect(own('join')).toContain('PutMetricData');
    expect(own('join')).toContain('CreateTags');
    expect(own('join')).not.toContain('DescribeInstanceInformation');
  });

  it('are judged as they were left: a result that is spoilt costs its hosts the check, and the join reports it', async () => {
    await run();
    aws.files.set('runs/run-1/results/0.json', '{"version":1');
    await expect(handler({ step: 'join', run: 'run-1' })).rejects.toThrow(
      'shard 0 left no result: 2 hosts not checked',
    );
  });
});
