/**
 * Parses YAML into a tree with line numbers: aliases and `<<` are followed, scalars read as by PyYAML (YAML 1.1). JSON is
 * YAML too. Bounded, since aliases multiply the size of a small file.
 */
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { InventoryProblem, Place, Value } from './draft.ts';
import { bad, ok } from './parsed.ts';
import { yamlKind, yamlValue } from './values.ts';

/** Nodes of one file, those of an alias counted each time. */
const MAX_NODES = 500_000;
const MAX_DEPTH = 100;

export interface TreeEntry extends Place {
  readonly key: string;
  /** False where the key is a number, a date or a truth value. */
  readonly isText: boolean;
  readonly node: TreeNode;
}

export type TreeNode =
  | { readonly kind: 'null' | 'list' }
  | { readonly kind: 'map'; readonly entries: readonly TreeEntry[] }
  | { readonly kind: 'scalar'; readonly text: string; readonly isText: boolean; readonly value: Value };

export type TreeResult =
  | { readonly kind: 'tree'; readonly root: TreeNode }
  | { readonly kind: 'broken'; readonly problem: InventoryProblem };

/** Parses one document. */
export function parseTree(file: string, text: string): TreeResult {
  const counter = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    // Every scalar stays text: values.ts reads it.
    schema: 'failsafe',
    merge: false,
    uniqueKeys: false,
    lineCounter: counter,
    prettyErrors: false,
    logLevel: 'error',
  });
  const lineOf = (node: Node | null, otherwise: number) =>
    node?.range ? counter.linePos(node.range[0]).line : otherwise;
  const broken = (line: number, expected: string): TreeResult => {
    const got = (text.split('\n')[line - 1] ?? '').trim();
    return { kind: 'broken', problem: { file, line, expected, got } };
  };
  const [error] = document.errors;
  if (error !== undefined) return broken(counter.linePos(error.pos[0]).line, `valid YAML: ${error.message}`);

  const targetOf = targetsOf(document);
  let nodes = 0;
  let fault: { readonly line: number; readonly expected: string } | null = null;
  const toTree = (node: Node | null, line: number, depth: number): TreeNode => {
    nodes++;
    const target = targetOf(node);
    if (nodes > MAX_NODES) {
      fault ??= { line, expected: `at most ${MAX_NODES} values, those of aliases counted each time` };
    } else if (depth > MAX_DEPTH) fault ??= { line, expected: `values nested at most ${MAX_DEPTH} deep` };
    else if (isAlias(node) && target === null) fault ??= { line, expected: `&${node.source} before *${node.source}` };
    if (fault !== null) return { kind: 'null' };
    if (isMap(target)) return { kind: 'map', entries: toEntries(target.items, line, depth) };
    if (isSeq(target)) return { kind: 'list' };
    return isScalar(target) ? toScalar(target) : { kind: 'null' };
  };
  const toEntries = (pairs: readonly { key: unknown; value: unknown }[], line: number, depth: number): TreeEntry[] => {
    const merged: TreeEntry[] = [];
    const own: TreeEntry[] = [];
    for (const { key, value } of pairs) {
      const name = targetOf(key);
      if (!isScalar(name)) continue;
      const at = lineOf(name, line);
      const isPlain = name.type === 'PLAIN';
      const inner = (value ?? null) as Node | null;
      if (isPlain && name.source === '<<') {
        // Of several the first overrides, and the map's own keys override all of them.
        const target = targetOf(inner);
        const parts = isSeq(target) ? [...(target.items as Node[])].reverse() : [target];
        merged.push(
          ...parts.map((part) => toTree(part, at, depth + 1)).flatMap((n) => (n.kind === 'map' ? n.entries : [])),
        );
      } else {
        const isText = !isPlain || yamlKind(name.source ?? '') === 'text';
        own.push({ file, line: at, key: String(name.value), isText, node: toTree(inner, at, depth + 1) });
      }
    }
    // A repeated key keeps its first place, and gets its last value.
    return [...new Map([...merged, ...own].map((entry) => [entry.key, entry])).values()];
  };

  const root = toTree(document.contents, 1, 0);
  const { line, expected } = fault ?? { line: 0, expected: '' };
  return line > 0 ? broken(line, expected) : { kind: 'tree', root };
}

/** Resolves all aliases in one walk: the library's own method walks the whole document for each. */
function targetsOf(document: Document): (node: unknown) => Node | null {
  const anchors = new Map<string, Node>();
  const targets = new Map<unknown, Node>();
  visit(document, (_, node) => {
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target !== undefined) targets.set(node, target);
    } else if (isNode(node) && node.anchor) anchors.set(node.anchor, node);
  });
  return (node) => (isAlias(node) ? (targets.get(node) ?? null) : isNode(node) ? node : null);
}

function toScalar(node: Scalar): TreeNode {
  const text = String(node.value);
  const isTaggedText = node.tag === '!unsafe' || node.tag === '!' || node.tag === 'tag:yaml.org,2002:str';
  if (node.tag?.startsWith('!vault')) {
    return {
      kind: 'scalar',
      text: '!vault',
      isText: false,
      value: bad('a plain value: vaulted ones are not decrypted'),
    };
  }
  if (node.tag && !isTaggedText) {
    return { kind: 'scalar', text: `${node.tag} ${text}`, isText: false, value: bad('a value without a tag') };
  }
  if (node.type !== 'PLAIN' || isTaggedText) return { kind: 'scalar', text, isText: true, value: ok(text) };
  const kind = yamlKind(node.source ?? '');
  if (kind === 'null') return { kind: 'null' };
  return { kind: 'scalar', text, isText: kind === 'text', value: yamlValue(node.source ?? '') };
}
