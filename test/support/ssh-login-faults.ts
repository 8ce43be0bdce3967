/** Hosts that send a banner and fail after it. */
import type { Fault } from './ssh-faults.ts';
import { keyPair, rawServer, type SshServerOptions, sshServer } from './ssh-server.ts';

const ssh = (authorized: string, options: Omit<SshServerOptions, 'authorized'>) =>
  sshServer({ authorized: [authorized], ...options });

export const AFTER_BANNER: readonly Fault[] = [
  {
    does: 'sends a banner and then nothing',
    reason: 'HandshakeTimeout',
    says: /no key exchange was done within 10 s/,
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
    says: /did not answer the login within 10 s/,
    start: (key) => ssh(key, { authenticate: () => {} }),
  },
  {
    does: 'closes during the login',
    reason: 'ConnectionLost',
    says: /during the login/,
    start: (key) => ssh(key, { authenticate: (_context, client) => client.end() }),
  },
  {
    does: 'closes during the login after a notice for all',
    reason: 'ConnectionLost',
    says: /closed the connection during the login\.$/,
    start: (key) =>
      ssh(key, { config: { banner: 'AUTHORISED USE ONLY' }, authenticate: (_context, client) => client.end() }),
  },
  {
    does: 'never answers the login after a notice for all',
    reason: 'HandshakeTimeout',
    says: /did not answer the login within 10 s\.$/,
    start: (key) => ssh(key, { config: { banner: 'AUTHORISED USE ONLY' }, authenticate: () => {} }),
  },
  {
    does: 'waits for a person in a browser',
    reason: 'AuthenticationFailed',
    says: /does not go on with the login of "crawler" and says "This login requires an additional check\. /,
    start: (key) =>
      ssh(key, {
        config: { banner: 'This login requires an additional check.\nTo authenticate, visit: https://a.test/1' },
        authenticate: () => {},
      }),
  },
  {
    does: 'refuses a login and says why',
    reason: 'AuthenticationFailed',
    says: /refused the login of "crawler".*; it says "Ask the crawler team\."; check the user/,
    start: (key) =>
      ssh(key, {
        config: { banner: 'Ask the crawler team.' },
        authenticate: (context) => context.reject(['publickey']),
      }),
  },
  {
    does: 'takes a key and asks for a code',
    reason: 'AuthenticationFailed',
    says: /took our key for "crawler" and asks for "keyboard-interactive" as well; .*no second factor/,
    start: (key) =>
      ssh(key, {
        authenticate(context) {
          if (context.method !== 'publickey') context.reject(['publickey']);
          else if (context.signature === undefined) context.accept();
          else context.reject(['keyboard-interactive'], true);
        },
      }),
  },
  {
    does: 'takes passwords alone',
    reason: 'AuthenticationFailed',
    says: /takes no key from "crawler", only "password, keyboard-interactive"; passwords aren't used/,
    start: (key) => ssh(key, { authenticate: (context) => context.reject(['password', 'keyboard-interactive']) }),
  },
  {
    does: 'says that root is another user, and sleeps',
    reason: 'ExecRefused',
    says: /it says "Please login as the user .*; log in as that user: -u admin,/,
    output: 'Please login as',
    start: (key) =>
      ssh(key, {
        exec: (accept) => accept().write('Please login as the user "admin" rather than the user "root".\n'),
      }),
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
    says: /the probe did not end within 10 s/,
    output: 'half of ',
    start: (key) => ssh(key, { exec: (accept) => accept().write('half of ') }),
  },
  {
    does: 'exchanges keys again in the middle of the command, and hangs',
    reason: 'CommandTimeout',
    says: /the probe did not end within 10 s/,
    output: 'half of ',
    start: (key) =>
      ssh(key, {
        exec: (accept, _reject, _command, client) => void accept().write('half of ', () => client.rekey(() => {})),
      }),
  },
  {
    does: 'drips its output',
    reason: 'CommandTimeout',
    says: /the probe did not end within 10 s/,
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
