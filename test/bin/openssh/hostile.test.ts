/** What becomes of hostile words of an inventory, with a stand-in for ssh that records what it was called with. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withOpenssh } from '../../../bin/openssh/index.ts';
import type { ProbeTransport } from '../../../lambda/model/index.ts';
import { probeAll, sshInstance } from '../../support/probe-run.ts';

let work: string;
let calls: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'crawlwatch-hostile-'));
  calls = join(work, 'calls');
  const standIn = `#!/bin/sh
[ "$1" = -V ] && { echo OpenSSH_9.2p1 >&2; exit; }
for word; do printf '%s\\0' "$word"; done >${calls}
`;
  writeFileSync(join(work, 'ssh'), standIn, { mode: 0o755 });
});
afterAll(() => rmSync(work, { recursive: true }));

const nothing: ProbeTransport = async () => {};

/** The words that ssh was called with; null where it was not called. */
async function called(destination: string, options: readonly string[]): Promise<readonly string[] | null> {
  rmSync(calls, { force: true });
  const openssh = { destination, options, because: 'a test' };
  const instance = sshInstance(null, 22, {
    id: 'one',
    name: destination,
    login: { user: 'me', port: 22, privateKeyPath: null, openssh },
  });
  const transport = withOpenssh(nothing, { env: { PATH: `${work}:/usr/bin:/bin` } });
  expect((await probeAll(transport, [instance])).get('one')?.reply).toMatchObject({ reason: 'HostUnreachable' });
  return existsSync(calls) ? readFileSync(calls, 'utf8').split('\0').slice(0, -1) : null;
}

describe('hostile words of an inventory', () => {
  const touch = () => join(work, 'touched');
  it.each([
    (path: string) => `-oProxyCommand=touch ${path}`,
    (path: string) => `$(touch ${path})`,
    (path: string) => `\`touch ${path}\``,
    (path: string) => `web1; touch ${path}`,
    (path: string) => `web1\ntouch ${path}`,
    (path: string) => `web1 && touch ${path}`,
    (path: string) => `|touch ${path}`,
  ])('are no name of a host: %#', async (name) => {
    expect(await called(name(touch()), [])).toBeNull();
    expect(readdirSync(work)).not.toContain('touched');
  });

  it.each([
    (path: string) => ['-o', `ProxyCommand=$(touch ${path})`],
    (path: string) => ['-o', `User=\`touch ${path}\``],
    (path: string) => ['-i', `key; touch ${path}`],
    (path: string) => ['-F', `cfg\ntouch ${path}`],
    (path: string) => ['-J', `'"$(touch ${path})"'`],
  ])('reach ssh as they are: %#', async (words) => {
    const options = words(touch());
    const got = await called('web1', options);
    expect(got?.slice(-5)).toEqual([...options, '--', 'web1', 'sh -s']);
    expect(readdirSync(work)).not.toContain('touched');
  });

  it('reach ssh as one argument each, or not at all', async () => {
    const hostile = fc.string({ unit: fc.constantFrom(...'ab-$`\'"\\;&|<>(){}*?~#!%\n\t\r =,:@/') });
    await fc.assert(
      fc.asyncProperty(hostile, hostile, async (value, destination) => {
        const got = await called(destination, ['-o', value, '-l', value]);
        if (got === null) return;
        expect(got.slice(-7)).toEqual(['-o', value, '-l', value, '--', destination, 'sh -s']);
      }),
      { numRuns: 25 },
    );
  });
});

describe('hosts of the fast path', () => {
  it('start no process, whatever their number', async () => {
    const env = { PATH: work };
    writeFileSync(join(work, 'ssh'), `#!/bin/sh\n: >${work}/started\n`, { mode: 0o755 });
    const fast: ProbeTransport = async (instances, run) => {
      for (const { id } of instances) run.reply(id, { kind: 'output', output: 'vitals' }, 1);
    };
    const hosts = Array.from({ length: 1000 }, (_, n) => sshInstance(`10.0.${n >> 8}.${n & 255}`, 22));
    const answers = await probeAll(withOpenssh(fast, { env }), hosts);
    expect(answers.size).toBe(1000);
    expect(readdirSync(work)).not.toContain('started');
  });
});
