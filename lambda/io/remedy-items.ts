/** Acts and lines of history as the table holds them: JSON texts, every field of which is checked on the way back. */
import * as z from 'zod';
import { type Act, GUARDS, type HistoryEntry, REASON_CLASS, REMEDIES, type ReasonCode } from '../model.ts';

const instant = z.iso.datetime().transform((text) => new Date(text));
const instanceId = z.string().regex(/^i-[0-9a-f]{8,17}$/);
const STATES = ['begun', 'done', 'worked', 'failed'] as const;

const act = z.object({
  remedy: z.enum(REMEDIES),
  instanceId,
  at: instant,
  state: z.enum(STATES),
  asker: z.string(),
  boot: z.string().nullable(),
  since: instant.nullable(),
  trouble: z.enum(Object.keys(REASON_CLASS) as ReasonCode[]).optional(),
});

const entry = z.object({
  at: instant,
  instanceId,
  remedy: z.enum([...REMEDIES, 'person', 'unflag']),
  outcome: z.enum([...STATES, 'held']),
  heldBy: z.enum(GUARDS).nullable(),
  why: z.string(),
  asker: z.string(),
  evidence: z.array(z.string()),
});

export const writeAct = (one: Act): string => JSON.stringify(one);
export const writeEntry = (one: HistoryEntry): string => JSON.stringify(one);

/** @throws where it is no act: what was done must not be forgotten for being unreadable. */
export function readAct(text: string): Act {
  const parsed = act.safeParse(json(text));
  if (!parsed.success) throw new Error('the record of acts is unreadable');
  const { trouble, ...rest } = parsed.data;
  return { ...rest, ...(trouble !== undefined && { trouble }) };
}

/** Null where it is no line of history. */
export function readEntry(text: string): HistoryEntry | null {
  return entry.safeParse(json(text)).data ?? null;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
