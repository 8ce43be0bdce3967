/** The command line's process: streams, signals, exit code. bin/start.ts loads it. */
import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { runCommandLine } from './commands/index.ts';
import { EXIT_UNKNOWN, errorLines, type Output } from './terminal/index.ts';

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

function opened(name: 'stdout' | 'stderr'): NodeJS.WriteStream {
  const stream = process[name];
  if (stream.listenerCount('error') > 0) return stream;
  return stream.on('error', (error: NodeJS.ErrnoException) => {
    controller.abort();
    // The reader has gone (`| head`): end silently, as SIGPIPE would have ended us.
    if (error.code === 'EPIPE') process.exit(128 + constants.signals.SIGPIPE);
    if (name === 'stdout') opened('stderr').write(`crawlwatch: can't write the output: ${error.message}\n`);
    process.exit(EXIT_UNKNOWN);
  });
}

/**
 * A standard stream that is opened when it is first written to. Node makes a pipe non-blocking when it opens it, for all who
 * share it: in `ansible-inventory --list | crawlwatch check -i -` Ansible refuses to start where its stderr is so.
 */
function lateOutput(name: 'stdout' | 'stderr', fd: number): Output {
  const isTTY = isatty(fd);
  return {
    write: (text) => opened(name).write(text),
    isTTY,
    get columns() {
      return isTTY ? opened(name).columns : 0;
    },
    get rows() {
      return isTTY ? opened(name).rows : 0;
    },
  };
}

async function main(): Promise<number> {
  try {
    return await runCommandLine(process.argv.slice(2), {
      stdin: process.stdin,
      stdout: lateOutput('stdout', 1),
      stderr: lateOutput('stderr', 2),
      env: process.env,
      cwd: process.cwd(),
      signal: controller.signal,
      untilInterrupted: () => {
        isService = true;
      },
    });
  } catch (error) {
    if (interruptedBy === null) opened('stderr').write(`${errorLines(error).join('\n')}\n`);
    return EXIT_UNKNOWN;
  }
}

void main().then((exitCode) => {
  // Ends the process although connections are still open, but not before all output is flushed.
  opened('stdout').write('', (error) => {
    // On an error the stream's error event follows, which ends the process with its own code.
    if (!error) process.exit(interruptedBy === null || isService ? exitCode : 128 + constants.signals[interruptedBy]);
  });
});
