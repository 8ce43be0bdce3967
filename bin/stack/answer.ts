/** What the remedy function answers, read from its JSON. */
import * as z from 'zod';
import type { Override, Remedy } from '../../lambda/model/index.ts';
import { UsageError } from '../terminal/index.ts';

/** What it can be asked. Whatever it may not do it refuses with a sentence. */
export type Request =
  | { readonly action: 'plan'; readonly asker: string }
  | {
      readonly action: Remedy;
      readonly instanceId: string;
      readonly asker: string;
      readonly dryRun?: true;
      readonly overrides?: readonly Override[];
    }
  | { readonly action: 'unflag'; readonly instanceId: string; readonly asker: string; readonly dryRun?: true }
  | {
      readonly action: 'pause';
      readonly asker: string;
      readonly why: string;
      readonly until: string | null;
      readonly dryRun?: true;
    }
  | { readonly action: 'resume'; readonly asker: string; readonly dryRun?: true }
  | { readonly action: 'history'; readonly instanceId: string };

// Words are taken as they come, since a stack may be newer than this command line; all are escaped where they are shown.
const date = z.string().pipe(z.coerce.date());
const decision = z.object({
  instanceId: z.string(),
  name: z.string(),
  remedy: z.string(),
  heldBy: z.string().nullable(),
  why: z.string(),
});
const act = z.object({
  remedy: z.string(),
  instanceId: z.string(),
  at: date,
  state: z.string(),
  asker: z.string(),
});
const entry = z.object({
  at: date,
  instanceId: z.string(),
  remedy: z.string(),
  outcome: z.string(),
  heldBy: z.string().nullable(),
  why: z.string(),
  asker: z.string(),
  evidence: z.array(z.string()).default([]),
});
const pause = z.object({ who: z.string(), why: z.string(), from: date, until: date.nullish() });
const answer = z.object({
  /** What was asked for was done. */
  done: z.boolean(),
  instanceId: z.string().nullable(),
  why: z.string(),
  decisions: z.array(decision).optional(),
  history: z.array(entry).optional(),
  pause: pause.nullish(),
  acts: z.array(act).optional(),
  /** What went wrong beside, a sentence each. */
  problems: z.array(z.string()).optional(),
});

export type Decided = z.output<typeof decision>;
export type PastAct = z.output<typeof act>;
export type Entry = z.output<typeof entry>;
export type Standstill = z.output<typeof pause>;
export type Answer = z.output<typeof answer>;

/** @throws UsageError where it is none: the function is another version's. */
export function readAnswer(json: unknown): Answer {
  const read = answer.safeParse(json);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new UsageError(
    `the remedy function's answer is not understood (${issue?.path.join('.') || 'answer'}: ${issue?.message}): deploy the stack that goes with this command line (npx cdk deploy)`,
  );
}

/** Asked to do nothing, it would: nothing stands against it. */
export const wouldBeDone = ({ done, why }: Answer): boolean => !done && why.startsWith('dry run: ');
