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
