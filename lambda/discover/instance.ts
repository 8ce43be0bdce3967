/** Which of the described instances are probed, how, and why the others are not. */

import { parseInstant } from '../kit/index.ts';
import type { DescribedInstance, Instance, Login, Reason, SkippedInstance, Transport } from '../model/index.ts';
import { TAG } from '../model/index.ts';
import type { Settings } from '../settings/index.ts';
import { readState } from './tags.ts';

export interface Selection {
  readonly instances: readonly Instance[];
  readonly skipped: readonly SkippedInstance[];
  /** Tags of ours that could not be read: instance id and keys. */
  readonly ignoredTags: readonly { readonly id: string; readonly keys: readonly string[] }[];
}

const USER = /^[A-Za-z_][A-Za-z0-9_.-]{0,31}$/;
const UNIT = /^[A-Za-z0-9:_.@-]{1,128}$/;

/** `source` decides the transport of hosts that don't come from AWS. */
export function selectInstances(
  described: readonly DescribedInstance[],
  source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws',
  settings: Settings,
): Selection {
  const instances: Instance[] = [];
  const skipped: SkippedInstance[] = [];
  const ignoredTags: { id: string; keys: readonly string[] }[] = [];
  for (const one of described) {
    const why = whySkipped(one);
    if (why !== null) {
      skipped.push({ id: one.id, name: one.name, why });
      continue;
    }
    const { instance, ignored } = toInstance(one, transportOf(source, settings), settings);
    instances.push(instance);
    if (ignored.length > 0) ignoredTags.push({ id: one.id, keys: ignored });
  }
  return { instances, skipped, ignoredTags };
}

function whySkipped(one: DescribedInstance): string | null {
  if (one.state !== 'running') return `is ${one.state}, not running`;
  if (/windows/i.test(one.platform)) return `runs ${one.platform}, not Linux`;
  return null;
}

function transportOf(source: 'local' | 'hosts' | 'inventory' | 'file' | 'aws', settings: Settings): Transport {
  switch (source) {
    case 'local':
      return 'local';
    case 'file':
      return 'file';
    case 'hosts':
    case 'inventory':
      return 'ssh';
    case 'aws':
      if (settings.transport !== 'auto') return settings.transport;
      return settings.vpc.id === null ? 'ssm' : 'ssh';
  }
  return source satisfies never;
}

function toInstance(one: DescribedInstance, transport: Transport, settings: Settings) {
  const { state, ignored } = readState(one.tags);
  const override = readOverride(one.tags[TAG.ssh]);
  const worker = one.tags[TAG.worker];
  const badWorker = worker !== undefined && worker !== '' && !UNIT.test(worker);
  const login: Login = {
    user: override.login.user ?? one.login?.user ?? settings.ssh.user,
    port: override.login.port ?? one.login?.port ?? settings.ssh.port,
    privateKeyPath: one.login?.privateKeyPath ?? null,
    ...(one.login?.jumps !== undefined && { jumps: one.login.jumps }),
  };
  const instance: Instance = {
    id: one.id,
    name: one.name,
    address: one.address,
    region: one.region,
    account: one.account,
    launchedAt: one.launchedAt,
    transport,
    login,
    worker: worker === undefined || worker === '' || badWorker ? null : worker,
    workerExpected: worker !== undefined,
    sshdExpected: transport === 'ssm' && (one.tags[TAG.ssh] !== undefined || settings.transport !== 'ssm'),
    mutedUntil: readMute(one.tags[TAG.mute]),
    memory: state,
    problem:
      override.problem ?? (badWorker ? badTag(TAG.worker, worker, 'a systemd unit, e.g. sidekiq.service') : null),
    ...(one.elsewhere === true && { elsewhere: true }),
  };
  return { instance, ignored };
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

/** `until=2026-11-23T06:00:00Z`, and `;why=...` for whoever wonders. */
function readMute(text: string | undefined): Date | 'unreadable' | null {
  if (text === undefined) return null;
  const [, until = ''] = /^until=([^;]*)(?:;why=.*)?$/s.exec(text) ?? [];
  return parseInstant(until.trim()) ?? 'unreadable';
}
