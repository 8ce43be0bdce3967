/** Reads files and directories for an inventory; what can't be read is a usage error. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from 'node:fs';
import { UsageError } from '../terminal/index.ts';
import { LISTED_MAX_BYTES } from './by-ansible/index.ts';
import type { PatternAids } from './pattern.ts';
import { type InventoryFile, TEXT_MAX } from './read.ts';

/** A link to a parent directory makes a loop. */
export const MAX_DEPTH = 16;

/** What a pattern of `-l` needs from this machine. */
export const patternAids: PatternAids = {
  readLines: (file) => (kindOf(file) === 'file' ? textOf(file).split('\n') : null),
  compile: (source, flags) => {
    try {
      return new RegExp(source, flags);
    } catch {
      return null;
    }
  },
};

/** Null: there is nothing. */
export function kindOf(path: string): 'file' | 'directory' | null {
  // A long list of hosts can't be a path: no name in one is longer than 255 bytes.
  if (path.split('/').some((part) => Buffer.byteLength(part) > 255)) return null;
  const found = reading(path, () => statSync(path, { throwIfNoEntry: false }));
  return found === undefined ? null : found.isDirectory() ? 'directory' : 'file';
}

/** Names in a directory, in the order of their bytes, as Ansible sorts them. */
export function namesIn(directory: string): string[] {
  return reading(directory, () => readdirSync(directory)).sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
}

/** @throws UsageError where the file is longer than `max` bytes. */
export function textOf(path: string, max = TEXT_MAX): string {
  return reading(path, () => {
    const { size } = endingFile(path);
    if (size > max) throw new UsageError(`-i: ${path} has ${size} bytes; allowed: at most ${max}`);
    return readFileSync(path, 'utf8');
  });
}

/** An inventory's file. A program that is no script is not read; what JSON may be, may be long. */
export function fileAt(path: string): InventoryFile {
  const beginning = beginningOf(path);
  if (/^(?:\x7fELF|\xcf\xfa\xed\xfe)/.test(beginning)) return { file: path, text: '', isBinary: true };
  return { file: path, text: textOf(path, /^\s*\{/.test(beginning) ? LISTED_MAX_BYTES : TEXT_MAX) };
}

/** The first bytes, one character each. */
function beginningOf(path: string): string {
  return reading(path, () => {
    endingFile(path);
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(64);
      return bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0));
    } finally {
      closeSync(file);
    }
  });
}

/** Refuses what may never end: opening a pipe waits for its writer, deaf to Ctrl-C. `/dev/null` is an empty file. */
function endingFile(path: string): Stats {
  const found = statSync(path);
  if (found.isFile() || path === '/dev/null') return found;
  throw new UsageError(`-i: ${path} is no regular file; allowed: a file, a directory, or - for standard input`);
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`-i: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
