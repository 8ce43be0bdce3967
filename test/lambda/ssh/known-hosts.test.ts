import { describe, expect, it } from 'vitest';
import type { FailureReason, HostKeyTrust } from '../../../lambda/model/index.ts';
import {
  fingerprint,
  type HostKeyPolicy,
  hostKeyChecks,
  type KeyHolder,
  parseKnownHosts,
} from '../../../lambda/ssh/known-hosts.ts';

const ED25519 = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILrl18ES3i6ybAYB8AWbLqgOwv9Fu5fQlLjU76Z3W4eY';
const ECDSA =
  'ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBKrhue/vaWQIK+rw2dxw8QGWlRr3ySrd+IbglCXt5TyZOg7r3Hu3WSBkHnNBfKzyZJIGSyb+D2oenXjN0nHsRSk=';
/** `ssh-keygen -H` made these of 10.0.0.1 and [crawler.example]:2222. */
const HASHED = '|1|9XJvLYHr/60Ue5EVOdKxjjRn0sw=|hhIY0wx8CqtC6YLkS9Mckg2xNyw=';
const HASHED_WITH_PORT = '|1|fXk+FOcqGxdzVvDaAmFvi+O7v3Q=|BZNOJ8AmmYgl/EZvWWH2Juw0qss=';

const blob = (line: string) => Buffer.from(line.split(' ')[1]!, 'base64');
/** A key of the same type that is not the same. */
const OTHER = Buffer.concat([blob(ED25519).subarray(0, -32), Buffer.alloc(32, 7)]);

const policy = (text: string, acceptNew = false): HostKeyPolicy => ({
  kind: 'known-hosts',
  known: parseKnownHosts(text),
  acceptNew,
});
const checkOf = (given: HostKeyPolicy, address: string, port = 22) =>
  hostKeyChecks(given)({ address, port, pin: null });

