import { describe, expect, it } from 'vitest';
import {
  addressText,
  isLoopback,
  listenError,
  openText,
  parseListen,
  startText,
} from '../../../bin/exporter/listen.ts';
import { UsageError } from '../../../bin/terminal/errors.ts';

describe('--listen', () => {
  it.each([
    '',
    '9469',
    ':',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '127.0.0.1:-1',
    '127.0.0.1:0x10',
    '127.0.0.1: 9469',
    '127.0.0:9469',
    '1.2.3.999:9469',
    '*:9469',
    '::1:9469',
    '[::1]',
    '[]:9469',
    '[127.0.0.1]:9469',
    '[::g]:9469',
    'http://127.0.0.1:9469',
    'user@host:9469',
    '-web1:9469',
    'a b:9469',
  ])('is refused in one line that says what is allowed: %j', (text) => {
    expect(() => parseListen(text)).toThrow(UsageError);
    expect(() => parseListen(text)).toThrow(
      `--listen: got ${JSON.stringify(text)}; allowed: HOST:PORT, [IPV6]:PORT, or :PORT for 127.0.0.1, with a port from 0 to 65535, 0 for any that is free`,
    );
  });

  it.each([
    [':9469', '127.0.0.1', 9469],
    ['127.0.0.1:9469', '127.0.0.1', 9469],
    ['0.0.0.0:80', '0.0.0.0', 80],
    ['[::1]:0', '::1', 0],
    ['[::]:65535', '::', 65_535],
    ['localhost:9469', 'localhost', 9469],
    ['monitor-1.example.com:9469', 'monitor-1.example.com', 9469],
  ])('takes %s', (text, host, port) => {
    expect(parseListen(text)).toEqual({ host, port });
  });

  it('is for this machine alone where it is a loopback address', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'].filter((one) => !isLoopback(one))).toEqual([]);
    expect(['0.0.0.0', '::', '10.0.0.7', '128.0.0.1', '::ffff:10.0.0.7', 'fe80::1'].filter(isLoopback)).toEqual([]);
  });

  it('is given back with the target for prometheus.yml, by the machine’s name where it is every address', () => {
    expect(startText({ host: '::1', port: 9469 }, 'monitor')).toBe(
      "metrics at http://[::1]:9469/metrics once the first check is done; for prometheus.yml: scrape_configs: [{job_name: crawlwatch, static_configs: [{targets: ['[::1]:9469']}]}]",
    );
    for (const host of ['0.0.0.0', '::', '0:0:0:0:0:0:0:0']) {
      expect(startText({ host, port: 80 }, 'monitor')).toContain("targets: ['monitor:80']");
      expect(openText({ host, port: 80 })).toContain(`${addressText({ host, port: 80 })} is not this machine alone`);
    }
  });

  it.each([
    ['EADDRINUSE', /^--listen: can't listen on 127\.0\.0\.1:80 \(EADDRINUSE\): the port is in use; choose another/],
    ['EACCES', /choose a port above 1023$/],
    ['EADDRNOTAVAIL', /no address of this machine/],
    ['ENOTFOUND', /no such name/],
    ['EMFILE', /\(EMFILE\): choose another$/],
  ])('that fails with %s says what to do', (code, says) => {
    const error = listenError({ host: '127.0.0.1', port: 80 }, Object.assign(new Error('x'), { code }));
    expect(error.message).toMatch(says);
  });
});
