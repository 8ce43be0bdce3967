import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { type Answer, probeAll, sshInstance } from '../../support/probe-run.ts';
import { BEFORE_BANNER, FAULT_DEADLINE_MS, type Fault, type FaultyHost } from '../../support/ssh-faults.ts';
import { AFTER_BANNER } from '../../support/ssh-login-faults.ts';
import { keyPair, sshServer, type TestServer } from '../../support/ssh-server.ts';

const FAULTS: readonly Fault[] = [...BEFORE_BANNER, ...AFTER_BANNER];
const HEALTHY = 10;

describe('a run over every kind of faulty host', () => {
  const login = keyPair();
  const hosts = new Map<Fault, FaultyHost>();
  let healthy: TestServer;
  let answers: Map<string, Answer>;
  let runSignal: AbortSignal;

  beforeAll(async () => {
    for (const fault of FAULTS) hosts.set(fault, await fault.start(login.public));
    healthy = await sshServer({ authorized: [login.public], output: 'vitals' });
    const faulty = [...hosts].map(([fault, { address = '127.0.0.1', port, hostKey = null }]) => {
      return sshInstance(address, port, { id: fault.does, hostKey });
    });
    const sound = Array.from({ length: HEALTHY }, (_, n) =>
      sshInstance('127.0.0.1', healthy.port, { id: `sound ${n}` }),
    );
    const transport = sshTransport({ privateKey: login.private, hostKeys: { kind: 'pin' } });
    runSignal = AbortSignal.timeout(5 * FAULT_DEADLINE_MS);
    // Fewer at a time than there are hosts that hang: the sound ones come last and must still be read.
    answers = await probeAll(transport, [...faulty, ...sound], {
      hostDeadlineMs: FAULT_DEADLINE_MS,
      forks: 30,
      signal: runSignal,
    });
  });
  afterAll(() => Promise.all([healthy?.close(), ...[...hosts.values()].map((host) => host.close?.())]));

  it.each(FAULTS.map((fault) => [fault.does, fault.reason, fault] as const))(
    'calls a host that %s %s',
    (id, reason, fault) => {
      const reply = answers.get(id)?.reply;
      expect(reply).toMatchObject({ kind: 'failed', reason, text: expect.stringMatching(fault.says) });
      expect(reply).toHaveProperty('text', expect.stringMatching(/^[\x20-\x7e]{20,500}\.$/));
      expect(reply?.output ?? '').toContain(fault.output ?? '');
      if (fault.attempts !== undefined) expect(hosts.get(fault)?.accepted).toBe(fault.attempts);
    },
  );

  it('reads every sound host all the same', () => {
    const sound = [...answers].filter(([id]) => id.startsWith('sound '));
    expect(sound.map(([, { reply }]) => reply.output)).toEqual(Array(HEALTHY).fill('vitals'));
  });

  it('has one reply for every host before its time is up', () => {
    expect(runSignal.aborted).toBe(false);
    expect(answers.size).toBe(FAULTS.length + HEALTHY);
  });

  it('leaves no connection open', async () => {
    const counted = [healthy, ...hosts.values()].filter((host): host is TestServer => 'open' in host);
    await expect.poll(() => counted.map((host) => host.open)).toEqual(counted.map(() => 0));
  });
});
