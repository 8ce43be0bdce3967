/** Several instances at once: by the patterns of check's `-l`, over Names and ids, by tag, or all that the stack watches. */
import { quoted } from '../../lambda/kit/index.ts';
import { INSTANCE_ID, type Instance } from '../../lambda/model/index.ts';
import { patternAids, selectHosts } from '../inventory/index.ts';
import { type CommandIo, UsageError } from '../terminal/index.ts';
import type { Fleet, StackPorts } from './client.ts';
import { describeTags } from './ec2.ts';
import { findTargets, type Target } from './instances.ts';

export interface Selection {
  /** Ids, Names and patterns. */
  readonly words: readonly string[];
  /** `KEY=VALUE` each; an instance has to carry all. */
  readonly tag?: readonly string[];
  readonly all?: boolean;
}

/**
 * The instances that are named, each once. By pattern, tag or all it leaves out those that another stack watches.
 * @throws UsageError where a word, or all of it, fits none, with what comes near
 */
export async function selectTargets(
  { words, tag = [], all = false }: Selection,
  fleet: Fleet,
  io: CommandIo,
  ports: Pick<StackPorts, 'ec2'>,
): Promise<Target[]> {
  const own = fleet.instances.filter(({ stack }) => stack === null || stack === fleet.stack);
  if (all) return [...own];
  if (tag.length > 0) return tagged(tag, own, fleet, ports);
  const targets = new Map<string, Target>();
  for (const word of words) {
    for (const target of named(word, own, fleet, io)) targets.set(target.id, target);
  }
  return [...targets.values()];
}

/** Whether a word is an id or a Name: anything else is a pattern. */
export const isPlain = (word: string, { instances }: Pick<Fleet, 'instances'>): boolean =>
  INSTANCE_ID.test(word) || instances.some(({ name }) => name === word);

function named(word: string, own: readonly Instance[], fleet: Fleet, io: CommandIo): readonly Target[] {
  if (isPlain(word, fleet)) return findTargets([word], fleet);
  // Each Name is a group of its own: two instances may share one.
  const byName = new Map<string, string[]>();
  for (const { id, name } of own) byName.set(name, [...(byName.get(name) ?? []), id]);
  const ids = own.map(({ id }) => id);
  const selected = selectHosts(
    {
      hosts: ids,
      seen: ids,
      groups: ['all', ...byName.keys()],
      hostsOf: (name) => (name === 'all' ? ids : (byName.get(name) ?? [])),
    },
    word,
    patternAids,
  );
  if (selected.kind === 'bad') throw new UsageError(`got ${JSON.stringify(word)}; allowed: ${selected.expected}`);
  const { hosts, unmatched } = selected.value;
  if (hosts.length === 0) {
    const names = own.flatMap(({ id, name }) => [name, id]);
    const counted = /\[\d+(?:[:-]\d*)?\]$/.test(word)
      ? '; [...] at the end counts the hosts of a group, as in Ansible: put a * after it for a wildcard'
      : '';
    throw new UsageError(
      `${quoted(word)} fits no instance ${watchedBy(fleet)}, by Name or id${nearTo(unmatched[0] ?? word, names)}${counted}; crawlwatch check --list-hosts names all`,
    );
  }
  for (const part of unmatched) io.stderr.write(`crawlwatch: ${JSON.stringify(part)} fits no instance; ignored\n`);
  const chosen = new Set(hosts);
  return own.filter(({ id }) => chosen.has(id));
}

async function tagged(
  texts: readonly string[],
  own: readonly Instance[],
  fleet: Fleet,
  ports: Pick<StackPorts, 'ec2'>,
): Promise<Target[]> {
  const wanted = texts.map((text) => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      throw new UsageError(`--tag: got ${JSON.stringify(text)}; allowed: KEY=VALUE`);
    }
    return { key, value };
  });
  const tags = await describeTags(ports.ec2, fleet.settings.tag);
  const having = (of: readonly (typeof wanted)[number][]) =>
    own.filter(({ id }) => of.every(({ key, value }) => tags.get(id)?.[key] === value));
  const found = having(wanted);
  if (found.length > 0) return found;
  const alone = wanted.find((one) => having([one]).length === 0);
  const given = wanted.map(({ key, value }) => `${key}=${value}`).join(' and ');
  if (alone === undefined)
    throw new UsageError(`--tag: no instance ${watchedBy(fleet)} carries ${quoted(given)} together`);
  const known = own.flatMap(({ id }) => Object.entries(tags.get(id) ?? {}));
  const values = known.filter(([key]) => key === alone.key).map(([, value]) => value);
  const near =
    values.length > 0
      ? nearTo(alone.value, values, true)
      : nearTo(
          alone.key,
          known.map(([key]) => key),
        );
  throw new UsageError(
    `--tag: no instance ${watchedBy(fleet)} carries ${quoted(`${alone.key}=${alone.value}`)}${near}`,
  );
}

const watchedBy = ({ settings: { tag }, region }: Fleet): string => `tagged ${tag.key}=${tag.value} in ${region}`;

const NEAR_SHOWN = 5;

/**
 * `; near it: ficrawler7, ficrawler8`: what begins and ends most like the text, which may be a pattern.
 * @param orAny where nothing does, what there is
 */
function nearTo(text: string, candidates: readonly string[], orAny = false): string {
  const literal = text.replace(/[*?[\]~&!,^$()|+\\]/g, '').toLowerCase();
  const scored = [...new Set(candidates)]
    .map((name) => ({ name, score: likeness(literal, name.toLowerCase()) }))
    .filter(({ score }) => orAny || score >= Math.max(2, literal.length / 2))
    .toSorted((a, b) => b.score - a.score || a.name.localeCompare(b.name, 'en', { numeric: true }));
  const best = scored[0]?.score ?? 0;
  const near = scored.filter(({ score }) => orAny || score >= best - 1);
  const names = near.slice(0, NEAR_SHOWN).map(({ name }) => quoted(name));
  return names.length === 0 ? '' : `; near it: ${names.join(', ')}`;
}

/** How many characters two texts share at their beginning and at their end. */
function likeness(one: string, other: string): number {
  const least = Math.min(one.length, other.length);
  let begin = 0;
  while (begin < least && one[begin] === other[begin]) begin += 1;
  let end = 0;
  while (end < least - begin && one.at(-1 - end) === other.at(-1 - end)) end += 1;
  return begin + end;
}
