import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withOpenssh } from '../../bin/openssh/index.ts';
import type { FailureReason, Instance, Login, ProbeTransport, Reply } from '../../lambda/model/index.ts';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { fullBacklog } from '../support/full-backlog.ts';
import { probeAll, type RunOptions, sshInstance } from '../support/probe-run.ts';
import { forwards, keyPair, rawServer, sshServer, type TestServer } from '../support/ssh-server.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

const noFastPath: ProbeTransport = () => Promise.reject(new Error('no host goes the fast path'));
const work = mkdtempSync(join(tmpdir(), 'crawlwatch-openssh-'));
afterAll(() => rmSync(work, { recursive: true }));
let files = 0;
const fileWith = (text: string): string => {
  const path = join(work, String(files++));
  writeFileSync(path, text, { mode: 0o600 });
  return path;
};

type Target = Pick<Sshd, 'address' | 'port' | 'user' | 'privateKeyPath'> & { readonly hostKeys?: Sshd['hostKeys'] };
interface Asking extends RunOptions {
  /** Lines of ssh_config. */
  readonly config?: readonly string[];
  readonly options?: readonly string[];
  /** Text of known_hosts; by default the host's keys. */
  readonly known?: string;
  readonly destination?: string;
  readonly login?: Partial<Login>;
  readonly instance?: Partial<Instance>;
  readonly acceptNewHostKeys?: boolean;
  readonly connectSeconds?: number;
  readonly env?: NodeJS.ProcessEnv;
}

const knownLines = ({ address, port, hostKeys = {} }: Target): string =>
  Object.values(hostKeys)
    .map((key) => `[${address}]:${port} ${key}\n`)
    .join('');

async function ask(target: Target, asking: Asking = {}): Promise<Reply | undefined> {
  const { config = [], options = [], login = {}, instance: given = {}, known = knownLines(target), ...others } = asking;
  const knownHosts = fileWith(known);
  const lines = [...config, 'GlobalKnownHostsFile none', `UserKnownHostsFile ${knownHosts}`];
  const openssh = {
    destination: asking.destination ?? target.address,
    options: [
      ...['-F', fileWith(`${lines.join('\n')}\n`), ...options],
      ...['-p', String(target.port), '-l', target.user],
      ...(login.privateKeyPath === null ? [] : ['-i', target.privateKeyPath]),
    ],
    because: 'a test',
  };
  const instance = sshInstance(target.address, target.port, {
    login: { user: target.user, port: target.port, privateKeyPath: target.privateKeyPath, openssh, ...login },
    ...given,
  });
  const transport = withOpenssh(noFastPath, {
    env: asking.env ?? { ...process.env, SSH_AUTH_SOCK: undefined },
    acceptNewHostKeys: asking.acceptNewHostKeys ?? false,
    connectSeconds: asking.connectSeconds ?? null,
  });
  return (await probeAll(transport, [instance], { script: 'echo vitals', ...others })).get(instance.id)?.reply;
}

const OK = { kind: 'output', output: 'vitals\n' };
const failed = (reason: FailureReason, says: RegExp) => ({
  kind: 'failed',
  reason,
  text: expect.stringMatching(says),
});

