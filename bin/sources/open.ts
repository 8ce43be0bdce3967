/** Opens the source of a check's hosts, as the flags name it. */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { chunks, forTerminal } from '../../lambda/kit/index.ts';
import type { Instance, Login, ProbeTransport, Transport } from '../../lambda/model/index.ts';
import { NOTHING_REMEMBERED, UNTAGGED, WORKER } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { Inventory, InventoryHost } from '../inventory/index.ts';
import { expandRanges, parseHostSpec, plainHost } from '../inventory/index.ts';
import { optimizeAsUsual } from '../loading/index.ts';
import { namedUser } from '../settings/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { withLimits } from './limits.ts';
import { localTransport } from './local.ts';
import type { Source, SourceFlags } from './source.ts';
import { printWay, wayText } from './way-text.ts';

/** At most so many notes are printed. */
const NOTES_MAX = 5;
/** Hosts whose ways are looked for together. */
const ROUTES_AT_ONCE = 500;
/** At most so many are checked before V8's optimized code has earned back what compiling it takes. */
const FEW_HOSTS = 2_000;
/** Bytes kept of an output (see Reply in lambda/model). */
const OUTPUT_MAX = 64 * 1024;

/** Reads what names the hosts, without contacting them. @throws UsageError where that can't be read. */
export async function openSource(flags: SourceFlags, settings: Settings, io: CommandIo): Promise<Source> {
  if (flags.worker !== undefined && !WORKER.test(flags.worker)) {
    throw new UsageError(`--worker: got ${JSON.stringify(flags.worker)}; allowed: a systemd unit like sidekiq.service`);
  }
  if (flags.limit !== undefined && flags.inventory === undefined) {
    throw new UsageError('--limit selects from an inventory: give -i INVENTORY too');
  }
  if (flags.local === true) return localSource(flags, settings);
  if (flags.host !== undefined) return sshSource('hosts', givenHosts(hostsOf(flags.host)), flags, settings, io);
  if (flags.inventory !== undefined) {
    return sshSource('inventory', await inventoryHosts(flags.inventory, flags, io), flags, settings, io);
  }
  if (flags.from !== undefined) return fileSource(flags.from, flags, settings, io);
  return (await import('./aws.ts')).awsSource(flags, settings, io);
}

function localSource(flags: SourceFlags, settings: Settings): Source {
  const name = hostname();
  const host = { name, address: null, login: {}, worker: flags.worker ?? null };
  return fixedSource('local', [toInstance(host, 'local', settings)], {
    local: localTransport(),
  });
}

async function fileSource(path: string, flags: SourceFlags, settings: Settings, io: CommandIo): Promise<Source> {
  const output = path === '-' ? await readStdin(io) : await readText(path, '--from');
  const transport: ProbeTransport = async (instances, run) => {
    for (const { id } of instances) run.reply(id, { kind: 'output', output: output.slice(0, OUTPUT_MAX) }, 0);
  };
  const name = path === '-' ? 'stdin' : basename(path);
  const host = { name, address: null, login: {}, worker: flags.worker ?? null };
  return fixedSource('file', [toInstance(host, 'file', settings)], { file: transport });
}

/** Hosts that are resolved as they are asked for, so that they aren't all in memory beside what is made of them. */
interface NamedHosts {
  readonly names: readonly string[];
  host(name: string, nth: number): InventoryHost;
  /** To be called when all are resolved. */
  end(): void;
}

const givenHosts = (hosts: readonly InventoryHost[]): NamedHosts => ({
  names: hosts.map(({ name }) => name),
  host: (name, nth) => hosts[nth] ?? plainHost(name),
  end() {},
});

async function sshSource(
  source: 'hosts' | 'inventory',
  hosts: NamedHosts,
  flags: SourceFlags,
  settings: Settings,
  io: CommandIo,
): Promise<Source> {
  const instanceOf = (host: Host & { readonly limits?: string | null }) =>
    withLimits(toInstance(host, 'ssh', settings), host.limits, settings);
  if (flags.listHosts === true) return fixedSource(source, hosts.names.map(hosts.host).map(instanceOf), {});
  if (hosts.names.length > FEW_HOSTS) optimizeAsUsual();
  const [{ sshAccess }, { sshRoutes }] = await Promise.all([import('./ssh-access.ts'), import('./ssh-route.ts')]);
  const routeTo = await sshRoutes({ ...flags, usualUser: await namedUser(io) }, settings, io);
  const route = async (host: InventoryHost) => {
    const own = { ...host, worker: flags.worker ?? host.worker };
    if (host.isLocal === true) {
      return [withLimits(toInstance(own, 'local', settings), host.limits, settings), null] as const;
    }
    if (host.problem !== undefined) return [instanceOf(own), null] as const;
    const { address, login, problem, how } = await routeTo(host);
    const instance = instanceOf({ ...own, address, login, ...(problem !== null && { problem }) });
    return [instance, how] as const;
  };
  const instances: Instance[] = [];
  // In parts, each of which leaves nothing behind but the instances.
  const namedKeys = new Set<string>();
  for (const [n, names] of chunks(hosts.names, ROUTES_AT_ONCE).entries()) {
    const part = names.map((name, nth) => hosts.host(name, n * ROUTES_AT_ONCE + nth));
    for (const { login } of part) if (login.privateKeyPath != null) namedKeys.add(login.privateKeyPath);
    const routed = await Promise.all(part.map(route));
    for (const [instance, how] of routed) {
      instances.push(instance);
      // The transport itself says of a host that it goes through ssh, and of one that it asks again so.
      if (flags.verbose === true && how !== null && instance.login.openssh === undefined) {
        printWay(instance.name, wayText(instance, how), io);
      }
    }
  }
  hosts.end();
  const ssh = await sshAccess({ ...flags, namedKeys: [...namedKeys] }, settings, io);
  return fixedSource(source, instances, { ssh, local: localTransport() });
}

