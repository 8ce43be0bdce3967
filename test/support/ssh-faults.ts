/** Hosts that fail, one way each: what they do on the wire, and what that is to be called. */
import type { FailureReason } from '../../lambda/model/index.ts';
import { fullBacklog } from './full-backlog.ts';
import { rawServer } from './ssh-server.ts';

/** What each is given; generous, so that those that answer do so on a busy machine. */
export const FAULT_DEADLINE_MS = 10_000;

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
    says: /did not accept a TCP connection within 10 s/,
    start: () => fullBacklog(),
  },
  {
    does: 'accepts and is silent',
    reason: 'BannerTimeout',
    says: /sent no SSH banner within 10 s/,
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
    says: /sent no SSH banner within 10 s/,
    start: () =>
      rawServer((socket) => {
        const banner = 'SSH-2.0-OpenSSH_9.2p1 Debian\r\n'.split('');
        const drip = setInterval(() => socket.write(banner.shift() ?? ''), 400).unref();
        socket.on('close', () => clearInterval(drip));
      }),
  },
];
