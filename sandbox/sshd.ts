/** A real OpenSSH server on loopback, with its own configuration, host keys and authorized keys in a directory of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const SSHD = '/usr/sbin/sshd';

/** An interrupted run must leave no server behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Why sshd can't run here, as the reason of a skipped test; null where it can. */
export const sshdMissing: string | null = existsSync(SSHD) ? null : `no ${SSHD}: install the package openssh-server`;

export interface SshdOptions {
  /** Lines of sshd_config. sshd takes a keyword's first value, so these win over the lines made here. */
  readonly config?: readonly string[];
  /** All in 127.0.0.0/8 or ::1; one port for all of them. At most 16, which is sshd's own limit. */
  readonly addresses?: readonly string[];
  /** Default: ed25519 and ecdsa. */
  readonly hostKeyTypes?: readonly ('ed25519' | 'ecdsa' | 'rsa')[];
  /** Command-line arguments of sshd, e.g. `-r`. */
  readonly flags?: readonly string[];
  /** A command to run it under, e.g. `prlimit --nproc=20`. */
  readonly under?: readonly string[];
}

export interface Sshd {
  readonly address: string;
  readonly port: number;
  /** The one user who may log in: the user who runs the tests. */
  readonly user: string;
  /** The private key that may log in, and the path of its file. */
  readonly privateKey: string;
  readonly privateKeyPath: string;
  /** Public host keys by type, each a line as in a `.pub` file. */
  readonly hostKeys: Readonly<Record<string, string>>;
  /** The directory of its files. */
  readonly directory: string;
  readonly process: ChildProcess;
  /** What it has logged. */
  log(): string;
  close(): Promise<void>;
}

/** @throws where it does not start, with its log. */
export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const {
    config = [],
    addresses = ['127.0.0.1'],
    hostKeyTypes = ['ed25519', 'ecdsa'],
    flags = [],
    under = [],
  } = options;
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-sshd-'));
  chmodSync(directory, 0o755); // sshd reads the authorized keys as the user who logs in.
  const keygen = (type: string, name: string) => {
    const path = join(directory, name);
    execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', name, '-f', path]);
    return path;
  };
  const privateKeyPath = keygen('ed25519', 'login');
  const hostKeyPaths = hostKeyTypes.map((type) => [type, keygen(type, `host-${type}`)] as const);
  const port = await freePort(addresses[0] ?? '127.0.0.1');
  const file = join(directory, 'sshd_config');
  writeFileSync(
    file,
    [
      ...config,
      ...addresses.map((address) => `ListenAddress ${address}`),
      `Port ${port}`,
      ...hostKeyPaths.map(([, path]) => `HostKey ${path}`),
      `AuthorizedKeysFile ${privateKeyPath}.pub`,
      'StrictModes no',
      'PidFile none',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin prohibit-password',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  // Where root runs it, sshd wants this directory for privilege separation.
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const [program = SSHD, ...before] = [...under, SSHD];
  const child = spawn(program, [...before, '-D', '-e', '-f', file, ...flags], { stdio: ['ignore', 'ignore', 'pipe'] });
  running.add(child);
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const gone = once(child, 'exit').then(() => {
    throw new Error(`sshd ended: ${log}`);
  });
  gone.catch(() => {});
  while (log.split('Server listening on').length <= addresses.length) {
    await Promise.race([once(child.stderr as NodeJS.EventEmitter, 'data'), gone]);
  }
  return {
    address: addresses[0] ?? '127.0.0.1',
    port,
    user: userInfo().username,
    privateKey: readFileSync(privateKeyPath, 'utf8'),
    privateKeyPath,
    hostKeys: Object.fromEntries(
      hostKeyPaths.map(([type, path]) => [type, readFileSync(`${path}.pub`, 'utf8').trim()]),
    ),
    directory,
    process: child,
    log: () => log,
    async close() {
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await gone.catch(() => {});
      running.delete(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago: sshd can't be asked to choose one itself. */
async function freePort(address: string): Promise<number> {
  const server = createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
