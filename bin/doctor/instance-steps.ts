/** The steps from the check to one EC2 instance, in the order in which a person would look. */

import { fixFor } from '../../lambda/alert/index.ts';
import { ADVICE, REASON_WORDS } from '../../lambda/judge/index.ts';
import { clockTime, duration, minutesBetween, shellWord } from '../../lambda/kit/index.ts';
import { muteWords } from '../../lambda/memory/index.ts';
import type { FailureReason, Instance, ProbeOutcome } from '../../lambda/model/index.ts';
import { AUTO_WORDS, kindOf, MUTE_ALLOWED, TAG } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { sshSteps, ssmProbeStep } from './login-steps.ts';
import {
  type AclEntry,
  aclStep,
  type CheckPlace,
  type Endpoint,
  egressStep,
  type Group,
  type Origin,
  type Place,
  type RouteTable,
  securityGroupStep,
  sshRouteStep,
  ssmRouteStep,
} from './network-steps.ts';
import { answerOf, failed, type Lookup, ok, type Step, stepsOf, unknown } from './step.ts';

/** What Systems Manager knows of an agent. */
export interface Agent {
  readonly ping: 'Online' | 'ConnectionLost';
  readonly lastPingAt: Date | null;
}

/** What was found about one instance; null was not read, since it doesn't matter for the instance's transport. */
export interface InstanceFacts {
  readonly described: Instance;
  readonly now: Date;
  readonly place: Lookup<Place & { readonly profileArn: string | null }>;
  /** A value of null: Systems Manager doesn't manage it. */
  readonly agent: Lookup<Agent | null> | null;
  readonly groups: Lookup<readonly Group[]> | null;
  readonly acl: Lookup<readonly AclEntry[]> | null;
  readonly tables: Lookup<readonly RouteTable[]> | null;
  readonly endpoints: Lookup<readonly Endpoint[]> | null;
  /** Where the check connects from; null: there is no check function. */
  readonly check: Lookup<CheckPlace & { readonly groupIds: readonly string[] }> | null;
  /** About the private key of the login. */
  readonly key: Step | null;
  /** Null: it was not probed. */
  readonly probe: { readonly outcome: ProbeOutcome; readonly hostKey: string | null } | null;
}

/** The instance, where a check would probe it; else null. */
export const ifChecked = (found: Instance): Instance | null => (found.skipped === null ? found : null);

export function instanceSteps(facts: InstanceFacts, settings: Settings): Step[] {
  const { described } = facts;
  const instance = ifChecked(described);
  const first = [tagStep(described, settings), stateStep(described), platformStep(described)];
  if (instance === null) return first;
  const general = [...first, overridesStep(instance, facts.now), lastCheckStep(instance, facts, settings)];
  return [...general, ...(instance.transport === 'ssm' ? ssmSteps(facts) : sshPathSteps(facts, instance, settings))];
}

const regionFlag = ({ region }: Instance): string => (region === null ? '' : ` --region ${shellWord(region)}`);

function tagStep(one: Instance, { tag: { key, value } }: Settings): Step {
  const got = one.tags[key];
  if (got === value) return ok('watch tag', `${key}=${value}`);
  return failed(
    'watch tag',
    got === undefined ? `it has no tag ${key}: it is not watched` : `${key}=${got}, but it must be exactly ${value}`,
    `aws ec2 create-tags --resources ${one.id} --tags ${shellWord(`Key=${key},Value=${value}`)}${regionFlag(one)}`,
  );
}

function stateStep(one: Instance): Step {
  if (one.state === 'running') return ok('state', 'running');
  const isStopped = one.state === 'stopped';
  return failed(
    'state',
    `it is ${one.state}: it is skipped until it runs`,
    isStopped
      ? `aws ec2 start-instances --instance-ids ${one.id}${regionFlag(one)}`
      : 'wait until its state has settled, then run doctor again',
  );
}

const platformStep = ({ platform }: Instance): Step =>
  /windows/i.test(platform)
    ? failed('platform', `${platform}: only Linux is checked`, 'remove its watch tag')
    : ok('platform', platform);

