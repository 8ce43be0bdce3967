import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { probeArguments } from '../../lambda/probe/script.ts';
import { sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { directory, hostMissing, runAndCount, TOOLS, toolbox, withPath } from '../support/probe-host.ts';
import { runProbe } from '../support/probe-shell.ts';
import { straceMissing } from '../support/strace.ts';

const missing = hostMissing ?? sshdMissing;
if (missing !== null) throw new Error(missing);

async function asked(port: number, script: string): Promise<boolean | null> {
  const { output, strays } = await runAndCount({ args: probeArguments([], port), script });
  expect(strays).toEqual([]);
  const outcome = parseVitals(output, null);
  if (outcome.kind !== 'vitals') throw new Error(outcome.text);
  return outcome.vitals.sshd;
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('whether sshd answers', () => {
  const own = directory();
  afterAll(own.done);
  const { GNU } = TOOLS;
  const tools = {
    bash: toolbox(`${own.path}/bash`, { ...GNU, bash: '/usr/bin/bash' }),
    'ssh-keyscan': toolbox(`${own.path}/keyscan`, { ...GNU, 'ssh-keyscan': '/usr/bin/ssh-keyscan' }),
    nc: toolbox(`${own.path}/nc`, { ...GNU, nc: '/usr/bin/busybox' }),
    'nothing but /proc/net/tcp': toolbox(`${own.path}/none`, { ...GNU }),
  };

  it.each(Object.entries(tools))('is seen with %s', async (_, path) => {
    const sshd = await startSshd();
    expect(await asked(sshd.port, withPath(path))).toBe(true);
    await sshd.close();
    expect(await asked(sshd.port, withPath(path))).toBe(false);
  });

  // Skipped where strace can't be used (test/support/strace.ts); continuous integration installs it.
  it.skipIf(straceMissing !== null)(
    'is asked of the table of sockets, which is slow, only where none has answered',
    async () => {
      const sshd = await startSshd();
      const log = `${own.path}/trace`;
      const readers = (port: number) => {
        const args = ['-f', '-qq', '-e', 'trace=open,openat', '-o', log, 'dash', '-s', '--', `sshd:${port}`];
        const { stdout } = spawnSync('strace', args, { input: withPath(tools.bash), encoding: 'utf8' });
        expect(stdout).toMatch(/\nend \d+\n$/);
        return readFileSync(log, 'utf8').match(/"\/proc\/net\/\w+"/g) ?? [];
      };
      expect(readers(sshd.port)).toEqual([]);
      await sshd.close();
      expect(readers(sshd.port)).toEqual(['"/proc/net/tcp"', '"/proc/net/tcp6"']);
    },
  );

  it('is asked by a bash that runs no file which its environment names', async () => {
    const sshd = await startSshd();
    const file = `${own.path}/environment`;
    writeFileSync(file, 'exit\n');
    const env = { ...process.env, BASH_ENV: file };
    const { output } = await runProbe({ args: [`sshd:${sshd.port}`], script: withPath(tools.bash), env });
    expect(output).toContain(`\nsshd ${sshd.port} up\n`);
    await sshd.close();
  });

  it('is no where a socket accepts and never greets, and unknown to tools that can not distinguish that from refused', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}));
    const port = await listen(silent);
    expect(await asked(port, withPath(tools.bash))).toBe(false);
    expect(await asked(port, withPath(tools['ssh-keyscan']))).toBeNull();
    expect(await asked(port, withPath(tools.nc))).toBeNull();
    silent.close();
  });

  it('is unknown where it listens only on another address', async () => {
    const sshd = await startSshd({ addresses: ['127.0.0.9'] });
    expect(await asked(sshd.port, withPath(tools.bash))).toBeNull();
    await sshd.close();
  });
});
