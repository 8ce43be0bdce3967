/** What stands between the check and one EC2 instance, in the order in which a person would look. */

import { fixFor } from '../../lambda/alert/index.ts';
import { ADVICE, shellWord } from '../../lambda/judge/index.ts';
import { clockTime, duration, minutesBetween } from '../../lambda/kit/index.ts';
import type { FailureReason, Instance, ProbeOutcome } from '../../lambda/model/index.ts';
import { AUTO_WORDS, kindOf, TAG } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { type Asked, failed, ok, type Step, stepsOf, toldOf, unknown } from './diagnose.ts';
import { inWords, sshSteps, ssmProbeStep } from './diagnose-login.ts';
import { type AclEntry, aclStep, egressStep, type Group, type Origin, securityGroupStep } from './diagnose-network.ts';
import {
  type CheckPlace,
  type Endpoint,
  type Place,
  type RouteTable,
  sshRouteStep,
  ssmRouteStep,
} from './diagnose-route.ts';

/** What Systems Manager knows of an agent. */
export interface Agent {
  readonly ping: 'Online' | 'ConnectionLost';
  readonly lastPingAt: Date | null;
}

/** What was found about one instance; null was not asked, since it doesn't matter on the way it is checked. */
export interface InstanceFacts {
  readonly described: Instance;
  readonly now: Date;
  readonly place: Asked<Place & { readonly profileArn: string | null }>;
  /** Null within: Systems Manager doesn't manage it. */
  readonly agent: Asked<Agent | null> | null;
  readonly groups: Asked<readonly Group[]> | null;
  readonly acl: Asked<readonly AclEntry[]> | null;
  readonly tables: Asked<readonly RouteTable[]> | null;
  readonly endpoints: Asked<readonly Endpoint[]> | null;
  /** Where the check connects from; null: there is no check function. */
  readonly check: Asked<CheckPlace & { readonly groupIds: readonly string[] }> | null;
  /** About the key of the login, by who read it. */
  readonly key: Step | null;
  /** Null: it was not probed. */
  readonly probe: { readonly outcome: ProbeOutcome; readonly hostKey: string | null } | null;
}

/** The instance as a check would ask it; null where none would. */
export const asChecked = (found: Instance): Instance | null => (found.skipped === null ? found : null);

export function instanceSteps(facts: InstanceFacts, settings: Settings): Step[] {
  const { described } = facts;
  const instance = asChecked(described);
  const first = [tagStep(described, settings), stateStep(described), platformStep(described)];
  if (instance === null) return first;
  const own = [...first, overridesStep(instance, facts.now), lastCheckStep(instance, facts, settings)];
  return [...own, ...(instance.transport === 'ssm' ? ssmSteps(facts) : sshPathSteps(facts, instance, settings))];
}

const regionFlag = ({ region }: Instance): string => (region === null ? '' : ` --region ${shellWord(region)}`);

function tagStep(one: Instance, { tag: { key, value } }: Settings): Step {
  const got = one.tags[key];
  if (got === value) return ok('watch tag', `${key}=${value}`);
  return failed(
    'watch tag',
    got === undefined
      ? `it has no tag ${key}: it is not watched`
      : `${key}=${got}, where ${value} is looked for, letter by letter`,
    `aws ec2 create-tags --resources ${one.id} --tags ${shellWord(`Key=${key},Value=${value}`)}${regionFlag(one)}`,
  );
}

function stateStep(one: Instance): Step {
  if (one.state === 'running') return ok('state', 'running');
  const isStopped = one.state === 'stopped';
  return failed(
    'state',
    `it is ${one.state}: it is passed over until it runs`,
    isStopped
      ? `aws ec2 start-instances --instance-ids ${one.id}${regionFlag(one)}`
      : 'wait until it has settled, then ask again',
  );
}

const platformStep = ({ platform }: Instance): Step =>
  /windows/i.test(platform)
    ? failed('platform', `${platform}: only Linux is checked`, 'take the watch tag away from it')
    : ok('platform', platform);

function overridesStep(instance: Instance, now: Date): Step {
  const { id, tags, unreadable } = instance;
  const name = 'overrides';
  if (instance.problem !== null)
    return failed(name, instance.problem.text, 'correct the tag: until then it is not checked');
  if (instance.mutedUntil === 'unreadable') {
    return failed(
      name,
      `the tag ${TAG.mute} is ${tags[TAG.mute]}; allowed: until=2026-11-23T06:00:00Z`,
      `crawlwatch mute ${id} --for 2h, or crawlwatch mute ${id} --off`,
    );
  }
  if (instance.auto === 'unreadable') {
    return failed(
      name,
      `the tag ${TAG.auto} is ${tags[TAG.auto]}; allowed: ${AUTO_WORDS.join(', ')}`,
      'correct the tag: until then nothing is done by itself',
    );
  }
  if (unreadable.length > 0) {
    return failed(
      name,
      `these tags can't be read: ${unreadable.join(', ')}`,
      'delete those tags: the next check writes them again',
    );
  }
  const muted = instance.mutedUntil !== null && instance.mutedUntil > now ? instance.mutedUntil : null;
  const given = [TAG.ssh, TAG.worker, TAG.auto].filter((key) => tags[key] !== undefined);
  const readable = given.length === 0 ? 'none' : `${given.map((key) => `${key}=${tags[key]}`).join(', ')} can be read`;
  return ok(
    name,
    muted === null ? readable : `${readable}; muted until ${clockTime(muted, now)}: nobody is mailed about it`,
  );
}

