/** The instances that a command names: by id, or by the unique Name of a watched one. */
import { forTerminal, quoted } from '../../lambda/kit/index.ts';
import { INSTANCE_ID } from '../../lambda/model/index.ts';
import { UsageError } from '../terminal/index.ts';
import type { Fleet } from './client.ts';

export interface Target {
  readonly id: string;
  /** Its id where it isn't watched. */
  readonly name: string;
}

type WatchedFleet = Pick<Fleet, 'instances' | 'region' | 'settings'>;

/**
 * Each once, in the order given. An id is taken as it is: whether it is watched the remedy function decides.
 * @throws UsageError for a name that none has, or more than one.
 */
export function findTargets(words: readonly string[], fleet: WatchedFleet): Target[] {
  const targets = new Map<string, Target>();
  for (const word of words) {
    const target = findTarget(word, fleet);
    targets.set(target.id, target);
  }
  return [...targets.values()];
}

function findTarget(word: string, { instances, region, settings }: WatchedFleet): Target {
  if (INSTANCE_ID.test(word)) return instances.find(({ id }) => id === word) ?? { id: word, name: word };
  const [found, ...more] = instances.filter(({ name }) => name === word);
  if (found === undefined) {
    const { key, value } = settings.tag;
    throw new UsageError(
      `no instance tagged ${key}=${value} in ${region} is called ${quoted(word)}; crawlwatch flagged and crawlwatch check --list-hosts name them`,
    );
  }
  if (more.length > 0) {
    const ids = [found, ...more].map(({ id }) => id).join(', ');
    throw new UsageError(`${quoted(word)} is the Name of ${more.length + 1} instances: ${ids}; give the id`);
  }
  return found;
}

/** `ficrawler9 (i-0123456789abcdef0)`, safe to show; the id alone where it has no name. */
export const called = ({ id, name }: Target): string => (name === id ? id : `${forTerminal(name)} (${id})`);

/** The error where nothing is watched, with the command that tags an instance. */
export const nothingWatched = ({ region, settings: { tag } }: Fleet): string =>
  `no instance is tagged ${tag.key}=${tag.value} in ${region}; tag one: aws ec2 create-tags --region ${region} --resources i-... --tags Key=${tag.key},Value=${tag.value}`;
