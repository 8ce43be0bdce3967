import { describe, expect, it } from 'vitest';
import { splitArguments } from '../../../bin/inventory/ssh-arguments.ts';

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
