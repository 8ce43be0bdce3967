/** The steps from a check to the reader of its alerts: stack, schedule, last check, topic, subscribers, mails. */

import { howToSubscribe } from '../../lambda/alert/index.ts';
import { clockTime, duration, minutesBetween, plural, shellWord } from '../../lambda/kit/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { masked } from '../terminal/index.ts';
import { failed, type Lookup, ok, type Step, stepsOf, unknown } from './step.ts';

/** A metric summed over a time. */
export interface Total {
  readonly sum: number;
  /** Time of the newest value above 0; null: there is none. */
  readonly lastAt: Date | null;
}

/** The check function's invocations of the last {@link recentMinutes}. */
export interface RecentRuns {
  readonly started: Total;
  readonly failed: Total;
  readonly throttled: Total;
}

/** What SNS counted on the topic over the last {@link MAIL_DAYS}. */
export interface MailCounts {
  readonly published: Total;
  readonly delivered: Total;
  readonly failed: Total;
}

export interface Subscriber {
  readonly protocol: string;
  readonly endpoint: string;
  readonly confirmed: boolean;
}

export interface AlertFacts {
  readonly stack: string;
  readonly region: string;
  readonly now: Date;
  /** The stack's outputs by name; null: there is no such stack. */
  readonly outputs: Lookup<Readonly<Record<string, string>> | null>;
  /** CloudFormation's word for the stack's state; null where it isn't known. */
  readonly status: string | null;
  /** This and the rest is null where there is no such stack. */
  readonly runs: Lookup<RecentRuns> | null;
  /** The heartbeat of the last day: when a check completed. */
  readonly heartbeat: Lookup<Total> | null;
  /** A value of null: the topic no longer exists. */
  readonly subscribers: Lookup<readonly Subscriber[] | null> | null;
  readonly mails: Lookup<MailCounts> | null;
}

/** How far back SNS's counts are read, in days. */
export const MAIL_DAYS = 14;

/** Three intervals, but at least 15 minutes: as long as the alarm on silence waits. */
export const recentMinutes = ({ schedule }: Settings): number => Math.max(15, 3 * schedule.everyMinutes);

export function alertSteps(facts: AlertFacts, settings: Settings): Step[] {
  const { runs, heartbeat, subscribers, mails } = facts;
  const found = stackSteps(facts);
  return [
    ...found,
    ...(runs === null ? [] : stepsOf('schedule', runs, (value) => [scheduleStep(value, facts, settings)])),
    ...(heartbeat === null ? [] : stepsOf('last check', heartbeat, (value) => [lastCheckStep(value, facts, settings)])),
    ...(subscribers === null ? [] : stepsOf('topic', subscribers, (value) => topicSteps(value, facts))),
    ...(mails === null ? [] : stepsOf('last mail', mails, (value) => [mailStep(value, facts)])),
  ];
}

/** Whether the stack is there, and whole. */
export function stackSteps({
  stack,
  region,
  outputs,
  status,
}: Pick<AlertFacts, 'stack' | 'region' | 'outputs' | 'status'>) {
  return stepsOf('stack', outputs, (value): Step[] => {
    if (value === null) {
      return [
        failed(
          'stack',
          `there is no stack ${stack} in ${region}: nothing is checked on a schedule, and nobody is mailed`,
          'crawlwatch deploy -- -c alertEmail=you@example.com; or name another: --stack NAME, AWS_REGION',
        ),
      ];
    }
    if (value.AlertsTopicArn !== undefined) return [ok('stack', `${stack} in ${region}`)];
    const events = `aws cloudformation describe-stack-events --region ${shellWord(region)} --stack-name ${shellWord(stack)}`;
    return [
      status !== null && !/^(CREATE|UPDATE)_COMPLETE$/.test(status)
        ? failed(
            'stack',
            `${stack} in ${region} is ${status}: it has no function and no topic, nothing is checked, and nobody is mailed`,
            /_IN_PROGRESS$/.test(status)
              ? `wait for its end: ${events}`
              : `see why: ${events}; then crawlwatch deploy, which replaces what could not be created`,
          )
        : failed('stack', `${stack} is not a stack of crawlwatch`, 'name the right one: --stack NAME'),
    ];
  });
}

const outputOf = ({ outputs }: AlertFacts, name: string): string | null =>
  (outputs.kind === 'answered' && outputs.value?.[name]) || null;

