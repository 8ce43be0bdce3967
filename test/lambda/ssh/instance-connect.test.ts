import {
  AuthException,
  EC2InstanceConnectServiceException,
  EC2InstanceNotFoundException,
  EC2InstanceStateInvalidException,
  EC2InstanceUnavailableException,
  type SendSSHPublicKeyCommand,
  ThrottlingException,
} from '@aws-sdk/client-ec2-instance-connect';
import ssh2, { type AuthContext, type ParsedKey } from 'ssh2';
import { describe, expect, it } from 'vitest';
import type { InstanceConnect } from '../../../lambda/kit/clients/index.ts';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { instanceConnect } from '../../../lambda/ssh/instance-connect.ts';
import { sshTransport } from '../../../lambda/ssh/transport.ts';
import { probeAll } from '../../support/probe-run.ts';
import { at, host, replyOf, started } from '../../support/ssh-hosts.ts';
import { rawServer } from '../../support/ssh-server.ts';

const options = { message: 'said so', $metadata: {} };

/** Instance Connect, and the keys that it was given: instance, user and key. */
function service(answer: (signal: AbortSignal) => { Success: boolean } | Promise<never> = () => ({ Success: true })) {
  const pushed: (readonly [string, string, string])[] = [];
  const client = {
    send: async ({ input }: SendSSHPublicKeyCommand, { abortSignal }: { abortSignal: AbortSignal }) => {
      pushed.push([input.InstanceId ?? '', input.InstanceOSUser ?? '', input.SSHPublicKey ?? '']);
      return answer(abortSignal);
    },
  } as unknown as InstanceConnect;
  const transport = sshTransport({ ...instanceConnect(() => client), hostKeys: { kind: 'pin' } });
  return { pushed, transport };
}

/** As sshd does with the AuthorizedKeysCommand of EC2 Instance Connect: who was given the key right now is let in. */
const takes = (pushed: readonly (readonly [string, string, string])[]) => (context: AuthContext) => {
  const keys = pushed.map(([, , key]) => (ssh2.utils.parseKey(key) as ParsedKey).getPublicSSH());
  if (context.method === 'publickey' && keys.some((key) => key.equals(context.key.data))) context.accept();
  else context.reject(['publickey']);
};

describe('EC2 Instance Connect', () => {
  it.each<[string, Error, FailureReason, RegExp]>([
    [
      'is not allowed',
      new AuthException(options),
      'AuthenticationFailed',
      /"crawler".*AuthException: said so.*ssh\.user/,
    ],
    [
      'is refused by IAM',
      new EC2InstanceConnectServiceException({ ...options, name: 'AccessDeniedException', $fault: 'client' }),
      'AuthenticationFailed',
      /AccessDeniedException/,
    ],
    ['finds no instance', new EC2InstanceNotFoundException(options), 'HostUnreachable', /stopped or terminated/],
    ['finds it stopped', new EC2InstanceStateInvalidException(options), 'HostUnreachable', /stopped or terminated/],
    ['is throttled', new ThrottlingException(options), 'NotChecked', /ThrottlingException.*was not asked/],
    ['has trouble of its own', new EC2InstanceUnavailableException(options), 'NotChecked', /Unavailable/],
    ['is not reached', new TypeError('fetch failed'), 'NotChecked', /TypeError: fetch failed/],
  ])('connects to nobody where it %s', async (_what, error, reason, says) => {
    const { transport } = service(() => Promise.reject(error));
    const server = await host();
    expect(await replyOf(transport, at(server))).toEqual({
      kind: 'failed',
      reason,
      text: expect.stringMatching(says),
    });
    expect(server.accepted).toBe(0);
  });

  it('is NotChecked where it accepted the call and not the key', async () => {
    const { transport } = service(() => ({ Success: false }));
    expect(await replyOf(transport, at(await host()))).toMatchObject({ reason: 'NotChecked' });
  });

  it('is awaited no longer than the deadline of the host, or the end of the run', async () => {
    const { transport } = service(
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const server = await host();
    const late = await probeAll(transport, [at(server)], { hostDeadlineMs: 300 });
    expect([...late.values()][0]?.reply).toMatchObject({
      reason: 'NotChecked',
      text: expect.stringContaining('in time'),
    });
    const signal = AbortSignal.timeout(50);
    expect(await probeAll(transport, [at(server)], { signal })).toEqual(new Map());
    expect(server.accepted).toBe(0);
  });

  it('calls it InstanceConnectRefused where the host does not take the key that was pushed', async () => {
    const { transport, pushed } = service();
    const reply = await replyOf(transport, at(await host({ authorized: [] })));
    expect(reply).toMatchObject({
      kind: 'failed',
      reason: 'InstanceConnectRefused',
      text: expect.stringMatching(/refused the key.*"crawler".*too little memory/),
    });
    expect(pushed).toHaveLength(1);
  });

  it('logs in with the key that was pushed to that instance for that user, the same for the whole run', async () => {
    const { transport, pushed } = service();
    const server = await host({ authenticate: (context) => takes(pushed)(context) });
    const answers = await probeAll(transport, [at(server, { id: 'i-1' }), at(server, { id: 'i-2' })]);
    expect([...answers.values()].map(({ reply }) => reply.output)).toEqual(['vitals', 'vitals']);
    expect(pushed.map(([id, user]) => [id, user])).toEqual([
      ['i-1', 'crawler'],
      ['i-2', 'crawler'],
    ]);
    expect(new Set(pushed.map(([, , key]) => key)).size).toBe(1);
    expect(pushed[0]?.[2]).toMatch(/^ssh-ed25519 [A-Za-z0-9+/]{68}=*$/);
  });

  it('makes another key for another run', async () => {
    const runs = [service(), service()];
    const server = await host({ authorized: [] });
    for (const { transport } of runs) await replyOf(transport, at(server));
    const [one, other] = runs.map(({ pushed }) => pushed[0]?.[2]);
    expect(one).not.toBe(other);
  });

  it('pushes again before a second attempt: the first key may have expired by then', async () => {
    const { transport, pushed } = service();
    const door = await started(rawServer((socket) => socket.end()));
    expect(await replyOf(transport, at(door))).toMatchObject({ reason: 'ClosedBeforeBanner' });
    expect(pushed).toHaveLength(2);
  });
});
