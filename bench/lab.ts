/** What all contenders are measured against: one real OpenSSH server on many loopback addresses, and the files to reach it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Sshd, startSshd } from '../sandbox/sshd.ts';
import { run, type Surroundings } from './run.ts';

export interface Host {
  readonly address: string;
  readonly port: number;
}

/** Paths of the files by which a program finds its hosts. */
export interface HostFiles {
  /** An Ansible inventory, for ansible and crawlwatch alike. */
  readonly inventory: string;
  /** One address a line. */
  readonly list: string;
  /** For everything that runs `ssh`: ports, key, host keys, deadline. */
  readonly sshConfig: string;
  readonly knownHosts: string;
}

export interface Lab {
  readonly sshd: Sshd;
  readonly directory: string;
  /** The probe's script in a file on the "hosts". */
  readonly script: string;
  readonly surroundings: Surroundings;
  hosts(count: number): Host[];
  files(hosts: readonly Host[], deadlineSeconds: number): HostFiles;
  /** Returns the server's CPU time so far, over all sessions that have ended. */
  serverCpuMs(): number;
  /** Closes what a program left open, so that it neither costs nor helps the next one. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** `/proc/PID/stat` counts in hundredths of a second, whatever the kernel's own tick is. */
const TICK_MS = 10;

export async function startLab(crawlwatch: string): Promise<Lab> {
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-bench-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  // Everything made below, sshd's files included, is removed with this directory.
  process.env.TMPDIR = directory;
  const sshd = await startSshd({
    // sshd takes at most 16 addresses, so it listens on all of them, and accepts logins from loopback only.
    addresses: ['0.0.0.0'],
    // It plays many machines, each of which would have its own cores, on the clients' cores. So it doesn't re-execute
    // itself for each connection, which is 10 of a login's 25 ms and the work of no contender.
    flags: ['-r'],
    config: [
      `AllowUsers ${userInfo().username}@127.0.0.0/8`,
      'MaxStartups 5000',
      'UseDNS no',
      'LogLevel INFO',
      // Keeps this account's start-up files out: a crawler's account has none.
      `SetEnv HOME=${directory}`,
      // Ansible copies its modules over SFTP.
      'Subsystem sftp internal-sftp',
    ],
  });
  const controlPaths = join(directory, 'cp');
  const surroundings: Surroundings = {
    cwd: directory,
    env: {
      PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: directory,
      LC_ALL: 'C.UTF-8',
      ANSIBLE_HOME: join(directory, 'ansible'),
      ANSIBLE_LOCAL_TEMP: join(directory, 'ansible-local'),
      ANSIBLE_REMOTE_TMP: join(directory, 'ansible-remote'),
      ANSIBLE_SSH_CONTROL_PATH_DIR: controlPaths,
      ANSIBLE_NOCOLOR: '1',
    },
  };
  const script = join(directory, 'probe.sh');
  writeFileSync(script, (await run([process.execPath, crawlwatch, 'probe'], surroundings)).stdout);
  const pid = sshd.process.pid ?? 0;

  let written = 0;
  return {
    sshd,
    directory,
    script,
    surroundings,
    hosts: (count) =>
      Array.from({ length: count }, (_, i) => ({
        address: `127.0.${1 + Math.floor(i / 250)}.${1 + (i % 250)}`,
        port: sshd.port,
      })),
    files(hosts, deadlineSeconds) {
      written += 1;
      const write = (name: string, lines: readonly string[]) => {
        const path = join(directory, `${name}-${written}`);
        writeFileSync(path, `${lines.join('\n')}\n`);
        return path;
      };
      const ports = [...new Set(hosts.map(({ port }) => port))];
      const knownHosts = write(
        'known_hosts',
        ports.map((port) => `[127.0.*]:${port} ${sshd.hostKeys.ed25519}`),
      );
      return {
        knownHosts,
        list: write(
          'hosts',
          hosts.map(({ address }) => address),
        ),
        inventory: write('inventory', [
          ...hosts.map(({ address, port }) => `${address} ansible_port=${port}`),
          '[all:vars]',
          `ansible_user=${sshd.user}`,
          `ansible_ssh_private_key_file=${sshd.privateKeyPath}`,
        ]),
        sshConfig: write('ssh_config', [
          ...hosts
            .filter(({ port }) => port !== sshd.port)
            .flatMap(({ address, port }) => [`Host ${address}`, `  Port ${port}`]),
          'Host *',
          `  Port ${sshd.port}`,
          `  User ${sshd.user}`,
          `  IdentityFile ${sshd.privateKeyPath}`,
          '  IdentitiesOnly yes',
          `  UserKnownHostsFile ${knownHosts}`,
          '  StrictHostKeyChecking yes',
          '  BatchMode yes',
          `  ConnectTimeout ${deadlineSeconds}`,
        ]),
      };
    },
    serverCpuMs() {
      // After the name in parentheses: utime, stime, cutime and cstime are the 12th to 15th (man 5 proc).
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return fields.slice(11, 15).reduce((sum, field) => sum + Number(field) * TICK_MS, 0);
    },
    async settle() {
      for (const socket of ifThere(controlPaths)) {
        await run(
          ['ssh', '-F', 'none', '-O', 'exit', '-o', `ControlPath=${join(controlPaths, socket)}`, 'x'],
          surroundings,
        );
      }
      for (let waited = 0; waited < 100; waited += 1) {
        if (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8') === '') return;
        await sleep(50);
      }
    },
    async close() {
      await sshd.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function ifThere(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    // No shared connection yet.
    return [];
  }
}
