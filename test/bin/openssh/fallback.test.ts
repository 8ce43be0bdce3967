import { describe, expect, it } from 'vitest';
import { withOpenssh } from '../../../bin/openssh/index.ts';
import type { FailureReason, Instance, ProbeTransport } from '../../../lambda/model/index.ts';
import { probeAll, sshInstance } from '../../support/probe-run.ts';

/** A machine without ssh. */
const env = { PATH: '/nonexistent' };
const replies =
  (reason?: FailureReason): ProbeTransport =>
  async (instances, run) => {
    for (const { id } of instances) {
      run.reply(id, reason ? { kind: 'failed', reason, text: 'fast' } : { kind: 'output', output: 'fast' }, 5);
    }
  };
const host = (id: string, login: Partial<Instance['login']> = {}) =>
  sshInstance('127.0.0.1', 22, { id, login: { user: 'me', port: 22, privateKeyPath: null, ...login } });
const way = { destination: 'web1', options: [], because: 'CertificateFile' };

describe('the two ways together', () => {
  it('give a host that ssh2 can reach to the fast path alone, with all forks', async () => {
    let forks = 0;
    const fast: ProbeTransport = (instances, run) => {
      forks = run.forks;
      return replies()(instances, run);
    };
    const answers = await probeAll(withOpenssh(fast, { env }), [host('a'), host('b')], { forks: 7 });
    expect([...answers.values()].map(({ reply }) => reply.output)).toEqual(['fast', 'fast']);
    expect(forks).toBe(7);
  });

  it('say what needs ssh where there is none, and blame no host', async () => {
    const answers = await probeAll(withOpenssh(replies(), { env }), [host('a', { openssh: way }), host('b')]);
    expect(answers.get('b')?.reply).toMatchObject({ output: 'fast' });
    expect(answers.get('a')?.reply).toMatchObject({
      reason: 'HostUnreachable',
      text: expect.stringMatching(/needs OpenSSH's client \(CertificateFile\), and this machine has no ssh/),
      reached: false,
    });
  });

  it.each<FailureReason>(['NegotiationFailed', 'AuthenticationFailed', 'HostKeyUnknown', 'BannerTimeout'])(
    'keep the %s of the fast path where ssh is missing',
    async (reason) => {
      const answers = await probeAll(withOpenssh(replies(reason), { env }), [host('a', { opensshToo: way })]);
      expect(answers.get('a')).toMatchObject({ reply: { reason, text: 'fast' }, durationMs: 5 });
    },
  );

  it('fail as a whole where the fast path does, once ssh is done with its hosts', async () => {
    const fast: ProbeTransport = () => Promise.reject(new Error('as a whole'));
    const answers = new Map<string, unknown>();
    const run = {
      ...{ signal: new AbortController().signal, hostDeadlineMs: 1000, forks: 2, script: '' },
      reply: (id: string, reply: unknown) => void answers.set(id, reply),
    };
    const both = withOpenssh(fast, { env })([host('a', { openssh: way }), host('b')], run);
    await expect(both).rejects.toThrow('as a whole');
    expect([...answers.keys()]).toEqual(['a']);
  });
});
