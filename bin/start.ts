#!/usr/bin/env node
/** What the package's command is: prints a prepared help, or loads the program, bin/crawlwatch.ts. */
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { HELP_WIDTH, preparedText, printAtOnce } from './help/index.ts';

/** Given by the build (tools/build/options.mjs): the name of the first file, and a hash of all files. */
declare const FIRST: string;
declare const BUILD: string;

const STDOUT = 1;
/** The highest exit code of a command that has run to its end; a signal's are above 128. */
const EXIT_UNKNOWN = 3;
const CHUNKS = join(__dirname, 'chunks');

async function load(): Promise<void> {
  const { openCodeCache, scriptLoader, setV8Flags } = await import('./loading/index.ts');
  setV8Flags();
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  const cache = openCodeCache({ env: process.env, uid: process.getuid?.(), build: BUILD, flags, now: Date.now });
  let hasCrashed = false;
  process.once('uncaughtExceptionMonitor', () => {
    hasCrashed = true;
  });
  process.once('exit', (code) => {
    // Who has interrupted it doesn't wait for it.
    if (hasCrashed || code > EXIT_UNKNOWN) return;
    // A run with many hosts has changed them, and the next one starts with these.
    setV8Flags();
    cache.save();
  });
  scriptLoader(CHUNKS, cache, require)(FIRST);
}

const columns = isatty(STDOUT) ? process.stdout.columns || HELP_WIDTH : null;
const text = preparedText(process.argv.slice(2), join(CHUNKS, 'help.json'), columns);
if (text === null || !printAtOnce(text, STDOUT)) void load();
