/** Our reader of ssh_config beside `ssh -G`, on many configurations: what it answers must be what OpenSSH would use. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findSsh, readAnswer, type SshClient, sshClient } from '../../bin/sources/ssh-client.ts';
import { ConfigReader, type SshOptions } from '../../bin/sources/ssh-config.ts';
import { type RoutedHost, sshRoutes } from '../../bin/sources/ssh-route.ts';
import { parseSettings } from '../../lambda/settings/settings.ts';

const ssh = findSsh(process.env);
if (ssh === null) throw new Error('no ssh: install the package openssh-client');

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'crawlwatch-resolve-'));
  mkdirSync(join(directory, 'conf.d'));
  writeFileSync(join(directory, 'key'), 'key');
});
afterAll(() => rmSync(directory, { recursive: true }));

const file = (name: string, text: string) => {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

const READ = [
  ...['user', 'port', 'identityfile', 'identitiesonly', 'identityagent', 'hostkeyalias', 'stricthostkeychecking'],
  ...['proxyjump', 'proxycommand', 'userknownhostsfile', 'globalknownhostsfile', 'gssapiauthentication'],
];
/** As OpenSSH prints them. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  identitiesonly: { true: 'yes', false: 'no' },
  gssapiauthentication: { true: 'yes', false: 'no' },
  stricthostkeychecking: { yes: 'true', no: 'false', off: 'false' },
};
const spelled = (key: string, values: readonly string[]) =>
  values.map((value) => (key in WORDS ? (WORDS[key]?.[value.toLowerCase()] ?? value.toLowerCase()) : value));

/** What the reader has, beside what ssh prints of the same keywords. Paths of known hosts are expanded there already. */
function both(config: string, words: readonly string[], host: string) {
  const home = userInfo().homedir;
  const path = file('config', config);
  const all = ['-F', path, ...words];
  const read = new ConfigReader({ home, localUser: userInfo().username }).of(host, all);
  let printed: SshOptions | null;
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
    printed = readAnswer(execFileSync(ssh as string, ['-G', ...all, '--', host], { stdio, encoding: 'utf8' }));
  } catch {
    printed = null;
  }
  if ('unread' in read) return { read, printed };
  const keys = READ.filter(
    (key) => read.values.has(key) && !(/^proxy/.test(key) && read.values.get(key)?.[0] === 'none'),
  );
  const ours = keys.map((key) => [key, spelled(key, read.values.get(key) ?? [])]);
  const theirs = keys.map((key) => [key, printed?.values.get(key)?.map((value) => value.replace(`${home}/`, '~/'))]);
  return {
    read,
    printed,
    ours: { hostName: read.hostName, ...Object.fromEntries(ours) },
    theirs: { hostName: printed?.hostName, ...Object.fromEntries(theirs) },
  };
}

const name = fc.constantFrom('web1', 'web2', 'WEB1', 'db-1', 'a.example', '10.0.0.1', 'web');
const pattern = fc.constantFrom(
  '*',
  'web*',
  'web?',
  '!web1',
  'WEB1',
  'a.example',
  '10.0.*',
  '*.example',
  'db-1',
  '!*1',
);
const path = fc.constantFrom('~/.ssh/a', '/k/%h', '%d/.ssh/%r', '"~/b"', '/c/%%', '~/.ssh/a');
const value = (key: string, values: fc.Arbitrary<string>) => values.map((text) => `${key} ${text}`);
const setting = fc.oneof(
  value('HostName', fc.constantFrom('10.0.0.9', '%h.Example', 'x%%y', 'WEB9', 'web1')),
  value('User', fc.constantFrom('me', '"you"', 'a.b', 'DOMAIN\\\\me')),
  value('Port', fc.constantFrom('22', '2222', '65535')),
  value('IdentityFile', path),
  value('IdentitiesOnly', fc.constantFrom('yes', 'No', 'true')),
  value('IdentityAgent', fc.constantFrom('none', '$X', 'SSH_AUTH_SOCK', '~/agent')),
  value('ProxyJump', fc.constantFrom('none', 'bastion', 'me@bastion:2222', 'a,b', '%r@c', '[::1]:22')),
  value('ProxyCommand', fc.constantFrom('none', 'nc %h %p', 'ssh -W "%h:%p" b # not a comment', "sh -c 'x y'")),
  value('UserKnownHostsFile', fc.constantFrom('/dev/null', '~/a ~/b')),
  value('GlobalKnownHostsFile', fc.constantFrom('/g', '/g /h')),
  value('HostKeyAlias', fc.constantFrom('alias', 'Alias.Example')),
  value('StrictHostKeyChecking', fc.constantFrom('yes', 'no', 'ask', 'accept-new', 'off')),
  fc.constantFrom(
    ...['SendEnv LANG LC_*', 'HashKnownHosts yes', 'ServerAliveInterval 5', 'ControlMaster auto', 'ControlPath ~/%C'],
    ...['LogLevel QUIET', 'ForwardAgent yes', 'Compression yes', 'GSSAPIAuthentication yes', 'ControlPersist 60s'],
    ...[
      '# a comment',
      '',
      '   ',
      'ServerAliveCountMax=3',
      'ConnectTimeout = 10',
      'AddKeysToAgent yes',
      'RequestTTY no',
    ],
    // What is left to OpenSSH, or that it refuses.
    ...['BindAddress 127.0.0.1', 'Port x', 'User "me', 'Unheard of', 'Port', 'IdentitiesOnly perhaps', 'Tag x y'],
  ),
);
const spaced = fc
  .tuple(fc.constantFrom('', ' ', '\t', '  '), setting, fc.constantFrom('', ' ', ' # end'))
  .map(([before, line, after]) => `${before}${/^Proxy|^#|^\s*$/.test(line) ? line : `${line}${after}`}`);
