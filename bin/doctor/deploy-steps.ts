/** What a deploy takes of an account, before anything is changed there: each with its fix. */

import { howToSubscribe } from '../../lambda/alert/index.ts';
import { plural, shellWord } from '../../lambda/kit/index.ts';
import { SHARDS_AT_ONCE } from '../../lambda/scale/index.ts';
import { isDistributed, type Settings, transportOf } from '../../lambda/settings/index.ts';
import { masked } from '../terminal/index.ts';
import type { Subscriber } from './alert-steps.ts';
import { deployNetworkSteps, type PlannedNetwork } from './deploy-network-steps.ts';
import { failed, type Lookup, ok, type Step, stepsOf, unknown } from './step.ts';

/**
 * Of aws-cdk-lib's DefaultStackSynthesizer, for a stack with assets that looks nothing up: test/lib holds it to the
 * manifest that a synth writes.
 */
export const BOOTSTRAP_VERSION = 6;
/** Lambda's quota, for the command that asks for more. */
const MORE_CONCURRENCY =
  'aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 --desired-value 1000';
/** The check, the remedy and a widget, at the same moment. */
const FEWEST_AT_ONCE = 3;

export interface DeployFacts {
  readonly region: string;
  readonly identity: Lookup<{ readonly account: string; readonly arn: string }>;
  /** A value of null: not bootstrapped. */
  readonly bootstrap: Lookup<number | null>;
  readonly concurrency: Lookup<{ readonly all: number; readonly unreserved: number }>;
  /** A value of null: there is no such stack. */
  readonly stack: Lookup<{ readonly status: string; readonly outputs: Readonly<Record<string, string>> } | null>;
  /** Null where the settings name no VPC. */
  readonly network: PlannedNetwork | null;
  /** The topic that would be published to, if it is there already, and who reads it; null: the deploy makes one. */
  readonly topic: { readonly arn: string; readonly subscribers: Lookup<readonly Subscriber[] | null> } | null;
}

export function deploySteps(facts: DeployFacts, settings: Settings): Step[] {
  const { region, identity, bootstrap, concurrency, stack, network, topic } = facts;
  const account = identity.kind === 'answered' ? identity.value.account : 'ACCOUNT';
  return [
    ...stepsOf('credentials', identity, ({ arn }) => [ok('credentials', `${arn} in ${region}`)]),
    ...stepsOf('bootstrap', bootstrap, (version) => [bootstrapStep(version, account, region)]),
    ...stepsOf('concurrency', concurrency, (limit) => [concurrencyStep(limit, isDistributed(settings))]),
    ...stepsOf('stack', stack, (value) => [stackStep(value, settings.stack, region)]),
    ...(network === null || settings.vpc.id === null
      ? []
      : deployNetworkSteps(network, settings.vpc.id, settings.stack, settings)),
    ...sshSteps(settings),
    ...topicSteps(topic, settings),
  ];
}

function bootstrapStep(version: number | null, account: string, region: string): Step {
  const fix = 'crawlwatch deploy --bootstrap';
  if (version === null) return failed('bootstrap', `${account} is not bootstrapped for CDK in ${region}`, fix);
  return version < BOOTSTRAP_VERSION
    ? failed('bootstrap', `version ${version}, but CDK needs ${BOOTSTRAP_VERSION} or later`, fix)
    : ok('bootstrap', `version ${version}; CDK needs ${BOOTSTRAP_VERSION} or later`);
}

function concurrencyStep(
  { all, unreserved }: { readonly all: number; readonly unreserved: number },
  distributed: boolean,
): Step {
  const name = 'concurrency';
  const reserved = all > unreserved ? `, of which ${all - unreserved} are reserved` : '';
  const text = `Lambda runs ${plural(all, 'function')} at once here${reserved}${all <= 10 ? '; new accounts begin with 10' : ''}`;
  if (unreserved < FEWEST_AT_ONCE)
    return failed(name, `${text}: too few for a check, an act and the dashboard`, MORE_CONCURRENCY);
  if (distributed && unreserved <= SHARDS_AT_ONCE) {
    return unknown(
      name,
      `${text}: up to ${SHARDS_AT_ONCE} shards of a check would have to take turns`,
      MORE_CONCURRENCY,
    );
  }
  return ok(name, text);
}

