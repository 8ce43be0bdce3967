/** The demo's story as the page follows it: one moment after the other, in a world of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STORY } from '../../sandbox/crawlers.ts';
import { DemoWorld, type Mail } from './world.ts';

/** One check of the story. */
export interface Moment {
  /** Counted from 0. */
  readonly check: number;
  readonly at: Date;
  /** What happened since the one before; null: nothing. */
  readonly says: string | null;
  /** All that was mailed, by the check and by what was done upon it. */
  readonly mails: readonly Mail[];
}

export interface Story {
  readonly world: DemoWorld;
  /** Lets happen what the story has next, and checks; null at its end. */
  next(): Promise<Moment | null>;
  close(): Promise<void>;
}

export async function openStory(): Promise<Story> {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-demo-'));
  const world = new DemoWorld(folder);
  const close = async () => {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await world.open();
  } catch (error) {
    await close();
    throw error;
  }
  const moments = STORY.entries();
  const next = async (): Promise<Moment | null> => {
    const { value } = moments.next();
    if (value === undefined) return null;
    const [check, { says }] = value;
    const { report, mails, acted } = await world.check(check);
    return { check, at: new Date(report.checkedAt), says, mails: [...mails, ...(acted?.mails ?? [])] };
  };
  return { world, next, close };
}
