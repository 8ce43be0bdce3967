/**
 * Hosts that are reached in many ways, and a home for each way. A client runs in a mount namespace with an /etc/passwd of
 * its own, since `ssh` looks there for the home and not at HOME: so ssh, Ansible and crawlwatch read the same ~/.ssh.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Sshd, type SshdOptions, sshdMissing, startSshd } from '../../sandbox/sshd.ts';

/** Why there can be no such hosts here; null where there can. */
export function waysInMissing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a home of its own for ssh takes root on Linux';
  if (sshdMissing !== null) return sshdMissing;
  for (const tool of ['ssh', 'ssh-agent', 'ssh-keygen', 'perl', 'busybox', 'socat']) {
    if (!hasProgram(tool)) return `no ${tool} is installed`;
  }
  const unshare = spawnSync('unshare', ['-m', '--propagation', 'private', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  return unshare.status === 0 ? null : `a mount namespace is not allowed: ${unshare.stderr ?? unshare.error}`.trim();
}

export const hasProgram = (name: string): boolean =>
  (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, name)));

/** Made once for all ways. Those from `fleet` to `ecdsa` and a certificate by `userCa` may log in as `web`. */
const KEYS = {
  fleet: ['ed25519'],
  rsa: ['rsa', '-b', '2048'],
  ecdsa: ['ecdsa'],
  bastion: ['ed25519'],
  certified: ['ed25519'],
  stranger: ['ed25519'],
  strangerRsa: ['rsa', '-b', '2048'],
  userCa: ['ed25519'],
  hostCa: ['ed25519'],
  otherCa: ['ed25519'],
  hostCertified: ['ed25519'],
} as const;
export type KeyName = keyof typeof KEYS;

/** Named in /etc/hosts of the servers alone: who gets there came through a jump host. */
export const INNER = 'inner.test';
/** Nothing listens there. */
export const DEAD_ADDRESS = '127.0.0.2';
/** Its target's port never answers. */
export const SILENT_ADDRESS = '127.0.0.4';

export interface Rig {
  readonly folder: string;
  /** The path of a private key; its public half is beside it. */
  key(name: KeyName): string;
  /** The text of a key's public half, without its comment. */
  publicKey(name: KeyName): string;
  readonly servers: Servers;
  /** The client's home and files for one way. */
  account(name: string): Account;
  close(): Promise<void>;
}

export interface Servers {
  /** Lets in `web` with the fleet's keys or a certificate; on 127.0.0.1 and ::1. */
  readonly target: Sshd;
  /** Lets in `jump` and `web`, with the key `bastion` or `fleet`. */
  readonly jump: Sshd;
  /** As `jump`, and forwards nothing. */
  readonly closedJump: Sshd;
  /** Lets in the user who runs the tests. */
  readonly root: Sshd;
  /** Has a host certificate for `web1.test`. */
  readonly hostCertified: Sshd;
  /** Has a host certificate whose time is over. */
  readonly hostExpired: Sshd;
  /** Exchanges keys by a post-quantum algorithm only; null where this OpenSSH has none. */
  readonly postQuantum: Sshd | null;
  /** Lets in `open` without any key. */
  readonly none: Sshd;
  /** Takes three keys of a login. */
  readonly impatient: Sshd;
  /** Wants two keys of a login. */
  readonly twoKeys: Sshd;
  /** Knows nothing newer than SHA-1. */
  readonly old: Sshd;
  /** A port on 127.0.0.3 that answers a second after the first SYN. On 127.0.0.4, the target's port never does. */
  readonly late: number;
}

export interface Account {
  readonly name: string;
  readonly folder: string;
  readonly home: string;
  /** Takes the place of /etc/ssh/ssh_config. */
  systemConfig(text: string): void;
  /** Writes a file below the home; its folders are made. */
  put(path: string, text: string, mode?: number): string;
  /** Copies a private key (and what else is asked for) into ~/.ssh. */
  copyKey(key: KeyName, as: string, parts?: { readonly public?: boolean; readonly certificate?: string }): string;
  /** A socket that leads to a port of 127.0.0.1. @returns its path. */
  door(port: number): Promise<string>;
  /** An agent that holds these keys, given as files. @returns its socket. */
  agent(files: readonly string[]): Promise<string>;
  /** The words before a program that run it here, on a copy of the home for that client. */
  enter(client: string): readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Set by the way. */
  setEnv(name: string, value: string): void;
}

/** As sshd of ten years ago. */
const OLD = [
  'KexAlgorithms diffie-hellman-group14-sha1',
  'HostKeyAlgorithms ssh-rsa',
  'Ciphers aes128-cbc',
  'MACs hmac-sha1',
];
const SLOW = join(import.meta.dirname, 'ways-in-slow.pl');

/**
 * `enter FOLDER CLIENT PROGRAM ARGUMENTS...`: runs it with the files of FOLDER/etc in place of those of /etc, and on a copy
 * of FOLDER/home, so that no client sees what another wrote there. They are mounted over a copy of /etc: a mount over a file
 * of /etc itself would end when that file is replaced, as useradd does.
 */
