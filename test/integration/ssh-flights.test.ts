import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Far, startFar } from '../../bench/far.ts';
import { fingerprint } from '../../lambda/ssh/known-hosts.ts';
import { type SshOptions, sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';
import { keyPair } from '../support/ssh-server.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

/** Far longer than a host takes to answer, and so short that its identification comes before ours is sent unasked. */
const ROUND_TRIP_MS = 400;

describe('an OpenSSH server far away', () => {
  let sshd: Sshd;
  let pin: string;
  beforeAll(async () => {
    sshd = await startSshd();
    pin = fingerprint(Buffer.from(sshd.hostKeys.ed25519?.split(' ')[1] ?? '', 'base64'));
  });
  afterAll(() => sshd?.close());

  async function ask(options: Partial<SshOptions>, hostKey: string | null) {
    const far: Far = await startFar(sshd.port, ROUND_TRIP_MS, 'convoy');
    const login = { user: sshd.user, port: far.port, privateKeyPath: null };
    const instance = sshInstance('127.0.0.1', far.port, { id: 'far', hostKey, login });
    const transport = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' }, ...options });
    const answers = await probeAll(transport, [instance], { script: 'echo vitals' });
    await far.close();
    const { flights, connections } = far;
    return { reply: answers.get('far')?.reply, flights, connections };
  }

  /** The second of two keys is the right one, so the host is asked about each. */
  const ofTwo = (): Partial<SshOptions> => ({
    identities: { files: ['wrong', 'right'], only: false, agent: null },
    readKey: async (path) => (path === 'right' ? sshd.privateKey : keyPair().private),
  });

  it.each([
    ['known', 'one key', 11],
    ['new', 'one key', 14],
    ['known', 'two keys', 15],
    ['new', 'two keys', 18],
  ])('that is %s is read with %s in %i flights', async (which, keys, expected) => {
    const options = keys === 'one key' ? {} : ofTwo();
    const { reply, flights, connections } = await ask(options, which === 'known' ? pin : null);
    expect(reply).toMatchObject({ kind: 'output', output: 'vitals\n' });
    expect({ flights, connections }).toEqual({ flights: expected, connections: 1 });
  });

  it('that is known and takes the key no more is asked a second time, step by step', async () => {
    const { reply, connections } = await ask({ privateKey: keyPair().private }, pin);
    expect(reply).toMatchObject({
      reason: 'AuthenticationFailed',
      text: expect.stringMatching(/with the one key tried/),
    });
    expect(connections).toBe(2);
  });
});
