/** The programs that are compared: the name of each, its command line, and how many hosts its output shows as read. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { HostFiles, Lab } from './lab.ts';

/** The program as its users run it, built beside this one. */
export const CRAWLWATCH = fileURLToPath(new URL('crawlwatch.js', import.meta.url));
export const BENCH = fileURLToPath(new URL('bench.mjs', import.meta.url));

export type Kind = 'crawlwatch' | 'ansible' | 'fan-out' | 'library';

export interface Fan {
  readonly files: HostFiles;
  readonly forks: number;
  readonly deadlineSeconds: number;
}

export interface Contender {
  readonly name: string;
  readonly kind: Kind;
  /** Its program and the Debian package that has it. */
  readonly program: string;
  readonly package: string | null;
  readonly env: Readonly<Record<string, string>>;
  command(fan: Fan, lab: Lab): string[];
  /** How many hosts were read completely. */
  countRead(stdout: string): number;
}

/** The version line, which the script prints once on each host. */
const probesIn = (stdout: string) => stdout.match(/\bcrawlwatch 1\r?$/gm)?.length ?? 0;
const hostsIn = (stdout: string) => stdout.match(/\| Total Memory: [1-9]/g)?.length ?? 0;

export const crawlwatch: Contender = {
  name: 'crawlwatch',
  kind: 'crawlwatch',
  program: process.execPath,
  package: null,
  env: {},
  command: ({ files, forks, deadlineSeconds }) => [
    ...[process.execPath, CRAWLWATCH, 'check', '-i', files.inventory, '--known-hosts', files.knownHosts],
    ...['--forks', `${forks}`, '--timeout', `${deadlineSeconds}`, '-o', 'line'],
  ],
  countRead: hostsIn,
};

export const bareSsh2: Contender = {
  name: 'a bare loop over ssh2',
  kind: 'library',
  program: process.execPath,
  package: null,
  env: {},
  command: ({ files, forks }, { sshd, script }) => [
    ...[process.execPath, BENCH, 'bare-ssh2', files.list, `${sshd.port}`, sshd.user, sshd.privateKeyPath],
    ...[sshd.hostKeys.ed25519?.split(' ')[1] ?? '', script, `${forks}`],
  ],
  countRead: probesIn,
};

const ansible = (name: string, module: 'command' | 'raw', env: Record<string, string> = {}): Contender => ({
  name,
  kind: 'ansible',
  program: 'ansible',
  package: 'ansible',
  env,
  command: ({ files, forks, deadlineSeconds }, { script }) => [
    ...['ansible', 'all', '-i', files.inventory, '-f', `${forks}`, '-T', `${deadlineSeconds}`],
    ...['--ssh-common-args', `-F ${files.sshConfig}`, '-m', module, '-a', `sh ${script}`],
  ],
  countRead: probesIn,
});

export const ansibleCommand = ansible('ansible -m command', 'command');
export const ansibleRaw = ansible('ansible -m raw', 'raw');

const fanOut = (name: string, pkg: string, command: Contender['command'], env = {}): Contender => ({
  ...{ name, kind: 'fan-out', program: name, package: pkg, env, command, countRead: probesIn },
});

export const pdsh: Contender = {
  ...fanOut('pdsh', 'pdsh', ({ files, forks, deadlineSeconds }, { script }) => [
    ...['env', `PDSH_SSH_ARGS_APPEND=-F ${files.sshConfig}`, 'pdsh', '-R', 'ssh', '-f', `${forks}`],
    ...['-t', `${deadlineSeconds}`, '-w', `^${files.list}`, `sh ${script}`],
  ]),
  name: 'pdsh -R ssh',
};

export const clush = fanOut('clush', 'clustershell', ({ files, forks, deadlineSeconds }, { script }) => [
  ...['clush', '-f', `${forks}`, '-t', `${deadlineSeconds}`, '-o', `-F ${files.sshConfig}`],
  ...['--hostfile', files.list, `sh ${script}`],
]);

/** All that fan out over SSH, crawlwatch first. */
export const CONTENDERS: readonly Contender[] = [
  crawlwatch,
  bareSsh2,
  ansibleCommand,
  ansible('ansible -m command, tuned', 'command', {
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
  }),
  ansibleRaw,
  fanOut('parallel-ssh', 'pssh', ({ files, forks }, { script }) => [
    ...[
      'parallel-ssh',
      '-h',
      files.list,
      '-p',
      `${forks}`,
      '-t',
      '0',
      '-x',
      `-F ${files.sshConfig}`,
      '-i',
      `sh ${script}`,
    ],
  ]),
  clush,
  pdsh,
];

/** Other packages that are needed, by a file that each installs. */
const TOOLS: readonly (readonly [file: string, pkg: string])[] = [
  ['/usr/bin/time', 'time'],
  ['/usr/sbin/sshd', 'openssh-server'],
  ['/usr/bin/strace', 'strace'],
];

/** Installs what is missing, as root on Debian. @returns a sentence for each package that still is. */
export function install(say: (text: string) => void): string[] {
  const missing = () => [
    ...TOOLS.filter(([file]) => !existsSync(file)).map(([, pkg]) => pkg),
    ...CONTENDERS.filter((contender) => !isThere(contender)).flatMap((contender) => contender.package ?? []),
  ];
  const wanted = [...new Set(missing())];
  if (wanted.length > 0 && userInfo().uid === 0 && existsSync('/usr/bin/apt-get')) {
    say(`installing ${wanted.join(', ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    spawnSync('apt-get', ['update', '-qq'], { env });
    for (const pkg of wanted) spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', pkg], { env });
  }
  return [...new Set(missing())].map((pkg) => `MISSING: ${pkg}; what needs it is left out (apt-get install ${pkg})`);
}

export function isThere({ program }: Contender): boolean {
  return (
    program.startsWith('/') || (process.env.PATH ?? '').split(':').some((path) => existsSync(`${path}/${program}`))
  );
}
