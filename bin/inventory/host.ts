/**
 * How one host is reached, from its variables, as Ansible's ssh plugin reads them
 * (ansible/plugins/connection/ssh.py). What can't be used makes this one host inconclusive, by the variable's name.
 */
import { type Login, WORKER } from '../../lambda/model/index.ts';
import { type HostSpec, parseHostSpec, readPort } from './address.ts';
import { USED, type Variable, type Variables } from './draft.ts';
import { expandUser } from './home.ts';
import { splitArguments } from './ssh-arguments.ts';

export interface InventoryHost {
  /** Its name in the inventory. */
  readonly name: string;
  /** `ansible_host`, else the name; without a user and a port. */
  readonly address: string;
  readonly login: Partial<Login>;
  /** `crawlwatch_worker`: the systemd unit of the crawler; null where none is given. */
  readonly worker: string | null;
  /** `crawlwatch_limits`: thresholds of this host, as in the tag `crawlwatch:limits`, not yet parsed; null where none are given. */
  readonly limits: string | null;
  /**
   * Options that Ansible would give to ssh for this host, in its order, each a word; never a destination or a command.
   * Empty where the inventory and Ansible's configuration have none.
   */
  readonly sshArguments: readonly string[];
  /**
   * So many of `sshArguments` come before Ansible's own `-o Port`, `-o IdentityFile` and `-o User`, the rest after
   * them: ssh takes the first of a kind. Absent: none.
   */
  readonly sshArgumentsFirst?: number;
  /** It is this machine, by `ansible_connection=local`; absent: over SSH. */
  readonly isLocal?: true;
  /** Why it can't be checked as its inventory has it, a sentence; absent: it can. */
  readonly problem?: string;
}

/** A host that is only a name. */
export const plainHost = (name: string): InventoryHost => ({
  name,
  address: name,
  login: {},
  worker: null,
  limits: null,
  sshArguments: [],
});

export interface ResolvedHost {
  readonly host: InventoryHost;
  /** Variables that are set, and make no difference here: passwords. */
  readonly unused: readonly string[];
}

/** A variable's text, and where it is set. */
export interface Used {
  readonly name: string;
  readonly text: string;
  /** A file and a line, or what else the text comes from. */
  readonly where: string;
}

/** What Ansible's own configuration sets; any variable of the inventory overrides it. */
export type Defaults = Partial<Record<keyof typeof USED, Used>>;

/** The values of `ansible_connection` that mean SSH. */
const SSH = /^(?:ansible\.(?:builtin|posix)\.)?(?:ssh|smart|paramiko|paramiko_ssh)$/;
const LOCAL = /^(?:ansible\.builtin\.)?local$/;
/** Names of this machine, whichever it is. Any other name with a local connection means a host that is elsewhere. */
const THIS_MACHINE = /^(?:localhost|ip6-localhost|127\.0\.0\.\d{1,3}|::1)$/;

const whereOf = ({ file, line }: Variable) => (line > 0 ? `${file}:${line}` : file);

/** Resolves a host from its variables, strongest already. */
export function resolveHost(name: string, variables: Variables, defaults: Defaults): ResolvedHost {
  const unused = USED.password.filter((password) => variables.has(password));
  const facts: Facts = { name, variables, defaults, problems: [] };
  const host = hostOf(facts);
  const [problem] = facts.problems;
  return { host: problem === undefined ? host : { ...plainHost(name), problem }, unused };
}

interface Facts {
  readonly name: string;
  readonly variables: Variables;
  readonly defaults: Defaults;
  /** What can't be used, a sentence each; the first is reported. */
  readonly problems: string[];
}

function refuse({ problems }: Facts, { name, text, where }: Used, allowed: string): null {
  problems.push(`${name} is ${JSON.stringify(text.slice(0, 120))} (${where}); allowed: ${allowed}.`);
  return null;
}

function hostOf(facts: Facts): InventoryHost {
  const { name } = facts;
  const spec = parseHostSpec(name);
  const named = spec.kind === 'ok' ? spec.value : { user: null, host: name, port: null };
  const isLocal = isThisMachine(facts, named.host);
  const [worker, limits] = [find(facts, 'worker'), find(facts, 'limits')];
  if (worker !== null && !WORKER.test(worker.text)) refuse(facts, worker, 'a systemd unit like sidekiq.service');
  const about = { name, worker: worker?.text ?? null, limits: limits?.text ?? null };
  if (isLocal) return { ...about, address: named.host, login: {}, sshArguments: [], isLocal };

  const address = addressOf(facts, named, spec.kind === 'ok');
  // Any variable overrides what the name itself says, as in user@host:port.
  const user = userOf(facts) ?? address.user ?? named.user;
  const port = portOf(facts) ?? named.port;
  const key = find(facts, 'key');
  const words = argumentsOf(facts);
  return {
    ...about,
    address: address.host,
    login: {
      ...(user !== null && { user }),
      ...(port !== null && { port }),
      ...(key !== null && { privateKeyPath: expandUser(key.text) }),
    },
    ...words,
  };
}

