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
  const { openCodeCache, scriptLoader } = await import('./loading/index.ts');
  const { setFlagsFromString } = await import('node:v8');
  /**
   * Tens of thousands of hosts leave much more garbage than there is to keep, and V8 would let its heap grow to four times
   * of what it kept last before it looks. With this it looks earlier, which costs a fleet of fifty thousand a second, and
   * small ones nothing. Here, since V8 refuses compiled code that was kept under other flags.
   * @see https://nodejs.org/api/v8.html#v8setflagsfromstringflags
   */
  setFlagsFromString('--heap-growing-percent=15');
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''];
  const cache = openCodeCache({ env: process.env, uid: process.getuid?.(), build: BUILD, flags, now: Date.now });
  let hasCrashed = false;
  process.once('uncaughtExceptionMonitor', () => {
    hasCrashed = true;
  });
  process.once('exit', (code) => {
    // Who has interrupted it doesn't wait for it.
    if (!hasCrashed && code <= EXIT_UNKNOWN) cache.save();
  });
  scriptLoader(CHUNKS, cache, require)(FIRST);
}

const columns = isatty(STDOUT) ? process.stdout.columns || HELP_WIDTH : null;
const text = preparedText(process.argv.slice(2), join(CHUNKS, 'help.json'), columns);
if (text === null || !printAtOnce(text, STDOUT)) void load();