describe('known_hosts', () => {
  it.each<[string, string, string, number, FailureReason]>([
    ['an empty file', '', '10.0.0.1', 22, 'HostKeyUnknown'],
    ['only another host', `10.0.0.2 ${ED25519}`, '10.0.0.1', 22, 'HostKeyUnknown'],
    ['a comment', `# 10.0.0.1 ${ED25519}`, '10.0.0.1', 22, 'HostKeyUnknown'],
    ['a line cut short', '10.0.0.1 ssh-ed25519', '10.0.0.1', 22, 'HostKeyUnknown'],
    [
      'a key that is not of the type it claims',
      `10.0.0.1 ssh-rsa ${ED25519.split(' ')[1]}`,
      '10.0.0.1',
      22,
      'HostKeyUnknown',
    ],
    ['a key that is not base64', '10.0.0.1 ssh-ed25519 ////', '10.0.0.1', 22, 'HostKeyUnknown'],
    ['a certificate authority', `@cert-authority * ${ED25519}`, '10.0.0.1', 22, 'HostKeyUnknown'],
    ['a pattern with this host negated', `10.0.0.*,!10.0.0.1 ${ED25519}`, '10.0.0.1', 22, 'HostKeyUnknown'],
    ['only a negation', `!10.0.0.2 ${ED25519}`, '10.0.0.1', 22, 'HostKeyUnknown'],
    ['the same host on another port', `[10.0.0.1]:2222 ${ED25519}`, '10.0.0.1', 22, 'HostKeyUnknown'],
    ['another key', `10.0.0.1 ssh-ed25519 ${OTHER.toString('base64')}`, '10.0.0.1', 22, 'HostKeyMismatch'],
    ['only a key of another type', `10.0.0.1 ${ECDSA}`, '10.0.0.1', 22, 'HostKeyMismatch'],
    ['this key, revoked', `10.0.0.1 ${ED25519}\n@revoked 10.0.0.1 ${ED25519}`, '10.0.0.1', 22, 'HostKeyMismatch'],
    [
      'this key, revoked for all',
      `@revoked * ${ED25519}\n[10.0.0.1]:2222 ${ED25519}`,
      '10.0.0.1',
      2222,
      'HostKeyMismatch',
    ],
  ])('with %s distrusts the host', (_what, text, address, port, reason) => {
    expect(checkOf(policy(text), address, port).verify(blob(ED25519))?.reason).toBe(reason);
  });

  it.each<[string, string, string, number]>([
    ['its address', `10.0.0.1 ${ED25519} root@crawler`, '10.0.0.1', 22],
    ['its name in other case', `Crawler.Example ${ED25519}`, 'cRAWLER.eXAMPLE', 22],
    ['one of several names', `crawler7,10.0.0.1 ${ED25519}`, '10.0.0.1', 22],
    ['a pattern', `*.example,10.0.?.1 ${ED25519}`, '10.0.0.1', 22],
    ['a pattern of many stars', `${'*a'.repeat(20)}*,*0*0*1 ${ED25519}`, '10.0.0.1', 22],
    ['its port', `[crawler.example]:2222 ${ED25519}`, 'crawler.example', 2222],
    ['no port, and none with one', `crawler.example ${ED25519}`, 'crawler.example', 2222],
    ['IPv6 and a port', `[2001:db8::1]:2222 ${ED25519}`, '2001:DB8::1', 2222],
    ['a hash', `${HASHED} ${ED25519}`, '10.0.0.1', 22],
    ['a hash with its port', `${HASHED_WITH_PORT} ${ED25519}`, 'crawler.example', 2222],
    ['one of several lines', `10.0.0.1 ${ECDSA}\r\n10.0.0.1\t${ED25519}\r\n`, '10.0.0.1', 22],
    ['a line beside a revoked other key', `@revoked * ${ECDSA}\n10.0.0.1 ${ED25519}`, '10.0.0.1', 22],
  ])('trusts a host by %s', (_what, text, address, port) => {
    expect(checkOf(policy(text), address, port).verify(blob(ED25519))).toBeNull();
  });

  it('reads no more than ssh of a line after a byte order mark', () => {
    expect(parseKnownHosts(`\ufeff10.0.0.1 ${ED25519}\n \t10.0.0.2 ${ED25519}\r\n`).map(({ hosts }) => hosts)).toEqual([
      '\ufeff10.0.0.1',
      '10.0.0.2',
    ]);
  });

  it('asks first for the types of key that it holds, so that a host with several shows one that is known', () => {
    expect(checkOf(policy(`10.0.0.1 ${ECDSA}`), '10.0.0.1').algorithms[0]).toBe('ecdsa-sha2-nistp256');
    expect(checkOf(policy(''), '10.0.0.1').algorithms[0]).toBe('ssh-ed25519');
  });

  it('never asks for a host key that is signed with SHA-1', () => {
    expect(checkOf(policy(''), '10.0.0.1').algorithms).not.toContain('ssh-rsa');
  });

  it('names the fix where the host is unknown', () => {
    expect(checkOf(policy(''), '10.0.0.1', 2222).verify(blob(ED25519))?.text).toBe(
      '10.0.0.1:2222 showed the "ssh-ed25519" host key SHA256:lI7Dh8U0Dtb1uZRodfr29aYG6Hb4S91qgkAoWwSt0tg, ' +
        'but known_hosts has none for it; nothing was run; ' +
        'to add it: ssh-keyscan -p 2222 10.0.0.1, or --accept-new-host-keys.',
    );
    expect(checkOf(policy(''), '10.0.0.1').verify(blob(ED25519))?.text).toContain(
      'to add it: ssh-keyscan 10.0.0.1, or',
    );
    const atHome = { ...policy(''), addTo: '/home/bo/.ssh/known_hosts' };
    expect(checkOf(atHome, '10.0.0.1').verify(blob(ED25519))?.text).toContain(' >>/home/bo/.ssh/known_hosts, or');
    const isNew = { ...atHome, hasFolder: (path: string) => path !== '/home/bo/.ssh' };
    expect(checkOf(isNew, '10.0.0.1').verify(blob(ED25519))?.text).toContain(
      'to add it: mkdir -p -m 700 /home/bo/.ssh && ssh-keyscan 10.0.0.1 >>/home/bo/.ssh/known_hosts, or',
    );
    const advice = (trust: Partial<HostKeyTrust>) =>
      hostKeyChecks(policy(''))({
        ...{ address: '10.0.0.1', port: 22, pin: null },
        trust: { alias: null, files: [], addTo: null, acceptNew: false, ...trust },
      }).verify(blob(ED25519))?.text;
    expect(advice({ addTo: '/home/ann/.ssh/known_hosts' })).toContain(
      ': ssh-keyscan 10.0.0.1 >>/home/ann/.ssh/known_hosts, or',
    );
    expect(advice({ addTo: '/home/ann smith/;rm' })).toContain(': ssh-keyscan 10.0.0.1, or');
    expect(advice({ addTo: '/home/ann/.ssh/known_hosts', alias: 'web' })).toContain(': ssh-keyscan 10.0.0.1, or');
  });
});

