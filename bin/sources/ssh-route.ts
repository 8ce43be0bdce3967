/** How each host is reached: from the inventory, the flags and ~/.ssh/config. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { JumpHost, Login } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { InventoryHost, SshProxy } from '../inventory/index.ts';
import { parseHostSpec } from '../inventory/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { readSshConfig, type SshConfig } from './ssh-config.ts';

export interface RouteFlags {
  readonly user?: string;
  readonly privateKey?: string;
}

export interface Route {
  readonly address: string;
  readonly login: Partial<Login>;
}

/** A longer chain of jump hosts is a loop. */
const HOPS_MAX = 8;
/** At most so many notes are printed. */
const NOTES_MAX = 5;

/** Reads the configuration once. @returns how to reach a host; throws UsageError for a ProxyJump that can't be read. */
export async function sshRoutes(
  flags: RouteFlags,
  settings: Settings,
  io: Pick<CommandIo, 'stderr'>,
): Promise<(host: InventoryHost) => Route> {
  const home = homedir();
  const config = await readSshConfig([join(home, '.ssh', 'config'), '/etc/ssh/ssh_config'], home);
  const printed = new Set<string>();
  const print = (note: string) => {
    if (printed.size < NOTES_MAX && !printed.has(note)) io.stderr.write(`crawlwatch: ${note}\n`);
    printed.add(note);
  };
  for (const note of config.notes) print(note);

  return ({ address, login, proxy }) => {
    const found = config.of(address);
    const user = login.user ?? flags.user ?? found.user;
    const port = login.port ?? found.port;
    const key = flags.privateKey ?? login.privateKeyPath ?? found.identityFile;
    const jumps = jumpsOf(proxy ?? found.proxy, { config, user: flags.user ?? settings.ssh.user, print });
    return {
      address: found.hostName,
      login: {
        ...(user !== null && { user }),
        ...(port !== null && { port }),
        ...(key !== null && { privateKeyPath: expandHome(key) }),
        ...(jumps.length > 0 && { jumps }),
      },
    };
  };
}

interface Context {
  readonly config: SshConfig;
  /** Login user of a jump host for which nothing else names one. */
  readonly user: string;
  print(note: string): void;
}

function jumpsOf(proxy: SshProxy | null, context: Context, hops = 0): readonly JumpHost[] {
  if (proxy === null) return [];
  if (proxy.kind === 'command') {
    context.print(`ProxyCommand ${JSON.stringify(proxy.command)} is not run; only ProxyJump and ssh -W are followed`);
    return [];
  }
  return proxy.hosts.split(',').flatMap((text, nth) => {
    const spec = parseHostSpec(text.replace(/^ssh:\/\//, ''));
    if (spec.kind === 'bad') throw new UsageError(`ProxyJump: got ${JSON.stringify(text)}; allowed: ${spec.expected}`);
    if (hops > HOPS_MAX) throw new UsageError(`ProxyJump: ${JSON.stringify(text)} leads in a circle`);
    const { user, host, port } = spec.value;
    const found = context.config.of(host);
    const jump: JumpHost = {
      address: found.hostName,
      port: port ?? found.port ?? 22,
      user: user ?? found.user ?? context.user,
      privateKeyPath: found.identityFile,
    };
    // As in ssh: each is reached through the one before it, and only the first through its own ProxyJump.
    return nth === 0 ? [...jumpsOf(found.proxy, context, hops + 1), jump] : [jump];
  });
}

/** Expands `~/` as a shell would. */
function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}
