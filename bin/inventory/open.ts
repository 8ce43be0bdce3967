/** Opens an inventory: reads its sources, by itself or through Ansible, and the variables beside them. */
import { type CommandIo, UsageError } from '../terminal/index.ts';
import { variablesBeside } from './beside.ts';
import { type AnsibleRun, ansibleDefaults, listCommand, listWithAnsible, parseListed } from './by-ansible/index.ts';
import type { Draft, InventoryProblem } from './draft.ts';
import {
  describeProblem,
  type FileVariables,
  type Inventory,
  type InventoryHost,
  resolveInventory,
} from './inventory.ts';
import { readInventory } from './read.ts';
import { type Opened, openPath, openStdin, STDIN } from './sources.ts';

/** What reading an inventory uses of the process. */
export interface InventoryAids extends AnsibleRun {
  readonly stdin: CommandIo['stdin'];
  /** The login user given by a flag, which goes before that of Ansible's configuration; absent: none. */
  readonly user?: string | undefined;
}

/** Reads all that `-i` names as one inventory. @throws UsageError where that can't be read or is broken. */
export async function openInventory(paths: readonly string[], aids: InventoryAids): Promise<Inventory> {
  const opened: Opened[] = [];
  for (const path of paths) {
    if (path === '-' && opened.some((one) => one.path === '-')) throw new UsageError('-i: - can be given once');
    opened.push(path === '-' ? await openStdin(aids.stdin) : openPath(path));
  }
  const [draft, read] = await draftOf(opened, aids);
  const directories = read.flatMap(({ directory }) => directory ?? []);
  const known = new Map<string, readonly FileVariables[]>();
  const files: (readonly FileVariables[])[] = [];
  for (const directory of directories) {
    const found = known.get(directory) ?? (await variablesBeside(directory, draft));
    known.set(directory, found);
    files.push(found);
  }
  const { user, ...defaults } = ansibleDefaults(aids);
  return resolveInventory(draft, files, {
    ...defaults,
    ...(user !== undefined && aids.user === undefined && { user }),
  });
}

/** Reads everything here; where one source needs Ansible, everything that Ansible can read is listed by it, as one. */
async function draftOf(opened: readonly Opened[], aids: InventoryAids): Promise<[Draft, readonly Opened[]]> {
  const read = await readInventory(opened.flatMap(({ sources }) => sources));
  if (read.kind === 'draft') return [read.draft, opened];
  if (read.kind === 'broken' || read.problem.file === STDIN) throw new UsageError(withWayOut(read.problem));

  // Constructed groups depend on all sources before theirs, and their variables on each other.
  const theirs = opened.filter((one) => !isOurs(one));
  const listed = await listWithAnsible(
    theirs.map(({ path }) => path),
    aids,
  );
  if (listed === null)
    throw new UsageError(withWayOut(read.problem, 'ansible-inventory is not installed here; where it is'));
  if (parseListed(listed.text) === null) throw new UsageError(`${listed.command} wrote no inventory as JSON`);
  const file = theirs.length === 1 ? (theirs[0]?.path ?? '') : 'ansible-inventory';
  const place = { path: '', sources: [{ file, text: listed.text }], directory: null };
  const ours = opened.flatMap((one) => (isOurs(one) ? [one] : one === theirs[0] ? [place] : []));
  const again = await readInventory(ours.flatMap(({ sources }) => sources));
  if (again.kind !== 'draft') throw new UsageError(describeProblem(again.problem));
  if (listed.warnings !== '') again.draft.notes.push(`ansible-inventory: ${listed.warnings}`);
  return [again.draft, ours];
}

/** Standard input, and a file of what `ansible-inventory --list` has written: Ansible itself reads neither. */
const isOurs = ({ path, sources: [source] }: Opened): boolean =>
  path === '-' ||
  (source !== undefined && 'file' in source && source.file === path && parseListed(source.text) !== null);

/** Names the command that makes a readable inventory of one that only Ansible can read. */
function withWayOut(problem: InventoryProblem, lead = 'try'): string {
  const command = `${listCommand(problem.file === STDIN ? 'FILE' : problem.file)} | crawlwatch check -i -`;
  if (!problem.isConvertible) return describeProblem(problem);
  return `${describeProblem(problem)}; ${lead}: ${command}`;
}

/** Resolves hosts one by one, each once, and has notes about them at the end. */
export function resolving(inventory: Pick<Inventory, 'take'>) {
  const unused = new Map<string, string>();
  return {
    host(name: string): InventoryHost {
      const resolved = inventory.take(name);
      for (const variable of resolved.unused) if (!unused.has(variable)) unused.set(variable, name);
      return resolved.host;
    },
    notes: (): string[] => [...unused].map(([variable, host]) => passwordNote(variable, host)),
  };
}

/** Resolves hosts, with notes about them. */
export function hostsNamed(inventory: Inventory, names: readonly string[]) {
  const { host, notes } = resolving({ take: inventory.resolve });
  return { hosts: names.map((name) => host(name)), notes: notes() };
}

const passwordNote = (variable: string, host: string) =>
  `${variable} (of ${host}, for example) is not used: crawlwatch logs in with keys only; ssh-copy-id puts one on a host`;
