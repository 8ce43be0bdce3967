import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sshAccess } from '../../../bin/sources/ssh-access.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { parseKnownHosts } from '../../../lambda/ssh/known-hosts.ts';
import { at, host, login, replyOf } from '../../support/ssh-hosts.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crawlwatch-access-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the key of a host that is accepted', () => {
  it.each([
    ['a file that is not there', null, 1],
    ['an empty file', '', 1],
    ['a file whose last line has an end', '10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n', 2],
    ['a file whose last line has none', '10.0.0.1 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==', 2],
  ])('gets a line of its own in %s', async (_what, before, lines) => {
    const knownHosts = join(directory, 'known_hosts');
    const privateKey = join(directory, 'key');
    if (before !== null) writeFileSync(knownHosts, before);
    writeFileSync(privateKey, login.private);
    const io = { env: {}, stderr: { write() {} } } as never;
    const transport = await sshAccess({ privateKey, knownHosts, acceptNewHostKeys: true }, parseSettings({}), io);
    const server = await host();
    expect(await replyOf(transport, at(server))).toMatchObject({ output: 'vitals' });
    const text = readFileSync(knownHosts, 'utf8');
    expect(text.split('\n')).toHaveLength(lines + 1);
    expect(parseKnownHosts(text).at(-1)?.hosts).toBe(`[127.0.0.1]:${server.port}`);
  });
});