function overridesStep(instance: Instance, now: Date): Step {
  const { id, tags, unreadable } = instance;
  const name = 'overrides';
  if (instance.problem !== null)
    return failed(name, instance.problem.text, 'correct the tag: until then it is not checked');
  if (instance.mute === 'unreadable') {
    return failed(
      name,
      `the tag ${TAG.mute} is ${tags[TAG.mute]}; allowed: ${MUTE_ALLOWED}`,
      `crawlwatch mute ${id} --for 2h, or crawlwatch mute ${id} --off`,
    );
  }
  if (instance.auto === 'unreadable') {
    return failed(
      name,
      `the tag ${TAG.auto} is ${tags[TAG.auto]}; allowed: ${AUTO_WORDS.join(', ')}`,
      'correct the tag: until then nothing is done automatically',
    );
  }
  if (unreadable.length > 0) {
    return failed(
      name,
      `these tags can't be read: ${unreadable.join(', ')}`,
      'delete those tags: the next check writes them again',
    );
  }
  const muted = muteWords(instance, now);
  const given = [TAG.ssh, TAG.limits, TAG.worker, TAG.auto].filter((key) => tags[key] !== undefined);
  const readable = given.length === 0 ? 'none' : `${given.map((key) => `${key}=${tags[key]}`).join(', ')} can be read`;
  return ok(name, muted === null ? readable : `${readable}; ${muted}: no mail is sent about it`);
}

/** What the last check found, with its own key and from its own network: better evidence than a try from here. */
function lastCheckStep(instance: Instance, { now }: InstanceFacts, settings: Settings): Step {
  const name = 'last check';
  const { status, reasons, since, flag } = instance.remembered;
  const [worst] = reasons;
  if (status === null) {
    const age = instance.launchedAt === null ? null : minutesBetween(instance.launchedAt, now);
    return age !== null && age < 2 * settings.schedule.everyMinutes
      ? ok(name, `none yet: it was launched ${duration(age)} ago`)
      : unknown(name, 'there is no result yet', 'crawlwatch doctor without ids says whether checks run at all');
  }
  const lasting = since === null ? '' : ` since ${clockTime(since, now)}, for ${duration(minutesBetween(since, now))}`;
  if (worst === undefined || kindOf(worst) === 'measured' || kindOf(worst) === 'event') {
    return ok(name, `${[status, ...reasons].join(' ')}${lasting}: it answered`);
  }
  const text = `${status} ${worst}${lasting}: ${REASON_WORDS[worst as FailureReason]}${flag === null ? '' : '; it is flagged for reboot'}`;
  return failed(name, text, flag === null ? fixForCheck(worst as FailureReason) : `crawlwatch reboot ${instance.id}`);
}

/** How to fix a failure of the scheduled check. */
const fixForCheck = (reason: FailureReason): string => HUNG_FIX[reason] ?? fixFor(reason);
/** How to fix a failure of a login from this machine. */
export const fixForLogin = (reason: FailureReason): string =>
  HUNG_FIX[reason] ?? ADVICE[reason] ?? 'try again; if it persists, look at its console';

const BY_CONSOLE =
  'sshd serves no login: look at its console for the OOM killer, then restart sshd from there or reboot it';
const HUNG_FIX: Readonly<Partial<Record<FailureReason, string>>> = {
  ConnectTimeout: 'see that it is up, and that security group, network ACL and its own firewall allow that port',
  ConnectionRefused: 'start sshd on it, or correct the port (tag crawlwatch:ssh, ansible_port, --host HOST:PORT)',
  ConnectionReset: BY_CONSOLE,
  ClosedBeforeBanner: BY_CONSOLE,
  BannerTimeout: BY_CONSOLE,
  HandshakeTimeout: BY_CONSOLE,
  CommandTimeout: 'it accepts the login and is too slow to run a command: restart its worker, or reboot it',
  ForkFailed: 'it cannot start processes: restart its worker from a session that is still open, or reboot it',
  ConnectionLost: 'try again; if it persists, look for what cuts connections on the way',
  SsmConnectionLost: 'see that it is up and reaches SSM; a hung host needs a reboot',
  SsmDeliveryTimedOut:
    'the agent accepts no command: restart it (sudo systemctl restart amazon-ssm-agent), or reboot the host',
  InstanceConnectRefused:
    'see that ec2-instance-connect is installed there, and that it can fork and reach the metadata service',
};

