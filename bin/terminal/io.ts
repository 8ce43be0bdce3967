/** What a command may touch of the process it runs in. */

import type { Log } from '../../lambda/model/index.ts';

/** What a log would say is in the report, or in a host's own sentence. */
export const QUIET: Log = { info() {}, warn() {}, error() {} };

/** A stream to write to, and whether a person looks at it. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal, in columns. */
  readonly columns?: number;
  /** And its height, in lines. */
  readonly rows?: number;
}

export interface CommandIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C and SIGTERM: close what is open, print what is known. */
  readonly signal: AbortSignal;
}

/** How wide `output` is and whether it takes colour: only a terminal does, and https://no-color.org is kept. */
export function terminalStyle(output: Output, env: CommandIo['env']): { width: number | null; colour: boolean } {
  const isTerminal = output.isTTY === true;
  return {
    width: isTerminal ? (output.columns ?? 80) : null,
    colour: isTerminal && !env.NO_COLOR && env.TERM !== 'dumb',
  };
}
