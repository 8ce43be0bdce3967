/** Help that is printed as the build has laid it out: when, and how. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { preparedText, printAtOnce } from '../../../bin/help/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-help-'));
const path = join(folder, 'help.json');
writeFileSync(path, JSON.stringify({ version: '1.2.3\n', help: { '': 'all\n', check: 'of check\n' } }));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a prepared text', () => {
  it.each([
    // Another program's answer, or one that only the parser knows.
    ['', null],
    ['check', null],
    ['chek --help', null],
    ['constructor --help', null],
    ['check --local --help', null],
    ['--no-color --help', null],
    ['check --help --local', null],
    ['-- --help', null],
    ['check -v', null],
    ['check --version', null],
    ['--help check', null],
    ['help', null],
    ['--help', 'all\n'],
    ['-h', 'all\n'],
    ['check --help', 'of check\n'],
    ['check -h', 'of check\n'],
    ['-v', '1.2.3\n'],
    ['--version', '1.2.3\n'],
  ])('answers a whole command line: %s', (line, text) => {
    expect(preparedText(line === '' ? [] : line.split(' '), path, null)).toBe(text);
  });

  it.each([
    [79, null],
    [80, 'all\n'],
    [200, 'all\n'],
  ])('is for a terminal of its width or wider: %i columns', (columns, text) => {
    expect(preparedText(['--help'], path, columns)).toBe(text);
  });

  it.each(['', '{', 'null', '{"version":"1"}'])('is left to the parser where its file is damaged: %s', (content) => {
    const damaged = join(folder, 'damaged.json');
    writeFileSync(damaged, content);
    expect(preparedText(['--help'], damaged, null)).toBeNull();
  });

  it('is left to the parser where its file is missing', () => {
    expect(preparedText(['--help'], join(folder, 'none.json'), null)).toBeNull();
  });
});

describe('printing at once', () => {
  const failure = (code: string) => Object.assign(new Error(code), { code });

  /** Takes three bytes at a time; before each come the failures that are given. */
  function pipe(...failures: Error[]) {
    const taken: string[] = [];
    const write = (_: number, bytes: Uint8Array, from: number) => {
      const failed = failures.shift();
      if (failed !== undefined) throw failed;
      const part = bytes.subarray(from, from + 3);
      taken.push(Buffer.from(part).toString('latin1'));
      return part.length;
    };
    return { taken, write: write as Parameters<typeof printAtOnce>[2] };
  }

  it('writes all, a part at a time where the reader takes no more', () => {
    const { taken, write } = pipe();
    expect(printAtOnce('12345678', 1, write)).toBe(true);
    expect(taken).toEqual(['123', '456', '78']);
  });

  it('waits for a full pipe that doesn’t block', () => {
    const { taken, write } = pipe(failure('EAGAIN'), failure('EAGAIN'));
    expect(printAtOnce('1234', 1, write)).toBe(true);
    expect(taken).toEqual(['123', '4']);
  });

  it.each(['EPIPE', 'ENOSPC'])('leaves to others what is to be done at %s', (code) => {
    const { taken, write } = pipe(failure(code));
    expect(printAtOnce('1234', 1, write)).toBe(false);
    expect(taken).toEqual([]);
  });
});
