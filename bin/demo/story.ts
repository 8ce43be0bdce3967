/** The demo's story, one moment after the other, in a sandbox of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STORY } from '../../sandbox/crawlers.ts';
import { type Chapter, DemoSandbox, type Mail } from './sandbox.ts';

/** One check of the story. */
export interface Moment {
  /** Counted from 0. */
  readonly check: number;
  readonly at: Date;
  /** What happened since the check before; null: nothing. */
  readonly says: string | null;
  readonly chapter: Chapter;
  /** One at most. */
  readonly mails: readonly Mail[];
}

export interface Story {
  readonly sandbox: DemoSandbox;
  /** Advances the story by one moment, and checks; null at its end. */
  next(): Promise<Moment | null>;
  close(): Promise<void>;
}

export async function openStory(): Promise<Story> {
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-demo-'));
  const sandbox = new DemoSandbox(folder);
  const close = async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await sandbox.open();
  } catch (error) {
    await close();
    throw error;
  }
  const moments = STORY.entries();
  const next = async (): Promise<Moment | null> => {
    const { value } = moments.next();
    if (value === undefined) return null;
    const [check, { says }] = value;
    const chapter = await sandbox.check(check);
    const { report, mails } = chapter;
    return { check, at: new Date(report.checkedAt), says, chapter, mails };
  };
  return { sandbox, next, close };
}
