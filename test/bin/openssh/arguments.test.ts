import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHostName, sshArguments } from '../../../bin/openssh/arguments.ts';
import { versionOf } from '../../../bin/openssh/client.ts';

const call = (
  options: readonly string[],
  destination = 'web1',
  given: { version?: number; knownHosts?: string } = {},
) =>
  sshArguments({
    way: { destination, options, because: 'a test' },
    client: { version: given.version ?? 902 },
    log: '/run/log',
    command: 'sh -s',
    connectSeconds: 75,
    ...(given.knownHosts === undefined ? {} : { knownHosts: given.knownHosts }),
  });
const wordsOf = (...args: Parameters<typeof call>): readonly string[] => {
  const result = call(...args);
  if (result.kind === 'refused') throw new Error(result.why);
  return result.words;
};

describe('the arguments of ssh', () => {
  it.each([
    ['an empty name', ''],
    ['an option in place of a name', '-oProxyCommand=touch /tmp/x'],
    ['a second line', 'web1\nProxyCommand touch /tmp/x'],
    ['a command for the shell of a ProxyCommand', '$(touch /tmp/x)'],
    ['the same in backquotes', '`touch x`'],
    ['two commands', 'web1;id'],
    ['a space', 'web 1'],
    ['a NUL character', 'web1\0'],
  ])('are refused for %s', (_what, destination) => {
    expect(call([], destination)).toMatchObject({ kind: 'refused', why: expect.stringContaining('no name of a host') });
  });

  it.each(['web1', 'web1.example', '10.0.0.7', '2001:db8::7', 'fe80::1%eth0', 'i-0123456789abcdef0', 'mi_web+1'])(
    'take %s as a host',
    (name) => expect(isHostName(name)).toBe(true),
  );

  it.each([
    ['another host', ['-p', '22', 'other']],
    ['an end of options', ['--', 'other', 'rm -rf /']],
    ['a single dash', ['-']],
    ['an empty word', ['']],
    ['a long option', ['--help']],
    ['a missing value', ['-o']],
    ['a NUL character', ['-o', 'User=a\0b']],
    ['a request that runs nothing on the host', ['-CG']],
    ['a version', ['-V']],
  ])('refuse options with %s', (_what, options) => {
    expect(call(options)).toMatchObject({ kind: 'refused' });
  });

  it('read options as getopt does, and leave out what is no part of the way', () => {
    const words = wordsOf(['-Cqp2222', '-oUser=me', '-o', 'Port=2201', '-vvvtt', '-fN', '-L1:a:2', '-E', 'x', '-4']);
    const own = words.slice(words.findIndex((word) => word.startsWith('ConnectTimeout=')) + 1);
    expect(own).toEqual(['-C', '-p', '2222', '-o', 'User=me', '-o', 'Port=2201', '-4', '--', 'web1', 'sh -s']);
  });

  it('give the option -P a value where that version of ssh does', () => {
    expect(call(['-P', 'tag'])).toMatchObject({ kind: 'refused' });
    expect(wordsOf(['-P', 'tag'], 'web1', { version: 904 })).toContain('tag');
  });

  it('come before those of the inventory, since ssh takes the first of a kind', () => {
    const words = wordsOf(['-o', 'BatchMode=no', '-o', 'ControlMaster=auto']);
    expect(words.indexOf('BatchMode=yes')).toBeLessThan(words.indexOf('BatchMode=no'));
    expect(words.indexOf('ControlMaster=no')).toBeLessThan(words.indexOf('ControlMaster=auto'));
  });

  it('never weaken the check of host keys', () => {
    expect(wordsOf([]).join(' ')).not.toMatch(/StrictHostKeyChecking|KnownHosts/);
    const words = wordsOf([], 'web1', { knownHosts: '/a b/"known"' });
    expect(words).toContain('UserKnownHostsFile="/a b/\\"known\\""');
    expect(words.join(' ')).not.toContain('StrictHostKeyChecking');
  });

  it('know no option that the version of ssh does not know', () => {
    expect(wordsOf([], 'web1', { version: 705 }).join(' ')).not.toMatch(/RemoteCommand|SessionType|StdinNull/);
    expect(wordsOf([], 'web1', { version: 807 }).join(' ')).toMatch(/RemoteCommand=none.*SessionType=default/);
  });

  it('hold every word of an inventory as one argument before --, whatever it says', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.string({ unit: 'binary' }), (options, destination) => {
        const result = call(options, destination);
        if (result.kind === 'refused') return;
        const { words } = result;
        expect(words.slice(-3)).toEqual(['--', destination, 'sh -s']);
        expect(words.indexOf('--')).toBe(words.length - 3);
        expect(isHostName(destination)).toBe(true);
        expect(words.some((word) => word.includes('\0'))).toBe(false);
        const given = words.slice(words.findIndex((word) => word.startsWith('ConnectTimeout=')) + 1, -3);
        // Each is an option's letter or a value as it was given.
        for (const word of given) {
          expect(/^-\w$/.test(word) || options.some((option) => option.endsWith(word))).toBe(true);
        }
      }),
    );
  });
});

describe('the version of ssh', () => {
  it.each([
    ['OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026\n', 902],
    ['OpenSSH_7.4p1, OpenSSL 1.0.2k-fips  26 Jan 2017', 704],
    ['OpenSSH_10.0p2, LibreSSL 3.3.6', 1000],
    ['OpenSSH_for_Windows_9.5p1, LibreSSL 3.8.2', 905],
    ['Dropbear v2022.83', null],
    ['', null],
  ])('is read from %j', (printed, version) => expect(versionOf(printed)).toBe(version));
});