const ENTER = `#!/bin/sh
folder=$1 client=$2; shift 2
if [ -d "$folder/home" ]; then
  cp -a "$folder/home" "$folder/home-of-$client" || exit 97
fi
exec unshare -m --propagation private sh -c '
  etc=$1 folder=$2 client=$3; shift 3
  mount --bind "$etc" /etc || exit 97
  for file in passwd hosts nsswitch.conf; do mount --bind "$folder/etc/$file" "/etc/$file" || exit 97; done
  [ ! -f "$folder/etc/ssh_config" ] || mount --bind "$folder/etc/ssh_config" /etc/ssh/ssh_config || exit 97
  [ ! -d "$folder/home" ] || mount --bind "$folder/home-of-$client" "$folder/home" || exit 97
  cd "$PWD" && exec "$@"' sh "\${0%/*}/etc" "$folder" "$client" "$@"
`;

export async function startRig(): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-ways-'));
  execFileSync('chmod', ['755', folder]);
  const own = (...names: string[]) => join(folder, ...names);
  const children: ChildProcess[] = [];
  const doors: Server[] = [];
  const write = (path: string, text: string, mode = 0o600) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
    return path;
  };

  mkdirSync(own('keys'));
  const key = (name: KeyName) => own('keys', name);
  for (const [name, type] of Object.entries(KEYS)) {
    execFileSync('ssh-keygen', ['-q', '-t', ...type, '-N', '', '-C', '', '-f', own('keys', name)]);
  }
  const publicKey = (name: KeyName) => readFileSync(`${key(name)}.pub`, 'utf8').trim();
  const authorized = (name: string, keys: readonly KeyName[]) =>
    write(own(name), `${keys.map(publicKey).join('\n')}\n`, 0o644);

  write(own('enter'), ENTER, 0o755);
  execFileSync('cp', ['-a', '/etc', own('etc')]);
  for (const secret of ['shadow', 'shadow-', 'gshadow', 'gshadow-']) rmSync(own('etc', secret), { force: true });
  const etc = (where: string, home: string, hosts: readonly string[]) => {
    const users = ['web', 'jump', 'open'].map(
      (name, n) => `${name}:${name === 'open' ? '' : '*'}:${20001 + n}:65534::${own('homes')}:/bin/sh`,
    );
    const system = [
      `root:*:0:0::${home}:/bin/sh`,
      'nobody:*:65534:65534::/:/bin/false',
      'sshd:*:100:65534::/run/sshd:/bin/false',
    ];
    write(join(where, 'etc', 'passwd'), [...system, ...users, ''].join('\n'), 0o644);
    write(join(where, 'etc', 'hosts'), ['127.0.0.1 localhost', '::1 localhost', ...hosts, ''].join('\n'), 0o644);
    write(join(where, 'etc', 'nsswitch.conf'), 'passwd: files\ngroup: files\nshadow: files\nhosts: files\n', 0o644);
  };
  mkdirSync(own('homes'));
  etc(own('server'), own('homes'), [`127.0.0.1 ${INNER}`]);
  const inServer = [own('enter'), own('server'), 'sshd'];

  const targetKeys = authorized('authorized-target', ['fleet', 'rsa', 'ecdsa']);
  const jumpKeys = authorized('authorized-jump', ['bastion', 'fleet']);
  const server = (config: readonly string[], options: SshdOptions = {}) =>
    startSshd({ ...options, under: inServer, config: ['MaxStartups 200', 'MaxSessions 50', ...config] });
  const web = ['AllowUsers web', `AuthorizedKeysFile ${targetKeys}`, `TrustedUserCAKeys ${key('userCa')}.pub`];
  const jump = ['AllowUsers jump web', `AuthorizedKeysFile ${jumpKeys}`];
  const hostCertificate = (name: string, validity: readonly string[]) => {
    const path = own('keys', name);
    copyFileSync(key('hostCertified'), path);
    copyFileSync(`${key('hostCertified')}.pub`, `${path}.pub`);
    const words = ['-q', '-s', key('hostCa'), '-I', name, '-h', '-n', 'web1.test', ...validity, `${path}.pub`];
    execFileSync('ssh-keygen', words);
    return [`HostKey ${path}`, `HostCertificate ${path}-cert.pub`];
  };
  const kex = execFileSync('ssh', ['-Q', 'kex'], { encoding: 'utf8' });
  const postQuantumKex = /^(sntrup761x25519-sha512@openssh\.com|mlkem768x25519-sha256)$/m.exec(kex)?.[1];

  const listener = async (address: string, when: 'late' | 'never', sshd: Sshd, port = 0) => {
    const config = join(sshd.directory, 'sshd_config');
    const child = spawn(
      inServer[0] as string,
      [...inServer.slice(1), 'perl', SLOW, address, String(port), when, config],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    children.push(child);
    const [line] = await once(child.stdout, 'data');
    return Number(String(line));
  };

  try {
    const [target, jumpHost, closedJump, root, hostCertified, hostExpired, postQuantum, none, impatient, twoKeys, old] =
      await Promise.all([
        server(web, { addresses: ['127.0.0.1', '::1'] }),
        server(jump),
        server([...jump, 'AllowTcpForwarding no', 'PermitOpen none']),
        server([`AuthorizedKeysFile ${targetKeys}`, 'AllowUsers root']),
        server([...hostCertificate('host-certified', []), ...web], { hostKeyTypes: [] }),
        server([...hostCertificate('host-expired', ['-V', '20200101:20200201']), ...web], { hostKeyTypes: [] }),
        postQuantumKex === undefined ? null : server([`KexAlgorithms ${postQuantumKex}`, ...web]),
        server([
          'AllowUsers open',
          'PermitEmptyPasswords yes',
          'PasswordAuthentication yes',
          'AuthorizedKeysFile none',
        ]),
        server(['MaxAuthTries 3', ...web]),
        server(['AuthenticationMethods publickey,publickey', ...web]),
        server([...OLD, ...web], { hostKeyTypes: ['rsa'] }),
      ]);
    const [late] = await Promise.all([
      listener('127.0.0.3', 'late', target),
      listener(SILENT_ADDRESS, 'never', target, target.port),
    ]);
    const servers: Servers = {
      ...{
        target,
        jump: jumpHost,
        closedJump,
        root,
        hostCertified,
        hostExpired,
        postQuantum,
        none,
        impatient,
        twoKeys,
        old,
      },
      late,
    };
    const all = [target, jumpHost, closedJump, root, postQuantum, none, impatient, twoKeys, old].filter(
      (one) => one !== null,
    );
    const known = all.flatMap((one) =>
      Object.values(one.hostKeys).flatMap((hostKey) =>
        ['127.0.0.1', '::1', INNER].map((address) => `[${address}]:${one.port} ${hostKey}`),
      ),
    );
    for (const hostKey of Object.values(target.hostKeys)) {
      known.push(...['two.test', 'late-first.test', '127.0.0.3'].map((name) => `[${name}]:${late} ${hostKey}`));
    }

    const account = (name: string): Account => {
      const here = own('ways', name);
      const home = join(here, 'home');
      mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
      etc(here, home, [
        '127.0.0.1 web1.test plain.test one.ways.test one.ways.test.',
        ...[`${DEAD_ADDRESS} two.test`, '127.0.0.3 two.test'],
        ...['127.0.0.3 late-first.test', `${DEAD_ADDRESS} late-first.test`],
        ...[`${SILENT_ADDRESS} silent-first.test`, '127.0.0.1 silent-first.test'],
        ...['::1 both.test', '127.0.0.1 both.test'],
      ]);
      const env: Record<string, string> = {
        PATH: process.env.PATH ?? '',
        HOME: home,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
      const put = (path: string, text: string, mode?: number) => write(join(home, path), text, mode);
      put('.ssh/known_hosts', `${known.join('\n')}\n`);
      return {
        name,
        folder: here,
        home,
        put,
        systemConfig: (text) => void write(join(here, 'etc', 'ssh_config'), text, 0o644),
        copyKey: (from, as, parts = {}) => {
          const path = join(home, '.ssh', as);
          mkdirSync(dirname(path), { recursive: true });
          copyFileSync(key(from), path);
          if (parts.public === true) copyFileSync(`${key(from)}.pub`, `${path}.pub`);
          if (parts.certificate !== undefined) copyFileSync(parts.certificate, `${path}-cert.pub`);
          return path;
        },
        door: async (port) => {
          const path = join(here, 'door');
          const server = createServer((socket) => {
            const onward = connect(port, '127.0.0.1');
            for (const end of [socket, onward]) end.on('error', () => {});
            socket.pipe(onward).pipe(socket);
          });
          doors.push(server);
          await once(server.listen(path), 'listening');
          return path;
        },
        agent: async (files) => {
          const socket = join(here, 'agent');
          const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
          children.push(child);
          await once(child.stdout, 'data');
          for (const file of files) {
            execFileSync('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'pipe' });
          }
          return socket;
        },
        enter: (client) => [own('enter'), here, client],
        env,
        setEnv: (variable, value) => {
          env[variable] = value;
        },
      };
    };
    return {
      folder,
      key,
      publicKey,
      servers,
      account,
      close: async () => {
        for (const child of children) child.kill('SIGKILL');
        for (const door of doors) door.close();
        await Promise.all([...all, hostCertified, hostExpired].map((one) => one.close()));
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

/** A certificate for the key `certified`, made by ssh-keygen. @returns its path. */
export function userCertificate(rig: Rig, name: string, words: readonly string[], by: KeyName = 'userCa'): string {
  const copy = join(rig.folder, 'keys', name);
  copyFileSync(`${rig.key('certified')}.pub`, `${copy}.pub`);
  execFileSync('ssh-keygen', ['-q', '-s', rig.key(by), '-I', name, ...words, `${copy}.pub`]);
  return `${copy}-cert.pub`;
}