const condition = fc.constantFrom(
  ...['all', 'final all', 'final', 'host web*', 'originalhost web1', 'user me', 'localuser nobody'],
  ...['!host web1', 'host 10.0.*,!10.0.0.9', 'host *.example !user me', 'exec false', 'final host web9', '!user x'],
);
const block = fc.oneof(
  { weight: 4, arbitrary: fc.array(pattern, { minLength: 1, maxLength: 3 }).map((all) => `Host ${all.join(' ')}`) },
  { weight: 1, arbitrary: condition.map((text) => `Match ${text}`) },
);
const config = fc
  .array(fc.oneof({ weight: 3, arbitrary: spaced }, { weight: 1, arbitrary: block }), { maxLength: 12 })
  .map((lines) => lines.join('\n'));
const option = fc.oneof(
  setting.filter((line) => line.trim() !== '' && !line.startsWith('#')).map((line) => ['-o', line]),
  fc.constantFrom<string[]>(['-p', '2200'], ['-p22'], ['-l', 'cli'], ['-q'], ['-Cv'], ['-J', 'j1,j2'], ['-i', '/none']),
);
const options = fc.array(option, { maxLength: 3 }).map((all) => all.flat());

describe('our reader of ssh_config', () => {
  it('answers as ssh -G does, or says what it leaves to it', () => {
    let answered = 0;
    let runs = 0;
    fc.assert(
      fc.property(config, options, name, (text, words, host) => {
        const { read, printed, ours, theirs } = both(text, words, host);
        runs++;
        if ('unread' in read) return;
        answered++;
        expect(printed, 'ssh refuses it').not.toBeNull();
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 500 },
    );
    // It must not be right by hardly ever answering.
    expect(answered / runs).toBeGreaterThan(0.3);
  });

  it.each([
    ['Host web1 web2\n User a\n  Port=2222\nHost *\n\tIdentityFile ~/x\n IdentityFile /y', []],
    ['Include conf.d/*.conf\nUser last', []],
    [`Host web1\n Include ${'DIR'}/conf.d/one.conf\n User later`, []],
    ['ProxyJump a\nProxyCommand nc x', []],
    ['ProxyCommand nc x\nProxyJump a', []],
    ['ProxyJump none\nHost web1\n ProxyJump a', []],
    ['Match final host web9\n User final\nHost web1\n HostName WEB9', []],
    ['User x', ['-o', 'User=y', '-o', 'User z']],
    ['User "with \\"quotes\\""\nPort 22 # c', []],
  ])('agrees on %j', (text, words) => {
    file('conf.d/one.conf', 'Host web1\n User one\nPort 2201');
    const { ours, theirs, read } = both(text.replace('DIR', directory), words, 'web1');
    if ('unread' in read) return;
    expect(ours).toEqual(theirs);
  });
});

it('says what ssh complains of, without its list of options', async () => {
  expect(await sshClient(ssh as string, { env: process.env }).ask(['-Z'], 'web1')).toEqual({
    unread: expect.stringMatching(/^"(?:unknown|illegal|invalid) option -- '?Z'?"$/),
    isRefused: true,
  });
});

describe('a fleet of 1,000 hosts', () => {
  const fleet = Array.from({ length: 1000 }, (_, n): RoutedHost => {
    const address = `web${n}.example`;
    return { name: address, address, login: { user: 'me' }, sshArguments: n % 2 === 0 ? [] : ['-J', 'bastion'] };
  });
  const counted = async (systemConfig: string) => {
    let spawned = 0;
    const real = sshClient(ssh, { env: process.env });
    const client: SshClient = {
      ask(words, host) {
        spawned++;
        return real.ask(words, host);
      },
    };
    const path = file('system', systemConfig);
    const routeTo = await sshRoutes({}, parseSettings({}), { env: {} }, { client, systemConfig: path });
    const routes = await Promise.all(fleet.map(routeTo));
    return { spawned, routes };
  };

  it('spawns no process under a plain configuration, such as Debian installs', async () => {
    const { spawned, routes } = await counted(
      'Include /etc/ssh/none.d/*.conf\nHost *\n SendEnv LANG LC_*\n HashKnownHosts yes\n GSSAPIAuthentication yes\n',
    );
    expect(spawned).toBe(0);
    expect(routes.filter(({ problem }) => problem !== null)).toEqual([]);
    expect(routes.filter(({ login }) => login.jumps?.[0]?.address === 'bastion')).toHaveLength(500);
  });

  it('asks ssh only about the hosts for which the configuration has more than that', async () => {
    const { spawned } = await counted('Host web1?.example\n AddressFamily inet\n');
    expect(spawned).toBe(10);
  });
});
