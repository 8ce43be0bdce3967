import { execFileSync } from 'node:child_process';
import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Instance } from '../../lambda/model/index.ts';
import { fingerprint } from '../../lambda/ssh/known-hosts.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type Answer, probeAll, sshInstance } from '../support/probe-run.ts';
import { SSHD_DEADLINE_MS, SSHD_FAULTS } from '../support/sshd-faults.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);
if (userInfo().uid !== 0) throw new Error('the faults of OpenSSH need root');

const HEALTHY = 5;
/** The fingerprint of the key that it shows. */
const pinOf = ({ hostKeys }: Sshd): string =>
  fingerprint(Buffer.from((hostKeys.ed25519 ?? hostKeys.rsa)?.split(' ')[1] ?? '', 'base64'));

// At a known one much is sent ahead of its answers.
describe.each([
  ['new', () => null],
  ['known', pinOf],
])('a run over %s OpenSSH servers with every fault', (_which, pin) => {
  const started: Sshd[] = [];
  let answers: Map<string, Answer>;

  beforeAll(async () => {
    const faulty = SSHD_FAULTS.map(async (fault) => {
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
        hostKey: pin(sshd),
        login: { user, port: sshd.port, privateKeyPath: null },
      });
      const transport = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' } });
      return probeAll(transport, [instance], { hostDeadlineMs: SSHD_DEADLINE_MS, script });
    };
    const all = await Promise.all([
      ...hosts.map(([fault, sshd]) => ask(fault.does, sshd, fault.script ?? 'echo vitals', fault.user)),
      ...Array.from({ length: HEALTHY }, (_, n) => ask(`sound ${n}`, sound, 'echo vitals')),
    ]);
    answers = new Map(all.flatMap((each) => [...each]));
  });
  afterAll(() => Promise.all(started.map((sshd) => sshd.close())));

  it.each(SSHD_FAULTS.map((fault) => [fault.does, fault.reason, fault] as const))(
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
