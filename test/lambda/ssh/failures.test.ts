import { describe, expect, it } from 'vitest';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { endpointOf, loginRefused, type Phase, quote, socketFailed, sshFailed } from '../../../lambda/ssh/failures.ts';

const WHERE = { endpoint: '10.0.1.7:22', deadlineMs: 15_000 };
const withCode = <C extends string | number>(code: C) => Object.assign(new Error('said so'), { code });

describe('the command that adds a key', () => {
  const PASSWORDS = ['publickey', 'password'];
  it.each<[string, string | null, string, string]>([
    ['the key file that was tried', 'other', 'root', 'ssh-copy-id -i other.pub -p 2299 root@10.0.1.7'],
    ['its path, as one word', "/a b/it's", 'root', "ssh-copy-id -i '/a b/it'\\''s.pub' -p 2299 root@10.0.1.7"],
    ['no key file where none is known', null, 'root', 'ssh-copy-id -p 2299 root@10.0.1.7'],
    ['no user that is none', 'other', '$(id)', 'ssh-copy-id -i other.pub USER@HOST'],
  ])('names %s', (_what, keyFile, user, command) => {
    const keys = { left: PASSWORDS, troubles: [], tried: 1, keyFile, hasProved: false, words: '' };
    const where = { ...WHERE, endpoint: '10.0.1.7:2299' };
    expect(loginRefused(where, user, keys).text).toMatch(/passwords aren't used; to add a key: /);
    expect(loginRefused(where, user, keys).text.split('to add a key: ')[1]).toBe(`${command}.`);
    expect(loginRefused(where, user, { ...keys, left: ['password'] }).text.split(', then ')[1]).toBe(`${command}.`);
    expect(loginRefused(where, user, { ...keys, tried: 0 }).text).not.toContain(' -i ');
  });
});

describe('the name of a socket error', () => {
  it.each<[string, Phase, FailureReason]>([
    ['ENOTFOUND', 'resolve', 'NameNotResolved'],
    ['EAI_AGAIN', 'resolve', 'NameNotResolved'],
    ['ECONNREFUSED', 'connect', 'ConnectionRefused'],
    ['ETIMEDOUT', 'connect', 'ConnectTimeout'],
    ['ECONNRESET', 'connect', 'ConnectionReset'],
    ['EHOSTUNREACH', 'connect', 'HostUnreachable'],
    ['ENETUNREACH', 'connect', 'HostUnreachable'],
    ['EACCES', 'connect', 'HostUnreachable'],
    ['EMFILE', 'connect', 'HostUnreachable'],
    ['ECONNRESET', 'banner', 'ConnectionReset'],
    ['ETIMEDOUT', 'banner', 'BannerTimeout'],
    ['ECONNRESET', 'kex', 'ConnectionLost'],
    ['ECONNRESET', 'login', 'ConnectionLost'],
    ['ECONNRESET', 'command', 'ConnectionLost'],
  ])('%s in the phase %s is %s', (code, phase, reason) => {
    const failed = socketFailed(phase, WHERE, withCode(code), '');
    expect(failed.reason).toBe(reason);
    expect(failed.text).toContain('10.0.1.7:22');
  });

  it.each(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOBUFS', 'EADDRNOTAVAIL', 'EAGAIN'])(
    '%s is a limit of this side in every phase, never the host',
    (code) => {
      for (const phase of ['resolve', 'connect', 'banner', 'kex', 'login', 'command'] as const) {
        const failed = socketFailed(phase, WHERE, withCode(code), '');
        expect(failed.reason).toBe('HostUnreachable');
        expect(failed.text).toMatch(
          new RegExp(`^10\\.0\\.1\\.7:22 was not asked: .*\\(${code}\\): .* lower forks\\.$`),
        );
      }
    },
  );

  it('is a limit of this side where one of several addresses failed by it', () => {
    const error = new AggregateError([withCode('EMFILE'), withCode('ECONNREFUSED')]);
    expect(socketFailed('connect', WHERE, error, '').reason).toBe('HostUnreachable');
  });

  it('says that the host was not reached where a reset came in place of an accept', () => {
    expect(socketFailed('connect', WHERE, withCode('ECONNRESET'), '')).toMatchObject({ reached: false });
    expect(socketFailed('banner', WHERE, withCode('ECONNRESET'), '')).not.toHaveProperty('reached');
  });

  it('is that of the last address where a name has several', () => {
    const error = new AggregateError([withCode('ENETUNREACH'), withCode('ECONNREFUSED')]);
    expect(socketFailed('connect', WHERE, error, '').reason).toBe('ConnectionRefused');
  });

  it('is ProtocolError where garbage came before a reset', () => {
    expect(socketFailed('banner', WHERE, withCode('ECONNRESET'), '* OK IMAP').reason).toBe('ProtocolError');
  });
});

describe('the name of a disconnect by the host', () => {
  it.each<[number, Phase, FailureReason]>([
    [12, 'kex', 'SshThrottled'],
    [12, 'login', 'SshThrottled'],
    [3, 'kex', 'NegotiationFailed'],
    [2, 'kex', 'ProtocolError'],
    [2, 'login', 'AuthenticationFailed'],
    [14, 'login', 'AuthenticationFailed'],
    [11, 'command', 'ConnectionLost'],
  ])('with reason %d in the phase %s is %s', (code, phase, reason) => {
    expect(sshFailed(phase, WHERE, withCode(code), '').reason).toBe(reason);
  });
});

it('a disconnect that says why no command runs is ExecRefused, with what to do', () => {
  const error = Object.assign(new Error('Password change required but no TTY available.'), { code: 2 });
  expect(sshFailed('command', WHERE, error, '')).toMatchObject({
    reason: 'ExecRefused',
    text: expect.stringMatching(/"Password change required but no TTY available\." and disconnected; .*chage -M -1/),
  });
});

describe('what a host sent, in a sentence', () => {
  it.each([
    ['\x1b]0;owned\x07', '"\\x1b]0;owned\\x07"'],
    ['caf\u00e9 \u202e', '"caf\\xe9 \\u202e"'],
    ['C:\\x', '"C:\\x5cx"'],
    ['x'.repeat(500), `"${'x'.repeat(197)}..."`],
  ])('%j is shown as %s', (sent, shown) => {
    expect(quote(sent)).toBe(shown);
  });
});

it('writes an IPv6 address in brackets', () => {
  expect(endpointOf('2001:db8::1', 22)).toBe('[2001:db8::1]:22');
});
