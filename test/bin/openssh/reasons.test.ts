import { describe, expect, it } from 'vitest';
import { type Ended, replyFrom } from '../../../bin/openssh/reasons.ts';
import type { FailureReason } from '../../../lambda/model/index.ts';

const replyTo = (lines: string, ended: Partial<Ended> = {}, privateKeyPath: string | null = null) =>
  replyFrom(
    { by: 'exit', code: 255, signal: null, stdout: '', stderr: '', log: lines.replaceAll('\n', '\r\n'), ...ended },
    {
      address: '10.0.0.7',
      login: { user: 'crawler', port: 22, privateKeyPath },
      way: { destination: 'web1', options: [], because: 'a test' },
      givenMs: 5000,
    },
  );

const RESOLVING = 'debug2: resolving "web1" port 22\n';
const CONNECTING = `${RESOLVING}debug1: Connecting to web1 [10.0.0.7] port 22.\n`;
const CONNECTED = `${CONNECTING}debug1: Connection established.\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\n`;
const BANNER = `${CONNECTED}debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1\ndebug1: Authenticating to web1:22 as 'crawler'\ndebug3: send packet: type 20\n`;
const UNANSWERED = BANNER.replace('debug3: send packet: type 20\n', '');
const KEYS = `${BANNER}debug3: receive packet: type 31\ndebug1: Server host key: ssh-ed25519 SHA256:abc\ndebug1: SSH2_MSG_NEWKEYS received\ndebug3: send packet: type 5\n`;
const IN = `${KEYS}Authenticated to web1 ([10.0.0.7]:22) using "publickey".\ndebug1: Sending command: sh -s\n`;
const PROXY = 'debug1: Executing proxy command: exec nc web1 22\ndebug1: Local version string SSH-2.0-OpenSSH_9.2p1\n';

