/** The cache of compiled code: what is used of it, and what is refused since another may have written it. */
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CodeCacheOptions, openCodeCache } from '../../../bin/loading/index.ts';

const { uid } = userInfo();
const SOURCE = '(function(){return 6*7})';

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'crawlwatch-code-'));
  folder = join(home, '.cache', 'crawlwatch');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const open = (options: Partial<CodeCacheOptions> = {}) =>
  openCodeCache({ env: { HOME: home }, uid, build: 'this', flags: [], now: Date.now, ...options });
/** One run of a program of these files. @returns which of them V8 took from the cache */
function run(options: Partial<CodeCacheOptions> = {}, files: Readonly<Record<string, string>> = { a: SOURCE }) {
  const cache = open(options);
  const taken = Object.entries(files).map(([name, source]) => {
    const cachedData = cache.of(name, 1);
    const script = new Script(source, { ...(cachedData !== undefined && { cachedData }) });
    cache.loaded(name, 1, script);
    (script.runInThisContext() as () => unknown)();
    return cachedData !== undefined && script.cachedDataRejected === false ? [name] : [];
  });
  cache.save();
  return taken.flat();
}
const file = () => join(folder, readdirSync(folder)[0] ?? '');

describe('the cache of compiled code', () => {
  it('is used from the second run on, and is the own user’s alone', () => {
    expect(run()).toEqual([]);
    expect(readdirSync(folder)).toEqual([expect.stringMatching(/^code-[\w-]{16}$/)]);
    expect([statSync(folder).mode & 0o777, statSync(file()).mode & 0o777]).toEqual([0o700, 0o600]);
    expect(run()).toEqual(['a']);
  });

  it('keeps several files, adds what another command loads, and is not written again without need', () => {
    run({}, { a: SOURCE, b: `${SOURCE} ` });
    run({}, { c: `${SOURCE}  ` });
    const { ino } = statSync(file());
    expect(run({}, { a: SOURCE, b: `${SOURCE} `, c: `${SOURCE}  ` })).toEqual(['a', 'b', 'c']);
    expect(statSync(file()).ino).toBe(ino);
  });

  it('is renewed after a day: the first run may have needed little', () => {
    run();
    const { ino } = statSync(file());
    const old = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(file(), old, old);
    expect(run()).toEqual(['a']);
    expect(statSync(file()).ino).not.toBe(ino);
  });

  it('lies where XDG_CACHE_HOME says', () => {
    const own = join(home, 'own');
    run({ env: { HOME: home, XDG_CACHE_HOME: own } });
    expect(readdirSync(own)).toEqual(['crawlwatch']);
    expect(readdirSync(home)).toEqual(['own']);
  });

  it.each<[string, Partial<CodeCacheOptions>]>([
    ['Node’s own switch says so', { env: { HOME: '', NODE_DISABLE_COMPILE_CACHE: '1' } }],
    ['there is no home', { env: {} }],
    ['the home is no absolute path', { env: { HOME: 'here' } }],
    ['a system knows no users', { uid: undefined }],
  ])('is not kept where %s', (_, options) => {
    const env = options.env?.HOME === '' ? { ...options.env, HOME: home } : options.env;
    run({ ...options, ...(env !== undefined && { env }) });
    expect(readdirSync(home)).toEqual([]);
  });

  const refused: readonly (readonly [string, () => void])[] = [
    ['a file that others can write', () => chmodSync(file(), 0o622)],
    ['a folder that others can write', () => chmodSync(folder, 0o777)],
    ['a file that is cut off', () => truncateSync(file(), statSync(file()).size - 9)],
    [
      'a file with a damaged byte, which V8 would run',
      () => {
        const bytes = readFileSync(file());
        const at = bytes.length - 60;
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
        writeFileSync(file(), bytes);
      },
    ],
    ['a file that is something else', () => writeFileSync(file(), 'not this\nat all')],
    ['an empty file', () => truncateSync(file(), 0)],
    [
      'a link',
      () => {
        const path = file();
        const aside = join(home, 'aside');
        renameSync(path, aside);
        symlinkSync(aside, path);
      },
    ],
    [
      'a folder in its place',
      () => {
        const path = file();
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ];
  it.each(refused)('refuses %s', (_, change) => {
    run();
    expect(run()).toEqual(['a']);
    change();
    expect(open().of('a', 1)).toBeUndefined();
    expect(run()).toEqual([]);
  });

  it.each([{ build: 'other' }, { flags: ['--jitless'] }])(
    'is another for %j, and is still there afterwards',
    (other) => {
      run();
      expect(open(other).of('a', 1)).toBeUndefined();
      expect(run(other)).toEqual([]);
      expect(run(other)).toEqual(['a']);
      expect(run()).toEqual(['a']);
    },
  );

  it('refuses the file of another build under this one’s name', () => {
    run({ build: 'other' });
    const other = file();
    run();
    const own = readdirSync(folder).find((name) => join(folder, name) !== other) ?? '';
    renameSync(other, join(folder, own));
    expect(open().of('a', 1)).toBeUndefined();
    expect(run()).toEqual([]);
    expect(run()).toEqual(['a']);
  });

  it('refuses what was made of a file that has been changed since, whose length V8 compares alone', () => {
    run();
    expect(open().of('a', 1)).toBeDefined();
    expect(open().of('a', 2)).toBeUndefined();
  });

  it('removes all but the newest files: of versions that are gone, and of runs that were killed', () => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'of-somebody-else'), '');
    for (let n = 1; n <= 6; n += 1) {
      const path = join(folder, `code-${n}`);
      writeFileSync(path, '');
      utimesSync(path, n, n);
    }
    run();
    const left = readdirSync(folder).filter((name) => !/^code-[\w-]{16}$/.test(name));
    expect(left.sort()).toEqual(['code-4', 'code-5', 'code-6', 'of-somebody-else']);
    expect(run()).toEqual(['a']);
  });

  it('replaces a file that V8 refuses', () => {
    run();
    expect(run({}, { a: `${SOURCE};` })).toEqual([]);
    expect(run({}, { a: `${SOURCE};` })).toEqual(['a']);
  });

  it('refuses what belongs to another user, and writes nothing there', () => {
    run();
    const before = readFileSync(file());
    expect(open({ uid: uid + 1 }).of('a', 1)).toBeUndefined();
    expect(run({ uid: uid + 1 })).toEqual([]);
    expect(readFileSync(file())).toEqual(before);
  });

  // Only root can give a folder to another user.
  it.runIf(uid === 0)('makes no folder in the home of another user, as after sudo', () => {
    chownSync(home, 4321, 4321);
    run();
    expect(readdirSync(home)).toEqual([]);
  });

  it('is kept where the cache folder is a link to a folder of the user', () => {
    const disk = join(home, 'disk');
    mkdirSync(disk);
    symlinkSync(disk, join(home, '.cache'));
    expect([run(), run()]).toEqual([[], ['a']]);
  });

  it('is not kept in what a link of its own name leads to', () => {
    const disk = join(home, 'disk');
    mkdirSync(disk);
    mkdirSync(join(home, '.cache'));
    symlinkSync(disk, folder);
    expect([run(), run()]).toEqual([[], []]);
    expect(readdirSync(disk)).toEqual([]);
  });

  it('leaves nothing behind where it can’t be put in its place', () => {
    run();
    const path = file();
    rmSync(path);
    mkdirSync(join(path, 'full'), { recursive: true });
    expect(run()).toEqual([]);
    expect(readdirSync(folder)).toEqual([basename(path)]);
  });

  it('says nothing where it can’t be written', () => {
    writeFileSync(join(home, '.cache'), 'a file');
    expect(run()).toEqual([]);
    expect(run()).toEqual([]);
    expect(readFileSync(join(home, '.cache'), 'utf8')).toBe('a file');
  });
});
