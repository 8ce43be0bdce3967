/** How the command line logs in: which keys it uses and which host keys it trusts, as `ssh` would. */
import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import ssh2 from 'ssh2';
import type { ProbeTransport } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { KeyOptions } from '../../lambda/ssh/index.ts';
import { parseKnownHosts, sshTransport } from '../../lambda/ssh/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';

export interface SshFlags {
  readonly privateKey?: string;
  readonly knownHosts?: string;
  readonly acceptNewHostKeys?: boolean;
}

/** In the order in which they are tried. */
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const HOST_KEYS_OF_ALL = '/etc/ssh/ssh_known_hosts';

/** The keys to log in with. @throws UsageError where the file named by --private-key can't be read. */
export async function sshKeys(flags: SshFlags, io: Pick<CommandIo, 'env'>): Promise<KeyOptions> {
  const agentSocket = io.env.SSH_AUTH_SOCK;
  const privateKey =
    flags.privateKey === undefined
      ? await defaultKey(join(homedir(), '.ssh'), agentSocket !== undefined)
      : await readNamed(flags.privateKey, '--private-key');
  return {
    ...(privateKey === null ? {} : { privateKey }),
    ...(agentSocket === undefined || flags.privateKey !== undefined ? {} : { agentSocket }),
    readKey: (path) => readFile(path),
  };
}

/** @throws UsageError where a file named by a flag can't be read. */
export async function sshAccess(flags: SshFlags, settings: Settings, io: CommandIo): Promise<ProbeTransport> {
  const home = join(homedir(), '.ssh');
  const keys = await sshKeys(flags, io);
  const ownFile = flags.knownHosts ?? join(home, 'known_hosts');
  const files = flags.knownHosts === undefined ? [ownFile, HOST_KEYS_OF_ALL] : [];
  // --accept-new-host-keys writes the file where it doesn't exist.
  const required = flags.knownHosts !== undefined && flags.acceptNewHostKeys !== true;
  const texts = required
    ? [await readNamed(ownFile, '--known-hosts')]
    : await Promise.all([ownFile, ...files].map(readIfPresent));
  return sshTransport({
    ...keys,
    connectSeconds: settings.timeouts.connectSeconds,
    hostKeys: {
      kind: 'known-hosts',
      known: texts.flatMap((text) => (text === null ? [] : parseKnownHosts(text))),
      acceptNew: flags.acceptNewHostKeys === true,
      accepted: (line) => saveHostKey(ownFile, line, io),
    },
  });
}

/** The first usable key of ~/.ssh. One that needs a passphrase is skipped where an agent may hold it. */
async function defaultKey(home: string, hasAgent: boolean): Promise<string | null> {
  for (const name of DEFAULT_KEYS) {
    const text = await readIfPresent(join(home, name));
    if (text !== null && !(hasAgent && ssh2.utils.parseKey(text) instanceof Error)) return text;
  }
  return null;
}

/**
 * Writes at once, so that the process can end at any time. A host key that can't be saved doesn't fail the check: the next
 * one sees it as new again.
 */
function saveHostKey(file: string, line: string, io: CommandIo): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    appendLine(file, line);
  } catch (error) {
    io.stderr.write(`crawlwatch: can't add a host key to ${file}: ${codeOf(error)}\n`);
  }
}

/** Ends the last line first where an editor left it without an end: else two keys would be one line. */
function appendLine(file: string, line: string): void {
  const open = openSync(file, 'a+', 0o600);
  try {
    const last = Buffer.alloc(1, '\n');
    const { size } = fstatSync(open);
    if (size > 0) readSync(open, last, 0, 1, size - 1);
    appendFileSync(open, `${last.toString() === '\n' ? '' : '\n'}${line}\n`);
  } finally {
    closeSync(open);
  }
}

async function readNamed(path: string, flag: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag}: can't read ${path}: ${codeOf(error)}`);
  }
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    // Missing or not readable: as if there were none.
    return null;
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error);