type Row = readonly [what: string, log: string, reason: FailureReason, says: RegExp, reached: boolean];
const ROWS: readonly Row[] = [
  [
    'a name that is not known (glibc)',
    'ssh: Could not resolve hostname web1: Name or service not known\n',
    'NameNotResolved',
    /The name in 10\.0\.0\.7:22 can't be resolved \(Name or service not known\)/,
    false,
  ],
  [
    'a name server that is silent',
    'ssh: Could not resolve hostname web1: Temporary failure in name resolution\n',
    'NameNotResolved',
    /Temporary failure/,
    false,
  ],
  [
    'a name that is not known (BSD)',
    'ssh: Could not resolve hostname web1: nodename nor servname provided, or not known\n',
    'NameNotResolved',
    /nodename nor servname/,
    false,
  ],
  [
    'a refusal',
    `${CONNECTING}debug1: connect to address 10.0.0.7 port 22: Connection refused\nssh: connect to host web1 port 22: Connection refused\n`,
    'ConnectionRefused',
    /web1:22 refused the TCP connection/,
    false,
  ],
  [
    'a time-out of the kernel',
    `${CONNECTING}ssh: connect to host web1 port 22: Connection timed out\n`,
    'ConnectTimeout',
    /before the kernel gave up/,
    false,
  ],
  [
    'a time-out of the kernel (BSD, musl)',
    `${CONNECTING}ssh: connect to host web1 port 22: Operation timed out\n`,
    'ConnectTimeout',
    /before the kernel gave up/,
    false,
  ],
  [
    'no route',
    `${CONNECTING}ssh: connect to host web1 port 22: No route to host\n`,
    'HostUnreachable',
    /EHOSTUNREACH/,
    false,
  ],
  [
    'no network',
    `${CONNECTING}ssh: connect to host web1 port 22: Network is unreachable\n`,
    'HostUnreachable',
    /ENETUNREACH/,
    false,
  ],
  [
    'a limit of this side',
    `${CONNECTING}ssh: connect to host web1 port 22: Cannot assign requested address\n`,
    'HostUnreachable',
    /was not asked: this machine has no local address/,
    false,
  ],
  [
    'a reset while connecting',
    `${CONNECTING}ssh: connect to host web1 port 22: Connection reset by peer\n`,
    'ConnectionReset',
    /reset/,
    false,
  ],
  [
    'a configuration that is wrong',
    '/root/.ssh/config: line 3: Bad configuration option: nonsense\n/root/.ssh/config: terminating, 1 bad configuration options\n',
    'HostUnreachable',
    /was not asked, ssh says "\/root\/\.ssh\/config: line 3: Bad configuration option/,
    false,
  ],
  [
    'a close before the banner (8.0 and later)',
    `${CONNECTED}kex_exchange_identification: Connection closed by remote host\nConnection closed by 10.0.0.7 port 22\n`,
    'ClosedBeforeBanner',
    /closed it before an SSH banner/,
    true,
  ],
  [
    'a close before the banner (7.4)',
    `${CONNECTED}ssh_exchange_identification: Connection closed by remote host\n`,
    'ClosedBeforeBanner',
    /closed it before an SSH banner/,
    true,
  ],
  [
    'a reset before the banner',
    `${CONNECTED}kex_exchange_identification: read: Connection reset by peer\nConnection reset by 10.0.0.7 port 22\n`,
    'ConnectionReset',
    /reset it before an SSH banner/,
    true,
  ],
  [
    'a reset before the banner (7.4)',
    `${CONNECTED}ssh_exchange_identification: read: Connection reset by peer\n`,
    'ConnectionReset',
    /reset it before an SSH banner/,
    true,
  ],
  [
    'a reset before ssh could write',
    `${CONNECTED}debug1: kex_exchange_identification: write: Broken pipe\nbanner exchange: Connection to 10.0.0.7 port 22: Broken pipe\n`,
    'ConnectionReset',
    /reset it before an SSH banner/,
    true,
  ],
  [
    'a banner that ssh gave up waiting for',
    `${CONNECTED}Connection timed out during banner exchange\nConnection to 10.0.0.7 port 22 timed out\n`,
    'BannerTimeout',
    /sent no SSH banner/,
    true,
  ],
  [
    'MaxStartups',
    `${CONNECTED}debug1: kex_exchange_identification: banner line 0: Exceeded MaxStartups\nkex_exchange_identification: Connection closed by remote host\n`,
    'SshThrottled',
    /"Exceeded MaxStartups"/,
    true,
  ],
  [
    'MaxStartups (7.4)',
    `${CONNECTED}debug1: ssh_exchange_identification: Exceeded MaxStartups\nssh_exchange_identification: Connection closed by remote host\n`,
    'SshThrottled',
    /"Exceeded MaxStartups"/,
    true,
  ],
  [
    'PerSourcePenalties',
    `${CONNECTED}debug1: kex_exchange_identification: banner line 0: Not allowed at this time\nkex_exchange_identification: Connection closed by remote host\n`,
    'SshThrottled',
    /"Not allowed at this time"/,
    true,
  ],
  [
    'a mail server',
    `${CONNECTED}debug1: kex_exchange_identification: banner line 0: 220 mail ESMTP\nkex_exchange_identification: Connection closed by remote host\n`,
    'ProtocolError',
    /not SSH 2, "220 mail ESMTP"/,
    true,
  ],
  [
    'SSH 1',
    `${CONNECTED}debug1: Remote protocol version 1.5, remote software version OpenSSH_3.9\nProtocol major versions differ: 2 vs. 1\nbanner exchange: Connection to 10.0.0.7 port 22: could not read protocol version\n`,
    'ProtocolError',
    /not SSH 2, "Protocol major versions differ/,
    true,
  ],
  [
    'a bad banner',
    `${CONNECTED}Bad remote protocol version identification: 'SSH-x'\n`,
    'ProtocolError',
    /not SSH 2, "SSH-x"/,
    true,
  ],
  [
    'a close in the key exchange',
    `${BANNER}Connection closed by 10.0.0.7 port 22\n`,
    'ConnectionLost',
    /after its SSH banner, in the key exchange/,
    true,
  ],
  [
    'a reset in the key exchange',
    `${BANNER}Connection reset by 10.0.0.7 port 22\n`,
    'ConnectionLost',
    /in the key exchange \(ECONNRESET\)/,
    true,
  ],
  [
    'a pipe that broke',
    `${BANNER}ssh_dispatch_run_fatal: Connection to 10.0.0.7 port 22: Broken pipe\n`,
    'ConnectionLost',
    /in the key exchange \(EPIPE\)/,
    true,
  ],
  [
    'old algorithms alone',
    `${BANNER}Unable to negotiate with 10.0.0.7 port 22: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1\n`,
    'NegotiationFailed',
    /it offers only "diffie-hellman-group1-sha1"; SHA-1 .* update its sshd/,
    true,
  ],
  [
    'newer algorithms alone',
    `${BANNER}Unable to negotiate with 10.0.0.7 port 22: no matching key exchange method found. Their offer: mlkem768x25519-sha256\n`,
    'NegotiationFailed',
    /update the ssh of this machine, which is older/,
    true,
  ],
  [
    'no cipher in common',
    `${BANNER}Unable to negotiate with 10.0.0.7 port 22: no matching cipher found. Their offer: aes128-cbc\n`,
    'NegotiationFailed',
    /"no matching cipher found"/,
    true,
  ],
  [
    'a host key that is too short',
    `${BANNER}Bad server host key: Invalid key length\n`,
    'NegotiationFailed',
    /does not take the host key/,
    true,
  ],
  [
    'a corrupted packet',
    `${BANNER}Bad packet length 1349676916.\nssh_dispatch_run_fatal: Connection to 10.0.0.7 port 22: message authentication code incorrect\n`,
    'ProtocolError',
    /does not keep to the SSH protocol, ".*message authentication code incorrect"/,
    true,
  ],
  [
    'a disconnection in the key exchange',
    `${BANNER}Received disconnect from 10.0.0.7 port 22:3: no common kex alg\nDisconnected from 10.0.0.7 port 22\n`,
    'NegotiationFailed',
    /no common kex alg/,
    true,
  ],
  [
    'too many connections',
    `${BANNER}Received disconnect from 10.0.0.7 port 22:12: Too many users\n`,
    'SshThrottled',
    /too many connections, "Too many users"/,
    true,
  ],
  [
    'an unknown host key (strict)',
    `${BANNER}debug1: Server host key: ssh-ed25519 SHA256:abc\nNo ED25519 host key is known for web1 and you have requested strict checking.\nHost key verification failed.\n`,
    'HostKeyUnknown',
    /showed the "ssh-ed25519" host key SHA256:abc/,
    true,
  ],
  [
    'an unknown host key (ask)',
    `${BANNER}debug1: Server host key: ssh-ed25519 SHA256:abc\nHost key verification failed.\n`,
    'HostKeyUnknown',
    /nothing was run/,
    true,
  ],
  [
    'a changed host key',
    `${BANNER}debug1: Server host key: ssh-ed25519 SHA256:abc\n@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nOffending ED25519 key in /root/.ssh/known_hosts:7\nHost key for web1 has changed and you have requested strict checking.\nHost key verification failed.\n`,
    'HostKeyMismatch',
    /SHA256:abc, not the one in known_hosts.*"\/root\/\.ssh\/known_hosts:7"/,
    true,
  ],
  [
    'a changed host key (7.4)',
    `${BANNER}ECDSA host key for web1 has changed and you have requested strict checking.\nHost key verification failed.\n`,
    'HostKeyMismatch',
    /not the one in known_hosts/,
    true,
  ],
  [
    'a revoked host key',
    `${BANNER}The ED25519 host key for web1 is marked as revoked.\nED25519 host key for web1 was revoked and you have requested strict checking.\nHost key verification failed.\n`,
    'HostKeyMismatch',
    /revoked/,
    true,
  ],
  [
    'a revoked host key (RevokedHostKeys)',
    `${BANNER}Host key ED25519 SHA256:abc revoked by file /etc/ssh/revoked\nHost key verification failed.\n`,
    'HostKeyMismatch',
    /revoked/,
    true,
  ],
  [
    'a host certificate that has expired',
    `${BANNER}Certificate invalid: expired\nNo ED25519 host key is known for web1 and you have requested strict checking.\nHost key verification failed.\n`,
    'HostKeyUnknown',
    /"Certificate invalid: expired"/,
    true,
  ],
  [
    'a refused key',
    `${KEYS}debug1: Offering public key: k ED25519 SHA256:x explicit\ncrawler@web1: Permission denied (publickey,password).\n`,
    'AuthenticationFailed',
    /refused the login of "crawler".*it takes "publickey, password"/,
    true,
  ],
  [
    'a refused key (7.4)',
    `${KEYS}Permission denied (publickey).\n`,
    'AuthenticationFailed',
    /it takes "publickey"/,
    true,
  ],
  [
    'an agent that refuses',
    `${KEYS}sign_and_send_pubkey: signing failed for ED25519 "k" from agent: agent refused operation\ncrawler@web1: Permission denied (publickey).\n`,
    'AuthenticationFailed',
    /agent refused operation/,
    true,
  ],
  [
    'too many keys',
    `${KEYS}Received disconnect from 10.0.0.7 port 22:2: Too many authentication failures\nDisconnected from 10.0.0.7 port 22\n`,
    'AuthenticationFailed',
    /Too many authentication failures/,
    true,
  ],
  [
    'a close during the login',
    `${KEYS}Connection closed by 10.0.0.7 port 22\n`,
    'ConnectionLost',
    /during the login/,
    true,
  ],
  [
    'a refused command',
    `${IN}debug3: receive packet: type 100\nexec request failed on channel 0\n`,
    'ForkFailed',
    /could not start a shell/,
    true,
  ],
  [
    'a refused session',
    `${IN}channel 0: open failed: administratively prohibited: open failed\n`,
    'ExecRefused',
    /refused to run a command, "administratively prohibited: open failed"/,
    true,
  ],
  [
    'a connection that ends under the command',
    `${IN}debug1: Exit status -1\n`,
    'ConnectionLost',
    /before the probe had ended/,
    true,
  ],
  [
    'a disconnection under the command',
    `${IN}Received disconnect from 10.0.0.7 port 22:2: Killed by an admin\n`,
    'ConnectionLost',
    /"Killed by an admin"/,
    true,
  ],
  [
    'a signal',
    `${IN}debug1: client_input_channel_req: channel 0 rtype exit-signal reply 0\n`,
    'ConnectionLost',
    /was killed by "a signal"/,
    true,
  ],
];

