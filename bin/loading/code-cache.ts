/**
 * What V8 compiled in an earlier run, in one file of the user's cache folder. Compiling is half of what a short run costs.
 * Node has this built in since 22.1 (https://nodejs.org/api/module.html#module-compile-cache), but not in 20.
 *
 * V8 runs what the file holds, as it would run the program itself. So the file is used only where nobody but the user could
 * have written it; V8 refuses what another version made, or with other flags, or of a source of another length. It would run
 * a damaged file, so each part has a hash. No failure here is one of the program: it then compiles as if there were no cache.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { Script } from 'node:vm';

export interface CodeCache {
  /**
   * Of a file of the program; undefined where there is nothing to use.
   * @param changedAt of the file, in milliseconds: V8 compares the length alone
   */
  of(name: string, changedAt: number): Buffer | undefined;
  /** To be called for each file that was loaded, with the script that was made of it. */
  loaded(name: string, changedAt: number, script: Pick<Script, 'cachedDataRejected' | 'createCachedData'>): void;
  /** To be called at the end, when what the run needed has been compiled. */
  save(): void;
}

export interface CodeCacheOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined where a system has no such ids: nothing is kept there. */
  readonly uid: number | undefined;
  /** Differs wherever a file of the program does. */
  readonly build: string;
  /** Of Node itself: V8 refuses what it compiled under others. */
  readonly flags: readonly string[];
  /** Milliseconds. */
  readonly now: () => number;
}

/** A first run may have met a case that needs little code. */
const RENEW_AFTER_MS = 24 * 3_600_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** Of other builds, versions and flags; those that are used are renewed each day, and so are the newest. */
const KEPT_FILES = 4;
/** V8 copies data that doesn't begin at a multiple of this. */
const ALIGNED = 8;
const WRITABLE_BY_OTHERS = 0o022;

const NONE: CodeCache = { of: () => undefined, loaded() {}, save() {} };

export function openCodeCache(options: CodeCacheOptions): CodeCache {
  const { env, uid, now } = options;
  const home = cacheHome(env);
  // The switch of Node's own cache.
  if (uid === undefined || home === null || env.NODE_DISABLE_COMPILE_CACHE) return NONE;
  const folder = join(home, 'crawlwatch');
  const build = hashOf([options.build, process.version, process.arch, ...options.flags].join('\n'));
  const path = join(folder, `code-${build.slice(0, 16)}`);
  const { parts, madeAt } = readParts(folder, path, uid, build);
  const used = new Map<string, { changedAt: number; script: Parameters<CodeCache['loaded']>[2] }>();
  let isComplete = now() - madeAt < RENEW_AFTER_MS && madeAt <= now();
  return {
    of(name, changedAt) {
      const part = parts.get(name);
      if (part?.changedAt === changedAt && hashOf(part.bytes) === part.hash) return part.bytes;
      parts.delete(name);
      return undefined;
    },
    loaded(name, changedAt, script) {
      used.set(name, { changedAt, script });
      if (!parts.has(name) || script.cachedDataRejected === true) isComplete = false;
    },
    save() {
      if (isComplete || used.size === 0) return;
      try {
        // The home of another user, as after `sudo`, is not for our files.
        if (statSync(existsSync(home) ? home : dirname(home)).uid !== uid) return;
        for (const one of [home, folder]) makeFolder(one);
        if (!isOurFolder(lstatSync(folder), uid)) return;
        replace(path, () => {
          for (const [name, { changedAt, script }] of used) {
            const bytes = script.createCachedData();
            parts.set(name, { bytes, hash: hashOf(bytes), changedAt });
          }
          return packed(build, parts);
        });
        removeOld(folder);
      } catch {
        // A full or read-only disk.
      }
    },
  };
}

/** https://specifications.freedesktop.org/basedir-spec/latest/ */
function cacheHome({ XDG_CACHE_HOME: own, HOME: home }: CodeCacheOptions['env']): string | null {
  if (own !== undefined && isAbsolute(own)) return own;
  return home !== undefined && isAbsolute(home) ? join(home, '.cache') : null;
}

/** Not by Node's `recursive`: Node 20 never returns from that below /proc. */
function makeFolder(path: string): void {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
}

const isOurs = (stats: Stats, uid: number): boolean => stats.uid === uid && (stats.mode & WRITABLE_BY_OTHERS) === 0;
const isOurFolder = (stats: Stats, uid: number): boolean => stats.isDirectory() && isOurs(stats, uid);

interface Part {
  readonly bytes: Buffer;
  readonly hash: string;
  readonly changedAt: number;
}

interface Parts {
  readonly parts: Map<string, Part>;
  /** Milliseconds since 1970; 0 where there is none. */
  readonly madeAt: number;
}

function readParts(folder: string, path: string, uid: number, build: string): Parts {
  const none: Parts = { parts: new Map(), madeAt: 0 };
  let file: number | null = null;
  try {
    if (!isOurFolder(lstatSync(folder), uid)) return none;
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = fstatSync(file);
    if (!stats.isFile() || !isOurs(stats, uid) || stats.size > MAX_BYTES) return none;
    const parts = unpacked(build, readFileSync(file));
    return parts === null ? none : { parts, madeAt: Math.floor(stats.mtimeMs) };
  } catch {
    return none;
  } finally {
    if (file !== null) closeSync(file);
  }
}

/** The file: a line of JSON that names the build and each part, then the parts, each {@link ALIGNED}. */
interface Header {
  readonly build: string;
  readonly parts: readonly (readonly [name: string, length: number, hash: string, changedAt: number])[];
}

const hashOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('base64url');

const padding = (length: number): number => (ALIGNED - (length % ALIGNED)) % ALIGNED;

function packed(build: string, parts: ReadonlyMap<string, Part>): Buffer {
  const listed = [...parts].map(([name, { bytes, hash, changedAt }]) => [name, bytes.length, hash, changedAt] as const);
  const header: Header = { build, parts: listed };
  const line = Buffer.from(`${JSON.stringify(header)}\n`);
  const pieces = [line, ...[...parts.values()].map(({ bytes }) => bytes)];
  return Buffer.concat(pieces.flatMap((piece) => [piece, Buffer.alloc(padding(piece.length))]));
}

/** Null for another build's, and for one that is cut off. */
function unpacked(build: string, all: Buffer): Map<string, Part> | null {
  const end = all.indexOf(10) + 1;
  const header = JSON.parse(all.toString('latin1', 0, end)) as Header;
  if (header.build !== build) return null;
  const parts = new Map<string, Part>();
  let at = end + padding(end);
  for (const [name, length, hash, changedAt] of header.parts) {
    parts.set(name, { bytes: all.subarray(at, at + length), hash, changedAt });
    at += length + padding(length);
  }
  return at === all.length ? parts : null;
}

/**
 * Another run, which may read it at this moment, finds the old file or the new one.
 * @param make the content, which is not made where nothing can be written
 */
function replace(path: string, make: () => Buffer): void {
  const made = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(made, 'wx', 0o600);
  try {
    try {
      writeFileSync(file, make());
    } finally {
      closeSync(file);
    }
    renameSync(made, path);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
}

/** Those of versions that are gone, and of runs that were killed while they wrote. */
function removeOld(folder: string): void {
  const files = readdirSync(folder)
    .filter((name) => name.startsWith('code-'))
    .map((name) => join(folder, name))
    .map((path) => ({ path, changedAt: lstatSync(path).mtimeMs }))
    .sort((one, other) => other.changedAt - one.changedAt);
  for (const { path } of files.slice(KEPT_FILES)) rmSync(path, { force: true });
}
