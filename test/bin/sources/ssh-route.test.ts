import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SshClient } from '../../../bin/sources/ssh-client.ts';
import { type RoutedHost, type RouteFlags, sshRoutes } from '../../../bin/sources/ssh-route.ts';
import type { JumpHost } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { keyPair } from '../../support/ssh-server.ts';

const GLOBAL = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

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
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

/** Which words OpenSSH was asked with. Its answers are those of a test; a host it isn't asked about is an error there. */
const asked: string[] = [];
const client = (answer: Record<string, string> = {}): SshClient => ({
  async ask(words, host) {
    asked.push([...words, host].join(' '));
    const values = new Map(Object.entries({ hostname: host, compression: 'no', ...answer }).map(([k, v]) => [k, [v]]));
    return { hostName: answer.hostname ?? host, values };
  },
});

interface Setting extends RouteFlags {
  readonly env?: Record<string, string>;
  /** @default OpenSSH isn't installed */
  readonly client?: SshClient | null;
}

const route = async (host: Partial<RoutedHost> & { address: string }, setting: Setting = {}) => {
  const { env = {}, client: ssh = null, ...flags } = setting;
  asked.length = 0;
  const settings = parseSettings({ ssh: { user: flags.user } });
  const systemConfig = join(home, 'ssh_config');
  const routeTo = await sshRoutes({ usualUser: 'ubuntu', ...flags }, settings, { env }, { client: ssh, systemConfig });
  return routeTo({ name: host.address, login: {}, ...host });
};
const loginTo = async (address: string, setting: Setting = {}) => (await route({ address }, setting)).login;
const jump = (given: Partial<JumpHost>): JumpHost => ({
  ...{ address: 'bastion', port: 22, user: 'ubuntu', privateKeyPath: null },
  ...given,
});

