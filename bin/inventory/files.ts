/** The files of an inventory: those that `-i` names, whole directories, and the variables next to them. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { UsageError } from '../terminal/index.ts';
import type { Draft } from './draft.ts';
import { describeProblem, type FileVariables, type Inventory, resolveInventory } from './inventory.ts';
import type { PatternAids } from './pattern.ts';
import { type InventorySource, isVaulted, readInventory } from './read.ts';

/** Ignored in a directory: hidden files, folders of variables, and Ansible's INVENTORY_IGNORE_EXTS. */
const IGNORED =
  /^\.|^(?:host_vars|group_vars|vars_plugins)$|(?:\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|ini|cfg|retry)|~)$/;
/** Endings of a file of variables, in the order of their search; without an ending it may be a directory. */
const ENDINGS = ['', '.yml', '.yaml', '.json'];

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 10_000;
/** A link to a parent directory makes a loop. */
const MAX_DEPTH = 16;

interface Opened {
  readonly sources: readonly InventorySource[];
  /** Where group_vars/ and host_vars/ may be; null for a list of hosts. */
  readonly directory: string | null;
}

/** Reads all that `-i` names as one inventory. @throws UsageError where that can't be read or is broken. */
export async function openInventory(paths: readonly string[]): Promise<Inventory> {
  const opened = paths.map(open);
  const read = await readInventory(opened.flatMap(({ sources }) => sources));
  if (read.kind === 'broken') throw new UsageError(describeProblem(read.problem));
  const directories = opened.flatMap(({ directory }) => directory ?? []);
  const known = new Map<string, readonly FileVariables[]>();
  const files: (readonly FileVariables[])[] = [];
  for (const directory of directories) {
    const found = known.get(directory) ?? (await variablesBeside(directory, read.draft));
    known.set(directory, found);
    files.push(found);
  }
  return resolveInventory(read.draft, files);
}

/** Resolves hosts, with notes about them. */
export function hostsNamed(inventory: Inventory, names: readonly string[]) {
  const unused = new Map<string, string>();
  const hosts = names.map((name) => {
    const resolved = inventory.resolve(name);
    for (const variable of resolved.unused) if (!unused.has(variable)) unused.set(variable, name);
    return resolved.host;
  });
  return { hosts, notes: [...unused].map(([variable, host]) => passwordNote(variable, host)) };
}

const passwordNote = (variable: string, host: string) =>
  `${variable} (of ${host}, for example) is not used: crawlwatch logs in with keys only; ssh-copy-id puts one on a host`;

function open(path: string): Opened {
  const whole = path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  const kind = kindOf(whole);
  if (kind === 'file') return { sources: [{ file: whole, text: textOf(whole) }], directory: dirname(whole) };
  if (kind === 'directory') {
    const sources = filesBelow(whole, 0, { left: MAX_FILES });
    if (sources.length === 0)
      throw new UsageError(
        `-i: ${path} holds no inventory; hidden files and those in .ini, .cfg, .txt, .md, .bak are ignored`,
      );
    return { sources, directory: whole };
  }
  if (!path.includes(',')) {
    throw new UsageError(`-i: can't read ${path}: no such file; a list of hosts has a comma, as in -i web1,`);
  }
  const list = path.split(',').flatMap((part) => part.trim() || []);
  const ranged = list.find((name) => name.includes('[') && !/^\[[^\]]*\]:\d+$/.test(name));
  if (ranged === undefined) return { sources: [{ list }], directory: null };
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
      return [{ file: path, text: textOf(path) }];
    });
}

async function variablesBeside(directory: string, draft: Draft): Promise<FileVariables[]> {
  const found: FileVariables[] = [];
  const kinds = [
    ['group', join(directory, 'group_vars'), draft.groups],
    ['host', join(directory, 'host_vars'), draft.hosts],
  ] as const;
  for (const [of, folder, entities] of kinds) {
    if (kindOf(folder) !== 'directory') continue;
    const here = new Set(namesIn(folder));
    for (const name of entities.keys()) {
      const base = ENDINGS.map((ending) => `${name}${ending}`).find((file) => here.has(file));
      if (base === undefined) continue;
      for (const file of variableFiles(join(folder, base), 0)) {
        const settings = await settingsOf(file, draft);
        found.push({ of, name, settings });
      }
    }
  }
  return found;
}

function variableFiles(path: string, depth: number): string[] {
  if (kindOf(path) !== 'directory') return [path];
  if (depth > MAX_DEPTH) throw new UsageError(`-i: ${path}: more than ${MAX_DEPTH} directories deep`);
  return namesIn(path)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .flatMap((name) => {
      const inner = join(path, name);
      // As in Ansible, a directory whose name has an ending is ignored.
      if (kindOf(inner) === 'directory') return extname(name) === '' ? variableFiles(inner, depth + 1) : [];
      return ENDINGS.includes(extname(name)) ? [inner] : [];
    });
}

async function settingsOf(file: string, draft: Draft) {
  const text = textOf(file);
  if (isVaulted(text)) {
    draft.notes.push(`${file} is ignored: vaulted files are not decrypted`);
    return [];
  }
  const { readVariables } = await import('./yaml.ts');
  const read = readVariables(file, text);
  if ('problem' in read) throw new UsageError(describeProblem(read.problem));
  return read.settings;
}

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

function kindOf(path: string): 'file' | 'directory' | null {
  // A long list of hosts can't be a path: no name in one is longer than 255 bytes.
  if (path.split('/').some((part) => Buffer.byteLength(part) > 255)) return null;
  const found = reading(path, () => statSync(path, { throwIfNoEntry: false }));
  return found === undefined ? null : found.isDirectory() ? 'directory' : 'file';
}

/** Names in a directory, in the order of their bytes, as Ansible sorts them. */
function namesIn(directory: string): string[] {
  return reading(directory, () => readdirSync(directory)).sort((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
}

function textOf(path: string): string {
  return reading(path, () => {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new UsageError(`-i: ${path} has ${size} bytes; allowed: at most ${MAX_BYTES}`);
    return readFileSync(path, 'utf8');
  });
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`-i: can't read ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
