/** Hosts that fail, one way each: what they do on the wire, and what that is to be called. */
import type { FailureReason } from '../../lambda/model.ts';
import { fullBacklog } from './full-backlog.ts';
import { keyPair, rawServer, type SshServerOptions, sshServer } from './ssh-server.ts';

export interface FaultyHost {
  readonly address?: string | null;
  readonly port: number;
  /** Pin of the host key; null: not seen before. */
  readonly hostKey?: string;
  /** Connections so far, where it counts them. */
  readonly accepted?: number;
  close?(): Promise<void>;
}

export interface Fault {
  /** Ends the sentence: a host that ... */
  readonly does: string;
  readonly reason: FailureReason;
  readonly says: RegExp;
  /** What it had printed by then. */
  readonly output?: string;
  /** Connections that it sees; 2 where a second attempt is made. */
  readonly attempts?: number;
  start(authorized: string): Promise<FaultyHost>;
}

const ssh = (authorized: string, options: Omit<SshServerOptions, 'authorized'>) =>
  sshServer({ authorized: [authorized], ...options });

const later = (ms: number, act: () => void) => void setTimeout(act, ms).unref();

export const BEFORE_BANNER: readonly Fault[] = [
  {
    does: 'has no address',
    reason: 'NoAddress',
    says: /has no address/,
    start: async () => ({ address: null, port: 22 }),
  },
  {
    does: 'has a name that nobody knows',
    reason: 'NameNotResolved',
    says: /^The name in no-such-host\.invalid:22 /,
    start: async () => ({ address: 'no-such-host.invalid', port: 22 }),
  },
  {
    does: 'refuses the connection',
    reason: 'ConnectionRefused',
    says: /refused the TCP connection/,
    async start() {
      const server = await rawServer(() => {});
      await server.close();
      return { port: server.port };
    },
  },
  {
    does: 'drops packets',
    reason: 'ConnectTimeout',
    says: /did not accept a TCP connection within 4 s/,
    start: fullBacklog,
  },
  {
    does: 'accepts and is silent',
    reason: 'BannerTimeout',
    says: /sent no SSH banner within 4 s/,
    attempts: 1,
    start: () => rawServer(() => {}),
  },
  {
    does: 'accepts and resets',
    reason: 'ConnectionReset',
    says: /reset it before an SSH banner \(ECONNRESET\)/,
    attempts: 2,
    start: () => rawServer((socket) => later(20, () => socket.resetAndDestroy())),
  },
  {
    does: 'accepts and closes',
    reason: 'ClosedBeforeBanner',
    says: /closed it before an SSH banner/,
    attempts: 2,
    start: () => rawServer((socket) => socket.destroy()),
  },
  {
    does: 'closes in the middle of its banner',
    reason: 'ClosedBeforeBanner',
    says: /closed it before an SSH banner/,
    start: () => rawServer((socket) => socket.end('SSH-2.0-Op')),
  },
  {
    does: 'turns connections away by MaxStartups',
    reason: 'SshThrottled',
    says: /"Exceeded MaxStartups"/,
    attempts: 2,
    start: () => rawServer((socket) => socket.end('Exceeded MaxStartups\r\n')),
  },
  {
    does: 'turns connections away by PerSourcePenalties',
    reason: 'SshThrottled',
    says: /"Not allowed at this time"/,
    attempts: 2,
    start: () => rawServer((socket) => socket.end('Not allowed at this time\r\n')),
  },
  {
    does: 'turns the first connection away in words and closes the second without one',
    reason: 'SshThrottled',
    says: /"Exceeded MaxStartups"/,
    start: () => rawServer((socket, nth) => socket.end(nth === 1 ? 'Exceeded MaxStartups\r\n' : '')),
  },
  {
    does: 'sends garbage and closes',
    reason: 'ProtocolError',
    says: /not SSH 2, "220 mail\.example ESMTP"/,
    attempts: 1,
    start: () => rawServer((socket) => socket.end('220 mail.example ESMTP\r\n')),
  },
  {
    does: 'sends garbage and then nothing',
    reason: 'ProtocolError',
    says: /not SSH 2, "\\x1b\[2Jboo"/,
    start: () => rawServer((socket) => socket.write('\x1b[2Jboo')),
  },
  {
    does: 'sends binary garbage',
    reason: 'ProtocolError',
    says: /not SSH 2, "\\x16\\x03\\x01\\x00/,
    start: () => rawServer((socket) => socket.write(Buffer.from([22, 3, 1, 0, 200]))),
  },
  {
    does: 'speaks only SSH 1',
    reason: 'ProtocolError',
    says: /"SSH-1\.5-OpenSSH_3\.9"/,
    start: () => rawServer((socket) => socket.write('SSH-1.5-OpenSSH_3.9\r\n')),
  },
  {
    does: 'is a web server, which waits to be spoken to',
    reason: 'ProtocolError',
    says: /"HTTP\/1\.1 400 Bad Request"/,
    start: () => rawServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
  },
  {
    does: 'talks for ever before its banner',
    reason: 'ProtocolError',
    says: /"blah blah"/,
    start: () =>
      rawServer((socket) => {
        const talk = () => socket.writable && socket.write('blah blah\r\n'.repeat(100), talk);
        talk();
      }),
  },
  {
    does: 'drips its banner, a byte at a time',
    reason: 'BannerTimeout',
    says: /sent no SSH banner within 4 s/,
    start: () =>
      rawServer((socket) => {
        const banner = 'SSH-2.0-OpenSSH_9.2p1 Debian\r\n'.split('');
        const drip = setInterval(() => socket.write(banner.shift() ?? ''), 400).unref();
        socket.on('close', () => clearInterval(drip));
      }),
  },
];

