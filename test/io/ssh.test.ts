import { afterEach, describe, expect, it } from 'vitest';
import { sshTransport } from '../../lambda/io/ssh.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';
import { keyPair, sshServer, type TestServer } from '../support/ssh-server.ts';

const login = keyPair();
const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});
const transport = sshTransport({ privateKey: login.private, hostKeys: { kind: 'pin' } });

describe('the SSH transport', () => {
  it('returns what the script printed, and the key of a host that is seen for the first time', async () => {
    const server = await sshServer({ authorized: [login.public], output: 'vitals\n' });
    servers.push(server);
    const answers = await probeAll(transport, [sshInstance(server.address, server.port)]);
    expect([...answers.values()][0]?.reply).toEqual({
      kind: 'output',
      output: 'vitals\n',
      hostKey: expect.stringMatching(/^SHA256:[A-Za-z0-9+/]{43}$/),
    });
  });
});
