/** Diagnoses EC2 instances: reads what is on the way to them, and probes each. */
import pLimit from 'p-limit';
import type { Instance } from '../../lambda/model/index.ts';
import { kindOf } from '../../lambda/model/index.ts';
import { probeFleet } from '../../lambda/probe/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import { loginMethods, readPrivateKey } from '../../lambda/ssh/index.ts';
import { describeNodes, findProbeDocument } from '../../lambda/ssm/index.ts';
import { awsPorts } from '../../lambda/wiring/index.ts';
import { type SshFlags, sshAccess, sshKeys } from '../sources/index.ts';
import { type CommandIo, QUIET } from '../terminal/index.ts';
import {
  describeAcl,
  describeEndpoints,
  describeGroups,
  describePlace,
  describeRanges,
  describeRouteTables,
} from './ec2.ts';
import { type Agent, type InstanceFacts, ifChecked, instanceSteps } from './instance-steps.ts';
import { keyProblem, PROBES_MS } from './login-steps.ts';
import { attempt, type DoctorClients, failureOf, type Stack } from './stack.ts';
import { answerOf, type Diagnosis, failed, type Lookup, ok, type Step, stepsOf, unknown } from './step.ts';

/** Instances examined at the same time; each takes half a dozen calls. */
const AT_ONCE = 5;

/** Whether, by what is remembered of it, it can't be checked, hangs, is flagged, or has no result yet. */
export function needsDoctor(described: Instance): boolean {
  const instance = ifChecked(described);
  if (instance === null) return false;
  const { status, reasons, flag } = instance.remembered;
  const [worst] = reasons;
  const isUnread = worst !== undefined && /^(hung|inconclusive)$/.test(kindOf(worst));
  return instance.problem !== null || status === null || flag !== null || isUnread;
}

export interface DoctorContext {
  readonly clients: DoctorClients;
  readonly stack: Stack;
  readonly settings: Settings;
  readonly flags: SshFlags;
  readonly io: CommandIo;
}

export async function diagnoseInstances(described: readonly Instance[], context: DoctorContext): Promise<Diagnosis[]> {
  const { clients, settings } = context;
  const instances = described.flatMap((one) => ifChecked(one) ?? []);
  const access = await accessTo(instances, context);
  const limit = pLimit(AT_ONCE);
  const [probed, check, all] = await Promise.all([
    probeFleet(access.ready ? instances : [], { transports: access.transports, log: QUIET }, settings, {
      deadlineMs: PROBES_MS,
      signal: context.io.signal,
    }),
    checkPlace(context),
    Promise.all(described.map((one) => limit(surroundingsOf, one, context))),
  ]);
  return described.flatMap((one, n): Diagnosis[] => {
    const surroundings = all[n];
    if (surroundings === undefined) return [];
    const probe = probed.find(({ instance }) => instance.id === one.id) ?? null;
    const facts: InstanceFacts = { described: one, now: clients.now, ...surroundings, check, key: access.key, probe };
    const missing = ifChecked(one) === null ? [] : access.missing;
    return [{ kind: 'instance', id: one.id, name: one.name, steps: [...instanceSteps(facts, settings), ...missing] }];
  });
}

/** Where the check connects from, with the ranges of its subnets. */
async function checkPlace({ clients, stack }: DoctorContext): Promise<InstanceFacts['check']> {
  if (stack.check?.kind !== 'answered') return stack.check;
  const { vpcId, subnetIds, groupIds } = stack.check.value;
  const ranges = await attempt('ec2:DescribeSubnets', describeRanges(clients.ec2, subnetIds));
  return ranges.kind === 'answered' ? { kind: 'answered', value: { vpcId, groupIds, cidrs: ranges.value } } : ranges;
}

type Surroundings = Pick<InstanceFacts, 'place' | 'agent' | 'groups' | 'acl' | 'tables' | 'endpoints'>;

/** Reads only what matters for the instance's transport. */
async function surroundingsOf(one: Instance, { clients, io }: DoctorContext): Promise<Surroundings> {
  const { ec2, region } = clients;
  const found = await attempt('ec2:DescribeInstances', describePlace(ec2, one.id));
  const place: Surroundings['place'] =
    found.kind === 'answered' ? { kind: 'answered', value: { ...found.value, region } } : found;
  const nothing = { place, agent: null, groups: null, acl: null, tables: null, endpoints: null };
  const instance = ifChecked(one);
  const at = answerOf(found);
  if (instance === null) return nothing;
  const bySsm = instance.transport === 'ssm';
  const agent = bySsm ? await readAgent(one.id, clients, io.signal) : null;
  // An agent in contact proves the network.
  if (at === null || (agent !== null && answerOf(agent)?.ping === 'Online')) return { ...nothing, agent };
  const { vpcId, subnetId, groupIds } = at;
  const [groups, acl, tables, endpoints] = await Promise.all([
    attempt('ec2:DescribeSecurityGroups', describeGroups(ec2, groupIds)),
    bySsm || subnetId === null ? null : attempt('ec2:DescribeNetworkAcls', describeAcl(ec2, subnetId)),
    vpcId === null ? null : attempt('ec2:DescribeRouteTables', describeRouteTables(ec2, vpcId)),
    bySsm && vpcId !== null ? attempt('ec2:DescribeVpcEndpoints', describeEndpoints(ec2, vpcId)) : null,
  ]);
  return { place, agent, groups, acl, tables, endpoints };
}

