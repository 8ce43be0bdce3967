/** The whole system in a sandbox: AWS in memory, ten real SSH servers, a real shell, the real pipeline, a virtual clock. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STORY } from '../../sandbox/crawlers.ts';
import { type Chapter, DemoWorld, printChapter, printEnd, printStart } from '../demo/index.ts';
import type { CommandIo } from '../terminal/index.ts';

/** @returns the exit code. */
export async function demo({ stdout }: Pick<CommandIo, 'stdout'>): Promise<number> {
  const print = (text = '') => stdout.write(`${text}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'crawlwatch-demo-'));
  const world = new DemoWorld(folder);
  try {
    printStart(print);
    await world.open();
    let before: Chapter | null = null;
    for (const [check, { says }] of STORY.entries()) {
      const chapter = await world.check(check);
      printChapter(print, chapter, { check, says, before, login: ({ id }) => world.login(id) });
      before = chapter;
    }
    await printEnd(print, world);
    return 0;
  } finally {
    await world.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
