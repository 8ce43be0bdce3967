/** Reads the sources of an inventory into one draft. The format of a file is detected as by Ansible. */
import { addHosts, type Draft, emptyDraft, type InventoryProblem } from './draft.ts';
import { readIni } from './ini.ts';

export interface InventoryFile {
  readonly file: string;
  readonly text: string;
}

/** One source: a file, or a list of hosts given with `-i`. */
export type InventorySource = InventoryFile | { readonly list: readonly string[] };

export type DraftResult =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'broken'; readonly problem: InventoryProblem };

/** Whether a whole file is encrypted. */
export const isVaulted = (text: string): boolean => text.startsWith('$ANSIBLE_VAULT');

/** Reads sources as one inventory, or returns the first problem, with file, line and what was expected. */
export async function readInventory(sources: readonly InventorySource[]): Promise<DraftResult> {
  const draft = emptyDraft();
  for (const source of sources) {
    const problem = 'list' in source ? readList(draft, source.list) : await readFile(draft, source);
    if (problem !== null) return { kind: 'broken', problem };
  }
  return { kind: 'draft', draft };
}

function readList(draft: Draft, names: readonly string[]): InventoryProblem | null {
  const at = { file: '-i', line: 1 };
  for (const name of names) {
    const added = addHosts(draft, 'ungrouped', name, [], at);
    if (added.kind === 'bad') return { ...at, expected: added.expected, got: name };
  }
  return null;
}

async function readFile(draft: Draft, source: InventoryFile): Promise<InventoryProblem | null> {
  const { file, text } = source;
  const refused = refusal(source);
  if (refused !== null) return { file, line: 1, expected: refused, got: text.slice(0, 120).split('\n')[0] ?? '' };
  if (!mayBeYaml(source)) return readIni(draft, file, text);
  // Loading the parser takes longer than reading most inventories.
  const { readYaml } = await import('./yaml.ts');
  const yaml = readYaml(draft, file, text);
  if (yaml.kind === 'read') return null;
  if (yaml.kind === 'broken') return yaml.problem;
  const ini = readIni(draft, file, text);
  return ini === null || /^\[/m.test(text) ? ini : yaml.problem;
}

/** What was expected instead of a file that is never read; null where it may be read. */
function refusal({ file, text }: InventoryFile): string | null {
  const static_ = `ansible-inventory -i ${file} --list --yaml writes what it finds`;
  if (text.startsWith('#!')) return `hosts and groups: programs are not run; ${static_}`;
  if (isVaulted(text)) return 'hosts and groups: vaulted files are not decrypted';
  if (file.endsWith('.toml')) return `INI or YAML; ${static_}`;
  return text.includes('\0') ? 'text' : null;
}

/** Ansible tries YAML where the name has one of these endings or none; a file without one that can't be YAML is skipped. */
function mayBeYaml({ file, text }: InventoryFile): boolean {
  const [ending] = /(?<=[^/.])\.[^/.]*$/.exec(file) ?? [''];
  if (ending === '') return /^(?:\s*\{|(?!\[)[^\s#;=][^=]*:(?:\s|$))/m.test(text);
  return /^\.(?:ya?ml|json)$/.test(ending);
}
