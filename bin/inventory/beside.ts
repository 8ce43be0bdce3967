/** The variables in files beside an inventory: group_vars/ and host_vars/. */
import { extname, join } from 'node:path';
import { UsageError } from '../terminal/index.ts';
import type { Draft } from './draft.ts';
import { kindOf, MAX_DEPTH, namesIn, textOf } from './files.ts';
import { describeProblem, type FileVariables } from './inventory.ts';
import { isVaulted } from './read.ts';

/** Endings of a file of variables, in the order of their search; without an ending it may be a directory. */
const ENDINGS = ['', '.yml', '.yaml', '.json'];

/** Those of the groups and hosts in the draft. @throws UsageError where a file is broken. */
export async function variablesBeside(directory: string, draft: Draft): Promise<FileVariables[]> {
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
