/** What the doctor finds out about EC2 instances: on the way to them, and by a probe of each. */
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
import { type Asked, type Diagnosis, failed, ok, type Step, stepsOf, toldOf, unknown } from './diagnose.ts';
import { type Agent, asChecked, type InstanceFacts, instanceSteps } from './diagnose-instance.ts';
import {
  describeAcl,
  describeEndpoints,
  describeGroups,
  describePlace,
  describeRanges,
  describeRouteTables,
} from './ec2.ts';
import { PROBES_MS, whyUnusable } from './login.ts';
import { asked, type DoctorClients, type Stack, whyNot } from './stack.ts';

/** Instances looked into at the same time; each is half a dozen calls. */
const AT_ONCE = 5;

/** Whether by its tags the check can't be made on it, it hangs, or none has told anything. */
export function needsDoctor(described: Instance): boolean {
  const instance = asChecked(described);
  if (instance === null) return false;
  const { status, reasons, flag } = instance.memory;
  const [worst] = reasons;
  const unread = worst !== undefined && /^(hung|ours)$/.test(kindOf(worst));
  return instance.problem !== null || status === null || flag !== null || unread;
}

export interface InstanceQuestions {
  readonly world: DoctorClients;
  readonly stack: Stack;
  readonly settings: Settings;
  readonly flags: SshFlags;
  readonly io: CommandIo;
}

export async function diagnoseInstances(
  described: readonly Instance[],
  questions: InstanceQuestions,
): Promise<Diagnosis[]> {
  const { world, settings } = questions;
  const instances = described.flatMap((one) => asChecked(one) ?? []);
  const way = await wayIn(instances, questions);
  const limit = pLimit(AT_ONCE);
  const [probed, check, circumstances] = await Promise.all([
    probeFleet(way.ready ? instances : [], { transports: way.transports, log: QUIET }, settings, {
      deadlineMs: PROBES_MS,
      signal: questions.io.signal,
    }),
    checkPlace(questions),
    Promise.all(described.map((one) => limit(circumstancesOf, one, questions))),
  ]);
  return described.flatMap((one, n): Diagnosis[] => {
    const around = circumstances[n];
    if (around === undefined) return [];
    const probe = probed.find(({ instance }) => instance.id === one.id) ?? null;
    const facts: InstanceFacts = { described: one, now: world.now, ...around, check, key: way.key, probe };
    const missing = asChecked(one) === null ? [] : way.missing;
    return [{ kind: 'instance', id: one.id, name: one.name, steps: [...instanceSteps(facts, settings), ...missing] }];
  });
}

/** From where the check connects, with the ranges of its subnets. */
async function checkPlace({ world, stack }: InstanceQuestions): Promise<InstanceFacts['check']> {
  if (stack.check?.kind !== 'told') return stack.check;
  const { vpcId, subnetIds, groupIds } = stack.check.value;
  const ranges = await asked('ec2:DescribeSubnets', describeRanges(world.ec2, subnetIds));
  return ranges.kind === 'told' ? { kind: 'told', value: { vpcId, groupIds, cidrs: ranges.value } } : ranges;
}

type Circumstances = Pick<InstanceFacts, 'place' | 'agent' | 'groups' | 'acl' | 'tables' | 'endpoints'>;

/** Asks only what matters on the way that the instance is checked. */
async function circumstancesOf(one: Instance, { world, io }: InstanceQuestions): Promise<Circumstances> {
  const { ec2, region } = world;
  const found = await asked('ec2:DescribeInstances', describePlace(ec2, one.id));
  const place: Circumstances['place'] =
    found.kind === 'told' ? { kind: 'told', value: { ...found.value, region } } : found;
  const nothing = { place, agent: null, groups: null, acl: null, tables: null, endpoints: null };
  const instance = asChecked(one);
  const at = toldOf(found);
  if (instance === null) return nothing;
  const bySsm = instance.transport === 'ssm';
  const agent = bySsm ? await askAgent(one.id, world, io.signal) : null;
  // Where the agent is in contact the network between is no question.
  if (at === null || (agent !== null && toldOf(agent)?.ping === 'Online')) return { ...nothing, agent };
  const { vpcId, subnetId, groupIds } = at;
  const [groups, acl, tables, endpoints] = await Promise.all([
    asked('ec2:DescribeSecurityGroups', describeGroups(ec2, groupIds)),
    bySsm || subnetId === null ? null : asked('ec2:DescribeNetworkAcls', describeAcl(ec2, subnetId)),
    vpcId === null ? null : asked('ec2:DescribeRouteTables', describeRouteTables(ec2, vpcId)),
    bySsm && vpcId !== null ? asked('ec2:DescribeVpcEndpoints', describeEndpoints(ec2, vpcId)) : null,
  ]);
  return { place, agent, groups, acl, tables, endpoints };
}

