/** Turns what EC2 describes into an Instance: the only place that parses an instance's tags. */

import {
  AUTO_WORDS,
  type Auto,
  type Instance,
  type Login,
  NOTHING_REMEMBERED,
  type Reason,
  type Surroundings,
  TAG,
  type Whereabouts,
} from '../model/index.ts';
import { readLimits, type Settings, transportOf } from '../settings/index.ts';
import { readHostKey, readMute, readTags } from './tags.ts';

/** An instance as EC2 describes it. */
export interface DescribedInstance extends Whereabouts, Surroundings {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly platform: string;
  readonly address: string | null;
  readonly launchedAt: Date | null;
  readonly spot: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

const USER = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
const UNIT = /^[A-Za-z0-9:_.@-]{1,128}$/;
/** Auto Scaling sets it on its members (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html). */
const AUTO_SCALING_TAG = 'aws:autoscaling:groupName';

export function toInstance(one: DescribedInstance, settings: Settings): Instance {
  const { tags } = one;
  const { key, value } = settings.tag;
  const { tagged, unreadable } = readTags(tags);
  const hostKeyTag = readHostKey(tags[TAG.hostKey]);
  const stack = tags[TAG.stack] ?? null;
  const why = whySkipped(one);
  const isElsewhereWatched = why === null && stack !== null && stack !== settings.stack;
  const override = readOverride(tags[TAG.ssh]);
  const limits = tags[TAG.limits] === undefined ? null : readLimits(tags[TAG.limits] ?? '', settings);
  const worker = tags[TAG.worker];
  const badWorker = worker !== undefined && worker !== '' && !UNIT.test(worker);
  const transport = transportOf(settings);
  const login: Login = {
    user: override.login.user ?? settings.ssh.user,
    port: override.login.port ?? settings.ssh.port,
    privateKeyPath: null,
  };
  return {
    id: one.id,
    name: one.name,
    state: one.state,
    platform: one.platform,
    address: one.address,
    region: one.region,
    account: one.account,
    launchedAt: one.launchedAt,
    spot: one.spot,
    autoScaling: tags[AUTO_SCALING_TAG] !== undefined,
    watched: tags[key] === value,
    skipped: isElsewhereWatched ? `is watched by the stack ${stack.slice(0, 128)}` : why,
    transport,
    login,
    worker: worker === undefined || worker === '' || badWorker ? null : worker,
    workerExpected: worker !== undefined,
    sshdExpected: transport === 'ssm' && (tags[TAG.ssh] !== undefined || settings.transport !== 'ssm'),
    auto: readAuto(tags[TAG.auto]),
    mute: readMute(tags[TAG.mute]),
    stack,
    isElsewhereWatched,
    hostKeyTag: hostKeyTag === 'unreadable' ? null : hostKeyTag,
    hostKey: null,
    tagged,
    remembered: NOTHING_REMEMBERED,
    unreadable,
    problem:
      override.problem ??
      (hostKeyTag === 'unreadable'
        ? badTag(TAG.hostKey, tags[TAG.hostKey] ?? '', 'SHA256:... as ssh-keygen -l prints it, or renew')
        : null) ??
      (badWorker ? badTag(TAG.worker, worker, 'a systemd unit, e.g. sidekiq.service') : null) ??
      (limits?.kind === 'bad' ? badTag(TAG.limits, tags[TAG.limits] ?? '', limits.allowed) : null),
    tags: Object.fromEntries(Object.entries(tags).filter(([name]) => name === key || name.startsWith('crawlwatch:'))),
    ...(limits?.kind === 'limits' && { limits: limits.limits }),
    ...(one.elsewhere === true && { elsewhere: true }),
    ...(one.subnet !== undefined && { subnet: one.subnet }),
    ...(one.zone !== undefined && { zone: one.zone }),
    ...(one.securityGroups !== undefined && { securityGroups: one.securityGroups }),
  };
}

function whySkipped(one: DescribedInstance): string | null {
  if (one.state !== 'running') return `is ${one.state}, not running`;
  if (/windows/i.test(one.platform)) return `runs ${one.platform}, not Linux`;
  return null;
}

const badTag = (key: string, got: string, allowed: string): Reason => ({
  code: 'BadOverride',
  text: `The tag ${key} is ${JSON.stringify(got.slice(0, 80))}; allowed: ${allowed}.`,
});

/** `user=ec2-user;port=2222`, either or both. */
function readOverride(text: string | undefined): { login: Partial<Login>; problem: Reason | null } {
  const login: { user?: string; port?: number } = {};
  if (text === undefined) return { login, problem: null };
  const seen = new Set<string>();
  for (const part of text.split(';').map((p) => p.trim())) {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    const port = Number(value);
    if (key === 'user' && USER.test(value) && !seen.has(key)) login.user = value;
    else if (key === 'port' && /^\d{1,5}$/.test(value) && port >= 1 && port <= 65535 && !seen.has(key))
      login.port = port;
    else return { login: {}, problem: badTag(TAG.ssh, text, 'user=NAME;port=1..65535, either or both') };
    seen.add(key);
  }
  return { login, problem: null };
}

function readAuto(text: string | undefined): Instance['auto'] {
  if (text === undefined) return null;
  return (AUTO_WORDS as readonly string[]).includes(text) ? (text as Auto) : 'unreadable';
}
