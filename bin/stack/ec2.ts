/** Tags that a person writes or takes away at a terminal, with their own rights. */
import { CreateTagsCommand, DeleteTagsCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import type { Ec2 } from '../../lambda/kit/index.ts';
import { FORMER_TAG_KEYS, OWN_TAG_KEYS, TAG } from '../../lambda/model/index.ts';

/** What `crawlwatch forget` removes: never a tag that the user writes. */
export const FORGOTTEN_TAG_KEYS = [...OWN_TAG_KEYS, ...FORMER_TAG_KEYS] as const;

/** An instance that carries a tag of crawlwatch's own, watched or not. */
export interface MarkedInstance {
  readonly id: string;
  /** Only crawlwatch's own. */
  readonly tags: Readonly<Record<string, string>>;
}

/** All of them, also stopped ones. Rejects when any page can't be read. */
export async function describeMarked(ec2: Ec2): Promise<MarkedInstance[]> {
  const own: ReadonlySet<string> = new Set(FORGOTTEN_TAG_KEYS);
  const found: MarkedInstance[] = [];
  const Filters = [{ Name: 'tag-key', Values: [...own] }];
  for await (const page of paginateDescribeInstances({ client: ec2 }, { Filters, MaxResults: 1000 })) {
    for (const { InstanceId: id, Tags = [], State } of (page.Reservations ?? []).flatMap((r) => r.Instances ?? [])) {
      // A terminated one's tags go with it, within the hour.
      if (id === undefined || State?.Name === 'terminated' || State?.Name === 'shutting-down') continue;
      const tags = Tags.flatMap(({ Key = '', Value = '' }) => (own.has(Key) ? [[Key, Value] as const] : []));
      found.push({ id, tags: Object.fromEntries(tags) });
    }
  }
  return found;
}

/** Writes the mute tag, or takes it away where `value` is null. All or none. */
export async function writeMute(ec2: Ec2, ids: readonly string[], value: string | null): Promise<void> {
  const Resources = [...ids];
  await (value === null
    ? ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: TAG.mute }] }))
    : ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: TAG.mute, Value: value }] })));
}