async function askAgent(id: string, { ssm }: DoctorClients, signal: AbortSignal): Promise<Asked<Agent | null>> {
  const { nodes, unasked } = await describeNodes(ssm, [id], signal);
  return unasked.has(id)
    ? whyNot('ssm:DescribeInstanceInformation', unasked.get(id))
    : { kind: 'told', value: nodes.get(id) ?? null };
}

interface WayIn {
  readonly transports: Parameters<typeof probeFleet>[1]['transports'];
  /** Whether anything can be asked. */
  readonly ready: boolean;
  /** About the key of the login over SSH. */
  readonly key: Step | null;
  /** What kept the instances from being probed at all. */
  readonly missing: readonly Step[];
}

/** As the check asks: the stack's document over SSM, its key over SSH where this identity may read it, else one's own. */
async function wayIn(instances: readonly Instance[], questions: InstanceQuestions): Promise<WayIn> {
  const transport = instances[0]?.transport;
  if (transport === undefined) return { transports: {}, ready: false, key: null, missing: [] };
  return transport === 'ssm' ? ssmWay(questions) : sshWay(questions);
}

async function ssmWay({ world, stack, settings }: InstanceQuestions): Promise<WayIn> {
  const document = await asked('ssm:ListDocuments', findProbeDocument(world.ssm, stack.name));
  const name = toldOf(document);
  const missing = stepsOf('probe', document, (found) =>
    found === null
      ? [failed('probe', `there is no probe document of ${stack.name}`, 'npx cdk deploy, or --stack NAME')]
      : [],
  );
  return {
    transports: name === null ? {} : portsWith(world, settings, name, null),
    ready: name !== null,
    key: null,
    missing,
  };
}

async function sshWay(questions: InstanceQuestions): Promise<WayIn> {
  const { world, stack, settings, flags, io } = questions;
  const { keySecretArn, instanceConnect } = settings.ssh;
  const ownWay = async (key: Step | null): Promise<WayIn> => {
    const own = await loginMethods(await sshKeys(flags, io))({ user: settings.ssh.user, privateKeyPath: null });
    if ('reason' in own) {
      const none = unknown('login', `not tried from here: ${whyUnusable(own)}`, 'give --private-key FILE');
      return { transports: {}, ready: false, key, missing: [none] };
    }
    return { transports: { ssh: await sshAccess(flags, settings, io) }, ready: true, key, missing: [] };
  };
  if (instanceConnect) {
    return ownWay(ok('key', 'EC2 Instance Connect pushes one for each check; below, your own is tried'));
  }
  if (keySecretArn === null) {
    const none = failed(
      'key',
      'the check has none to log in with',
      'set ssh.keySecretArn, or ssh.instanceConnect, and deploy',
    );
    return ownWay(stack.check === null ? unknown('key', 'there is no check function; below, your own is tried') : none);
  }
  const permission = keySecretArn.split(':')[2] === 'ssm' ? 'ssm:GetParameter' : 'secretsmanager:GetSecretValue';
  const read = await asked(permission, readPrivateKey(world, keySecretArn));
  if (read.kind === 'unread' && /ResourceNotFound|ParameterNotFound|it is empty/.test(read.why)) {
    return ownWay(
      failed(
        'key',
        read.why.replace(/^Error: /, ''),
        'put the private key there, or correct ssh.keySecretArn, and deploy',
      ),
    );
  }
  const [step] = stepsOf('key', read, () => [ok('key', `${keySecretArn} can be read`)]);
  const privateKey = toldOf(read);
  if (privateKey === null) return ownWay(step ?? null);
  const usable = await loginMethods({ privateKey })({ user: settings.ssh.user, privateKeyPath: null });
  if ('reason' in usable) {
    return ownWay(
      failed(
        'key',
        `${keySecretArn}: ${whyUnusable(usable)}`,
        'put the private key there, whole, in OpenSSH or PEM format, without a passphrase',
      ),
    );
  }
  return { transports: portsWith(world, settings, null, privateKey), ready: true, key: step ?? null, missing: [] };
}

function portsWith(world: DoctorClients, settings: Settings, probeDocument: string | null, key: string | null) {
  const clock = { now: () => new Date() };
  return awsPorts({ ...world, settings, clock, log: QUIET, probeDocument, privateKey: async () => key }).transports;
}
