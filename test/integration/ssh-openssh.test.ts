import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sshTransport } from '../../lambda/io/ssh.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';
import { startSshd, sshdMissing } from '../support/sshd.ts';

describe.runIf(sshdMissing === null)('against OpenSSH', () => {
  it('runs the script with the unit as its argument', async () => {
    const sshd = await startSshd();
    const transport = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' } });
    const answers = await probeAll(transport, [sshInstance(sshd.address, sshd.port, { login: { user: sshd.user, port: sshd.port, privateKeyPath: null }, worker: 'a@b:c.service' })], { script: 'echo "$#" "$1"; echo done' });
    console.log([...answers.values()], sshd.log());
    await sshd.close();
  });
});
