/**
 * What Ansible's own configuration sets for every host: `ANSIBLE_*` variables, then the first ansible.cfg in Ansible's
 * order (ansible/config/manager.py). Only what says how to connect; `host_key_checking` is not followed, since host keys
 * are checked as ssh checks them.
 * https://docs.ansible.com/ansible/latest/reference_appendices/config.html
 */
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { USED } from '../draft.ts';
import { expandUser } from '../home.ts';
import type { Defaults, Used } from '../host.ts';

export interface AnsibleSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

interface Sources {
  /** Of several the last that is set counts. */
  readonly env: readonly string[];
  /** Section and key; of several the last that is set counts. */
  readonly ini: readonly (readonly [string, string])[];
}

const SOURCES: Partial<Readonly<Record<keyof typeof USED, Sources>>> = {
  user: { env: ['ANSIBLE_REMOTE_USER'], ini: [['defaults', 'remote_user']] },
  port: { env: ['ANSIBLE_REMOTE_PORT'], ini: [['defaults', 'remote_port']] },
  key: { env: ['ANSIBLE_PRIVATE_KEY_FILE'], ini: [['defaults', 'private_key_file']] },
  connection: { env: ['ANSIBLE_TRANSPORT'], ini: [['defaults', 'transport']] },
  sshArgs: { env: ['ANSIBLE_SSH_ARGS'], ini: [['ssh_connection', 'ssh_args']] },
  commonArgs: { env: ['ANSIBLE_SSH_COMMON_ARGS'], ini: [['ssh_connection', 'ssh_common_args']] },
  extraArgs: { env: ['ANSIBLE_SSH_EXTRA_ARGS'], ini: [['ssh_connection', 'ssh_extra_args']] },
  executable: { env: ['ANSIBLE_SSH_EXECUTABLE'], ini: [['ssh_connection', 'ssh_executable']] },
  smartCard: { env: ['ANSIBLE_PKCS11_PROVIDER'], ini: [['ssh_connection', 'pkcs11_provider']] },
};

/** A file of settings is a few kilobytes. */
const MAX_BYTES = 1024 * 1024;

/** Reads the environment and ansible.cfg. A file that can't be read counts as empty, as a missing one does. */
export function ansibleDefaults(from: AnsibleSurroundings): Defaults {
  const file = configFile(from);
  const config = file === null ? null : parseConfig(readText(file) ?? '');
  const lookUp = ({ env, ini }: Sources): Used | null => {
    const name = env.findLast((one) => from.env[one] !== undefined);
    if (name !== undefined) return { name, text: from.env[name] ?? '', where: 'in the environment' };
    const found = ini.findLast(([section, key]) => config?.get(section)?.has(key));
    if (file === null || found === undefined) return null;
    const [section, key] = found;
    return { name: key, text: config?.get(section)?.get(key) ?? '', where: file };
  };
  const defaults: Defaults = {};
  for (const [meaning, sources] of Object.entries(SOURCES) as [keyof typeof USED, Sources][]) {
    const used = lookUp(sources);
    if (used === null) continue;
    // A path of the file is relative to it.
    const base = used.where === file ? dirname(file) : from.cwd;
    defaults[meaning] = meaning === 'key' && used.text !== '' ? { ...used, text: pathOf(used.text, base, from) } : used;
  }
  return defaults;
}

/** The first that can be read: ANSIBLE_CONFIG, the directory where one is, the home directory, /etc. */
function configFile({ env, cwd }: AnsibleSurroundings): string | null {
  const named = env.ANSIBLE_CONFIG;
  const candidates = [
    ...(named === undefined ? [] : [resolve(cwd, expandUser(named)), resolve(cwd, expandUser(named), 'ansible.cfg')]),
    // As Ansible does: anybody who may write to the directory could have a command run as this account.
    ...(isWritableByAll(cwd) ? [] : [join(cwd, 'ansible.cfg')]),
    join(homedir(), '.ansible.cfg'),
    '/etc/ansible/ansible.cfg',
  ];
  return candidates.find((path) => readText(path) !== null) ?? null;
}

function isWritableByAll(directory: string): boolean {
  const found = statSync(directory, { throwIfNoEntry: false });
  return found === undefined || (found.mode & 0o002) !== 0;
}

function readText(path: string): string | null {
  try {
    const { size } = statSync(path);
    return size > MAX_BYTES ? null : readFileSync(path, 'utf8');
  } catch {
    // Missing, a directory or not readable: Ansible goes on to the next as well.
    return null;
  }
}

/** As Python's configparser reads it: continued lines, `#` and `;` before a comment, `;` after a value as well. */
function parseConfig(text: string): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | null = null;
  let key: string | null = null;
  for (const raw of text.replace(/^\uFEFF/, '').split(/\r?\n/)) {
    const line = raw.replace(/(?:^|\s);.*$/, '').trimEnd();
    if (/^\s*(?:#|$)/.test(line)) continue;
    const value: string | null = key === null ? null : (section?.get(key) ?? null);
    if (/^\s/.test(line) && key !== null && value !== null) {
      section?.set(key, `${value}\n${line.trim()}`);
      continue;
    }
    const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = sections.get(name) ?? new Map();
      sections.set(name, section);
      key = null;
      continue;
    }
    const [, option = '', rest = ''] = /^\s*([^=:]+?)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    key = option === '' ? null : option.toLowerCase();
    if (key !== null) section?.set(key, rest);
  }
  return sections;
}

/** `~`, `$VARIABLE` and `{{CWD}}` as in Ansible's settings of paths. */
function pathOf(text: string, base: string, { env, cwd }: AnsibleSurroundings): string {
  const filled = text
    .replaceAll('{{CWD}}', cwd)
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare?: string, braced?: string) => env[bare ?? braced ?? ''] ?? whole);
  return resolve(base, expandUser(filled));
}
