import validate from 'asl-validator';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { type Call, mayCall } from '../support/iam.ts';
import { grantsOf, inWords, templateWith } from './synth.ts';

const DISTRIBUTED = { alertEmail: 'you@example.com', scale: 'distributed' };
const template = templateWith(DISTRIBUTED);
const STATE_MACHINE = '{Run}';
const executionsOf = (name: string) => `arn:{AWS::Partition}:states:{AWS::Region}:{AWS::AccountId}:execution:${name}`;

const only = (type: string, which: (id: string) => boolean = () => true) => {
  const found = Object.entries(template.findResources(type)).filter(([id]) => which(id));
  expect(found).toHaveLength(1);
  return found[0]![1];
};

describe('a stack of one function', () => {
  it('has no state machine, and its schedule invokes the function', () => {
    templateWith().resourceCountIs('AWS::StepFunctions::StateMachine', 0);
    const [schedule] = Object.values(templateWith().findResources('AWS::Scheduler::Schedule'));
    expect(inWords(schedule!.Properties.Target.Arn)).toBe('{Check.Arn}');
    expect(templateWith().findOutputs('RunStateMachineArn')).toEqual({});
  });
});

describe('a distributed run', () => {
  const text = String(inWords(only('AWS::StepFunctions::StateMachine').Properties.DefinitionString));
  const definition = JSON.parse(text.replaceAll('{AWS::Partition}', 'aws-cn'));

  it('has a definition that is valid, of this function and this bucket', () => {
    expect(validate(definition).isValid).toBe(true);
    expect(definition.States.Plan.Parameters.FunctionName).toBe('{Check.Arn}');
    expect(text).not.toContain('arn:aws:');
    expect(definition.States.Probe.ItemReader.Parameters.Bucket).toBe('{StoreFiles}');
  });

  it('gives each step what the function has, and an Express child no more than its five minutes', () => {
    const seconds = (settings: object) => {
      const [machine] = Object.values(templateWith(settings).findResources('AWS::StepFunctions::StateMachine'));
      const { States } = JSON.parse(String(inWords(machine!.Properties.DefinitionString)));
      return [States.Plan, States.Probe.ItemProcessor.States.Ask, States.Join].map((state) => state.TimeoutSeconds);
    };
    expect(seconds(DISTRIBUTED)).toEqual([300, 300, 300]);
    expect(seconds({ ...DISTRIBUTED, timeouts: { ssmSeconds: 300 } })).toEqual([360, 300, 360]);
    expect(seconds({ ...DISTRIBUTED, schedule: { everyMinutes: 1 } })).toEqual([135, 135, 135]);
  });

  it('is what the schedule starts, with the time it was due, and nothing else may', () => {
    const { Target } = only('AWS::Scheduler::Schedule').Properties;
    expect(Target).toMatchObject({
      Input: '{"scheduledTime":"<aws.scheduler.scheduled-time>"}',
      RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600 },
      DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^CheckFailed/), 'Arn'] } },
    });
    expect(inWords(Target.Arn)).toBe(STATE_MACHINE);
    const grants = grantsOf('SchedulerRole', DISTRIBUTED).filter(({ Action }) => Action !== 'sqs:SendMessage');
    expect(grants).toEqual([{ Effect: 'Allow', Action: 'states:StartExecution', Resource: STATE_MACHINE }]);
  });

  it('begins with all its rights: the schedule waits for them', () => {
    const { DependsOn } = only('AWS::Scheduler::Schedule') as unknown as { DependsOn: string[] };
    expect(DependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^RunMap/)]));
  });

  it.each<[string, Call]>([
    ['invoke another function', { action: 'lambda:InvokeFunction', resource: '{Remedy.Arn}' }],
    ['start another state machine', { action: 'states:StartExecution', resource: '{Other}' }],
    ['stop the executions of another', { action: 'states:StopExecution', resource: executionsOf('{Other.Name}:1') }],
    ['write a file', { action: 's3:PutObject', resource: '{StoreFiles.Arn}/runs/1/shards.json' }],
  ])('may not %s', (_, call) => {
    expect([mayCall('RunRole', DISTRIBUTED, call), mayCall('RunMap', DISTRIBUTED, call)]).toEqual([false, false]);
  });

  it.each<[string, string, Call]>([
    ['invoke the check', 'RunRole', { action: 'lambda:InvokeFunction', resource: '{Check.Arn}' }],
    ['start its shards', 'RunMap', { action: 'states:StartExecution', resource: STATE_MACHINE }],
    ['follow its run', 'RunMap', { action: 'states:DescribeExecution', resource: executionsOf('{Run.Name}:1') }],
    ['stop a shard', 'RunMap', { action: 'states:StopExecution', resource: executionsOf('{Run.Name}/Shard:1') }],
  ])('may %s', (_, role, call) => {
    expect(mayCall(role, DISTRIBUTED, call)).toBe(true);
  });

  it('logs its errors, without what travels in it, into a group that goes with the stack', () => {
    template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: Match.absent() },
    });
    expect(only('AWS::Logs::LogGroup', (id) => id.startsWith('Run'))).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: { RetentionInDays: 30 },
    });
  });

  it('logs where the account’s resource policy has one entry for all state machines', () => {
    const named = (settings: object) =>
      Object.values(templateWith({ ...DISTRIBUTED, ...settings }).findResources('AWS::Logs::LogGroup')).flatMap(
        ({ Properties }) => Properties.LogGroupName ?? [],
      );
    expect(named({})).toEqual(['/aws/vendedlogs/states/CrawlwatchStack-run']);
    expect(named({ stack: 'Other' })).toEqual(['/aws/vendedlogs/states/Other-run']);
  });

  it('adds to the check’s rights only those on its files', () => {
    const sids = (settings: object) => grantsOf('CheckRole', settings).map(({ Sid }) => Sid);
    const before = sids({ alertEmail: 'you@example.com' });
    expect(sids(DISTRIBUTED).filter((sid) => !before.includes(sid))).toEqual(['KeepRuns']);
  });

  it('has its ARN as an output, to look up a run that failed', () => {
    template.hasOutput('RunStateMachineArn', { Value: { Ref: Match.stringLikeRegexp('^Run') } });
  });
});

