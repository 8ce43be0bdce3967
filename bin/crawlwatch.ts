/** The command line's process: streams, signals, exit code. bin/start.ts loads it. */
import { constants } from 'node:os';
import { runCommandLine } from './commands/index.ts';
import { EXIT_UNKNOWN, errorLines } from './terminal/index.ts';

// Before any command loads the SDK: its warning would be the first line of every check.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

const controller = new AbortController();
let isService = false;
let interruptedBy: 'SIGINT' | 'SIGTERM' | null = null;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C: don't wait for the rest.
    if (interruptedBy !== null) process.exit(128 + constants.signals[signal]);
    interruptedBy = signal;
    controller.abort();
  });
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    controller.abort();
    // The reader has gone (`| head`): end silently, as SIGPIPE would have ended us.
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
      untilInterrupted: () => {
        isService = true;
      },
    });
  } catch (error) {
    if (interruptedBy === null) process.stderr.write(`${errorLines(error).join('\n')}\n`);
    return EXIT_UNKNOWN;
  }
}

void main().then((exitCode) => {
  // Ends the process although connections are still open, but not before all output is flushed.
  process.stdout.write('', (error) => {
    // On an error the stream's error event follows, which ends the process with its own code.
    if (!error) process.exit(interruptedBy === null || isService ? exitCode : 128 + constants.signals[interruptedBy]);
  });
});
