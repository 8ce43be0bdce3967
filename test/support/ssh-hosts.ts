/** Servers that live as long as one test, and a transport that may log in to them. */
import { onTestFinished } from 'vitest';
import type { Instance } from '../../lambda/model/index.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { probeAll, sshInstance } from './probe-run.ts';
import { keyPair, type SshServerOptions, sshServer, type TestServer } from './ssh-server.ts';

export const login = keyPair();
export const pinning = sshTransport({ privateKey: login.private, hostKeys: { kind: 'pin' } });

/** Closes the server after the test, whose file need not have loaded this one: test files share what is loaded. */
export const started = async (server: Promise<TestServer>): Promise<TestServer> => {
  const one = await server;
  onTestFinished(() => one.close());
  return one;
};

/** A sound host that prints `vitals`, but for what is given. */
export const host = (options: Partial<SshServerOptions> = {}): Promise<TestServer> =>
  started(sshServer({ authorized: [login.public], output: 'vitals', ...options }));

export const at = (server: TestServer, given: Partial<Instance> = {}): Instance =>
  sshInstance(server.address, server.port, given);

export const replyOf = async (transport: typeof pinning, instance: Instance) =>
  (await probeAll(transport, [instance])).get(instance.id)?.reply;