describe('what ssh_config says of a host', () => {
  it('is nothing where there is none', async () => {
    expect(await route({ address: 'web1' })).toEqual({
      address: 'web1',
      login: { user: 'ubuntu' },
      problem: null,
      how: '',
    });
  });

  it('is the local user where nothing names one', async () => {
    expect((await loginTo('web1', { usualUser: null })).user).toBe(userInfo().username);
  });

  it.each([
    ['the first that says it counts', 'Host web1\n User first\nHost web*\n User second', 'first'],
    ['a setting before any Host is for all', 'User everyone\nHost web1\n User later', 'everyone'],
    ['patterns', 'Host db* web?\n User pattern', 'pattern'],
    ['one negation rules a line out', 'Host web* !web1\n User other\nHost *\n User rest', 'rest'],
    ['a name has a case', 'Host WEB1\n User other\nHost *\n User rest', 'rest'],
    ['another spelling of keys and signs', 'hOST web1\n\tuSER = "quoted"', 'quoted'],
    ['Match by names', 'Match host web* !user nobody\n User matched\nHost *\n User rest', 'matched'],
    ['Match by the name that HostName has made', 'HostName db1\nMatch host db1 originalhost web1\n User db', 'db'],
    ['Match all', 'Match host db1\n User other\nMatch all\n User all', 'all'],
    ['Match final, for what is still open', 'Match final all\n User last\nHost web1\n User first', 'first'],
    ['the second pass sees the new name', 'HostName db1\nMatch final\n User x\nHost db1\n User never', 'x'],
    ['a comment at the end of a line', 'Host web1 # the first\n User me # too', 'me'],
  ])('is read so that %s', async (_what, text, user) => {
    write('config', text);
    expect(await loginTo('web1')).toMatchObject({ user });
  });

  it('comes from included files in their place, sorted', async () => {
    write('config', 'Include conf.d/*.conf\nHost web1\n User late\n Port 2222');
    write('conf.d/b.conf', 'Host web1\n User b');
    write('conf.d/a.conf', 'Host web1\n User a');
    write('conf.d/.c.conf', 'User hidden');
    write('conf.d/c.txt', 'User wrong');
    expect(await loginTo('web1')).toMatchObject({ user: 'a', port: 2222 });
  });

  it('comes from an Include under a Host for that host alone', async () => {
    write('config', 'Host db1\n Include more\nHost *\n Port 2200');
    write('more', 'User included');
    expect((await loginTo('web1')).user).toBe('ubuntu');
    expect((await loginTo('db1')).user).toBe('included');
  });

  it('is the system-wide file after the own one', async () => {
    write('config', 'User own');
    write('../ssh_config', 'User system\nPort 2022');
    expect(await loginTo('web1')).toMatchObject({ user: 'own', port: 2022 });
  });

  it('names every key that it lists, with tokens expanded, in its order', async () => {
    write('config', 'Host web1\n HostName %h.Example\n IdentityFile ~/.ssh/%r\n IdentityFile %d/.ssh/key-%h\n User me');
    expect(await route({ address: 'web1' })).toMatchObject({
      address: 'web1.example',
      login: {
        identities: { files: [join(home, '.ssh/me'), join(home, '.ssh/key-web1.example')], only: false, agent: null },
      },
    });
  });

  it.each<[string, string, Record<string, string>, string | null]>([
    ['the agent of the environment', '', { SSH_AUTH_SOCK: '/none' }, '/none'],
    ['none', 'IdentityAgent none', { SSH_AUTH_SOCK: '/none' }, null],
    ['a path', 'IdentityAgent ~/agent.sock', {}, 'HOME/agent.sock'],
    ['a variable', 'IdentityAgent $OTHER', { OTHER: '/other' }, '/other'],
    ['a path with a variable', `IdentityAgent \${DIR}/s`, { DIR: '/dir' }, '/dir/s'],
    ['the word for the usual one', 'IdentityAgent SSH_AUTH_SOCK', { SSH_AUTH_SOCK: '/none' }, '/none'],
  ])('names the agent: %s', async (_what, line, env, agent) => {
    write('config', `IdentitiesOnly yes\n${line}`);
    const { identities } = await loginTo('web1', { env });
    expect(identities).toEqual({ files: [], only: true, agent: agent?.replace('HOME', home) ?? null });
  });

  it.each<[string, string, object]>([
    ['an alias', 'HostKeyAlias web', { alias: 'web', acceptNew: false }],
    ['files', 'UserKnownHostsFile ~/a /b/%k', { files: ['HOME/a', '/b/web1', ...GLOBAL], addTo: 'HOME/a' }],
    ['a file for all', 'GlobalKnownHostsFile /g', { files: ['HOME/.ssh/known_hosts', 'HOME/.ssh/known_hosts2', '/g'] }],
    ['accept-new', 'StrictHostKeyChecking accept-new', { acceptNew: true }],
    ['no', 'StrictHostKeyChecking no', { acceptNew: true }],
    ['yes', 'StrictHostKeyChecking yes', { acceptNew: false, strict: true }],
  ])('says how the host key is judged: %s', async (_what, line, trust) => {
    write('config', line);
    const text = JSON.stringify((await loginTo('web1')).trust).replaceAll(home, 'HOME');
    expect(JSON.parse(text)).toMatchObject(trust);
  });

  it.each(['StrictHostKeyChecking ask', 'SendEnv LANG LC_*\nHashKnownHosts yes'])(
    'leaves the usual as it is: %s',
    async (lines) => {
      write('config', `${lines}\nControlMaster auto\nControlPath ~/.ssh/%C\nGSSAPIAuthentication yes`);
      expect(await loginTo('web1')).toEqual({ user: 'ubuntu' });
    },
  );
});

describe('what is said of a host in several places', () => {
  beforeEach(() => {
    write('config', 'Host web1\n HostName 10.0.0.1\n User config\n Port 2200\n IdentityFile ~/.ssh/key');
    write('key', 'key');
  });

  it('is overridden by the flags, and these by the host itself', async () => {
    const flags = { user: 'flag', privateKey: '/given' };
    expect(await loginTo('web1', flags)).toMatchObject({ user: 'flag', port: 2200, privateKeyPath: '/given' });
    const login = { user: 'own', port: 22 };
    expect((await route({ address: 'web1', login }, flags)).login).toMatchObject({ user: 'own', port: 22 });
  });

  it.each<[string, readonly string[], number, object]>([
    ['a port', ['-o', 'Port=2201'], 0, { port: 2201 }],
    ['a port as a letter', ['-p2202'], 0, { port: 2202 }],
    ['a user', ['-l', 'other'], 0, { user: 'own' }],
    ['a user before those of the inventory', ['-l', 'other'], 2, { user: 'other' }],
    ['letters in a row', ['-qCp', '2203'], 0, { port: 2203 }],
    ['a file in place of all', ['-F', 'HOME/.ssh/elsewhere'], 0, { port: 2204 }],
  ])('takes from the arguments of an inventory %s', async (_what, sshArguments, sshArgumentsFirst, expected) => {
    write('elsewhere', 'Port 2204');
    const words = sshArguments.map((word) => word.replace('HOME', home));
    const host = { address: 'web1', login: { user: 'own' }, sshArguments: words, sshArgumentsFirst };
    expect((await route(host)).login).toMatchObject(expected);
  });

  it('offers the key of an inventory first, then those of ssh_config', async () => {
    const { login } = await route({ address: 'web1', login: { privateKeyPath: join(home, '.ssh/key') } });
    expect(login.identities?.files).toEqual([join(home, '.ssh/key')]);
    write('own', 'key');
    const own = join(home, '.ssh/own');
    const second = await route({ address: 'web1', login: { privateKeyPath: own } });
    expect(second.login.identities?.files).toEqual([own, join(home, '.ssh/key')]);
  });
});

