/** `crawlwatch demo --serve`: the dashboard of the sandbox as a page on this machine, while its story plays. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type MailedAt, openStory, type PageServer, startServer, viewOf } from '../demo/index.ts';
import type { CommandIo } from '../terminal/index.ts';
import { UsageError } from '../terminal/index.ts';

export interface ServeFlags {
  readonly port?: string;
}

/** Long enough to read what has happened; the last moment stands longer, before it all begins anew. */
const MOMENT_MS = 6_000;
const QUIET_MOMENT_MS = 3_000;
const LAST_MOMENT_MS = 15_000;

/** Serves until it is interrupted. @returns the exit code. */
export async function serve({ port = '0' }: ServeFlags, io: CommandIo): Promise<number> {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new UsageError(
      `--port: got ${JSON.stringify(port)}; allowed: a number from 0 to 65535, 0 for any that is free`,
    );
  }
  const server = await startServer(Number(port));
  io.stdout.write(`The demo's dashboard: ${server.url}   (this machine only; Ctrl-C ends it)\n`);
  try {
    while (!io.signal.aborted) await tellOnce(server, io.signal);
    return 0;
  } finally {
    await server.close();
  }
}

async function tellOnce(server: PageServer, signal: AbortSignal): Promise<void> {
  const story = await openStory();
  const mails: MailedAt[] = [];
  try {
    for (let moment = await story.next(); moment !== null && !signal.aborted; moment = await story.next()) {
      const { at, says } = moment;
      mails.push(...moment.mails.map(({ subject, body }) => ({ at, subject, body })));
      server.show(await viewOf(story.world, moment, mails));
      await sleep(says === null ? QUIET_MOMENT_MS : MOMENT_MS, undefined, { signal }).catch(() => undefined);
    }
    await sleep(LAST_MOMENT_MS, undefined, { signal }).catch(() => undefined);
  } finally {
    await story.close();
  }
}