describe('the end of an ssh by itself', () => {
  it.each(ROWS)('reads %s', (_what, log, reason, says, reached) => {
    expect(replyTo(log)).toMatchObject({ kind: 'failed', reason, text: expect.stringMatching(says), reached });
  });

  it('is output where the host said how the command ended, whatever ssh’s own status', () => {
    const log = `${IN}debug1: client_input_channel_req: channel 0 rtype exit-status reply 0\n`;
    expect(replyTo(log, { stdout: 'vitals' })).toMatchObject({
      kind: 'output',
      output: 'vitals',
      hostKey: 'SHA256:abc',
    });
    expect(replyTo(log, { stdout: 'vitals', by: 'deadline', code: null })).toMatchObject({ kind: 'output' });
  });

  it('by a signal on this machine blames no host', () => {
    expect(replyTo(CONNECTED, { code: null, signal: 'SIGKILL' })).toMatchObject({
      reason: 'HostUnreachable',
      text: expect.stringContaining('ssh on this machine was killed by SIGKILL'),
      reached: false,
    });
  });

  it('before it wrote a log is known from its error stream', () => {
    const stderr = 'unknown option -- Z\nusage: ssh [-46AaCfGgKkMNnqsTtVvXxYy]\n';
    expect(replyTo('', { stderr })).toMatchObject({
      reason: 'HostUnreachable',
      text: expect.stringMatching(/unknown option/),
    });
  });
});