describe('the alarms of a distributed run', () => {
  const alarm = (name: string, settings: object = DISTRIBUTED) =>
    Object.values(templateWith(settings).findResources('AWS::CloudWatch::Alarm')).find(
      ({ Properties }) => Properties.AlarmName === `CrawlwatchStack-${name}`,
    )!.Properties;

  it('go off when a run failed or timed out, and not for a shard that did', () => {
    const { Metrics, ...rest } = alarm('check-is-failing');
    expect(rest).toMatchObject({ Threshold: 1, TreatMissingData: 'notBreaching' });
    const queries = Metrics as { Expression?: string; MetricStat?: { Metric: object }; ReturnData?: boolean }[];
    expect(
      queries.map(({ Expression, MetricStat, ReturnData = true }) => [
        Expression ?? Object(MetricStat?.Metric).MetricName,
        ReturnData,
      ]),
    ).toEqual([
      ['SUM(METRICS())', true],
      ['ExecutionsFailed', false],
      ['ExecutionsTimedOut', false],
    ]);
    expect(JSON.stringify(Metrics)).not.toContain('AWS/Lambda');
  });

  it.each([
    ['five minutes apart', {}, 300],
    ['each minute, in the time that a slow host has', { schedule: { everyMinutes: 1 } }, 105],
    ['each quarter of an hour', { schedule: { everyMinutes: 15 } }, 900],
  ])('go off where runs %s take nearly as long as until the next one', (_, settings, seconds) => {
    expect(alarm('check-is-slow', { ...DISTRIBUTED, ...settings }).Threshold).toBe(seconds * 950);
  });
});