describe('OpenSSH asked through ssh', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.close());

  it('runs the script with the unit as its one argument, and shows its host key', async () => {
    const reply = await ask(sshd, { script: 'echo "$# $1"', instance: { worker: 'sidekiq@1.service' } });
    expect(reply).toMatchObject({ kind: 'output', output: '1 sidekiq@1.service\n' });
    const shown = execFileSync('ssh-keygen', ['-lf', join(sshd.directory, 'host-ed25519.pub')]).toString();
    expect(shown).toContain(reply?.hostKey ?? 'no key');
  });

  it('reads a command that ends with ssh’s own exit status as what it is', async () => {
    expect(await ask(sshd, { script: 'echo vitals; exit 255' })).toMatchObject(OK);
  });

  it('cuts a flood at 64 KiB', async () => {
    const reply = await ask(sshd, {
      script: 'echo crawlwatch 1; while :; do echo 0123456789012345678901234567890123456789; done',
    });
    expect(reply?.kind).toBe('output');
    expect(reply?.output?.length).toBe(65_536);
  });

  it.each<[string, string[]]>([
    ['a log of its own', ['-E', '/dev/null', '-q', '-vv', '-oLogLevel=QUIET']],
    ['a terminal, a background and no input', ['-tt', '-f', '-n', '-N', '-T']],
    [
      'forwardings',
      ['-A', '-X', '-L1:localhost:1', '-R', '1:localhost:1', '-D', '1080', '-o', 'LocalForward=1 localhost:1'],
    ],
    ['a command of its own', ['-o', 'RemoteCommand=echo other', '-o', 'RequestTTY=force', '-o', 'SessionType=none']],
    ['a shared connection', ['-M', '-S', '/nonexistent/%C', '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60s']],
    ['a local command', ['-o', 'PermitLocalCommand=yes', '-o', 'LocalCommand=touch /nonexistent/x']],
    ['a hasty end', ['-o', 'ConnectTimeout=1', '-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=1']],
  ])('is not changed in what it is by %s', async (_what, options) => {
    expect(await ask(sshd, { options, script: 'sleep 3; echo vitals' })).toMatchObject(OK);
  });

  it('lets its options say where it goes', async () => {
    const elsewhere = { ...sshd, port: 1, user: 'nobody', privateKeyPath: fileWith('no key') };
    const options = ['-Cp', String(sshd.port), `-l${sshd.user}`, '-o', `IdentityFile=${sshd.privateKeyPath}`];
    expect(await ask(elsewhere, { options, known: knownLines(sshd) })).toMatchObject(OK);
  });

  it.each<[string, string[]]>([
    ['another host among its options', ['other']],
    ['an end of options among them', ['--']],
    ['an option without its value', ['-C', '-p']],
    ['a request for ssh’s configuration', ['-G']],
    ['a forwarding of its input', ['-qW', 'other:22']],
  ])('is not asked with %s', async (_what, options) => {
    expect(await ask(sshd, { options })).toMatchObject({
      ...failed('HostUnreachable', /was not asked/),
      reached: false,
    });
  });

  it.each([
    ['an option that ssh does not know', ['-o', 'Nonsense=yes'], /Bad configuration option: nonsense/],
    ['a value that ssh does not take', ['-o', 'Ciphers=rot13'], /Bad SSH2 cipher spec 'rot13'/],
    ['a configuration that is not there', ['-F', '/nonexistent/ssh.cfg'], /Can't open user config file/],
  ])('is inconclusive, with ssh’s words, for %s', async (_what, options, says) => {
    expect(await ask(sshd, { options })).toMatchObject(failed('HostUnreachable', says));
  });

  it('goes by a name of ssh’s configuration', async () => {
    const config = ['Host web1', '  HostName 127.0.0.1', `  HostKeyAlias the-alias`];
    const known = `the-alias ${sshd.hostKeys.ed25519}\n`;
    expect(await ask({ ...sshd, address: 'web1' }, { config, known })).toMatchObject(OK);
  });

  const line = (type: string) => `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[type]}\n`;
  it.each<[string, () => string, FailureReason, RegExp]>([
    ['no host', () => '', 'HostKeyUnknown', /showed the "ssh-ed25519" host key SHA256:.*nothing was run/],
    [
      'another key',
      () => `[127.0.0.1]:${sshd.port} ${keyPair().public}\n`,
      'HostKeyMismatch',
      /not the one in known_hosts; .* forget the old key: ".*:1"/,
    ],
    [
      'its key as revoked',
      () => `${line('ed25519')}@revoked * ${sshd.hostKeys.ed25519}\n`,
      'HostKeyMismatch',
      /revoked/,
    ],
  ])('runs nothing where known_hosts has %s', async (_what, known, reason, says) => {
    const ran = join(work, 'ran');
    const reply = await ask(sshd, { known: known(), script: `touch ${ran}` });
    expect(reply).toMatchObject(failed(reason, says));
    expect(readdirSync(work)).not.toContain('ran');
  });

  it('does not believe a host with a changed key, even where ssh goes on', async () => {
    const known = `[127.0.0.1]:${sshd.port} ${keyPair().public}\n`;
    const reply = await ask(sshd, { known, config: ['StrictHostKeyChecking no'] });
    expect(reply).toMatchObject(failed('HostKeyMismatch', /not the one in known_hosts/));
  });

  it('accepts a new host key where it is to', async () => {
    expect(await ask(sshd, { known: '', acceptNewHostKeys: true })).toMatchObject(OK);
    expect(await ask(sshd, { known: '', config: ['StrictHostKeyChecking no'] })).toMatchObject(OK);
  });

  it('is refused with the words of ssh about its own keys', async () => {
    const open = fileWith(sshd.privateKey);
    execFileSync('chmod', ['644', open]);
    const config = [`IdentityFile ${open}`, 'IdentitiesOnly yes'];
    const login = { privateKeyPath: null };
    expect(await ask(sshd, { config, login })).toMatchObject(
      failed('AuthenticationFailed', /refused the login of "root".*it takes "publickey".*bad permissions/),
    );
  });

  it('says that passwords are not used where the host takes nothing else', async () => {
    const word = await startSshd({ config: ['PasswordAuthentication yes', 'AuthenticationMethods password'] });
    const reply = await ask(word);
    await word.close();
    expect(reply).toMatchObject(
      failed('AuthenticationFailed', /takes no key from "root", only "password".*passwords aren't used/),
    );
  });

  it('quotes a shell that runs nothing', async () => {
    const closed = await startSshd({ config: ['ForceCommand /usr/sbin/nologin'] });
    const reply = await ask(closed);
    await closed.close();
    expect(reply?.output).toContain('This account is currently not available.');
  });

  it('gives a host that hangs its whole deadline, ends all that it started, and says what had come', async () => {
    const began = performance.now();
    const mark = `3${process.pid}`;
    const proxy = `ProxyCommand sh -c 'sleep ${mark} & exec nc %h %p'`;
    const reply = await ask(sshd, { config: [proxy], script: 'echo half; sleep 60', hostDeadlineMs: 4000 });
    expect(reply).toMatchObject({ ...failed('CommandTimeout', /within 4 s/), output: 'half\n', reached: true });
    expect(performance.now() - began).toBeLessThan(6000);
    expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(`sleep ${mark}`);
  });

  it('leaves nothing behind where the run is ended', async () => {
    const abort = new AbortController();
    const mark = `4${process.pid}`;
    setTimeout(() => abort.abort(), 1000);
    const config = [`ProxyCommand sh -c 'trap "" TERM HUP; sleep ${mark}'`];
    expect(await ask(sshd, { config, signal: abort.signal })).toBeUndefined();
    expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(`sleep ${mark}`);
  });
});

