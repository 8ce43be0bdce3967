import { describe, expect, it } from 'vitest';
import { parseHostSpec } from '../../../bin/inventory/address.ts';
import { resolveInventory } from '../../../bin/inventory/inventory.ts';
import { type PatternAids, selectHosts } from '../../../bin/inventory/pattern.ts';
import { readInventory } from '../../../bin/inventory/read.ts';

const read = await readInventory([
  {
    file: 'hosts',
    text: 'lone\n::1\n[web]\nweb[1:4]\n[db]\ndb1\ndb2:2222\n[prod:children]\ndb\n[prod]\nweb1\nweb2\n[none]\n',
  },
]);
if (read.kind !== 'draft') throw new Error('fixture');
const inventory = resolveInventory(read.draft, []);
const FILES: Readonly<Record<string, string>> = {
  some: 'web1\n\n db2 \r\n!web1',
  long: 'x'.repeat(10_001),
  many: 'x\n'.repeat(100_001),
};
const aids: PatternAids = {
  readLines: (file) => FILES[file]?.split('\n') ?? null,
  compile: (source, flags) => {
    try {
      return new RegExp(source, flags);
    } catch {
      return null;
    }
  },
};
const select = (pattern: string) => {
  const selected = selectHosts(inventory, pattern, aids);
  if (selected.kind === 'bad') throw new Error(selected.expected);
  return { names: selected.value.hosts, unmatched: selected.value.unmatched };
};

describe('a host pattern', () => {
  it.each([
    ['nowhere', []],
    ['web:&nowhere', []],
    ['!all', []],
    ['web1', ['web1']],
    ['web', ['web1', 'web2', 'web3', 'web4']],
    ['all', ['lone', '::1', 'web1', 'web2', 'web3', 'web4', 'db1', 'db2']],
    ['*', ['lone', '::1', 'web1', 'web2', 'web3', 'web4', 'db1', 'db2']],
    ['ungrouped', ['lone', '::1']],
    ['web1,db1', ['web1', 'db1']],
    ['db1:web1', ['web1', 'db1']],
    ['web:&prod', ['web1', 'web2']],
    ['web:&prod:!web2', ['web1']],
    ['!web2:web:&prod', ['web1']],
    ['&prod:!db', ['web1', 'web2']],
    ['*b2', ['web2', 'db2']],
    ['d?1', ['db1']],
    ['d*', ['db1', 'db2']],
    ['we[abc]*', ['web1', 'web2', 'web3', 'web4']],
    ['web[0]', ['web1']],
    ['web[-1]', ['web4']],
    ['web[1:2]', ['web2', 'web3']],
    ['web[2:]', ['web3', 'web4']],
    ['db2:2222', []],
    ['web1:&web,db1', ['db1']],
    ['@some', ['db2']],
    ['web[2:0]', ['web3']],
    ['~web[12]', ['web1', 'web2']],
    ['~(?i)WEB\\d$:!~.*[34]', ['web1', 'web2']],
    ['~db\\-?1', ['db1']],
    ['db[!1]', ['db2']],
    ['web[3-9]*', ['web3', 'web4']],
    ['::1', ['::1']],
    ['web.', []],
  ])('%s names %j', (pattern, names) => {
    expect(select(pattern).names).toEqual(names);
  });

  it('reports which of its parts name nothing', () => {
    expect(select('web1,nowhere,!never,none').unmatched).toEqual(['nowhere', 'never']);
  });

  it.each([
    ['', 'a host, a group or a wildcard'],
    [' , ', 'a host, a group or a wildcard'],
    ['web[9]', 'a subscript within the 4 hosts of web'],
    ['web[-5]', 'a subscript within the 4 hosts of web'],
    ['web:!', 'a name or a wildcard after & and !, of at most 10000 characters'],
    ['@long', 'a name or a wildcard after & and !, of at most 10000 characters'],
    ['@many', 'at most 100000 parts'],
    ['@nowhere', 'a file that can be read, not @nowhere'],
    ['db[z-a]', 'a wildcard like web* or db[1-3]'],
    ['~web(', 'a regular expression that Python and JavaScript read alike, not ~web('],
    ['~web\\Z', 'a regular expression that Python and JavaScript read alike, not ~web\\Z'],
    ['~(?P<n>web)', 'a regular expression that Python and JavaScript read alike, not ~(?P<n>web)'],
  ])('is refused when it is %j', (pattern, expected) => {
    expect(selectHosts(inventory, pattern, aids)).toEqual({ kind: 'bad', expected });
  });
});

describe('a host as it is typed', () => {
  it.each([
    ['', '[user@]host[:port], an IPv6 address in brackets'],
    ['-oProxyCommand=x', '[user@]host[:port], an IPv6 address in brackets'],
    ['a b', '[user@]host[:port], an IPv6 address in brackets'],
    ['web1:0', 'a port from 1 to 65535'],
    ['web1:65536', 'a port from 1 to 65535'],
    ['web1:', 'a port from 1 to 65535'],
    ['web1:ssh', 'a port from 1 to 65535'],
    ['@web1', 'a user name before the @'],
    ['-l@web1', 'a user name before the @'],
  ])('is refused as %j', (text, expected) => {
    expect(parseHostSpec(text)).toEqual({ kind: 'bad', expected });
  });

  it.each([
    ['web1', null, 'web1', null],
    ['ubuntu@web1:2222', 'ubuntu', 'web1', 2222],
    ['::1', null, '::1', null],
    ['[::1]', null, '::1', null],
    ['me@[fe80::1%eth0]:22', 'me', 'fe80::1%eth0', 22],
    ['web[01:10]:22', null, 'web[01:10]', 22],
    ['[a:c].example.com', null, '[a:c].example.com', null],
  ])('%s is read', (text, user, host, port) => {
    expect(parseHostSpec(text)).toEqual({ kind: 'ok', value: { user, host, port } });
  });
});
