import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type InventoryHost, plainHost } from '../../../bin/inventory/host.ts';
import { readSshConfig } from '../../../bin/sources/ssh-config.ts';
import { type RouteFlags, sshRoutes } from '../../../bin/sources/ssh-route.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'crawlwatch-home-'));
  vi.stubEnv('HOME', home);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

const write = (name: string, text: string) => {
  const path = join(home, '.ssh', name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
};
const configOf = async (host: string) => (await readSshConfig([join(home, '.ssh/config')], home)).of(host);

describe('~/.ssh/config', () => {
  it('changes nothing where it does not exist', async () => {
    expect(await configOf('web1')).toEqual({
      hostName: 'web1',
      user: null,
      port: null,
      identityFile: null,
      proxy: null,
    });
  });

  it.each([
    ['the first that says it counts', 'Host web1\n User first\nHost web*\n User second', 'first'],
    ['a setting before any Host is for all', 'User everyone\nHost web1\n User later', 'everyone'],
    ['patterns', 'Host db* web?\n User pattern', 'pattern'],
    ['one negation rules a line out', 'Host web* !web1\n User other\nHost *\n User rest', 'rest'],
    ['another spelling of keys and signs', 'hOST web1\n\tuSER = "quoted"', 'quoted'],
    ['Match is ignored', 'Match host web1\n User matched\nHost *\n User rest', 'rest'],
    ['no command is ever run', 'Match exec "touch ran"\n User matched\nHost *\n User rest', 'rest'],
    ['a comment at the end of a line', 'Host web1 # the first\n User me # too', 'me'],
  ])('is read so that %s', async (_what, text, user) => {
    write('config', text);
    expect((await configOf('web1')).user?.trim()).toBe(user);
  });

  it('reports what it does not follow', async () => {
    const path = write('config', 'Match exec "reboot"\n User matched');
    const { notes } = await readSshConfig([path], home);
    expect(notes).toEqual([expect.stringContaining('only Host is followed')]);
  });

  it('reads included files in their place, sorted, and ends in a loop of them', async () => {
    write('config', 'Include conf.d/*.conf\nHost web1\n User late\n Port 2222');
    write('conf.d/b.conf', 'Host web1\n User b');
    write('conf.d/a.conf', 'Host web1\n User a\nInclude config');
    write('conf.d/c.txt', 'User wrong');
    expect(await configOf('web1')).toMatchObject({ user: 'a', port: 2222 });
  });

  it('follows an Include under a Host for that host alone', async () => {
    write('config', 'Host db1\n Include more\nHost *\n Port 2200');
    write('more', 'User included');
    expect((await configOf('web1')).user).toBeNull();
    expect((await configOf('db1')).user).toBe('included');
  });

  it('expands the name of a host, and uses the first key that exists', async () => {
    const key = write('key-web1.example', 'key');
    write('config', 'Host web1\n HostName %h.example\n IdentityFile ~/.ssh/none\n IdentityFile %d/.ssh/key-%h');
    expect(await configOf('web1')).toMatchObject({ hostName: 'web1.example', identityFile: key });
  });
});

const said: string[] = [];
const route = async (host: Partial<InventoryHost> & { address: string }, flags: RouteFlags = {}) => {
  said.length = 0;
  const io = { stderr: { write: (text: string) => said.push(text) } } as never;
  const settings = parseSettings({ ssh: { user: flags.user } });
  const routeTo = await sshRoutes(flags, settings, io);
  return routeTo({ ...plainHost(host.address), ...host });
};

describe('the route to a host', () => {
  beforeEach(() => {
    write('key', 'key');
    write(
      'config',
      [
        'Host web1',
        ' HostName 10.0.0.1',
        ' User config',
        ' Port 2200',
        ' IdentityFile ~/.ssh/key',
        ' ProxyJump bastion',
        'Host bastion',
        ' HostName 192.0.2.1',
        ' User jumper',
        'Host inner',
        ' ProxyJump bastion,second@b2:2222',
        'Host deeper',
        ' ProxyJump inner',
        'Host loop1',
        ' ProxyJump loop2',
        'Host loop2',
        ' ProxyJump loop1',
        'Host strange',
        ' ProxyCommand nc %h %p',
      ].join('\n'),
    );
  });
  const bastion = { address: '192.0.2.1', port: 22, user: 'jumper', privateKeyPath: null };

  it('is that of the configuration where nothing overrides it', async () => {
    expect(await route({ address: 'web1' })).toEqual({
      address: '10.0.0.1',
      login: { user: 'config', port: 2200, privateKeyPath: join(home, '.ssh/key'), jumps: [bastion] },
    });
  });

  it('is overridden by the flags, and these by the host itself', async () => {
    const flags = { user: 'flag', privateKey: '~/given' };
    expect(await route({ address: 'web1' }, flags)).toMatchObject({
      login: { user: 'flag', port: 2200, privateKeyPath: join(home, 'given') },
    });
    const login = { user: 'own', port: 22 };
    expect(await route({ address: 'web1', login }, flags)).toMatchObject({ login: { user: 'own', port: 22 } });
  });

  it('leads through the jump hosts of an inventory rather than those of the configuration', async () => {
    const proxy = { kind: 'jump', hosts: 'other:2222' } as const;
    const { login } = await route({ address: 'web1', proxy });
    expect(login.jumps).toEqual([{ address: 'other', port: 2222, user: 'ubuntu', privateKeyPath: null }]);
  });

  it('leads through several, and to the first through its own ProxyJump', async () => {
    const second = { address: 'b2', port: 2222, user: 'second', privateKeyPath: null };
    expect((await route({ address: 'inner' })).login.jumps).toEqual([bastion, second]);
    const inner = { address: 'inner', port: 22, user: 'ubuntu', privateKeyPath: null };
    expect((await route({ address: 'deeper' })).login.jumps).toEqual([bastion, second, inner]);
  });

  it.each([
    ['leads in a circle', { address: 'loop1' }, /circle/],
    [
      'names no host',
      { address: 'x', proxy: { kind: 'jump', hosts: 'a,,b' } as const },
      /ProxyJump: got ""; allowed: \[user@\]host/,
    ],
  ])('is refused where it %s', async (_what, host, says) => {
    await expect(route(host)).rejects.toThrow(says);
  });

  it('is direct, with a note, where only ssh could follow it', async () => {
    expect((await route({ address: 'strange' })).login).toEqual({});
    expect(said.join('')).toMatch(/^crawlwatch: ProxyCommand "nc %h %p" is not run/);
  });
});