/** Refuses every other connection than SSH and one to this machine itself. @returns true where that is meant. */
function isThisMachine(facts: Facts, host: string): boolean {
  const connection = find(facts, 'connection');
  if (connection !== null && LOCAL.test(connection.text)) {
    if (THIS_MACHINE.test(find(facts, 'address')?.text ?? host)) return true;
    refuse(facts, connection, 'ssh; local is for localhost: what this machine reports is no report of another');
  } else if (connection !== null && !SSH.test(connection.text)) {
    refuse(facts, connection, 'ssh, smart or paramiko, and local for localhost: no host is checked in another way');
  }
  const executable = find(facts, 'executable');
  if (executable !== null && !/(?:^|\/)ssh$/.test(executable.text)) {
    refuse(facts, executable, 'ssh: no other program is run');
  }
  const card = find(facts, 'smartCard');
  if (card !== null) refuse(facts, card, "nothing: name it in ssh's own configuration, as PKCS11Provider");
  const key = find(facts, 'keyText');
  // Not to be printed.
  if (key !== null) refuse(facts, { ...key, text: '...' }, 'nothing: ansible_private_key_file names the file of a key');
  return false;
}

/** Where SSH connects, and as whom: Ansible hands `ansible_host` to ssh, which takes `user@` before it. */
function addressOf(facts: Facts, named: HostSpec, isAddress: boolean): Pick<HostSpec, 'user' | 'host'> {
  const given = find(facts, 'address');
  if (given === null) {
    if (!isAddress) facts.problems.push('Its name is no address; allowed: ansible_host with a name or an IP address.');
    return { user: null, host: named.host };
  }
  const spec = parseHostSpec(given.text);
  if (spec.kind === 'ok' && spec.value.port === null && !spec.value.host.includes('[')) return spec.value;
  refuse(facts, given, 'a name or an IP address; the port goes into ansible_port');
  return named;
}

/** A user with such characters is refused by OpenSSH as well, without a word of which one it was (ssh.c, valid_ruser). */
function userOf(facts: Facts): string | null {
  const given = find(facts, 'user');
  if (given === null || !/^-|[\p{Cc}'`";&<>|(){}]|\s-|\\$/u.test(given.text)) return given?.text ?? null;
  return refuse(facts, given, 'a user without control characters, those of a shell, or a dash in front');
}

function portOf(facts: Facts): number | null {
  const given = find(facts, 'port');
  if (given === null) return null;
  return readPort(given.text) ?? refuse(facts, given, 'a port from 1 to 65535');
}

function argumentsOf(facts: Facts): Pick<InventoryHost, 'sshArguments' | 'sshArgumentsFirst'> {
  const wordsOf = (meaning: 'sshArgs' | 'commonArgs' | 'extraArgs'): readonly string[] => {
    const given = find(facts, meaning);
    if (given === null) return [];
    const words = splitArguments(given.text);
    if (words.kind === 'ok') return words.value;
    refuse(facts, given, words.expected);
    return [];
  };
  const first = wordsOf('sshArgs');
  const sshArguments = [...first, ...wordsOf('commonArgs'), ...wordsOf('extraArgs')];
  return {
    sshArguments,
    ...(first.length > 0 && { sshArgumentsFirst: first.length }),
  };
}

/** A variable's text, or what Ansible's configuration has; null where it is set to nothing, not at all, or wrongly. */
function find(facts: Facts, meaning: keyof typeof USED): Used | null {
  const { name: host, variables, defaults } = facts;
  // The last of several names that is set.
  const names: readonly string[] = USED[meaning];
  const name = names.findLast((one) => {
    const value = variables.get(one)?.value;
    return value !== undefined && (value.kind === 'bad' || value.value !== null);
  });
  const variable = name === undefined ? undefined : variables.get(name);
  if (name === undefined || variable === undefined) {
    const found = defaults[meaning];
    return found === undefined || found.text === '' ? null : found;
  }
  const where = whereOf(variable);
  if (variable.value.kind === 'bad') {
    return refuse(facts, { name, text: variable.source, where }, variable.value.expected);
  }
  const text = withNames(variable.value.value ?? '', host);
  if (!/\{[{%#]/.test(text)) return text === '' ? null : { name, text, where };
  return refuse(facts, { name, text, where }, 'a plain value: of templates only {{ inventory_hostname }} is evaluated');
}

/** The one template that needs nothing but the host's name, and is the commonest. */
function withNames(text: string, host: string): string {
  return text.replace(/\{\{\s*inventory_hostname(_short)?\s*\}\}/g, (_, short?: string) =>
    short === undefined ? host : (host.split('.')[0] ?? host),
  );
}
