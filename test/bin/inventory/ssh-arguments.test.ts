import { describe, expect, it } from 'vitest';
import { proxyOf, proxyOfArguments, splitArguments } from '../../../bin/inventory/ssh-arguments.ts';

const words = (text: string) => {
  const split = splitArguments(text);
  return split.kind === 'ok' ? split.value : [];
};

describe("the proxy in ssh's arguments", () => {
  it.each([
    '',
    '-o StrictHostKeyChecking=no -C',
    '-o ProxyJump=none',
    '-o',
    '-J',
    "-o 'ProxyJump=unclosed",
    '-F proxyjump=a -i -Jnot-an-option',
    '-p 22 host -o ControlMaster=auto',
  ])('is direct for %j', (text) => {
    expect(proxyOfArguments(words(text))).toBeNull();
  });

  it.each([
    ['-J bastion', 'bastion'],
    ['-Jbastion', 'bastion'],
    ['-J a,me@b:2222', 'a,me@b:2222'],
    ['-C -o ProxyJump=bastion', 'bastion'],
    ['-oProxyJump=bastion', 'bastion'],
    ["-o 'ProxyJump me@bastion'", 'me@bastion'],
    ['-o proxyjump=a -o ProxyJump=b', 'a'],
    ['-o ServerAliveInterval=5 -o "ProxyCommand=ssh -W %h:%p -q me@bastion"', 'me@bastion'],
    ['-o ProxyCommand="ssh -qW %h:%p -p 2222 -l me bastion"', 'me@bastion:2222'],
    ['-o ProxyCommand="exec /usr/bin/ssh -J a -W %h:%p b"', 'a,b'],
  ])('leads for %j through %s', (text, hosts) => {
    expect(proxyOfArguments(words(text))).toEqual({ kind: 'jump', hosts });
  });

  it.each(['nc -X 5 %h %p', 'aws ssm start-session --target %h', 'ssh bastion nc %h %p', 'ssh -W other:22 bastion'])(
    'is a command that only ssh can run for %j',
    (command) => {
      expect(proxyOf('ProxyCommand', command)).toEqual({ kind: 'command', command });
    },
  );
});

describe("ssh's arguments", () => {
  it.each([
    ['', []],
    [' \t\n', []],
    ['-o A=1', ['-o', 'A=1']],
    ['-o "A=b c" -p 2201', ['-o', 'A=b c', '-p', '2201']],
    ['-o \'ProxyCommand=sh -c "nc %h %p" # all of it\'', ['-o', 'ProxyCommand=sh -c "nc %h %p" # all of it']],
    ['-o A=1 # no comment', null],
    ['-o A=a#b', ['-o', 'A=a#b']],
    ['-C -4q -vvv', ['-C', '-4q', '-vvv']],
    ['-J gate,me@gate2:22 -i ~/.ssh/id', ['-J', 'gate,me@gate2:22', '-i', '~/.ssh/id']],
    ['-oA=1 -p2201 -Cp 7', ['-oA=1', '-p2201', '-Cp', '7']],
    ['-o "" A=1', ['-o', 'A=1']],
    ['-o -p', ['-o', '-p']],
    ['-o A=\\"b\\"', ['-o', 'A="b"']],
  ])('are split as Ansible splits %j', (text, expected) => {
    const split = splitArguments(text);
    expect(split.kind === 'ok' ? split.value : null).toEqual(expected);
  });

  it.each([
    ['-o "A', 'options of ssh with a closing "'],
    ["-o 'A", "options of ssh with a closing '"],
    ['-o A\\', 'options of ssh with a character after the \\'],
    ['-o', 'a value after -o'],
    ['-p 22 -qJ', 'a value after -qJ'],
    ['bastion', 'options of ssh alone: "bastion" is none'],
    ['-o A=1 bastion reboot', 'options of ssh alone: "bastion" is none'],
    ['-C -- -p', 'options of ssh alone: "--" is none'],
    ['-', 'options of ssh alone: "-" is none'],
    ['-4N', 'options with which ssh runs a command: not -N'],
    ['-W %h:%p', 'options with which ssh runs a command: not -W'],
    ['-fp 22', 'options with which ssh runs a command: not -f'],
    ['-G', 'options with which ssh runs a command: not -G'],
  ])('are refused as %j', (text, expected) => {
    expect(splitArguments(text)).toEqual({ kind: 'bad', expected });
  });
});