describe('a fault of this side', () => {
  const established = `${CONNECTING}debug1: Connection established.\n`;
  it.each<Row>([
    [
      'a token that ssh does not know, after it has connected',
      `${established}vdollar_percent_expand: unknown key %Z\npercent_dollar_expand: failed\n`,
      'HostUnreachable',
      /^web1:22 was not asked, ssh says "vdollar_percent_expand: unknown key %Z; percent_dollar_expand: failed" \(a test\)/,
      false,
    ],
    [
      'a user in the path of a key who is not there',
      `${established}tilde_expand: No such user nobodyx\n`,
      'HostUnreachable',
      /No such user nobodyx/,
      false,
    ],
    [
      'a user in the path of a key who is not there, with a ProxyCommand',
      'debug1: Executing proxy command: exec nc web1 22\ntilde_expand: No such user nobodyx\n',
      'HostUnreachable',
      /was not asked, ssh says "tilde_expand: No such user nobodyx"/,
      false,
    ],
    [
      'a KnownHostsCommand that fails',
      `${UNANSWERED}KnownHostsCommand-ORDER /bin/false failed, status 1\nKnownHostsCommand failed\n`,
      'HostUnreachable',
      /could not judge its host key, "KnownHostsCommand-ORDER \/bin\/false failed, status 1; KnownHostsCommand failed"/,
      true,
    ],
    [
      'a file of revoked keys that is not there',
      `${BANNER}debug3: receive packet: type 31\ndebug1: Server host key: ssh-ed25519 SHA256:abc\nError checking host key ED25519 SHA256:abc in revoked keys file /none: No such file or directory\nHost key verification failed.\n`,
      'HostKeyUnknown',
      /which ssh can't judge, "Error checking .* \/none: No such file or directory"; nothing was run\.$/,
      true,
    ],
    [
      'no key: those that ssh looks for are not there',
      `${KEYS}debug1: Trying private key: /home/me/.ssh/id_rsa\ndebug3: no such identity: /home/me/.ssh/id_rsa: No such file or directory\ndebug1: Trying private key: /home/me/key\nLoad key "/home/me/key": error in libcrypto\ncrawler@web1: Permission denied (publickey).\n`,
      'AuthenticationFailed',
      /there was no key to try \(it takes "publickey"\); here: Load key/,
      true,
    ],
  ])('%s', (_what, log, reason, says, reached) => {
    expect(replyTo(log)).toMatchObject({ reason, text: expect.stringMatching(says), reached });
  });
});

