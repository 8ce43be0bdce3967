/**
 * The one channel of a connection that runs a command. With inside-ssh2.ts all that uses what ssh2 doesn't document: ssh2 makes
 * two streams of each channel, and what Node does at their ends takes as long as the key exchange.
 */
import type { Client } from 'ssh2';
import { protocolOf } from './inside-ssh2.ts';

/** How the host refused; `reason` is RFC 4254's number (5.1) where it opened no session, and absent where it did. */
export type ExecError = Error & { readonly reason?: unknown };

export interface CommandEvents {
  refused(error: ExecError): void;
  output(chunk: Buffer): void;
  errors(chunk: Buffer): void;
  /** @param status null: it was ended by a signal, `SIGKILL` for instance */
  exited(status: number | null, signal?: string): void;
  closed(): void;
}

/** Our number of the channel. */
const OURS = 0;
/** What the host may send before it is allowed more, which no connection lives to see (session.ts), and in one packet. */
const WINDOW = 2 * 1024 * 1024;
const PACKET = 32 * 1024;
/** SSH_EXTENDED_DATA_STDERR (RFC 4254, 5.2). */
const STDERR = 1;

/** Runs `command` with `stdin` as its input. Nothing is called where the connection ends first. For one command of a connection. */
export function execute(client: Client, command: string, stdin: Buffer, on: CommandEvents): void {
  const protocol = protocolOf(client);
  const handlers = protocol._handlers;
  let state: 'opening' | 'asking' | 'running' | 'over' = 'opening';
  let theirs = 0;
  let window = 0;
  let packetSize = 0;
  let sent = 0;
  let hasExited = false;

  const refuse = (message: string, reason?: unknown) => {
    if (state === 'asking') protocol.channelClose(theirs);
    state = 'over';
    on.refused(Object.assign(new Error(message), reason !== undefined && { reason }));
  };
  const sendInput = () => {
    while (sent < stdin.length && window > 0 && packetSize > 0) {
      const part = stdin.subarray(sent, sent + Math.min(window, packetSize));
      protocol.channelData(theirs, part);
      sent += part.length;
      window -= part.length;
      if (sent === stdin.length) protocol.channelEOF(theirs);
    }
  };

  handlers.CHANNEL_OPEN_CONFIRMATION = (_, opened) => {
    if (opened.recipient !== OURS || state !== 'opening') return;
    state = 'asking';
    theirs = opened.sender;
    window = opened.window;
    packetSize = opened.packetSize;
    protocol.exec(theirs, command, true);
  };
  handlers.CHANNEL_OPEN_FAILURE = (_, recipient, reason, description) => {
    if (recipient === OURS && state === 'opening') refuse(`(SSH) Channel open failure: ${description}`, reason);
  };
  handlers.CHANNEL_SUCCESS = (_, recipient) => {
    if (recipient !== OURS || state !== 'asking') return;
    state = 'running';
    if (stdin.length === 0) protocol.channelEOF(theirs);
    sendInput();
  };
  handlers.CHANNEL_FAILURE = (_, recipient) => {
    if (recipient === OURS && state === 'asking') refuse('Unable to exec');
  };
  handlers.CHANNEL_WINDOW_ADJUST = (_, recipient, more) => {
    if (recipient !== OURS) return;
    window += more;
    if (state === 'running') sendInput();
  };
  const isOpen = (recipient: number) => recipient === OURS && (state === 'asking' || state === 'running');
  handlers.CHANNEL_DATA = (_, recipient, chunk) => {
    if (isOpen(recipient)) on.output(chunk);
  };
  handlers.CHANNEL_EXTENDED_DATA = (_, recipient, chunk, type) => {
    if (isOpen(recipient) && type === STDERR) on.errors(chunk);
  };
  handlers.CHANNEL_REQUEST = (_, recipient, type, wantsReply, data) => {
    if (!isOpen(recipient) || hasExited) return;
    if (type === 'exit-status') {
      hasExited = true;
      on.exited(data as number);
    } else if (type === 'exit-signal') {
      hasExited = true;
      on.exited(null, `SIG${(data as { readonly signal: string }).signal}`);
    } else if (wantsReply) protocol.channelFailure(theirs);
  };
  handlers.CHANNEL_EOF = () => {};
  handlers.CHANNEL_CLOSE = (_, recipient) => {
    if (recipient !== OURS || state === 'over') return;
    if (state === 'opening') return refuse('(SSH) Channel open failure: server closed channel unexpectedly', '');
    if (state === 'asking') return refuse('Unable to exec');
    state = 'over';
    protocol.channelClose(theirs);
    on.closed();
  };

  protocol.session(OURS, WINDOW, PACKET);
}
