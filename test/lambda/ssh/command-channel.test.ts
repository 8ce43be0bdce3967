import type { Client } from 'ssh2';
import { describe, expect, it } from 'vitest';
import { execute } from '../../../lambda/ssh/command-channel.ts';
import type { Protocol } from '../../../lambda/ssh/inside-ssh2.ts';

/** The host's number of the channel. */
const THEIRS = 7;

/** A command on a connection whose host says what the test has it say; `said` is what went either way, in order. */
function command(stdin = 'abcdefgh') {
  const said: string[] = [];
  const protocol = {
    _handlers: {},
    session: (ours: number) => said.push(`open ${ours}`),
    exec: (theirs: number, text: string) => said.push(`exec ${theirs} ${text}`),
    channelData: (theirs: number, data: Buffer) => said.push(`data ${theirs} ${data}`),
    channelEOF: (theirs: number) => said.push(`eof ${theirs}`),
    channelClose: (theirs: number) => said.push(`close ${theirs}`),
    channelFailure: (theirs: number) => said.push(`failure ${theirs}`),
  } as unknown as Protocol;
  execute({ _protocol: protocol } as unknown as Client, 'sh -s', Buffer.from(stdin), {
    refused: ({ message, reason }) => said.push(`refused: ${message}, ${reason}`),
    output: (chunk) => said.push(`output: ${chunk}`),
    errors: (chunk) => said.push(`errors: ${chunk}`),
    exited: (status, signal) => said.push(`exited: ${status} ${signal}`),
    closed: () => said.push('closed'),
  });
  const host = protocol._handlers;
  const opens = (window: number, packetSize: number) =>
    host.CHANNEL_OPEN_CONFIRMATION(protocol, { recipient: 0, sender: THEIRS, window, packetSize });
  return { said, host, protocol, opens };
}

describe('a command on a channel of its own', () => {
  it('gets its input in parts that the host has room for', () => {
    const { said, host, protocol, opens } = command();
    opens(0, 3);
    host.CHANNEL_SUCCESS(protocol, 0);
    expect(said).toEqual(['open 0', 'exec 7 sh -s']);
    host.CHANNEL_WINDOW_ADJUST(protocol, 0, 5);
    host.CHANNEL_WINDOW_ADJUST(protocol, 0, 100);
    expect(said.slice(2)).toEqual(['data 7 abc', 'data 7 de', 'data 7 fgh', 'eof 7']);
    host.CHANNEL_WINDOW_ADJUST(protocol, 0, 100);
    expect(said).toHaveLength(6);
  });

  it('gets its input once the host runs it, and no sooner', () => {
    const { said, host, protocol, opens } = command('x');
    opens(0, 100);
    host.CHANNEL_WINDOW_ADJUST(protocol, 0, 100);
    expect(said).toEqual(['open 0', 'exec 7 sh -s']);
    host.CHANNEL_SUCCESS(protocol, 0);
    host.CHANNEL_SUCCESS(protocol, 0);
    expect(said.slice(2)).toEqual(['data 7 x', 'eof 7']);
  });

  it('is sent nothing in packets of no bytes', () => {
    const { said, host, protocol, opens } = command();
    opens(1000, 0);
    host.CHANNEL_SUCCESS(protocol, 0);
    expect(said).toEqual(['open 0', 'exec 7 sh -s']);
  });

  it('ends an empty input', () => {
    const { said, host, protocol, opens } = command('');
    opens(0, 100);
    host.CHANNEL_SUCCESS(protocol, 0);
    expect(said.slice(2)).toEqual(['eof 7']);
  });

  it('reports what it prints, how it ended and that it is over, once', () => {
    const { said, host, protocol, opens } = command('');
    opens(0, 100);
    host.CHANNEL_SUCCESS(protocol, 0);
    said.length = 0;
    host.CHANNEL_DATA(protocol, 0, Buffer.from('vitals'));
    host.CHANNEL_EXTENDED_DATA(protocol, 0, Buffer.from('warning'), 1);
    host.CHANNEL_EXTENDED_DATA(protocol, 0, Buffer.from('of another kind'), 2);
    host.CHANNEL_REQUEST(protocol, 0, 'keepalive@openssh.com', true, undefined);
    host.CHANNEL_REQUEST(protocol, 0, 'exit-signal', false, { signal: 'KILL' });
    host.CHANNEL_REQUEST(protocol, 0, 'exit-status', false, 0);
    host.CHANNEL_EOF(protocol, 0);
    host.CHANNEL_CLOSE(protocol, 0);
    host.CHANNEL_CLOSE(protocol, 0);
    host.CHANNEL_DATA(protocol, 0, Buffer.from('late'));
    expect(said).toEqual([
      ...['output: vitals', 'errors: warning', 'failure 7', 'exited: null SIGKILL', 'close 7', 'closed'],
    ]);
  });

  it('knows no other channel', () => {
    const { said, host, protocol, opens } = command();
    host.CHANNEL_OPEN_CONFIRMATION(protocol, { recipient: 1, sender: 9, window: 100, packetSize: 100 });
    host.CHANNEL_OPEN_FAILURE(protocol, 1, 1, 'no');
    host.CHANNEL_CLOSE(protocol, 1);
    expect(said).toEqual(['open 0']);
    opens(100, 100);
    opens(100, 100);
    host.CHANNEL_SUCCESS(protocol, 1);
    host.CHANNEL_FAILURE(protocol, 1);
    host.CHANNEL_WINDOW_ADJUST(protocol, 1, 100);
    host.CHANNEL_DATA(protocol, 1, Buffer.from('x'));
    host.CHANNEL_EXTENDED_DATA(protocol, 1, Buffer.from('x'), 1);
    host.CHANNEL_REQUEST(protocol, 1, 'exit-status', false, 0);
    expect(said).toEqual(['open 0', 'exec 7 sh -s']);
  });

  it.each<[string, (made: ReturnType<typeof command>) => void, string[]]>([
    [
      'no session is opened',
      ({ host, protocol }) => host.CHANNEL_OPEN_FAILURE(protocol, 0, 4, 'no more'),
      ['open 0', 'refused: (SSH) Channel open failure: no more, 4'],
    ],
    [
      'the session is closed instead of opened',
      ({ host, protocol }) => host.CHANNEL_CLOSE(protocol, 0),
      ['open 0', 'refused: (SSH) Channel open failure: server closed channel unexpectedly, '],
    ],
    [
      'the command is refused',
      ({ host, protocol, opens }) => {
        opens(0, 100);
        host.CHANNEL_FAILURE(protocol, 0);
      },
      ['open 0', 'exec 7 sh -s', 'close 7', 'refused: Unable to exec, undefined'],
    ],
    [
      'the session is closed before the command is answered',
      ({ host, protocol, opens }) => {
        opens(0, 100);
        host.CHANNEL_CLOSE(protocol, 0);
      },
      ['open 0', 'exec 7 sh -s', 'close 7', 'refused: Unable to exec, undefined'],
    ],
  ])('is refused where %s', (_, act, expected) => {
    const made = command();
    act(made);
    // Whatever comes then changes nothing.
    const { host, protocol } = made;
    host.CHANNEL_SUCCESS(protocol, 0);
    host.CHANNEL_FAILURE(protocol, 0);
    host.CHANNEL_CLOSE(protocol, 0);
    expect(made.said).toEqual(expected);
  });
});
