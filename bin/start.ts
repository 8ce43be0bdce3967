#!/usr/bin/env node
/** The command: prints a prepared help, or loads the command line. */
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { HELP_WIDTH, preparedText, printAtOnce } from './loading/index.ts';

/** Where the build has put bin/crawlwatch.ts. */
declare const FIRST: string;

const STDOUT = 1;
const columns = isatty(STDOUT) ? process.stdout.columns || HELP_WIDTH : null;
const text = preparedText(process.argv.slice(2), join(import.meta.dirname, 'chunks', 'help.json'), columns);
if (text === null || !printAtOnce(text, STDOUT)) await import(FIRST);
