#!/usr/bin/env node
/** The command line's process: streams, signals, exit code. What it understands: arguments.ts. */
import { constants } from 'node:os';
import { runCommandLine } from './commands/arguments.ts';
import { EXIT_UNKNOWN, errorLines } from './terminal/index.ts';

// Before any command loads the SDK: its warning would be the first line of every check.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const controller = new AbortController();
let interruptedBy: 'SIGINT' | 'SIGTERM' | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Whoever asks twice doesn't want to wait for the rest.
    if (interruptedBy !== null) process.exit(128 + constants.signals[signal]);
    interruptedBy = signal;
    controller.abort();
  });
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    controller.abort();
    // The reader has gone (`| head`): end as SIGPIPE would have ended us, without a word.
    if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE);
    if (stream === process.stdout) process.stderr.write(`crawlwatch: can't write the output: ${error.message}\n`);
    process.exit(EXIT_UNKNOWN);
  });
}

async function main(): Promise<number> {
  try {
    return await runCommandLine(process.argv.slice(2), {
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
      env: process.env,
      cwd: process.cwd(),
      signal: controller.signal,
    });
  } catch (error) {
    if (interruptedBy === null) process.stderr.write(`${errorLines(error).join('\n')}\n`);
    return EXIT_UNKNOWN;
  }
}

const exitCode = await main();
// Idle connections must not keep us waiting; what was written is flushed first.
process.stdout.write('', (error) => {
  // The error's own event, still to come, ends the process with its own code.
  if (!error) process.exit(interruptedBy === null ? exitCode : 128 + constants.signals[interruptedBy]);
});
