import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBounded } from '../../../bin/sources/bounded-file.ts';
import { ConfigReader } from '../../../bin/sources/ssh-config.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crawlwatch-files-'));
});
afterEach(() => rmSync(directory, { recursive: true }));
const file = (text: string | Buffer): string => {
  const path = join(directory, 'file');
  writeFileSync(path, text);
  return path;
};

describe('a file that a configuration names', () => {
  it.each(['', 'Host web1\n', 'x'.repeat(200_000)])('is read to its end', (text) => {
    expect(readBounded(file(text)).toString()).toBe(text);
  });

  it.runIf(process.platform === 'linux')(
    'is not waited for where it is a pipe, and has an end where it is a device',
    () => {
      const pipe = join(directory, 'pipe');
      execFileSync('mkfifo', [pipe]);
      expect(() => readBounded(pipe)).toThrow('it is a pipe, not a file');
      expect(readBounded('/dev/null')).toHaveLength(0);
      expect(() => readBounded('/dev/zero')).toThrow('it does not end within 64 MiB');
    },
  );

  it('is refused where it is too large, or a directory', () => {
    const path = file('');
    truncateSync(path, 65 * 1024 * 1024);
    expect(() => readBounded(path)).toThrow('it does not end within 64 MiB');
    expect(() => readBounded(directory)).toThrow('EISDIR');
  });

  it.runIf(process.platform === 'linux')(
    'costs no more than a question to ssh where it is a pipe that is included',
    () => {
      const pipe = join(directory, 'pipe');
      execFileSync('mkfifo', [pipe]);
      const reader = new ConfigReader({ home: directory, localUser: 'me', systemConfig: file(`Include ${pipe}\n`) });
      expect(reader.of('web1', [])).toEqual({ unread: expect.stringContaining(pipe) });
    },
  );
});