describe('the way through jump hosts', () => {
  beforeEach(() => {
    write('key', 'key');
    write(
      'config',
      [
        'Host web1\n ProxyJump bastion\n User me',
        'Host bastion\n HostName 192.0.2.1\n User jumper\n IdentityFile ~/.ssh/key',
        'Host inner\n ProxyJump bastion,second@b2:2222',
        'Host deeper\n ProxyJump inner',
        'Host loop1\n ProxyJump loop2',
        'Host loop2\n ProxyJump loop1',
        'Host direct\n ProxyJump none',
        'Host *\n Port 2200',
      ].join('\n'),
    );
  });
  const bastion = () =>
    jump({
      ...{ address: '192.0.2.1', port: 2200, user: 'jumper', privateKeyPath: join(home, '.ssh/key') },
      identities: { files: [join(home, '.ssh/key')], only: false, agent: null },
    });

  it('is that of the configuration', async () => {
    expect((await loginTo('web1')).jumps).toEqual([bastion()]);
    expect((await loginTo('direct')).jumps).toBeUndefined();
  });

  it('leads through several, and to the first through its own ProxyJump', async () => {
    const second = jump({ address: 'b2', port: 2222, user: 'second' });
    expect((await loginTo('inner')).jumps).toEqual([bastion(), second]);
    expect((await loginTo('deeper')).jumps).toEqual([bastion(), second, jump({ address: 'inner', port: 2200 })]);
  });

  it.each<[string, readonly string[], Partial<JumpHost>]>([
    ['ProxyJump in an option', ['-o', 'ProxyJump=other:2222'], { address: 'other', port: 2222 }],
    ['-J', ['-J', 'you@other'], { address: 'other', port: 2200, user: 'you' }],
    ["the login's name for %r", ['-o', 'ProxyJump=%r@other'], { address: 'other', port: 2200, user: 'me' }],
    ['IPv6', ['-J', '[2001:db8::1]:22'], { address: '2001:db8::1', port: 22 }],
    ['ssh -W', ['-o', 'ProxyCommand=ssh -W %h:%p -q you@other'], { address: 'other', port: 2200, user: 'you' }],
    [
      'ssh -W in brackets',
      ['-o', 'ProxyCommand=exec ssh -W [%h]:%p -p 22 -l %r other'],
      { address: 'other', user: 'me' },
    ],
    [
      'ssh -W with options and a redirection',
      ['-o', "ProxyCommand=/usr/bin/ssh -o User=you -o 'Port 2222' -W '%h:%p' other 2>/dev/null"],
      { address: 'other', port: 2222, user: 'you' },
    ],
  ])('follows %s', async (_what, sshArguments, expected) => {
    const { login, problem } = await route({ address: 'web1', sshArguments });
    expect(problem).toBeNull();
    expect(login.jumps).toEqual([jump(expected)]);
  });

  it('takes the key of ssh -W, and not that of the host', async () => {
    const sshArguments = ['-o', `ProxyCommand=ssh -i ${home}/.ssh/key -W %h:%p other`];
    const { login } = await route({ address: 'web1', login: { privateKeyPath: '/own' }, sshArguments });
    expect(login.jumps?.[0]?.identities?.files).toEqual([join(home, '.ssh/key')]);
    expect(login.identities?.files).toEqual(['/own']);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['a circle', [], /^web1 was not asked: its ProxyJump leads in a circle\.$/],
    ['no name', ['-o', 'ProxyJump=a,,b'], /ProxyJump=a,,b needs OpenSSH/],
    ['a name that is none', ['-J', 'a-%h@'], /-J needs OpenSSH/],
    ['an unknown token', ['-J', '%x@other'], /ProxyJump: got "%x@other"; allowed: a token that is known/],
  ])('that has %s costs that host alone', async (what, sshArguments, problem) => {
    const address = what === 'a circle' ? 'loop1' : 'web1';
    expect(await route({ name: 'web1', address, sshArguments })).toMatchObject({
      problem: expect.stringMatching(problem),
    });
  });
});