export const AFTER_BANNER: readonly Fault[] = [
  {
    does: 'sends a banner and then nothing',
    reason: 'HandshakeTimeout',
    says: /no key exchange was done within 4 s/,
    attempts: 1,
    start: () => rawServer((socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n')),
  },
  {
    does: 'closes after its banner',
    reason: 'ConnectionLost',
    says: /after its SSH banner, in the key exchange/,
    attempts: 1,
    start: () => rawServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
  },
  {
    does: 'sends a banner and then garbage',
    reason: 'ProtocolError',
    says: /does not keep to the SSH protocol/,
    start: () => rawServer((socket) => socket.write(`SSH-2.0-OpenSSH_9.2\r\n${'\xff'.repeat(200)}`)),
  },
  {
    does: 'sends a banner and then floods',
    reason: 'ProtocolError',
    says: /before the login was done/,
    start: () =>
      rawServer((socket) => {
        // SSH_MSG_IGNORE for ever: packets in good order that lead nowhere.
        const ignore = Buffer.alloc(4 + 1 + 1 + 4 + 994 + 4);
        ignore.writeUInt32BE(ignore.length - 4, 0);
        ignore[4] = 4;
        ignore[5] = 2;
        ignore.writeUInt32BE(994, 6);
        socket.write('SSH-2.0-OpenSSH_9.2\r\n');
        const flood = () => socket.writable && socket.write(ignore, flood);
        flood();
      }),
  },
  {
    does: 'knows only a key exchange with SHA-1',
    reason: 'NegotiationFailed',
    says: /no matching key exchange algorithm.*it offers only "diffie-hellman-group14-sha1.*SHA-1/,
    attempts: 1,
    start: (key) => ssh(key, { config: { algorithms: { kex: ['diffie-hellman-group14-sha1'] } } }),
  },
  {
    does: 'signs its host key only with SHA-1',
    reason: 'NegotiationFailed',
    says: /no matching host key format.*it offers only "ssh-rsa"/,
    start: (key) =>
      ssh(key, { hostKeys: [keyPair('rsa').private], config: { algorithms: { serverHostKey: ['ssh-rsa'] } } }),
  },
  {
    does: 'shows another host key than the pinned one',
    reason: 'HostKeyMismatch',
    says: /not the pinned SHA256:pinned; nothing was run/,
    attempts: 1,
    start: async (key) => Object.assign(await ssh(key, { output: 'run all the same' }), { hostKey: 'SHA256:pinned' }),
  },
  {
    does: 'does not know our key',
    reason: 'AuthenticationFailed',
    says: /refused the login of "crawler".*"publickey"/,
    attempts: 1,
    start: () => ssh(keyPair().public, {}),
  },
  {
    does: 'never answers the login',
    reason: 'HandshakeTimeout',
    says: /did not answer the login within 4 s/,
    start: (key) => ssh(key, { authenticate: () => {} }),
  },
  {
    does: 'closes during the login',
    reason: 'ConnectionLost',
    says: /during the login/,
    start: (key) => ssh(key, { authenticate: (_context, client) => client.end() }),
  },
  {
    does: 'refuses to run commands',
    reason: 'ExecRefused',
    says: /refused to run a command, "Unable to exec"/,
    start: (key) => ssh(key, { exec: (_accept, reject) => reject() }),
  },
  {
    does: 'is OpenSSH and could not fork a shell',
    reason: 'ForkFailed',
    says: /its sshd could not start a shell/,
    start: (key) => ssh(key, { config: { ident: 'OpenSSH_9.2p1 Debian-2' }, exec: (_accept, reject) => reject() }),
  },
  {
    does: 'has a shell that cannot fork',
    reason: 'ForkFailed',
    says: /could start no process, "sh: 3: Cannot fork"/,
    output: 'sh: 3: Cannot fork\n',
    start: (key) =>
      ssh(key, {
        exec(accept) {
          const channel = accept();
          channel.stderr.write('sh: 3: Cannot fork\n');
          channel.exit(2);
          channel.end();
        },
      }),
  },
  {
    does: 'hangs in the command',
    reason: 'CommandTimeout',
    says: /the probe did not end within 4 s/,
    output: 'half of ',
    start: (key) => ssh(key, { exec: (accept) => accept().write('half of ') }),
  },
  {
    does: 'drips its output',
    reason: 'CommandTimeout',
    says: /the probe did not end within 4 s/,
    output: '...',
    start: (key) =>
      ssh(key, {
        exec(accept) {
          const channel = accept();
          const drip = setInterval(() => channel.write('.'), 400).unref();
          channel.on('close', () => clearInterval(drip));
          channel.on('error', () => {});
        },
      }),
  },
  {
    does: 'cuts the connection in the middle of its output',
    reason: 'ConnectionLost',
    says: /before the probe had ended/,
    output: 'half of ',
    attempts: 1,
    start: (key) =>
      ssh(key, {
        exec: (accept, _reject, _command, client) => void accept().write('half of ', () => client.end()),
      }),
  },
  {
    does: 'closes the session before the command has ended',
    reason: 'ConnectionLost',
    says: /closed the session before the probe had ended/,
    output: 'half of ',
    start: (key) => ssh(key, { exec: (accept) => accept().end('half of ') }),
  },
  {
    does: 'kills the shell',
    reason: 'ConnectionLost',
    says: /was killed by "SIGKILL"/,
    output: 'half of ',
    start: (key) =>
      ssh(key, {
        exec(accept) {
          const channel = accept();
          channel.write('half of ');
          channel.exit('KILL');
          channel.end();
        },
      }),
  },
];
