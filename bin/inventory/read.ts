/** Reads the sources of an inventory into one draft. The format of a file is detected as by Ansible. */

import { parseListed, readListed } from './by-ansible/index.ts';
import { addHosts, type Draft, emptyDraft, type InventoryProblem } from './draft.ts';
import { readIni } from './ini.ts';

export interface InventoryFile {
  readonly file: string;
  readonly text: string;
  /** A program without text to read. */
  readonly isBinary?: boolean;
}

/** One source: a file, or a list of hosts given with `-i`. */
export type InventorySource = InventoryFile | { readonly list: readonly string[] };

export type DraftResult =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'broken'; readonly problem: InventoryProblem }
  /** Only Ansible can read it: a program, or the configuration of a plugin. */
  | { readonly kind: 'dynamic'; readonly problem: InventoryProblem };

type Fault = Exclude<DraftResult, { readonly kind: 'draft' }>;

/** Text in another form than that of `ansible-inventory --list`, which is written by people. */
export const TEXT_MAX = 8 * 1024 * 1024;

/** Whether a whole file is encrypted. */
export const isVaulted = (text: string): boolean => text.startsWith('$ANSIBLE_VAULT');

/** Reads sources as one inventory, or returns the first fault, with file, line and what was expected. */
export async function readInventory(sources: readonly InventorySource[]): Promise<DraftResult> {
  const draft = emptyDraft();
  for (const source of sources) {
    const fault = 'list' in source ? readList(draft, source.list) : await readFile(draft, source);
    if (fault !== null) return fault;
  }
  return { kind: 'draft', draft };
}

function readList(draft: Draft, names: readonly string[]): Fault | null {
  const at = { file: '-i', line: 1 };
  for (const name of names) {
    const added = addHosts(draft, 'ungrouped', name, [], at);
    if (added.kind === 'bad') return { kind: 'broken', problem: { ...at, expected: added.expected, got: name } };
  }
  return null;
}

async function readFile(draft: Draft, source: InventoryFile): Promise<Fault | null> {
  const { file, isBinary = false } = source;
  const text = source.text.replace(/^\uFEFF/, '');
  const fault = (kind: Fault['kind'], expected: string): Fault => ({
    kind,
    problem: {
      file,
      line: 1,
      expected,
      got: isBinary ? 'a program' : text.slice(0, 120).split('\n')[0] || '',
      ...((kind === 'dynamic' || expected === TOML_EXPECTED) && { isConvertible: true }),
    },
  });
  const broken = (problem: InventoryProblem | null): Fault | null =>
    problem === null ? null : { kind: 'broken', problem };
  if (isBinary || text.startsWith('#!')) return fault('dynamic', 'hosts and groups, not a program');
  if (isVaulted(text)) return fault('broken', 'hosts and groups: vaulted files are not decrypted');
  if (file.endsWith('.toml')) return fault('broken', TOML_EXPECTED);
  if (text.includes('\0')) return fault('broken', 'text');
  const listed = parseListed(text);
  if (listed !== null) return broken(readListed(draft, file, listed));
  if (text.length > TEXT_MAX) return fault('broken', `at most ${TEXT_MAX} characters of INI or YAML`);
  if (!mayBeYaml({ file, text })) return readAsIni(draft, { file, text }, null);
  // Loading the parser takes longer than reading most inventories.
  const { readYaml } = await import('./yaml.ts');
  const yaml = readYaml(draft, file, text);
  if (yaml.kind === 'read') return null;
  return yaml.kind === 'other' ? readAsIni(draft, { file, text }, yaml.problem) : yaml;
}

const TOML_EXPECTED = 'INI, YAML or JSON, not TOML';

/** @param asYaml what was wrong when the same text was read as YAML */
function readAsIni(draft: Draft, { file, text }: InventoryFile, asYaml: InventoryProblem | null): Fault | null {
  const ini = readIni(draft, file, text);
  if (ini === null) return null;
  if (isToml(text)) return { kind: 'broken', problem: { ...ini, expected: TOML_EXPECTED, isConvertible: true } };
  return { kind: 'broken', problem: asYaml === null || /^\[/m.test(text) ? ini : asYaml };
}

/** TOML in a file with another ending, or on standard input: `[web.hosts.web1]`, `hosts = ["web1"]`. */
const isToml = (text: string): boolean =>
  /^\s*\[[^\]\n]*\.(?:hosts|vars|children)\b[^\]\n]*\]|^\s*(?:hosts|children)\s*=\s*[[{]/m.test(text);

/** Ansible tries YAML where the name has one of these endings or none; a file without one that can't be YAML is skipped. */
function mayBeYaml({ file, text }: InventoryFile): boolean {
  const [ending] = /(?<=[^/.])\.[^/.]*$/.exec(file) ?? [''];
  if (ending === '') return /^(?:\s*\{|(?!\[)[^\s#;=][^=]*:(?:\s|$))/m.test(text);
  return /^\.(?:ya?ml|json)$/.test(ending);
}