describe('a ProxyCommand', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd.close());

  it.each([
    ['nc', 'nc %h %p'],
    ['socat', 'socat - TCP:%h:%p'],
    ['a script', 'sh -c "echo some words >&2; exec nc %h %p"'],
    ['one that hands its socket over', 'socat - TCP:%h:%p 2>/dev/null'],
  ])('reaches the host by %s', async (_what, command) => {
    expect(await ask(sshd, { config: [`ProxyCommand ${command}`] })).toMatchObject(OK);
  });

  it.each([
    [
      'is not found',
      'no-such-program %h',
      /its ProxyCommand ended without an SSH banner, ".*no-such-program: not found"/,
    ],
    ['fails in silence', "sh -c 'exit 1'", /ended without an SSH banner, without a word/],
    [
      'complains',
      "sh -c 'echo An error occurred: TargetNotConnected >&2; exit 254'",
      /"An error occurred: TargetNotConnected"/,
    ],
    ['can’t connect', 'nc %h 1', /its ProxyCommand ended without an SSH banner/],
    ['is killed', "sh -c 'kill -KILL $$'", /ended without an SSH banner/],
    ['hangs', 'sleep 60', /sent no SSH banner through its ProxyCommand within 4 s: that way may be cut/],
    [
      'hangs with words',
      "sh -c 'echo Starting session >&2; sleep 60'",
      /within 4 s, "Starting session": that way may be cut/,
    ],
    [
      'answers with something else',
      "sh -c 'echo HTTP/1.1 407 Proxy Authentication Required; sleep 1'",
      /not SSH, "HTTP\/1\.1 407 Proxy/,
    ],
    ['prints words and hangs', "sh -c 'echo Please log in; sleep 60'", /not SSH, "Please log in"/],
  ])('that %s leaves the host inconclusive', async (_what, command, says) => {
    const reply = await ask(sshd, { config: [`ProxyCommand ${command}`], hostDeadlineMs: 4000 });
    expect(reply).toMatchObject({ ...failed('HostUnreachable', says), reached: false });
  });

  it('may give control characters, which are escaped and cut', async () => {
    const config = [`ProxyCommand sh -c "printf '\\033[2J%%0999d\\n' 7 >&2; sleep 1"`];
    const { text } = (await ask(sshd, { config })) as Extract<Reply, { kind: 'failed' }>;
    expect(text).toMatch(/"\\x1b\[2J0+\.\.\."/);
    expect(text.length).toBeLessThan(500);
  });

  it('counts the host’s own silence for the host, and an end in the middle for nobody', async () => {
    const config = ['ProxyCommand socat - TCP:%h:%p'];
    const killed = await ask(sshd, { config, script: 'echo half; sleep 0.2; kill -KILL $PPID; sleep 5' });
    const says = /ended within its ProxyCommand \(before the probe had ended\)/;
    expect(killed).toMatchObject({ ...failed('HostUnreachable', says), output: 'half\n', reached: false });
    const silent = await rawServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'));
    const reply = await ask({ ...sshd, port: silent.port }, { config, hostDeadlineMs: 4000 });
    await silent.close();
    expect(reply).toMatchObject({
      ...failed('HandshakeTimeout', /no key exchange was done within 4 s/),
      reached: true,
    });
  });

  it('by ssh -W through a jump host that breaks leaves the host inconclusive', async () => {
    const jump = await startSshd();
    const options = `-F none -p ${jump.port} -i ${jump.privateKeyPath} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null`;
    const config = [`ProxyCommand ssh ${options} -W %h:%p ${jump.user}@localhost`];
    const script = `echo half; sleep 0.2; pkill -KILL -P ${jump.process.pid}; sleep 30`;
    const reply = await ask(sshd, { config, script });
    await jump.close();
    expect(reply).toMatchObject(failed('HostUnreachable', /the ProxyCommand on the way to it broke, "/));
  });
});

