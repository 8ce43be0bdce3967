/** How the command line logs in: which keys it uses and which host keys it trusts, as `ssh` would. */
import { appendFileSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { messageOf } from '../../lambda/kit/index.ts';
import type { Login, ProbeTransport } from '../../lambda/model/index.ts';
import type { Settings } from '../../lambda/settings/index.ts';
import type { KeyOptions, KnownHost } from '../../lambda/ssh/index.ts';
import { parseKnownHosts, sshTransport } from '../../lambda/ssh/index.ts';
import { withOpenssh } from '../openssh/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';
import { readBounded } from './bounded-file.ts';
import type { Asking, FirstContact } from './first-contact.ts';
import { DEFAULT_KEYS, GLOBAL_KNOWN_HOSTS, userKnownHosts } from './ssh-entry.ts';
import { printWay } from './way-text.ts';

export interface SshFlags {
  readonly privateKey?: string;
  readonly knownHosts?: string;
  readonly acceptNewHostKeys?: boolean;
  /** Key files that the inventory names. */
  readonly namedKeys?: readonly string[];
  /** How a person is asked about an unknown host key and for a passphrase; absent: nobody is. */
  readonly asking?: Asking;
  /** Say which way each host is asked. */
  readonly verbose?: boolean;
}

/** The keys to log in with. @throws UsageError where the file named by --private-key can't be read. */
export async function sshKeys(flags: SshFlags, io: Pick<CommandIo, 'env'>): Promise<KeyOptions> {
  const { privateKey } = flags;
  if (privateKey !== undefined) readNamed(privateKey, '--private-key');
  const defaults = DEFAULT_KEYS.map((name) => join(homedir(), '.ssh', name)).filter((path) => existsSync(path));
  return {
    identities: {
      files: privateKey === undefined ? defaults : [privateKey],
      only: privateKey !== undefined,
      agent: io.env.SSH_AUTH_SOCK || null,
    },
    none: true,
    readKey: keyFileReader(new Set([...(privateKey === undefined ? [] : [privateKey]), ...(flags.namedKeys ?? [])])),
  };
}

/**
 * As ssh (authfile.c, sshkey_perm_ok), ignores a private key of this account that others can read; one that a person names
 * to crawlwatch is used all the same.
 */
const keyFileReader =
  (named: ReadonlySet<string>) =>
  async (path: string): Promise<Buffer> => {
    const text = readBounded(path);
    if (named.has(path) || !text.includes('PRIVATE KEY')) return text;
    const { mode, uid } = await stat(path);
    if ((mode & 0o077) === 0 || uid !== process.getuid?.()) return text;
    throw new Error(
      `others can read it (mode ${(mode & 0o777).toString(8)}), so it is ignored, as by ssh: chmod 600 it`,
    );
  };

/** @throws UsageError where a file named by a flag can't be read. */
export async function sshAccess(flags: SshFlags, settings: Settings, io: CommandIo): Promise<ProbeTransport> {
  const keys = await sshKeys(flags, io);
  const ofUser = userKnownHosts(homedir());
  const files = flags.knownHosts === undefined ? [...ofUser, ...GLOBAL_KNOWN_HOSTS] : [flags.knownHosts];
  // --accept-new-host-keys writes the file where it doesn't exist.
  if (flags.knownHosts !== undefined && flags.acceptNewHostKeys !== true) {
    readNamed(flags.knownHosts, '--known-hosts');
  }
  const read = knownHostsReader();
  const [ownFile = ''] = files;
  const saved = new Set<string>();
  const { connectSeconds } = settings.timeouts;
  const transport = (contact?: FirstContact) => {
    const fast = sshTransport({
      ...keys,
      ...(contact && { passphraseOf: (path) => contact.passphrases.get(path), locked: contact.locked }),
      connectSeconds,
      hostKeys: {
        kind: 'known-hosts',
        known: files.flatMap(read),
        read,
        acceptNew: flags.acceptNewHostKeys === true,
        addTo: ownFile,
        hasFolder: existsSync,
        accepted: (line, file = ownFile) => {
          // Each pass of a run sees a key that was accepted in an earlier one as new.
          if (saved.has(line)) return;
          saved.add(line);
          saveHostKey(file, line, io);
        },
        ...(contact && { approved: contact.approved, unknown: contact.unknown }),
      },
    });
    return withOpenssh(fast, {
      ...flags,
      ...{ connectSeconds, env: io.env },
      ...(flags.verbose === true && { note: ({ name }, way) => printWay(name, way, io) }),
    });
  };
  if (flags.asking === undefined) return transport();
  const { askingTransport } = await import('./first-contact.ts');
  return askingTransport(transport, ({ login }) => keyFilesOf(login, keys), flags.asking);
}

const keyFilesOf = ({ identities, privateKeyPath }: Login, { identities: own }: KeyOptions): readonly string[] =>
  identities?.files ?? (privateKeyPath === null ? (own?.files ?? []) : [privateKeyPath]);

/** Reads each file once, however many hosts name it. A missing or unreadable one counts as empty. */
function knownHostsReader(): (path: string) => readonly KnownHost[] {
  const known = new Map<string, readonly KnownHost[]>();
  return (path) => {
    const hosts = known.get(path) ?? parseKnownHosts(readIfPresent(path));
    known.set(path, hosts);
    return hosts;
  };
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

function readNamed(path: string, flag: string): void {
  try {
    readBounded(path);
  } catch (error) {
    throw new UsageError(`${flag}: can't read ${path}: ${codeOf(error)}`);
  }
}

function readIfPresent(path: string): string {
  try {
    return readBounded(path).toString();
  } catch {
    return '';
  }
}

function codeOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'it is a directory' : (code ?? messageOf(error));
}
