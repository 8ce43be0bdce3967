/** What a way in is, and what ways share: how they write ~/.ssh and an inventory. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { type Account, INNER, type KeyName, type Rig } from './ways-in-rig.ts';

/** How each client is given the host. */
export interface Target {
  /** The words of `ssh` before the remote command. */
  readonly ssh: readonly string[];
  /** Of `crawlwatch check --host`; null: it has no such way. */
  readonly host: string | null;
  /** The host's variables in an inventory, for Ansible and `crawlwatch check -i`. */
  readonly inventory: string;
}

export interface Way {
  readonly name: string;
  /** What crawlwatch says where ssh does not get in; absent: ssh gets in. */
  readonly refused?: { readonly code: RegExp; readonly text: RegExp };
  /** Ansible's own arguments of ssh get in all the same. */
  readonly ansibleGetsIn?: true;
  /** crawlwatch is given the host by an inventory as well as by `--host`. */
  readonly byInventoryToo?: true;
  /** What an inconclusive reason names where OpenSSH's client isn't installed, unless crawlwatch gets in all the same. */
  readonly withoutSsh?: RegExp;
  /** Why this machine can't try it; null where it can. */
  missing?(rig: Rig): string | null;
  prepare(rig: Rig, account: Account): Target | Promise<Target>;
}

/** One host `web1` of ~/.ssh/config: its name is all that a client needs. */
export const WEB1: Target = { ssh: ['web1'], host: 'web1', inventory: 'ansible_host=web1' };

/** Of ssh_config; a list is one line each, an empty list none. */
export type Directives = Readonly<Record<string, string | number | readonly string[]>>;

export const block = (head: string, directives: Directives): string =>
  [
    head,
    ...Object.entries(directives).flatMap(([key, value]) => [value].flat().map((one) => `  ${key} ${one}`)),
    '',
  ].join('\n');

export const FLEET = { IdentityFile: '~/.ssh/fleet' } as const;
const toTarget = (rig: Rig): Directives => ({ HostName: '127.0.0.1', Port: rig.servers.target.port, User: 'web' });

/** Writes `Host web1` with these directives; without them it is the target, as `web`, with the fleet's key. */
export function web1(rig: Rig, account: Account, directives: Directives = {}, before = ''): Target {
  account.copyKey('fleet', 'fleet');
  account.put('.ssh/config', `${before}${block('Host web1', { ...toTarget(rig), ...FLEET, ...directives })}`);
  return WEB1;
}

/** `Host gate`, the jump host, with the key that it takes. */
export function gate(rig: Rig, account: Account, directives: Directives = {}): string {
  account.copyKey('bastion', 'bastion');
  const { port } = rig.servers.jump;
  const base = { HostName: '127.0.0.1', Port: port, User: 'jump', IdentityFile: '~/.ssh/bastion' };
  return block('Host gate', { ...base, ...directives });
}

/** A host that only the jump host can see. */
export const inner = (rig: Rig, account: Account, directives: Directives, before = ''): Target =>
  web1(rig, account, { HostName: INNER, ...directives }, before);

/** ssh's arguments in the inventory, and the same words for ssh itself, in the order in which Ansible puts them. */
export function byArguments(
  words: readonly string[],
  variables: Readonly<Record<string, string | number>>,
  where = 'ansible_ssh_common_args',
): Target {
  const { ansible_host: host = '127.0.0.1', ansible_port, ansible_user, ansible_ssh_private_key_file: key } = variables;
  const own = [
    ...(ansible_port === undefined ? [] : ['-o', `Port=${ansible_port}`]),
    ...(key === undefined ? [] : ['-o', `IdentityFile=${key}`]),
    ...(ansible_user === undefined ? [] : ['-o', `User=${ansible_user}`]),
  ];
  const isBefore = where === 'ansible_ssh_args';
  return {
    ssh: [...(isBefore ? [...words, ...own] : [...own, ...words]), String(host)],
    host: null,
    inventory: [
      `ansible_host=${host}`,
      ...Object.entries(variables).flatMap(([name, value]) => (name === 'ansible_host' ? [] : [`${name}=${value}`])),
      `${where}='${words.map(quoted).join(' ')}'`,
    ].join(' '),
  };
}

const quoted = (word: string): string =>
  /^[\w./:=@%+,~-]+$/.test(word) ? word : `"${word.replace(/(["\\])/g, '\\$1')}"`;

/** A script in the home, for a ProxyCommand. */
export const script = (account: Account, ...lines: readonly string[]): string =>
  account.put('connect', ['#!/bin/sh', ...lines, ''].join('\n'), 0o755);

export function keygen(...words: readonly string[]): void {
  execFileSync('ssh-keygen', ['-q', ...words], { stdio: 'pipe' });
}

/** Keys that no server knows, outside of ~/.ssh. */
export const strangers = (account: Account, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => {
    const path = join(account.folder, `stranger${n}`);
    keygen('-t', 'ed25519', '-N', '', '-C', `stranger${n}`, '-f', path);
    return path;
  });

/** A key of ~/.ssh in another format or with a passphrase. */
export function rewritten(account: Account, key: KeyName, as: string, ...words: readonly string[]): string {
  const path = account.copyKey(key, as);
  keygen('-p', '-P', '', ...words, '-f', path);
  return path;
}
