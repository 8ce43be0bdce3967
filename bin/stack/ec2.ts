/** Tags that a person writes or takes away at a terminal, with their own rights. */
import { CreateTagsCommand, DeleteTagsCommand, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { bisect, chunks, deniesAnInstance, type Ec2, errorCode, errorText } from '../../lambda/kit/index.ts';
import { FORMER_TAG_KEYS, OWN_TAG_KEYS, TAG, type TagFailure } from '../../lambda/model/index.ts';

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

/** All tags of the instances that carry the watch tag, by id: also those that crawlwatch has no use for. */
export async function describeTags(
  ec2: Ec2,
  watch: { readonly key: string; readonly value: string },
): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
  const found = new Map<string, Readonly<Record<string, string>>>();
  const Filters = [{ Name: `tag:${watch.key}`, Values: [watch.value] }];
  for await (const page of paginateDescribeInstances({ client: ec2 }, { Filters, MaxResults: 1000 })) {
    for (const { InstanceId: id, Tags = [] } of (page.Reservations ?? []).flatMap((r) => r.Instances ?? [])) {
      if (id !== undefined) found.set(id, Object.fromEntries(Tags.map(({ Key = '', Value = '' }) => [Key, Value])));
    }
  }
  return found;
}

/** EC2 takes 1,000 ids in a call and asks for smaller batches (API_CreateTags.html). */
const IDS_PER_CALL = 500;

/**
 * Writes the mute tag, or takes it away where `value` is null; one instance's failure doesn't cost another's write.
 * @returns those that could not be written, each with the error's text
 * @throws what AWS refuses, where it refuses all of it
 */
export async function writeMute(
  ec2: Ec2,
  ids: readonly string[],
  value: string | null,
): Promise<readonly TagFailure[]> {
  const isDenied = deniesAnInstance();
  const blamesAnId = (error: unknown) =>
    isDenied(error) || /^Invalid(InstanceID|ID)\b|^TagLimitExceeded$/.test(errorCode(error));
  const send = (some: readonly string[]): Promise<unknown> => {
    const Resources = [...some];
    return value === null
      ? ec2.send(new DeleteTagsCommand({ Resources, Tags: [{ Key: TAG.mute }] }))
      : ec2.send(new CreateTagsCommand({ Resources, Tags: [{ Key: TAG.mute, Value: value }] }));
  };
  const failed = [];
  for (const some of chunks(ids, IDS_PER_CALL)) failed.push(...(await bisect(some, send, blamesAnId)).failed);
  const [first] = failed;
  if (first !== undefined && failed.length === ids.length) throw first.error;
  return failed.map(({ id, error }) => ({ id, text: errorText(error) }));
}