function fixedSource(
  source: Source['source'],
  instances: readonly Instance[],
  transports: Source['transports'],
): Source {
  return {
    source,
    transports,
    discover: async () => instances,
    history: async () => new Map(),
    state: null,
    nothingFound: () => 'no host to check',
  };
}

interface Host {
  readonly name: string;
  readonly address: string | null;
  readonly login: Partial<Login>;
  readonly worker: string | null;
  /** Why it can't be checked; absent: it can. */
  readonly problem?: string;
}

const NO_TAGS: Instance['tags'] = {};

/** A host without tags. */
function toInstance(
  { name, address, login, worker, problem }: Host,
  transport: Transport,
  settings: Settings,
): Instance {
  return {
    id: name,
    name,
    state: 'running',
    platform: 'Linux/UNIX',
    address,
    region: null,
    account: null,
    launchedAt: null,
    spot: false,
    autoScaling: false,
    watched: true,
    skipped: null,
    transport,
    login: { user: settings.ssh.user, port: settings.ssh.port, privateKeyPath: null, ...login },
    worker,
    workerExpected: worker !== null,
    sshdExpected: false,
    auto: null,
    mute: null,
    stack: null,
    isElsewhereWatched: false,
    hostKeyTag: null,
    hostKey: null,
    tagged: UNTAGGED,
    remembered: NOTHING_REMEMBERED,
    unreadable: [],
    problem: problem === undefined ? null : { code: 'BadOverride', text: problem },
    tags: NO_TAGS,
  };
}

/** Hosts of `--host`. One name at two ports is two hosts, named as they were typed. */
function hostsOf(texts: readonly string[]): InventoryHost[] {
  const hosts = texts.flatMap((text) => {
    const spec = parseHostSpec(text);
    const names = spec.kind === 'ok' ? expandRanges(spec.value.host) : spec;
    if (spec.kind === 'bad' || names.kind === 'bad') {
      const expected = spec.kind === 'bad' ? spec.expected : names.kind === 'bad' ? names.expected : '';
      throw new UsageError(`--host: got ${JSON.stringify(text)}; allowed: ${expected}`);
    }
    const { user, port } = spec.value;
    return names.value.map((name) => ({
      ...plainHost(name),
      login: { ...(user === null ? {} : { user }), ...(port === null ? {} : { port }) },
    }));
  });
  const asTyped = ({ name, login }: InventoryHost) =>
    `${login.user === undefined ? '' : `${login.user}@`}${name.includes(':') ? `[${name}]` : name}${login.port === undefined ? '' : `:${login.port}`}`;
  const distinct = [...new Map(hosts.map((host) => [asTyped(host), host])).values()];
  const isShared = ({ name }: InventoryHost) => distinct.filter((other) => other.name === name).length > 1;
  return distinct.map((host) => (isShared(host) ? { ...host, name: asTyped(host) } : host));
}

async function inventoryHosts(
  paths: readonly string[],
  { limit, listHosts = false, user }: SourceFlags,
  io: CommandIo,
): Promise<NamedHosts> {
  const { openInventory, resolving } = await import('../inventory/index.ts');
  const inventory = await openInventory(paths, { ...io, user });
  if (inventory.hosts.length === 0)
    throw new UsageError(
      `${paths.map((path) => (path === '-' ? 'standard input' : path)).join(', ')}: no host in this inventory`,
    );
  const print = (notes: readonly string[]) => {
    for (const note of notes.slice(0, NOTES_MAX)) io.stderr.write(`crawlwatch: ${forTerminal(note)}\n`);
  };
  print(inventory.notes);
  const names = limit === undefined ? inventory.hosts : await limitedTo(limit, inventory, print);
  // Names alone need no login.
  if (listHosts) return { names, host: plainHost, end() {} };
  const { host, notes } = resolving(inventory);
  return { names, host, end: () => print(notes()) };
}

async function limitedTo(limit: string, inventory: Inventory, print: (notes: readonly string[]) => void) {
  const { patternAids, selectHosts } = await import('../inventory/index.ts');
  const selected = selectHosts(inventory, limit, patternAids);
  if (selected.kind === 'bad') {
    throw new UsageError(`--limit: got ${JSON.stringify(limit)}; allowed: ${selected.expected}`);
  }
  const { hosts, unmatched } = selected.value;
  if (hosts.length === 0) {
    const groups = inventory.groups.slice(0, 10).join(', ');
    throw new UsageError(`--limit: ${JSON.stringify(limit)} leaves no host; groups in the inventory: ${groups}`);
  }
  print(unmatched.map((part) => `--limit: ${JSON.stringify(part)} names no host or group; ignored`));
  return hosts;
}

async function readText(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : (code ?? String(error));
    throw new UsageError(`${flag}: can't read ${path}: ${why}`);
  }
}

async function readStdin(io: CommandIo): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of io.stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length >= OUTPUT_MAX) break;
  }
  return text;
}