describe('a ProxyJump', () => {
  let jump: Sshd;
  let sshd: Sshd;
  beforeAll(async () => {
    [jump, sshd] = await Promise.all([startSshd(), startSshd()]);
  });
  afterAll(() => Promise.all([jump.close(), sshd.close()]));

  const through = (one: { port: number; user: string; privateKeyPath: string }) => [
    'Host gate',
    '  HostName 127.0.0.1',
    `  Port ${one.port}`,
    `  User ${one.user}`,
    `  IdentityFile ${one.privateKeyPath}`,
    'Host 127.0.0.1',
    '  ProxyJump gate',
    'Host *',
  ];
  const known = () => knownLines(sshd) + knownLines(jump);

  it('is gone through', async () => {
    expect(await ask(sshd, { config: through(jump), known: known() })).toMatchObject(OK);
  });

  it('to a port where nothing listens gives the host its reason', async () => {
    const nobody = await rawServer(() => {});
    await nobody.close();
    const reply = await ask({ ...sshd, port: nobody.port }, { config: through(jump), known: known() });
    expect(reply).toMatchObject({
      ...failed('ConnectionRefused', /the jump host says ".*Connection refused"/),
      reached: false,
    });
  });

  it('to a host that accepts and is silent gives BannerTimeout, since the jump host has connected', async () => {
    const silent = await rawServer(() => {});
    const target = { ...sshd, port: silent.port };
    const reply = await ask(target, { config: through(jump), known: known(), hostDeadlineMs: 6000 });
    await silent.close();
    expect(reply).toMatchObject({ ...failed('BannerTimeout', /sent no SSH banner within 6 s/), reached: true });
  });

  it('to a host that drops packets gives ConnectTimeout', async () => {
    const full = await fullBacklog();
    const target = { ...sshd, port: full.port };
    const reply = await ask(target, { config: through(jump), known: known(), hostDeadlineMs: 6000 });
    await full.close();
    expect(reply).toMatchObject({ ...failed('ConnectTimeout', /from the jump host within 6 s/), reached: false });
  });

  it('through a server that confirms at once proves nothing', async () => {
    const login = keyPair();
    const one: TestServer = await sshServer({ authorized: [login.public], forward: (accept) => void accept() });
    const gate = { port: one.port, user: 'crawler', privateKeyPath: fileWith(login.private) };
    const config = [...through(gate), '  StrictHostKeyChecking no'];
    const reply = await ask(sshd, { config, hostDeadlineMs: 6000 });
    await one.close();
    expect(reply).toMatchObject({ ...failed('HostUnreachable', /through its ProxyJump within 6 s/), reached: false });
  });

  it('through a server in this process reaches the host', async () => {
    const login = keyPair();
    const one = await sshServer({ authorized: [login.public], forward: forwards });
    const gate = { port: one.port, user: 'crawler', privateKeyPath: fileWith(login.private) };
    const reply = await ask(sshd, { config: [...through(gate), '  StrictHostKeyChecking no'] });
    await one.close();
    expect(reply).toMatchObject(OK);
  });

  it.each<[string, () => Parameters<typeof through>[0], RegExp]>([
    ['is not there', () => ({ ...jump, port: 1 }), /"ssh: connect to host 127\.0\.0\.1 port 1: Connection refused/],
    [
      'refuses our key',
      () => ({ ...jump, privateKeyPath: fileWith(keyPair().private) }),
      /Permission denied \(publickey\)/,
    ],
  ])('whose jump host %s leaves the host inconclusive', async (_what, one, says) => {
    const reply = await ask(sshd, { config: through(one()), known: known() });
    expect(reply).toMatchObject({ ...failed('HostUnreachable', says), reached: false });
  });

  it('whose jump host is not known leaves the host inconclusive', async () => {
    const reply = await ask(sshd, { config: through(jump) });
    expect(reply).toMatchObject(failed('HostUnreachable', /Host key verification failed/));
  });

  it('whose jump host is silent leaves the host inconclusive', async () => {
    const silent = await rawServer(() => {});
    const config = through({ ...jump, port: silent.port });
    const reply = await ask(sshd, { config, known: known(), hostDeadlineMs: 4000 });
    await silent.close();
    expect(reply).toMatchObject({ ...failed('HostUnreachable', /through its ProxyJump within 4 s/), reached: false });
  });

  it('through a jump host that forwards nothing names the option', async () => {
    const closed = await startSshd({ config: ['AllowTcpForwarding no'] });
    const reply = await ask(sshd, { config: through(closed), known: knownLines(sshd) + knownLines(closed) });
    await closed.close();
    expect(reply).toMatchObject(failed('HostUnreachable', /allow TCP forwarding there/));
  });
});

describe('certificates', () => {
  const ca = join(work, 'ca');
  const sign = (...words: string[]) => execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'crawler', ...words]);
  let sshd: Sshd;
  let key: string;
  beforeAll(async () => {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', ca]);
    sshd = await startSshd({ config: [`TrustedUserCAKeys ${ca}.pub`, 'AuthorizedKeysFile none'] });
    key = join(work, 'certified');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
    sign('-n', sshd.user, `${key}.pub`);
  });
  afterAll(() => sshd.close());

  it('let a user in', async () => {
    expect(await ask({ ...sshd, privateKeyPath: key })).toMatchObject(OK);
  });

  it('let a user in from the agent', async () => {
    const socket = join(work, 'agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
    await once(agent.stdout, 'data');
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    execFileSync('ssh-add', ['-q', key], { env });
    const reply = await ask(sshd, { login: { privateKeyPath: null }, env });
    agent.kill();
    await once(agent, 'exit');
    expect(reply).toMatchObject(OK);
  });

  it('for another user are refused', async () => {
    const other = join(work, 'other');
    copyFileSync(key, other);
    copyFileSync(`${key}.pub`, `${other}.pub`);
    execFileSync('chmod', ['600', other]);
    sign('-n', 'somebody-else', `${other}.pub`);
    const reply = await ask({ ...sshd, privateKeyPath: other });
    expect(reply).toMatchObject(failed('AuthenticationFailed', /refused the login of "root"/));
  });

  describe('of a host', () => {
    let host: Sshd;
    const authority = (names: string) => `@cert-authority ${names} ${execFileSync('cat', [`${ca}.pub`])}`;
    beforeAll(async () => {
      const keys = join(work, 'host');
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', keys]);
      sign('-h', '-n', '127.0.0.1', `${keys}.pub`);
      host = await startSshd({ config: [`HostKey ${keys}`, `HostCertificate ${keys}-cert.pub`] });
    });
    afterAll(() => host.close());

    it('are trusted by @cert-authority', async () => {
      expect(await ask(host, { known: authority('[127.0.0.1]:*') })).toMatchObject(OK);
    });

    it('are not trusted for another name', async () => {
      const reply = await ask(host, { known: authority('*.example') });
      expect(reply).toMatchObject(failed('HostKeyUnknown', /which ssh does not trust.*nothing was run/));
    });

    it('are not trusted under a name that they do not hold, in ssh’s words', async () => {
      const config = ['Host other-name', '  HostName 127.0.0.1', '  HostKeyAlias other-name'];
      const reply = await ask({ ...host, address: 'other-name' }, { config, known: authority('other-name') });
      expect(reply).toMatchObject(failed('HostKeyUnknown', /Certificate invalid: name is not a listed principal/));
    });
  });
});

describe('a machine', () => {
  it('without ssh says which option would have needed it', async () => {
    const env = { ...process.env, PATH: work };
    const reply = await ask({ address: 'web1', port: 22, user: 'crawler', privateKeyPath: 'key' }, { env });
    expect(reply).toMatchObject({
      ...failed('HostUnreachable', /needs OpenSSH's client \(a test\).*no ssh/),
      reached: false,
    });
  });

  it('with another program of that name does not run it on hosts', async () => {
    const bin = mkdtempSync(join(work, 'bin-'));
    writeFileSync(join(bin, 'ssh'), '#!/bin/sh\necho Dropbear v2022.83 >&2\n', { mode: 0o755 });
    const env = { ...process.env, PATH: `${bin}:/usr/bin:/bin` };
    const reply = await ask({ address: 'web1', port: 22, user: 'crawler', privateKeyPath: 'key' }, { env });
    expect(reply).toMatchObject(failed('HostUnreachable', /needs OpenSSH's client/));
  });
});
