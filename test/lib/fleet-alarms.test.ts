import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { inWords, templateWith } from './synth.ts';

const MAIL = { Ref: Match.stringLikeRegexp('^Alerts') };
const CHECKER = ['check-is-failing', 'check-is-silent', 'check-is-slow'];
const ACTING = 'acting-is-failing';
const HOSTS = ['disk-is-low', 'flagging-suppressed', 'instances-flagged', 'instances-unreachable', 'memory-is-low'];

/** Name, without the stack's, and properties of each alarm. */
const alarmsWith = (settings: object = {}) =>
  Object.values(templateWith(settings).findResources('AWS::CloudWatch::Alarm'))
    .map(({ Properties }) => ({ ...Properties, name: String(Properties.AlarmName).replace('CrawlwatchStack-', '') }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
const mailing = (settings: object) =>
  alarmsWith(settings)
    .filter((alarm) => alarm.AlarmActions !== undefined && alarm.OKActions !== undefined)
    .map(({ name }) => name);

describe('the alarms', () => {
  const template = templateWith({ schedule: { everyMinutes: 10 } });

  it('are on the checker and on the hosts, and of those only the checker’s mail unless asked', () => {
    expect(alarmsWith().map(({ name }) => name)).toEqual([...CHECKER, ...HOSTS].toSorted());
    expect(mailing({})).toEqual(CHECKER);
    expect(mailing({ alerts: { hostAlarms: true } })).toEqual([...CHECKER, ...HOSTS].toSorted());
  });

  it('have one on the remedy function where it acts without a person, and it mails', () => {
    const settings = { remedies: { restartWorker: true } };
    expect(mailing(settings)).toEqual([ACTING, ...CHECKER]);
    expect(alarmsWith(settings).find(({ name }) => name === ACTING)).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: expect.stringMatching(/^Remedy/) } }],
      TreatMissingData: 'notBreaching',
    });
  });

  it('go off when no check has finished for three intervals', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'CrawlwatchStack-check-is-silent',
      Metrics: [
        { Expression: 'FILL(finished, 0)', Id: Match.anyValue(), Label: 'finished checks' },
        {
          Id: 'finished',
          MetricStat: {
            Metric: {
              Namespace: 'Crawlwatch',
              MetricName: 'CheckDuration',
              Dimensions: [{ Name: 'Stack', Value: 'CrawlwatchStack' }],
            },
            Stat: 'SampleCount',
            Period: 600,
          },
          ReturnData: false,
        },
      ],
      MetricName: Match.absent(),
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
      TreatMissingData: 'breaching',
      AlarmActions: [MAIL],
      OKActions: [MAIL],
    });
  });

  it.each([
    [1, 3],
    [5, 15],
    [10, 30],
  ])('on checks %i minutes apart see silence after the %i minutes that they say', (everyMinutes, minutes) => {
    const alarm = alarmsWith({ schedule: { everyMinutes } }).find(({ name }) => name === 'check-is-silent')!;
    // A value of 0 for an interval without a check is data, so that no further intervals are looked at.
    expect(alarm.Metrics[0].Expression).toBe('FILL(finished, 0)');
    expect((alarm.EvaluationPeriods * alarm.Metrics[1].MetricStat.Period) / 60).toBe(minutes);
    expect(alarm.DatapointsToAlarm).toBeUndefined();
    expect(inWords(alarm.AlarmDescription)).toContain(
      `no check has finished in the last ${minutes} minutes (3 intervals)`,
    );
  });

  it('go off when a check failed', () => {
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'CrawlwatchStack-check-is-failing',
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Statistic: 'Sum',
      Dimensions: [{ Name: 'FunctionName', Value: { Ref: Match.stringLikeRegexp('^Check') } }],
      Threshold: 1,
      ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [MAIL],
    });
  });

  it.each([
    ['by default', {}, 270],
    ['over SSH each minute', { transport: 'ssh', schedule: { everyMinutes: 1 } }, 45],
    ['with patience', { timeouts: { ssmSeconds: 300 } }, 330],
  ])(
    'go off %s when two of three checks nearly reach their deadline, which one hung host does not',
    (_, settings, s) => {
      const slow = alarmsWith(settings).find(({ name }) => name === 'check-is-slow')!;
      expect(slow).toMatchObject({
        MetricName: 'CheckDuration',
        Statistic: 'Maximum',
        EvaluationPeriods: 3,
        DatapointsToAlarm: 2,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        Threshold: s * 950,
      });
    },
  );

  it.each([
    ['memory-is-low', 'InstancesMemoryLow'],
    ['disk-is-low', 'InstancesDiskLow'],
  ])('have one, %s, on how many instances are low, whatever metrics of instances are published', (alarm, metric) => {
    for (const perInstance of ['all', 'troubled', 'none']) {
      expect(alarmsWith({ metrics: { perInstance } }).find(({ name }) => name === alarm)).toMatchObject({
        MetricName: metric,
        Threshold: 1,
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
        EvaluationPeriods: 3,
        DatapointsToAlarm: 2,
      });
    }
  });

  it.each([
    ['by default', {}, 'CrawlwatchStack'],
    ['of another name', { stack: 'Other', remedies: { reboot: true }, scale: 'distributed' }, 'Other'],
  ])("watch the metrics of their own stack %s, and no instance's", (_, settings, Value) => {
    const alarms = alarmsWith(settings);
    expect(alarms.filter(({ Metrics }) => JSON.stringify(Metrics ?? '').includes('SELECT'))).toEqual([]);
    const watched = alarms.flatMap(({ Metrics, ...alarm }) =>
      Metrics === undefined
        ? [alarm]
        : (Metrics as { MetricStat?: { Metric: typeof alarm } }[]).flatMap(
            ({ MetricStat }) => MetricStat?.Metric ?? [],
          ),
    );
    const own = watched.filter(({ Namespace }) => Namespace === 'Crawlwatch');
    expect(own).toHaveLength(7);
    for (const { Dimensions } of own) expect(Dimensions).toEqual([{ Name: 'Stack', Value }]);
  });

  it('say what is wrong and where to read what to do, within the 1,024 characters that an alarm may have', () => {
    for (const { name, AlarmDescription } of alarmsWith({ remedies: { reboot: true } })) {
      const text = String(inWords(AlarmDescription));
      expect(text).toMatch(new RegExp(`\\. What to do: docs/runbook\\.md#${name}$`));
      expect(text.length).toBeLessThan(800);
    }
  });

  it('are the sections of the runbook, each with what it means, what to look at and what to do', () => {
    const file = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
    const [runbook = ''] = file.split('\n# Reasons\n');
    const sections = runbook.split(/^## /m).slice(1);
    expect(sections.map((section) => section.split('\n')[0]).toSorted()).toEqual(
      [ACTING, ...CHECKER, ...HOSTS].toSorted(),
    );
    for (const section of sections) {
      for (const part of ['**It means:**', '**Look at:**', '**Do:**']) expect(section).toContain(part);
    }
  });
});