describe('a deadline', () => {
  it.each<[string, string, FailureReason, RegExp, boolean]>([
    ['before ssh began', '', 'HostUnreachable', /ssh did not begin to connect within 5 s/, false],
    ['in the name', RESOLVING, 'NameNotResolved', /was not resolved within 5 s/, false],
    ['in the connection', CONNECTING, 'ConnectTimeout', /did not accept a TCP connection within 5 s/, false],
    ['before the banner', CONNECTED, 'BannerTimeout', /sent no SSH banner within 5 s/, true],
    ['in the key exchange', BANNER, 'HandshakeTimeout', /no key exchange was done within 5 s/, true],
    ['in the login', KEYS, 'HandshakeTimeout', /did not answer the login within 5 s/, true],
    ['in the command', IN, 'CommandTimeout', /the probe did not end within 5 s/, true],
    [
      'while ssh reads a key that is a pipe',
      `${CONNECTING}debug1: Connection established.\ndebug1: identity file /home/me/key type 3\n`,
      'HostUnreachable',
      /^web1:22 was not asked: ssh here did not read its own keys within 5 s \(a test\)/,
      false,
    ],
    [
      'while a KnownHostsCommand runs before the key exchange',
      `${UNANSWERED}debug3: subprocess: KnownHostsCommand-ORDER pid 198\n`,
      'HostUnreachable',
      /did not judge it within 5 s; see its known_hosts and its KnownHostsCommand/,
      true,
    ],
    [
      'while a KnownHostsCommand runs',
      `${BANNER}debug3: receive packet: type 31\n`,
      'HostUnreachable',
      /did not judge it within 5 s/,
      true,
    ],
    [
      'while a security key is not touched',
      `${KEYS}debug3: receive packet: type 60\ndebug1: Server accepts key: k ED25519-SK\n`,
      'AuthenticationFailed',
      /a security key that is to be touched/,
      true,
    ],
  ])('%s', (_what, log, reason, says, reached) => {
    const reply = replyTo(log, { by: 'deadline', code: null });
    expect(reply).toMatchObject({ reason, text: expect.stringMatching(says), reached });
  });
});