/** What the check itself saw, with its own key and from its own place: better evidence than anything tried from here. */
function lastCheckStep(instance: Instance, { now }: InstanceFacts, settings: Settings): Step {
  const name = 'last check';
  const { status, reasons, since, flag } = instance.memory;
  const [worst] = reasons;
  if (status === null) {
    const age = instance.launchedAt === null ? null : minutesBetween(instance.launchedAt, now);
    return age !== null && age < 2 * settings.schedule.everyMinutes
      ? ok(name, `none yet: it was launched ${duration(age)} ago`)
      : unknown(name, 'none has told anything yet', 'crawlwatch doctor says whether checks are made at all');
  }
  const stood = since === null ? '' : ` since ${clockTime(since, now)}, for ${duration(minutesBetween(since, now))}`;
  if (worst === undefined || kindOf(worst) === 'measured' || kindOf(worst) === 'event') {
    return ok(name, `${[status, ...reasons].join(' ')}${stood}: it answered`);
  }
  const text = `${status} ${worst}${stood}: ${inWords(worst as FailureReason)}${flag === null ? '' : '; it is flagged for reboot'}`;
  return failed(name, text, flag === null ? mendsCheck(worst as FailureReason) : `crawlwatch reboot ${instance.id}`);
}

/** What mends a failure that the scheduled check saw. */
const mendsCheck = (reason: FailureReason): string => HUNG_FIX[reason] ?? fixFor(reason);
/** What mends a failure that a person at a terminal saw. */
export const mendsLogin = (reason: FailureReason): string =>
  HUNG_FIX[reason] ?? ADVICE[reason] ?? 'ask again; if it stays so, look at its console';

const BY_CONSOLE =
  'sshd serves nobody: look at its console for the OOM killer, then restart sshd from there or reboot it';
const HUNG_FIX: Readonly<Partial<Record<FailureReason, string>>> = {
  ConnectTimeout: 'see that it is up, and that security group, network ACL and its own firewall let that port in',
  ConnectionRefused: 'start sshd on it, or correct the port (tag crawlwatch:ssh, ansible_port, --host HOST:PORT)',
  ConnectionReset: BY_CONSOLE,
  ClosedBeforeBanner: BY_CONSOLE,
  BannerTimeout: BY_CONSOLE,
  HandshakeTimeout: BY_CONSOLE,
  CommandTimeout: 'it lets in and is too slow to run a command: restart its worker, or reboot it',
  ForkFailed: 'it can start no process: restart its worker from a session that is still open, or reboot it',
  ConnectionLost: 'ask again; if it stays so, look for what cuts connections on the way',
  SsmConnectionLost: 'see that it is up and reaches SSM; a hung host needs a reboot',
  SsmDeliveryTimedOut:
    'the agent takes no command: restart it (sudo systemctl restart amazon-ssm-agent), or reboot the host',
  InstanceConnectRefused:
    'see that ec2-instance-connect is installed there, and that it can fork and reach the metadata service',
};

function ssmSteps(facts: InstanceFacts): Step[] {
  const { described, place, agent, groups, tables, endpoints, probe } = facts;
  const isOnline = agent !== null && toldOf(agent)?.ping === 'Online';
  const profile = stepsOf('instance profile', place, ({ profileArn }) => [
    profileArn !== null
      ? ok('instance profile', profileArn.split('/').at(-1) ?? profileArn)
      : isOnline
        ? ok('instance profile', 'none, and the agent is in contact all the same (Default Host Management)')
        : failed(
            'instance profile',
            'none: the agent may not talk to SSM',
            `attach one whose role has AmazonSSMManagedInstanceCore: aws ec2 associate-iam-instance-profile --instance-id ${described.id} --iam-instance-profile Name=NAME${regionFlag(described)}`,
          ),
  ]);
  const contact = agent === null ? [] : stepsOf('SSM agent', agent, (value) => [agentStep(value, facts.now)]);
  // Where the agent is in contact the way there is proved; else these say where it may end.
  const way =
    isOnline || groups === null || tables === null || endpoints === null
      ? []
      : [
          ...stepsOf('security group', groups, (value) => [egressStep(value)]),
          ...stepsOf('route to SSM', place, (at) =>
            stepsOf('route to SSM', tables, (routes) =>
              stepsOf('route to SSM', endpoints, (doors) => [ssmRouteStep(at, routes, doors)]),
            ),
          ),
        ];
  return [...profile, ...contact, ...way, ...(probe === null ? [] : [ssmProbeStep(probe.outcome, mendsCheck)])];
}

function agentStep(agent: Agent | null, now: Date): Step {
  if (agent === null) {
    return failed(
      'SSM agent',
      'SSM does not manage it: the agent has never registered, or is gone',
      'install and start amazon-ssm-agent on it; it needs the instance profile and a way to SSM',
    );
  }
  const { ping, lastPingAt } = agent;
  const last = lastPingAt === null ? '' : `, last ping ${duration(minutesBetween(lastPingAt, now))} ago`;
  return ping === 'Online'
    ? ok('SSM agent', `online${last}`)
    : failed(
        'SSM agent',
        `it has lost its connection${last}`,
        'mend what is broken below; where all is well the agent or the host hangs: reboot it',
      );
}

function sshPathSteps(facts: InstanceFacts, instance: Instance, settings: Settings): Step[] {
  const { place, groups, acl, tables, key, probe } = facts;
  const { port } = instance.login;
  const check = facts.check === null ? null : toldOf(facts.check);
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
    ...(probe === null ? [] : sshSteps({ ...probe, instance, elsewhere: true, fixFor: mendsLogin })),
  ];
}