function logs(facts: AlertFacts): string {
  const group = outputOf(facts, 'LogGroupName');
  return group === null
    ? "see the check function's log"
    : `aws logs tail ${shellWord(group)} --since 1h --region ${facts.region}`;
}

function scheduleStep(runs: RecentRuns, facts: AlertFacts, settings: Settings): Step {
  const { started, failed: errors, throttled } = runs;
  const within = `in the last ${recentMinutes(settings)} min`;
  if (started.sum === 0) {
    return throttled.sum > 0
      ? failed(
          'schedule',
          `all ${throttled.sum} starts ${within} were throttled`,
          "raise this account's concurrency limit of Lambda",
        )
      : failed(
          'schedule',
          `no check was started ${within}; one is due every ${settings.schedule.everyMinutes} min`,
          'enable the schedule: aws scheduler list-schedules shows it, crawlwatch deploy puts it back; a new stack needs some minutes',
        );
  }
  const counted = `${plural(started.sum, 'check')} started ${within}`;
  if (errors.sum >= started.sum) return failed('schedule', `${counted}, all of them failed`, logs(facts));
  if (errors.sum > 0) return failed('schedule', `${counted}, ${errors.sum} of them failed`, logs(facts));
  return ok('schedule', `${counted}, none failed`);
}

function lastCheckStep({ lastAt }: Total, facts: AlertFacts, settings: Settings): Step {
  if (lastAt === null) return failed('last check', 'none has completed in the last 24 h', logs(facts));
  const age = minutesBetween(lastAt, facts.now);
  const text = `published ${duration(age)} ago (${clockTime(lastAt, facts.now)})`;
  return age > recentMinutes(settings)
    ? failed('last check', `${text}; one is due every ${settings.schedule.everyMinutes} min`, logs(facts))
    : ok('last check', text);
}

function topicSteps(subscribers: readonly Subscriber[] | null, facts: AlertFacts): Step[] {
  const topic = outputOf(facts, 'AlertsTopicArn') ?? 'the topic';
  if (subscribers === null) {
    return [
      failed(
        'topic',
        `${topic} no longer exists`,
        'crawlwatch deploy --destroy, then crawlwatch deploy -- -c alertEmail=you@example.com: a deploy alone makes nothing again that was deleted by hand',
      ),
    ];
  }
  const advice = (state: 'pending' | 'none') => {
    const { text, command } = howToSubscribe(topic, state);
    return `${text} ${command}`;
  };
  if (subscribers.length === 0) return [failed('topic', `nobody is subscribed to ${topic}`, advice('none'))];
  const isRead = subscribers.some(({ confirmed }) => confirmed);
  return [
    ok('topic', topic),
    ...subscribers.map(({ protocol, endpoint, confirmed }) => {
      const who = `${protocol} ${masked(endpoint)}`;
      if (confirmed) return ok('subscription', `${who} is confirmed`);
      const nobody = isRead ? '' : ', and nobody else is';
      return failed(
        'subscription',
        `${who} is not confirmed${nobody}: it gets nothing`,
        protocol === 'email'
          ? advice('pending')
          : 'have its owner confirm it: SNS has sent it a SubscriptionConfirmation',
      );
    }),
  ];
}

function mailStep({ published, delivered, failed: lost }: MailCounts, { now, stack }: AlertFacts): Step {
  const test = `crawlwatch test-alert --stack ${shellWord(stack)}`;
  if (published.sum === 0 || published.lastAt === null) {
    return unknown(
      'last mail',
      `none was published in ${MAIL_DAYS} days, which is normal for a healthy fleet`,
      `send one: ${test}`,
    );
  }
  const text = `the last was published ${duration(minutesBetween(published.lastAt, now))} ago; in ${MAIL_DAYS} days ${published.sum} published, ${delivered.sum} delivered, ${lost.sum} failed`;
  if (lost.sum > 0 && (delivered.lastAt === null || (lost.lastAt !== null && lost.lastAt >= delivered.lastAt))) {
    return failed(
      'last mail',
      text,
      `see why at SNS (delivery status logging), or whether the address still exists, then ${test}`,
    );
  }
  if (delivered.sum === 0) return failed('last mail', text, `confirm a subscription, then ${test}`);
  return ok('last mail', text);
}
