/** What `-i` names: a file, a directory of them, a list of hosts, or standard input. */
import { dirname, join } from 'node:path';
import { type CommandIo, UsageError } from '../terminal/index.ts';
import { LISTED_MAX_BYTES } from './by-ansible/index.ts';
import { fileAt, kindOf, MAX_DEPTH, namesIn } from './files.ts';
import { expandUser } from './home.ts';
import type { InventorySource } from './read.ts';

/** Ignored in a directory: hidden files, folders of variables, and Ansible's INVENTORY_IGNORE_EXTS. */
const IGNORED =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)|~)$/;
const MAX_FILES = 10_000;

/** What one `-i` names, read. */
export interface Opened {
  /** As `-i` names it, its home directory expanded. */
  readonly path: string;
  readonly sources: readonly InventorySource[];
  /** Where group_vars/ and host_vars/ may be; null for a list of hosts. */
  readonly directory: string | null;
}

/** The name of standard input in messages. */
export const STDIN = 'stdin';

/** What came on a stream: a watch lists its hosts again and again, and a pipe can be read once. */
const received = new WeakMap<CommandIo['stdin'], Promise<string>>();

/** Reads all of it. @throws UsageError for a terminal, and for nothing at all. */
export async function openStdin(stdin: CommandIo['stdin']): Promise<Opened> {
  if (stdin.isTTY === true) {
    throw new UsageError('-i -: standard input is a terminal; allowed: an inventory from a pipe or a file');
  }
  const reading = received.get(stdin) ?? textFrom(stdin);
  received.set(stdin, reading);
  const text = await reading;
  if (text.trim() === '') throw new UsageError('-i -: nothing came on standard input; allowed: JSON, YAML or INI');
  return { path: '-', sources: [{ file: STDIN, text }], directory: null };
}

async function textFrom(stdin: CommandIo['stdin']): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > LISTED_MAX_BYTES) throw new UsageError(`-i -: more than ${LISTED_MAX_BYTES} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws UsageError where it can't be read. */
export function openPath(path: string): Opened {
  const whole = expandUser(path);
  const kind = kindOf(whole);
  if (kind === 'file') return { path: whole, sources: [fileAt(whole)], directory: dirname(whole) };
  if (kind === 'directory') {
    const sources = filesBelow(whole, 0, { left: MAX_FILES });
    if (sources.length === 0)
      throw new UsageError(
        `-i: ${path} holds no inventory; hidden files and those in .ini, .cfg, .txt, .md, .bak are ignored`,
      );
    return { path: whole, sources, directory: whole };
  }
  if (!path.includes(',')) {
    throw new UsageError(`-i: can't read ${path}: no such file; a list of hosts has a comma, as in -i web1,`);
  }
  const list = path.split(',').flatMap((part) => part.trim() || []);
  const ranged = list.find((name) => name.includes('[') && !/^\[[^\]]*\]:\d+$/.test(name));
  if (ranged === undefined) return { path, sources: [{ list }], directory: null };
  throw new UsageError(
    `-i: got ${JSON.stringify(ranged)}; allowed: names between commas; ranges go into a file or --host`,
  );
}

function filesBelow(directory: string, depth: number, files: { left: number }): InventorySource[] {
  if (depth > MAX_DEPTH) throw new UsageError(`-i: ${directory}: more than ${MAX_DEPTH} directories deep`);
  return namesIn(directory)
    .filter((name) => !IGNORED.test(name))
    .flatMap((name) => {
      const path = join(directory, name);
      if (kindOf(path) === 'directory') return filesBelow(path, depth + 1, files);
      if (--files.left < 0) throw new UsageError(`-i: ${directory}: more than ${MAX_FILES} files`);
      return [fileAt(path)];
    });
}