function stackStep(
  stack: { readonly status: string; readonly outputs: Readonly<Record<string, string>> } | null,
  name: string,
  region: string,
): Step {
  if (stack === null) return ok('stack', `${name} is not in ${region} yet: it will be created`);
  const { status, outputs } = stack;
  const words = `--region ${shellWord(region)} --stack-name ${shellWord(name)}`;
  const what = `${name} in ${region} is ${status}`;
  if (/_IN_PROGRESS$/.test(status)) {
    return failed('stack', `${what}: no other deploy can begin`, `aws cloudformation describe-stack-events ${words}`);
  }
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    return failed('stack', what, `aws cloudformation continue-update-rollback ${words}`);
  }
  if (status === 'DELETE_FAILED') return failed('stack', what, `aws cloudformation delete-stack ${words}`);
  if (status === 'ROLLBACK_COMPLETE' || status === 'CREATE_FAILED' || status === 'ROLLBACK_FAILED') {
    return unknown(
      'stack',
      `${what}: its first deploy failed; the next one replaces it`,
      `aws cloudformation describe-stack-events ${words}`,
    );
  }
  return outputs.AlertsTopicArn === undefined
    ? failed('stack', `${name} in ${region} is a stack of something else`, 'give ours another name: the setting stack')
    : ok('stack', `${what}: it will be updated`);
}

/** What a check over SSH needs and no default gives it. */
function sshSteps(settings: Settings): readonly Step[] {
  const { transport, ssh, vpc } = settings;
  const isSsh = transportOf(settings) === 'ssh';
  // What `auto` means here nothing else says before the first check.
  const auto = isSsh ? 'auto is SSH here, since vpc.id is set' : 'auto is SSM here, since no vpc.id is set';
  const chosen = transport === 'auto' ? [ok('transport', auto)] : [];
  if (!isSsh) return chosen;
  const given = transport === 'auto' ? 'transport auto is ssh with a vpc.id' : 'transport is ssh';
  const hasKey = ssh.keySecretArn !== null || ssh.instanceConnect;
  const hasWay = vpc.id !== null || ssh.address === 'public';
  return [
    ...chosen,
    hasKey
      ? ok('SSH key', ssh.keySecretArn ?? 'EC2 Instance Connect pushes one for each check')
      : failed(
          'SSH key',
          `${given}, and the check would have no key to log in with`,
          'set ssh.keySecretArn or ssh.instanceConnect in cdk.json; without a key: transport ssm',
        ),
    ...(hasWay
      ? []
      : [
          failed(
            'way in',
            'transport is ssh to private addresses, and the check would be in no VPC',
            'set vpc.id and vpc.subnetIds in cdk.json, or ssh.address public',
          ),
        ]),
  ];
}

function topicSteps(topic: DeployFacts['topic'], { alertEmail, alerts }: Settings): readonly Step[] {
  const emails = [alertEmail ?? []].flat();
  if (topic === null) {
    return [
      emails.length === 0
        ? unknown(
            'mail',
            'alertEmail is neither in cdk.json nor in CRAWLWATCH_SETTINGS: nobody is mailed unless the deploy names an address',
            'crawlwatch deploy -- -c alertEmail=you@example.com',
          )
        : ok('mail', `AWS will ask ${emails.map(masked).join(', ')} to confirm; the mail is good for two days`),
    ];
  }
  const { arn, subscribers } = topic;
  const subscribe = (state: 'pending' | 'none') => {
    const { text, command } = howToSubscribe(arn, state);
    return `${text} ${command}`;
  };
  return stepsOf('mail', subscribers, (found): Step[] => {
    if (found === null) {
      return [
        alerts.topicArn === null
          ? failed(
              'mail',
              `${arn} no longer exists`,
              'crawlwatch deploy --destroy, then deploy: a deploy alone makes nothing again that was deleted by hand',
            )
          : failed('mail', `there is no topic ${arn}`, 'correct alerts.topicArn'),
      ];
    }
    const lost = emails.filter(
      (email) => !found.some(({ endpoint }) => endpoint.toLowerCase() === email.toLowerCase()),
    );
    const open = found.filter(({ confirmed }) => !confirmed);
    const steps = [
      // A deploy does subscribe an address that is new to the stack.
      ...lost.map((email) =>
        unknown(
          'mail',
          `${masked(email)} is not subscribed to ${arn}: the deploy does it, unless an earlier one did and SNS has deleted the subscription`,
          subscribe('none'),
        ),
      ),
      ...open.map(({ endpoint }) => failed('mail', `${masked(endpoint)} has not confirmed`, subscribe('pending'))),
    ];
    if (steps.length > 0) return steps;
    return found.length === 0
      ? [failed('mail', `nobody is subscribed to ${arn}`, subscribe('none'))]
      : [ok('mail', `${plural(found.length, 'subscriber')} of ${arn}, all confirmed`)];
  });
}
