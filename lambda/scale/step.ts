/** Reads what an event requests of the check function: a whole check, or one step of a distributed run. */
import * as z from 'zod';

export type RunStep =
  | { readonly step: 'check' }
  | { readonly step: 'plan'; readonly run: string }
  | {
      readonly step: 'shard';
      readonly run: string;
      readonly index: number;
      /** Of the whole run. */
      readonly shards: number;
    }
  | { readonly step: 'join'; readonly run: string };

/** An execution's name, which is part of its files' keys. */
const run = z.string().regex(/^[\w.-]{1,80}$/);
const step = z.discriminatedUnion('step', [
  z.object({ step: z.literal('plan'), run }),
  z
    .object({ step: z.literal('shard'), run, index: z.int().min(0), shards: z.int().min(1) })
    .refine(({ index, shards }) => index < shards),
  z.object({ step: z.literal('join'), run }),
]);

/** @returns null where it names a step but is none of the state machine's events; an event without a step is a check */
export function readStep(event: unknown): RunStep | null {
  if (typeof event !== 'object' || event === null || !('step' in event)) return { step: 'check' };
  return step.safeParse(event).data ?? null;
}