describe('a circle that only ssh could go', () => {
  it.each([
    ['by the host itself', 'Host a\n ProxyJump a\n BindAddress 127.0.0.1\n'],
    ['by its jump host', 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n BindAddress 127.0.0.1\n'],
  ])('is not given to it: it would start itself without end, %s', async (_what, config) => {
    write('config', config);
    const values = (of: string) => ({
      ...{
        hostname: of,
        compression: 'no',
        bindaddress: '127.0.0.1',
        proxyjump: of === 'a' && config.includes('Host b') ? 'b' : 'a',
      },
    });
    const ssh: SshClient = {
      ask: async (_words, host) => ({
        hostName: host,
        values: new Map(Object.entries(values(host)).map(([key, value]) => [key, [value]])),
      }),
    };
    const { problem, login } = await route({ address: 'a' }, { client: ssh });
    expect(problem).toBe('a was not asked: its ProxyJump leads in a circle.');
    expect(login.openssh).toBeUndefined();
  });
});

/** Each is something that ssh2 can't do, or that our reader leaves to OpenSSH. */
describe('what only OpenSSH can do', () => {
  it.each<[string, readonly string[], string]>([
    ['another command', ['-o', 'ProxyCommand=nc %h %p'], 'ProxyCommand'],
    ['a command on the jump host', ['-o', 'ProxyCommand=ssh other nc %h %p'], 'ProxyCommand'],
    ['a shell that does more', ['-o', 'ProxyCommand=ssh -W %h:%p other; true'], 'ProxyCommand'],
    ['a variable in it', ['-o', 'ProxyCommand=ssh -i $KEY -W %h:%p other'], 'ProxyCommand'],
    ['quotes within a word', ['-o', 'ProxyCommand=ssh -W %h:%p o"the"r'], 'ProxyCommand'],
    ['another port behind it', ['-o', 'ProxyCommand=ssh -W %h:2222 other'], 'ProxyCommand'],
  ])('leads through ssh for %s, named', async (_what, sshArguments, because) => {
    const { login, problem } = await route({ address: 'web1', sshArguments }, { client: client() });
    expect(problem).toBeNull();
    expect(login.openssh).toEqual({ destination: 'web1', options: expect.arrayContaining([...sshArguments]), because });
    expect(await route({ address: 'web1', sshArguments })).toMatchObject({
      problem: `web1 was not asked: ${because} needs OpenSSH's client, and there is no ssh on this machine (install openssh-client).`,
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['AddressFamily', { addressfamily: 'inet6' }, 'AddressFamily'],
    ['CertificateFile', { certificatefile: '/x' }, 'CertificateFile'],
    ['KnownHostsCommand', { knownhostscommand: '/bin/x' }, 'KnownHostsCommand'],
    ['a smart card', { pkcs11provider: '/lib/x.so' }, 'PKCS11Provider'],
    ['passwords alone', { preferredauthentications: 'password' }, 'PreferredAuthentications'],
    ['no key', { pubkeyauthentication: 'false' }, 'PubkeyAuthentication'],
    ['a socket of its own', { proxyusefdpass: 'yes' }, 'ProxyUseFdpass'],
    ['a cipher that ssh2 lacks', { ciphers: 'aes128-cbc' }, 'Ciphers'],
    ['a key exchange that ssh2 lacks', { kexalgorithms: 'mlkem768x25519-sha256' }, 'KexAlgorithms'],
  ])('leads through ssh where that says %s', async (_what, answer, because) => {
    write('config', 'Match exec true\n User x');
    const { login } = await route({ address: 'web1' }, { client: client(answer) });
    expect(login.openssh?.because).toBe(because);
  });

  it('is asked of ssh once for a host and its options', async () => {
    write('config', 'Match exec true\n User x');
    asked.length = 0;
    const routeTo = await sshRoutes({}, parseSettings({}), { env: {} }, { client: client(), systemConfig: '/none' });
    const of = (address: string, sshArguments: string[] = []) =>
      routeTo({ name: 'x', address, login: {}, sshArguments });
    await Promise.all([of('a'), of('a'), of('b'), of('a', ['-p', '22'])]);
    expect(asked.map((words) => words.replace(/-F \S+ /, ''))).toEqual(['a', 'b', '-p 22 a']);
  });

  it.each([
    ['Match exec', 'Match exec "touch ran"\n User x', /^Match \(.*config, line 1\) needs OpenSSH's client/],
    ['a directive that we leave to it', 'Host web1\n BindAddress 10.0.0.1', /^BindAddress \(.*line 2\) needs/],
    ['a directive that nobody knows', 'Host db1\n Sorcery yes', /^Sorcery \(.*line 2\) needs/],
    ['a quote that is not closed', 'User "me', /config, line 1 needs/],
    ['a port that is none', 'Port 99999', /^Port \(/],
  ])('makes a host inconclusive without ssh, by name: %s', async (_what, text, says) => {
    write('config', text);
    const { problem } = await route({ address: 'web1' });
    expect(problem?.replace('web1 was not asked: ', '')).toMatch(says);
    expect(existsSync('ran')).toBe(false);
  });

  it('does not matter where it is for other hosts', async () => {
    write('config', 'Host db1\n BindAddress 10.0.0.1\n ProxyCommand nc %h %p\nHost *\n User me');
    expect(await loginTo('web1')).toEqual({ user: 'me' });
  });

  it('is said in its own words where it refuses', async () => {
    write('config', 'Sorcery yes');
    const refusing: SshClient = { ask: async () => ({ unread: '"Bad configuration option"', isRefused: true }) };
    expect((await route({ address: 'web1' }, { client: refusing })).problem).toBe(
      'web1 was not asked: ssh -G, which resolves its name, says "Bad configuration option".',
    );
  });

  it.each<[string, (write: (name: string, text: string) => string) => void, string]>([
    [
      'a certificate beside a key',
      (w) => [w('id_rsa', 'x'), w('id_rsa-cert.pub', 'x')],
      'the certificate id_rsa-cert.pub',
    ],
    [
      'a security key alone',
      (w) => [w('sk', 'x'), w('sk.pub', SECURITY_KEY), w('config', 'IdentityFile ~/.ssh/sk')],
      'the security key sk',
    ],
    [
      'a certificate authority for the host',
      (w) => w('known_hosts', `@cert-authority *.example,web? ${keyPair().public}\n`),
      '@cert-authority in known_hosts',
    ],
  ])('is needed for %s', async (_what, prepare, because) => {
    prepare(write);
    expect((await loginTo('web1', { client: client() })).openssh?.because).toBe(because);
  });

  it('is not needed for a certificate authority of other hosts', async () => {
    write('known_hosts', `@cert-authority *.example ${keyPair().public}\n`);
    expect((await loginTo('web1', { client: client() })).openssh).toBeUndefined();
  });

  it('is needed with a Kerberos ticket, where the host may take it', async () => {
    write('config', 'GSSAPIAuthentication yes');
    const ticket = write('ticket', 'x');
    const { openssh } = await loginTo('web1', { client: client(), env: { KRB5CCNAME: `FILE:${ticket}` } });
    expect(openssh?.because).toBe('GSSAPIAuthentication, with a Kerberos ticket');
    expect((await loginTo('web1', { client: client(), env: { KRB5CCNAME: '/none' } })).openssh).toBeUndefined();
  });

  it('is a second way for every other host, with more to offer where there is a security key', async () => {
    expect((await loginTo('web1', { client: client() })).opensshToo?.because).toBe('algorithms');
    write('id_ed25519_sk', 'x');
    write('id_ed25519_sk.pub', SECURITY_KEY);
    expect((await loginTo('web1', { client: client() })).opensshToo?.because).toBe('a security key');
  });

  it('never gets a name that begins with a dash', async () => {
    const { problem } = await route({ address: '-oProxyCommand=x' }, { client: client() });
    expect(problem).toMatch(/begins with a dash/);
    expect(asked).toEqual([]);
  });

  it('does not say whether a user is named, which then counts only where a line names it', async () => {
    const { username } = userInfo();
    write('config', 'Match exec true\n Port 2222');
    expect(await loginTo('web1', { client: client({ user: username, port: '2222' }) })).toMatchObject({
      user: 'ubuntu',
    });
    write('config', `Match exec true\n User ${username}`);
    expect(await loginTo('web1', { client: client({ user: username }) })).toMatchObject({ user: username });
  });
});

const SECURITY_KEY = `sk-ssh-ed25519@openssh.com ${Buffer.from(`\0\0\0\x1ask-ssh-ed25519@openssh.com`).toString('base64')}`;
