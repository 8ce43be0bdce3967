/**
 * What OpenSSH's configuration says about a host: alias, user, port, key, jump hosts. The library parses the lines; what
 * applies to a host is decided here, since its own evaluation runs commands (`Match exec`, `nslookup`) and has no Include.
 * https://man.openbsd.org/ssh_config
 */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import sshConfig, { type Line } from 'ssh-config';
import { matchesPattern } from '../../lambda/ssh/index.ts';
import { proxyOf, readPort, type SshProxy } from '../inventory/index.ts';

/** What applies to one host. */
export interface HostConfig {
  readonly hostName: string;
  readonly user: string | null;
  readonly port: number | null;
  /** The first of its identity files that exists. */
  readonly identityFile: string | null;
  readonly proxy: SshProxy | null;
}

export interface SshConfig {
  of(host: string): HostConfig;
  /** What was read and is ignored, a sentence each. */
  readonly notes: readonly string[];
}

type Item =
  | { readonly kind: 'set'; readonly key: string; readonly value: string }
  | { readonly kind: 'host'; readonly patterns: readonly string[]; readonly items: readonly Item[] }
  | { readonly kind: 'include'; readonly items: readonly Item[] };

/** OpenSSH's own limit of nested Includes. */
const DEPTH_MAX = 16;

/** Reads files, the first overriding; a missing one counts as empty. */
export async function readSshConfig(paths: readonly string[], home: string): Promise<SshConfig> {
  const notes: string[] = [];
  const files = await Promise.all(paths.map((path) => readItems(path, { home, notes, depth: 0 })));
  const items = files.flat();
  return { notes, of: (host) => configOf(host, items, home) };
}

interface Reading {
  readonly home: string;
  readonly notes: string[];
  readonly depth: number;
}

async function readItems(path: string, reading: Reading): Promise<Item[]> {
  const text = await readIfPresent(path);
  if (text === null) return [];
  try {
    return await toItems(sshConfig.parse(text), path, reading);
  } catch (error) {
    reading.notes.push(`${path} is not followed: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

async function toItems(lines: readonly Line[], path: string, reading: Reading): Promise<Item[]> {
  const items: Item[] = [];
  for (const line of lines) {
    if (line.type !== sshConfig.DIRECTIVE) continue;
    const key = line.param.toLowerCase();
    const values = typeof line.value === 'string' ? [line.value] : line.value.map(({ val }) => val);
    const nested = 'config' in line ? line.config : [];
    if (key === 'match') {
      reading.notes.push(`${path}: "Match ${values.join(' ')}" is ignored: only Host is followed`);
    } else if (key === 'host') {
      const patterns = values.flatMap((value) => value.split(/\s+/));
      items.push({ kind: 'host', patterns, items: await toItems(nested, path, reading) });
    } else if (key === 'include') {
      const files = values
        .flatMap((value) => value.split(/\s+/))
        .flatMap((value) => filesOf(value, path, reading.home));
      const deeper = { ...reading, depth: reading.depth + 1 };
      const found = deeper.depth > DEPTH_MAX ? [] : await Promise.all(files.map((file) => readItems(file, deeper)));
      items.push({ kind: 'include', items: found.flat() });
    } else {
      items.push({ kind: 'set', key, value: values.join(' ') });
    }
  }
  return items;
}

/** Files of an Include; relative paths are in ~/.ssh, or in /etc/ssh where the including file is. */
function filesOf(pattern: string, from: string, home: string): string[] {
  const base = from.startsWith('/etc/ssh/') ? '/etc/ssh' : join(home, '.ssh');
  const path = expandHome(pattern, home);
  const whole = isAbsolute(path) ? path : join(base, path);
  if (!/[*?]/.test(whole)) return [whole];
  const directory = dirname(whole);
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory).filter((name) => matchesPattern(basename(whole), name));
  return names.sort().map((name) => join(directory, name));
}

function configOf(host: string, items: readonly Item[], home: string): HostConfig {
  const first = new Map<string, string>();
  const identities: string[] = [];
  let proxy: SshProxy | null | undefined;
  const follow = (some: readonly Item[]): void => {
    for (const item of some) {
      switch (item.kind) {
        case 'host':
          if (namesHost(item.patterns, host)) follow(item.items);
          break;
        case 'include':
          follow(item.items);
          break;
        case 'set':
          if (item.key === 'identityfile') identities.push(item.value);
          else if (/^proxy(jump|command)$/.test(item.key)) {
            if (proxy === undefined) proxy = proxyOf(item.key, item.value);
          } else if (!first.has(item.key)) first.set(item.key, item.value);
          break;
        default:
          item satisfies never;
      }
    }
  };
  follow(items);
  const hostName = expandTokens(first.get('hostname') ?? host, { h: host });
  const user = first.get('user') ?? null;
  const tokens = { d: home, h: hostName, r: user ?? '', u: userInfo().username };
  const paths = identities.map((path) => expandHome(expandTokens(path, tokens), home));
  return {
    hostName,
    user,
    port: readPort(first.get('port') ?? ''),
    identityFile: paths.find((path) => existsSync(path)) ?? null,
    proxy: proxy ?? null,
  };
}

/** A negated pattern that matches excludes the whole line. */
function namesHost(patterns: readonly string[], host: string): boolean {
  const matching = patterns.filter((pattern) => matchesPattern(pattern.replace(/^!/, ''), host.toLowerCase()));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

function expandTokens(text: string, tokens: Readonly<Record<string, string>>): string {
  return text.replace(/%(.)/g, (whole, letter: string) => (letter === '%' ? '%' : (tokens[letter] ?? whole)));
}

const expandHome = (path: string, home: string): string => (path.startsWith('~/') ? join(home, path.slice(2)) : path);

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null;
  }
}
