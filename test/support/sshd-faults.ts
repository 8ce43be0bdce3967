/** Real OpenSSH servers that fail, one way each, within five seconds. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { FailureReason } from '../../lambda/model/index.ts';
import type { Sshd, SshdOptions } from '../../sandbox/sshd.ts';

/** The deadline that the sentences name. */
export const SSHD_DEADLINE_MS = 15_000;

/** As another user than root, whom no limit binds: a shell that runs, but may start no process. */
const NO_FORK = 'exec setpriv --reuid=65534 --clear-groups prlimit --nproc=0:0 /bin/sh';

export interface SshdFault {
  readonly does: string;
  readonly reason: FailureReason;
  readonly says: RegExp;
  readonly sshd?: SshdOptions;
  readonly user?: string;
  /** What the probe script does there. */
  readonly script?: string;
  readonly output?: string;
  /** Brings the fault about, once sshd listens. */
  prepare?(sshd: Sshd): unknown;
}

export const SSHD_FAULTS: readonly SshdFault[] = [
  {
    does: 'is stopped, and only its kernel still accepts',
    reason: 'BannerTimeout',
    says: /sent no SSH banner within 15 s/,
    prepare: (sshd) => sshd.process.kill('SIGSTOP'),
  },
  {
    does: 'is gone',
    reason: 'ConnectionRefused',
    says: /refused the TCP connection/,
    prepare: (sshd) => sshd.close(),
  },
  {
    does: 'has reached MaxStartups',
    reason: 'SshThrottled',
    says: /"Exceeded MaxStartups"/,
    sshd: { config: ['MaxStartups 1'] },
    prepare: (sshd) => once(connect(sshd.port, sshd.address).unref(), 'data'),
  },
  {
    does: 'does not know the user',
    reason: 'AuthenticationFailed',
    says: /refused the login of "no-such-user"/,
    user: 'no-such-user',
  },
  {
    does: 'does not allow the user',
    reason: 'AuthenticationFailed',
    says: /it takes "publickey"/,
    sshd: { config: ['AllowUsers no-such-user'] },
  },
  {
    does: 'breaks off at the first key',
    reason: 'AuthenticationFailed',
    says: /broke off the login of "root", "Too many authentication failures", with the one key tried; check the user/,
    sshd: { config: ['MaxAuthTries 1', 'AuthorizedKeysFile none'] },
  },
  ...[
    ['exchanges keys', 'KexAlgorithms diffie-hellman-group14-sha1'],
    ['signs its host key', 'HostKeyAlgorithms ssh-rsa'],
    ['authenticates packets', 'MACs hmac-sha1\nCiphers aes128-ctr'],
  ].map(
    ([what, line]): SshdFault => ({
      does: `only ${what} with SHA-1`,
      reason: 'NegotiationFailed',
      says: /no matching .*it offers only ".*(sha1|ssh-rsa).*SHA-1/,
      sshd: { config: [line as string], hostKeyTypes: ['rsa'] },
    }),
  ),
  {
    does: 'allows no sessions',
    reason: 'ExecRefused',
    says: /refused to run a command, .*open failed/,
    sshd: { config: ['MaxSessions 0'] },
  },
  {
    does: 'runs a shell that cannot fork',
    reason: 'ForkFailed',
    says: /could start no process, ".*Cannot fork"/i,
    sshd: { config: [`ForceCommand ${NO_FORK}`] },
    script: 'sleep 0',
  },
  {
    does: 'hangs in the probe',
    reason: 'CommandTimeout',
    says: /the probe did not end within 15 s/,
    script: 'echo half of; sleep 60',
    output: 'half of\n',
  },
  {
    does: 'drips its output',
    reason: 'CommandTimeout',
    says: /the probe did not end within 15 s/,
    script: 'i=0; while [ $i -lt 60 ]; do i=$((i + 1)); echo $i; sleep 1; done',
    output: '1\n2\n',
  },
  {
    does: 'loses its sshd in the middle of the output',
    reason: 'ConnectionLost',
    says: /before the probe had ended/,
    script: 'echo half of; sleep 0.2; kill -KILL $PPID; sleep 5',
    output: 'half of\n',
  },
  {
    does: 'has its shell killed in the middle of the output',
    reason: 'ConnectionLost',
    says: /was killed by "SIGKILL"/,
    script: 'echo half of; kill -KILL $$',
    output: 'half of\n',
  },
];