describe('a ProxyCommand', () => {
  const jumpSays = (said: string) => `channel 0: open failed: ${said}\nstdio forwarding failed\n`;
  it.each<[string, string, string, FailureReason, RegExp]>([
    [
      'is missing',
      'kex_exchange_identification: Connection closed by remote host\n',
      'sh: 1: exec: nc: not found\n',
      'HostUnreachable',
      /its ProxyCommand ended without an SSH banner, "sh: 1: exec: nc: not found"/,
    ],
    [
      'is missing (7.4)',
      'ssh_exchange_identification: Connection closed by remote host\n',
      'sh: nc: not found\n',
      'HostUnreachable',
      /"sh: nc: not found"/,
    ],
    [
      'has no word to say',
      'kex_exchange_identification: write: Broken pipe\n',
      '',
      'HostUnreachable',
      /without a word/,
    ],
    [
      'says that the host refuses',
      'Connection closed by UNKNOWN port 65535\n',
      jumpSays('connect failed: Connection refused'),
      'ConnectionRefused',
      /the jump host says "connect failed: Connection refused"/,
    ],
    [
      'says that the host is silent',
      'Connection closed by UNKNOWN port 65535\n',
      jumpSays('connect failed: Connection timed out'),
      'ConnectTimeout',
      /timed out/,
    ],
    [
      'says that the name is not known',
      'Connection closed by UNKNOWN port 65535\n',
      jumpSays('connect failed: Name or service not known'),
      'NameNotResolved',
      /not known/,
    ],
    [
      'says that there is no route',
      'Connection closed by UNKNOWN port 65535\n',
      jumpSays('connect failed: No route to host'),
      'HostUnreachable',
      /No route/,
    ],
    [
      'may not forward',
      'Connection closed by UNKNOWN port 65535\n',
      jumpSays('administratively prohibited: open failed'),
      'HostUnreachable',
      /allow TCP forwarding/,
    ],
  ])('that %s is no fault of the host', (_what, log, stderr, reason, says) => {
    const reply = replyTo(PROXY + log, { stderr });
    expect(reply).toMatchObject({ reason, text: expect.stringMatching(says), reached: false });
  });

  it.each([
    ['ends', 'Connection closed by UNKNOWN port 65535', BANNER],
    ['breaks', 'ssh_dispatch_run_fatal: Connection to UNKNOWN port 65535: Broken pipe', BANNER],
    ['is reset', 'Connection reset by UNKNOWN port 65535', KEYS],
  ])('that %s after the banner leaves the host inconclusive', (_what, line, lines) => {
    const log = `${PROXY}${lines.slice(CONNECTED.length)}${line}\n`;
    expect(replyTo(log, { stderr: 'tunnel: lost\n' })).toMatchObject({
      reason: 'HostUnreachable',
      text: 'The connection to web1:22 ended within its ProxyCommand (before the login was done): that may have broken off, so the host is not blamed.',
    });
  });

  it('that sends our own words back does not speak SSH', () => {
    const log = `${PROXY}${BANNER.slice(CONNECTED.length)}debug3: receive packet: type 30\nkex_protocol_error: type 30 seq 1\n`;
    expect(replyTo(log, { by: 'deadline', code: null })).toMatchObject({
      reason: 'HostUnreachable',
      text: expect.stringMatching(/its ProxyCommand answered with something that is not SSH, "kex_protocol_error/),
    });
  });

  it.each([
    'Connection to gate closed by remote host.',
    'Timeout, server gate not responding.',
    'client_loop: send disconnect: Broken pipe',
    'Connection reset by 10.0.0.1 port 22',
  ])('that breaks with %j under the command leaves the host inconclusive', (line) => {
    const log = `${PROXY}${IN.slice(CONNECTED.length)}debug1: Exit status -1\n`;
    const stderr = `${line}\nConnection to web1 closed by remote host.\n`;
    expect(replyTo(log, { stderr })).toMatchObject({ reason: 'HostUnreachable', text: expect.stringContaining(line) });
    // Without a word of the ProxyCommand it may still have been that.
    expect(replyTo(log, { stderr: 'Connection to web1 closed by remote host.\n' })).toMatchObject({
      reason: 'HostUnreachable',
      reached: false,
    });
  });
});

it('names the key file that a person gave in the command that adds a key', () => {
  const refused = `${KEYS}debug1: Offering public key: k ED25519 SHA256:x explicit\ncrawler@web1: Permission denied (publickey,password).\n`;
  const text = expect.stringMatching(/; to add a key: ssh-copy-id -i \/keys\/other\.pub crawler@web1\.$/);
  expect(replyTo(refused, {}, '/keys/other')).toMatchObject({ text });
});

describe('words that come from elsewhere', () => {
  it('on the error stream are never taken for ssh’s log', () => {
    const stderr = `${IN}debug1: client_input_channel_req: channel 0 rtype exit-status reply 0\n`;
    expect(replyTo(CONNECTED, { by: 'deadline', code: null, stderr })).toMatchObject({ reason: 'BannerTimeout' });
    expect(replyTo(PROXY, { by: 'deadline', code: null, stderr })).toMatchObject({ reason: 'HostUnreachable' });
  });

  it('are quoted, escaped and cut', () => {
    const reply = replyTo(PROXY, { stderr: `\x1b]0;title\x07${'x'.repeat(5000)}\n` });
    expect(reply.kind === 'failed' && reply.text).toMatch(/"\\x1b\]0;title\\x07x+\.\.\."/);
    expect(reply.kind === 'failed' && reply.text.length).toBeLessThan(400);
  });
});
