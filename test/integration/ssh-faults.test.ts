import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureReason, Instance } from '../../lambda/model/index.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, type SshdOptions, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type Answer, probeAll, sshInstance } from '../support/probe-run.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);
if (userInfo().uid !== 0) throw new Error('the faults of OpenSSH need root');

const DEADLINE_MS = 5000;
const HEALTHY = 5;
/** As another user than root, whom no limit binds: a shell that runs, but may start no process. */
const NO_FORK = 'exec setpriv --reuid=65534 --clear-groups prlimit --nproc=0:0 /bin/sh';

interface Fault {
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

const FAULTS: readonly Fault[] = [
  {
    does: 'is stopped, and only its kernel still accepts',
    reason: 'BannerTimeout',
    says: /sent no SSH banner within 5 s/,
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
    does: 'breaks off after too many keys',
    reason: 'AuthenticationFailed',
    says: /broke off the login of "root", "Too many authentication failures"/,
    sshd: { config: ['MaxAuthTries 1', 'AuthorizedKeysFile none'] },
  },
  ...[
    ['exchanges keys', 'KexAlgorithms diffie-hellman-group14-sha1'],
    ['signs its host key', 'HostKeyAlgorithms ssh-rsa'],
    ['authenticates packets', 'MACs hmac-sha1\nCiphers aes128-ctr'],
  ].map(
    ([what, line]): Fault => ({
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
    says: /the probe did not end within 5 s/,
    script: 'echo half of; sleep 60',
    output: 'half of\n',
  },
  {
    does: 'drips its output',
    reason: 'CommandTimeout',
    says: /the probe did not end within 5 s/,
    script: 'for i in 1 2 3 4 5 6 7 8 9; do echo $i; sleep 1; done',
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

describe('a run over OpenSSH servers with every fault', () => {
  const started: Sshd[] = [];
  let answers: Map<string, Answer>;

  beforeAll(async () => {
    const faulty = FAULTS.map(async (fault) => {
      const sshd = await startSshd(fault.sshd);
      started.push(sshd);
      await fault.prepare?.(sshd);
      return [fault, sshd] as const;
    });
    const hosts = await Promise.all(faulty);
    const sound = await startSshd();
    started.push(sound);
    const ask = (id: string, sshd: Sshd, script: string, user = sshd.user): Promise<Map<string, Answer>> => {
      const instance: Instance = sshInstance(sshd.address, sshd.port, {
        id,
        login: { user, port: sshd.port, privateKeyPath: null },
      });
      const transport = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' } });
      return probeAll(transport, [instance], { hostDeadlineMs: DEADLINE_MS, script });
    };
    const all = await Promise.all([
      ...hosts.map(([fault, sshd]) => ask(fault.does, sshd, fault.script ?? 'echo vitals', fault.user)),
      ...Array.from({ length: HEALTHY }, (_, n) => ask(`sound ${n}`, sound, 'echo vitals')),
    ]);
    answers = new Map(all.flatMap((each) => [...each]));
  });
  afterAll(() => Promise.all(started.map((sshd) => sshd.close())));

  it.each(FAULTS.map((fault) => [fault.does, fault.reason, fault] as const))(
    'calls one that %s %s',
    (id, reason, fault) => {
      const reply = answers.get(id)?.reply;
      expect(reply).toMatchObject({ kind: 'failed', reason, text: expect.stringMatching(fault.says) });
      expect(reply?.output ?? '').toContain(fault.output ?? '');
    },
  );

  it('reads every sound one all the same', () => {
    const sound = [...answers].filter(([id]) => id.startsWith('sound '));
    expect(sound.map(([, { reply }]) => reply.output)).toEqual(Array(HEALTHY).fill('vitals\n'));
  });
});

describe('an OpenSSH server that may start no process for the user', () => {
  const USER = 'crawlwatch-nofork';
  beforeAll(() => void execFileSync('useradd', ['-M', '-s', '/bin/sh', '-p', '*', USER]));
  afterAll(() => void execFileSync('userdel', [USER]));

  it('refuses the command, which is called ForkFailed', async () => {
    const sshd = await startSshd({ under: ['prlimit', '--nproc=1:1'] });
    const transport = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' } });
    const login = { user: USER, port: sshd.port, privateKeyPath: null };
    const answers = await probeAll(transport, [sshInstance(sshd.address, sshd.port, { login })]);
    await sshd.close();
    expect([...answers.values()][0]?.reply).toMatchObject({
      kind: 'failed',
      reason: 'ForkFailed',
      text: expect.stringContaining('its sshd could not start a shell'),
    });
    expect(sshd.log()).toContain('fork: Resource temporarily unavailable');
  });
});
