/**
 * The state machine of a distributed run, in Amazon States Language (https://states-language.net/spec.html): share the
 * fleet out, ask the shards side by side, join. Between its steps only names of files travel.
 */

export interface FleetRunParts {
  readonly functionArn: string;
  readonly bucketName: string;
  /** Shards at work at the same time. */
  readonly concurrency: number;
  /** How long one step may take, in seconds; an Express child ends after 300. */
  readonly stepSeconds: number;
  /** Of ARNs. @default aws */
  readonly partition?: string;
}

/** What Lambda's own service may answer without fault of ours (bp-lambda-serviceexception.html, Step Functions guide). */
const LAMBDA_TROUBLE = [
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
];
/** Jitter, lest shards that were throttled together come back together. */
const RETRY = [
  { ErrorEquals: LAMBDA_TROUBLE, IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: 'FULL' },
];

export function fleetRunDefinition({
  functionArn,
  bucketName,
  concurrency,
  stepSeconds,
  partition = 'aws',
}: FleetRunParts): object {
  const invoke = (payload: object) => ({
    Type: 'Task',
    Resource: `arn:${partition}:states:::lambda:invoke`,
    Parameters: { FunctionName: functionArn, Payload: payload },
    Retry: RETRY,
  });
  return {
    Comment: 'crawlwatch: one check of a fleet that is too large for one function',
    StartAt: 'Plan',
    TimeoutSeconds: 4 * stepSeconds,
    States: {
      Plan: {
        ...invoke({ step: 'plan', 'run.$': '$$.Execution.Name', 'scheduledTime.$': '$.scheduledTime' }),
        TimeoutSeconds: stepSeconds,
        ResultSelector: { 'run.$': '$.Payload.run', 'key.$': '$.Payload.key', 'shards.$': '$.Payload.shards' },
        Next: 'IsDue',
      },
      IsDue: {
        Type: 'Choice',
        Comment: 'An event that waited too long is dropped: its successor sees the fleet as it is now.',
        Choices: [{ Variable: '$.run', IsNull: true, Next: 'Dropped' }],
        Default: 'Probe',
      },
      Dropped: { Type: 'Succeed' },
      Probe: {
        Type: 'Map',
        Comment: 'A shard that fails costs its own hosts their result, and nobody else.',
        Label: 'Shard',
        ItemReader: {
          Resource: `arn:${partition}:states:::s3:getObject`,
          ReaderConfig: { InputType: 'JSON' },
          Parameters: { Bucket: bucketName, 'Key.$': '$.key' },
        },
        ItemSelector: { 'run.$': '$.run', 'shards.$': '$.shards', 'index.$': '$$.Map.Item.Value.index' },
        MaxConcurrency: concurrency,
        ToleratedFailurePercentage: 100,
        ItemProcessor: {
          ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'EXPRESS' },
          StartAt: 'Ask',
          States: {
            Ask: {
              ...invoke({ step: 'shard', 'run.$': '$.run', 'shards.$': '$.shards', 'index.$': '$.index' }),
              TimeoutSeconds: Math.min(stepSeconds, 300),
              // What comes back counts towards the payload of the whole map: an index, no result.
              ResultSelector: { 'index.$': '$.Payload.index' },
              End: true,
            },
          },
        },
        ResultPath: null,
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: 'Join' }],
        Next: 'Join',
      },
      Join: {
        ...invoke({ step: 'join', 'run.$': '$.run' }),
        Comment: 'Whatever became of the shards: it says of whom nothing is known.',
        TimeoutSeconds: stepSeconds,
        ResultSelector: { 'summary.$': '$.Payload' },
        End: true,
      },
    },
  };
}