describe('the fix for a key that has changed', () => {
  const other = (host: string) => parseKnownHosts(`${host} ssh-ed25519 ${OTHER.toString('base64')}`);
  const fix = (host: string, holder: Partial<KeyHolder>, addTo?: string) =>
    hostKeyChecks({
      ...{ kind: 'known-hosts', known: other(host), read: () => other(host), acceptNew: false },
      ...(addTo !== undefined && { addTo }),
    })({
      ...{ address: '10.0.0.1', port: 22, pin: null },
      ...holder,
    })
      .verify(blob(ED25519))
      ?.text.replace(/^.*; nothing was run; /, '');
  const trust = { alias: null, files: ['kh'], addTo: 'kh', acceptNew: false };

  it.each<[string, string, Partial<KeyHolder>, string | undefined, string]>([
    ['the default port', '10.0.0.1', {}, undefined, 'ssh-keygen -R 10.0.0.1'],
    ['the file of the flag', '[10.0.0.1]:2299', { port: 2299 }, 'kh3', "ssh-keygen -R '[10.0.0.1]:2299' -f kh3"],
    ['a line without the port', '10.0.0.1', { port: 2299 }, 'kh3', 'ssh-keygen -R 10.0.0.1 -f kh3'],
    ['a file that a shell would split', '10.0.0.1', {}, "/a b/it's", "ssh-keygen -R 10.0.0.1 -f '/a b/it'\\''s'"],
    ["the file of the host's own", '10.0.0.1', { trust }, 'kh3', 'ssh-keygen -R 10.0.0.1 -f kh'],
    ['an alias', 'web', { trust: { ...trust, alias: 'web' } }, 'kh3', 'ssh-keygen -R web -f kh'],
    ['no file at all', '10.0.0.1', { trust: { ...trust, addTo: null } }, 'kh3', 'ssh-keygen -R 10.0.0.1'],
    ['a name that is a command', '$(id)', { address: '$(id)' }, 'kh3', "ssh-keygen -R '$(id)' -f kh3"],
  ])('names %s', (_what, host, holder, addTo, command) => {
    expect(fix(host, holder, addTo)).toBe(`if the host was rebuilt, forget the old key: ${command}.`);
  });
});

describe('accepting new host keys', () => {
  const accepting = (text = '') => {
    const lines: string[] = [];
    const checks = hostKeyChecks({
      kind: 'known-hosts',
      known: parseKnownHosts(text),
      acceptNew: true,
      accepted: (line) => lines.push(line),
    });
    return { lines, check: (port: number) => checks({ address: '10.0.0.1', port, pin: null }) };
  };

  it('still refuses a key that differs from the known one', () => {
    expect(accepting(`10.0.0.1 ${ECDSA}`).check(22).verify(blob(ED25519))?.reason).toBe('HostKeyMismatch');
  });

  it('refuses a second key for a host whose first was accepted in this run', () => {
    const { check } = accepting();
    check(22).proved(blob(ED25519));
    expect(check(22).verify(OTHER)?.reason).toBe('HostKeyMismatch');
    expect(check(22).verify(blob(ED25519))).toBeNull();
  });

  it('hands out the line for known_hosts once, when the host has proved that it holds the key', () => {
    const { lines, check } = accepting();
    expect(check(2222).verify(blob(ED25519))).toBeNull();
    expect(lines).toEqual([]);
    check(2222).proved(blob(ED25519));
    check(2222).proved(blob(ED25519));
    check(22).proved(blob(ED25519));
    expect(lines).toEqual([`[10.0.0.1]:2222 ${ED25519}`, `10.0.0.1 ${ED25519}`]);
    expect(parseKnownHosts(lines.join('\n'))).toHaveLength(2);
  });

  it('hands out nothing for a host that was known', () => {
    const { lines, check } = accepting(`10.0.0.1 ${ED25519}`);
    check(22).proved(blob(ED25519));
    expect(lines).toEqual([]);
  });
});

describe('the fingerprint of a key', () => {
  it('is what ssh-keygen prints', () => {
    expect(fingerprint(blob(ED25519))).toBe('SHA256:lI7Dh8U0Dtb1uZRodfr29aYG6Hb4S91qgkAoWwSt0tg');
    expect(fingerprint(blob(ECDSA))).toBe('SHA256:2kl3+c4CiyJplc+OhrpDaPzflLIOol8zA5b8z7uLb7k');
  });
});
