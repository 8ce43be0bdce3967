/**
 * The state machine of a distributed check, in Amazon States Language (https://states-language.net/spec.html): split the
 * fleet into shards, probe them side by side, join. Its steps pass each other names of files only.
 */

export interface FleetRunParts {
  readonly functionArn: string;
  readonly bucketName: string;
  /** Shards that run at the same time. */
  readonly concurrency: number;
  /** How long one step may take, in seconds; an Express child ends after 300. */
  readonly stepSeconds: number;
  /** The partition of ARNs. @default aws */
  readonly partition?: string;
}

/** Errors of Lambda's own service, which a retry may get past (bp-lambda-serviceexception.html, Step Functions guide). */
const LAMBDA_TROUBLE = ['Lambda.ServiceException', 'Lambda.AWSLambdaException', 'Lambda.SdkClientException'];
/** Lambda has no place for it now: nothing was started, so that it may be tried as often as there is time. */
const NO_PLACE = 'Lambda.TooManyRequestsException';
/**
 * With jitter, so that shards that were throttled together don't all retry together. A new account runs 10 functions at
 * once (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), others of its own among them: a shard
 * waits for its place for as long as its execution may last, which ends the attempts.
 */
const RETRY = [
  {
    ErrorEquals: [NO_PLACE],
    IntervalSeconds: 2,
    BackoffRate: 1.5,
    MaxDelaySeconds: 15,
    MaxAttempts: 100,
    JitterStrategy: 'FULL',
  },
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
        Comment: 'An event that waited too long is dropped: the next one sees the fleet as it is now.',
        Choices: [{ Variable: '$.run', IsNull: true, Next: 'Dropped' }],
        Default: 'Probe',
      },
      Dropped: { Type: 'Succeed' },
      Probe: {
        Type: 'Map',
        Comment: 'A shard that fails costs only its own hosts their result.',
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
              // The results of all shards share the map's payload: return an index, not the result.
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
        Comment: 'Runs even where shards failed: their hosts are reported as not checked.',
        TimeoutSeconds: stepSeconds,
        ResultSelector: { 'summary.$': '$.Payload' },
        End: true,
      },
    },
  };
}