function ssmSteps(facts: InstanceFacts): Step[] {
  const { described, place, agent, groups, tables, endpoints, probe } = facts;
  const isOnline = agent !== null && answerOf(agent)?.ping === 'Online';
  const profile = stepsOf('instance profile', place, ({ profileArn }) => [
    profileArn !== null
      ? ok('instance profile', profileArn.split('/').at(-1) ?? profileArn)
      : isOnline
        ? ok('instance profile', 'none, but the agent is in contact (Default Host Management)')
        : failed(
            'instance profile',
            'none: the agent is not allowed to call SSM',
            `attach one whose role has AmazonSSMManagedInstanceCore: aws ec2 associate-iam-instance-profile --instance-id ${described.id} --iam-instance-profile Name=NAME${regionFlag(described)}`,
          ),
  ]);
  const contact = agent === null ? [] : stepsOf('SSM agent', agent, (value) => [agentStep(value, facts.now)]);
  // An agent in contact proves the network; without one these steps say where it may be cut.
  const network =
    isOnline || groups === null || tables === null || endpoints === null
      ? []
      : [
          ...stepsOf('security group', groups, (value) => [egressStep(value)]),
          ...stepsOf('route to SSM', place, (at) =>
            stepsOf('route to SSM', tables, (routes) =>
              stepsOf('route to SSM', endpoints, (found) => [ssmRouteStep(at, routes, found)]),
            ),
          ),
        ];
  return [...profile, ...contact, ...network, ...(probe === null ? [] : [ssmProbeStep(probe.outcome, fixForCheck)])];
}

function agentStep(agent: Agent | null, now: Date): Step {
  if (agent === null) {
    return failed(
      'SSM agent',
      'SSM does not manage it: the agent has never registered, or is gone',
      'install and start amazon-ssm-agent on it; it needs the instance profile and a route to SSM',
    );
  }
  const { ping, lastPingAt } = agent;
  const last = lastPingAt === null ? '' : `, last ping ${duration(minutesBetween(lastPingAt, now))} ago`;
  return ping === 'Online'
    ? ok('SSM agent', `online${last}`)
    : failed(
        'SSM agent',
        `it has lost its connection${last}`,
        'fix what is broken below; if nothing is, the agent or the host hangs: reboot it',
      );
}

function sshPathSteps(facts: InstanceFacts, instance: Instance, settings: Settings): Step[] {
  const { place, groups, acl, tables, key, probe } = facts;
  const { port } = instance.login;
  const check = facts.check === null ? null : answerOf(facts.check);
  const origin: Origin =
    check === null
      ? { kind: 'unknown' }
      : check.vpcId === null
        ? { kind: 'internet' }
        : { kind: 'vpc', groupIds: check.groupIds, cidrs: check.cidrs };
  return [
    ...(facts.check === null ? [] : stepsOf('check function', facts.check, () => [])),
    ...(groups === null ? [] : stepsOf('security group', groups, (value) => [securityGroupStep(value, port, origin)])),
    ...(acl === null ? [] : stepsOf('network ACL', acl, (entries) => [aclStep(entries, port, origin)])),
    ...(tables === null || check === null
      ? []
      : stepsOf('route', place, (at) =>
          stepsOf('route', tables, (routes) => [sshRouteStep(at, check, settings.ssh.address, routes)]),
        )),
    ...(key === null ? [] : [key]),
    ...(probe === null ? [] : sshSteps({ ...probe, instance, elsewhere: true, fixFor: fixForLogin })),
  ];
}