async function readAgent(id: string, { ssm }: DoctorClients, signal: AbortSignal): Promise<Lookup<Agent | null>> {
  const { nodes, unasked } = await describeNodes(ssm, [id], signal);
  return unasked.has(id)
    ? failureOf('ssm:DescribeInstanceInformation', unasked.get(id))
    : { kind: 'answered', value: nodes.get(id) ?? null };
}

/** How the instances are probed from here. */
interface Access {
  readonly transports: Parameters<typeof probeFleet>[1]['transports'];
  /** Whether they can be probed at all. */
  readonly ready: boolean;
  /** About the private key, over SSH. */
  readonly key: Step | null;
  /** What prevents the probe. */
  readonly missing: readonly Step[];
}

/** As the check probes: by the stack's document over SSM; over SSH with its key where that can be read, else one's own. */
async function accessTo(instances: readonly Instance[], context: DoctorContext): Promise<Access> {
  const transport = instances[0]?.transport;
  if (transport === undefined) return { transports: {}, ready: false, key: null, missing: [] };
  return transport === 'ssm' ? ssmAccess(context) : stackSshAccess(context);
}

async function ssmAccess({ clients, stack, settings }: DoctorContext): Promise<Access> {
  const document = await attempt('ssm:ListDocuments', findProbeDocument(clients.ssm, stack.name));
  const name = answerOf(document);
  const missing = stepsOf('probe', document, (found) =>
    found === null
      ? [failed('probe', `there is no probe document of ${stack.name}`, 'crawlwatch deploy, or --stack NAME')]
      : [],
  );
  return {
    transports: name === null ? {} : portsWith(clients, settings, name, null),
    ready: name !== null,
    key: null,
    missing,
  };
}

async function stackSshAccess(context: DoctorContext): Promise<Access> {
  const { clients, stack, settings, flags, io } = context;
  const { keySecretArn, instanceConnect } = settings.ssh;
  const ownAccess = async (key: Step | null): Promise<Access> => {
    const own = await loginMethods({ ...(await sshKeys(flags, io)), none: false })({
      user: settings.ssh.user,
      privateKeyPath: null,
    });
    if ('reason' in own) {
      const none = unknown('login', `not tried from here: ${keyProblem(own)}`, 'give --private-key FILE');
      return { transports: {}, ready: false, key, missing: [none] };
    }
    return { transports: { ssh: await sshAccess(flags, settings, io) }, ready: true, key, missing: [] };
  };
  if (instanceConnect) {
    return ownAccess(ok('key', 'EC2 Instance Connect pushes one for each check; the login below uses your own'));
  }
  if (keySecretArn === null) {
    const none = failed(
      'key',
      'the check has no key to log in with',
      'set ssh.keySecretArn, or ssh.instanceConnect, and deploy',
    );
    return ownAccess(
      stack.check === null ? unknown('key', 'there is no check function; the login below uses your own') : none,
    );
  }
  const permission = keySecretArn.split(':')[2] === 'ssm' ? 'ssm:GetParameter' : 'secretsmanager:GetSecretValue';
  const read = await attempt(permission, readPrivateKey(clients, keySecretArn));
  if (read.kind === 'failed' && /ResourceNotFound|ParameterNotFound|it is empty/.test(read.why)) {
    return ownAccess(
      failed(
        'key',
        read.why.replace(/^Error: /, ''),
        'put the private key there, or correct ssh.keySecretArn, and deploy',
      ),
    );
  }
  const [step] = stepsOf('key', read, () => [ok('key', `${keySecretArn} can be read`)]);
  const privateKey = answerOf(read);
  if (privateKey === null) return ownAccess(step ?? null);
  const usable = await loginMethods({ privateKey })({ user: settings.ssh.user, privateKeyPath: null });
  if ('reason' in usable) {
    return ownAccess(
      failed(
        'key',
        `${keySecretArn}: ${keyProblem(usable)}`,
        'put the private key there, whole, in OpenSSH or PEM format, without a passphrase',
      ),
    );
  }
  return { transports: portsWith(clients, settings, null, privateKey), ready: true, key: step ?? null, missing: [] };
}

function portsWith(clients: DoctorClients, settings: Settings, probeDocument: string | null, key: string | null) {
  const clock = { now: () => new Date() };
  return awsPorts({ ...clients, settings, clock, log: QUIET, probeDocument, privateKey: async () => key }).transports;
}
