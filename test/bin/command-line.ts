/** Runs one command line inside this process and keeps what it printed. */
import { tmpdir } from 'node:os';
import { runCommandLine } from '../../bin/commands/program.ts';
import { EXIT_UNKNOWN, errorLines } from '../../bin/terminal/errors.ts';
import type { CommandIo, Output } from '../../bin/terminal/io.ts';

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What was written to stdout, write by write. */
  readonly writes: readonly string[];
}

export async function crawlwatch(
  words: readonly string[],
  given: Partial<Pick<CommandIo, 'env' | 'cwd' | 'signal'>> & {
    readonly stdin?: string;
    readonly columns?: number;
    readonly onWrite?: (text: string) => void;
    readonly onComplaint?: (text: string) => void;
  } = {},
): Promise<Ran> {
  const writes: string[] = [];
  let stderr = '';
  const terminal: Partial<Output> = given.columns === undefined ? {} : { isTTY: true, columns: given.columns };
  const io: CommandIo = {
    stdin: (async function* () {
      yield given.stdin ?? '';
    })(),
    stdout: {
      write: (text) => {
        writes.push(text);
        given.onWrite?.(text);
      },
      ...terminal,
    },
    stderr: {
      write: (text) => {
        stderr += text;
        given.onComplaint?.(text);
      },
    },
    env: given.env ?? {},
    cwd: given.cwd ?? tmpdir(),
    signal: given.signal ?? new AbortController().signal,
  };
  const exitCode = await runCommandLine(words, io).catch((error: unknown) => {
    stderr += `${errorLines(error).join('\n')}\n`;
    return EXIT_UNKNOWN;
  });
  return { exitCode, stdout: writes.join(''), stderr, writes };
}
