/** What a command uses of its process: streams, environment, working directory, interruption. */

import { withoutSecrets } from '../../lambda/kit/index.ts';
import type { Log } from '../../lambda/model/index.ts';

/** No log: what it would say is in the report. */
export const QUIET: Log = { info() {}, warn() {}, error() {} };

/** A stream to write to, and whether it is a terminal. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal, in columns; 0 where it has not been set, as on some consoles and in containers. */
  readonly columns?: number;
  /** Height of the terminal, in lines. */
  readonly rows?: number;
}

export interface CommandIo {
  readonly stdin: AsyncIterable<string | Uint8Array> & {
    readonly isTTY?: boolean;
    /** On a terminal: each key as it is pressed, and nothing shown. */
    setRawMode?(isRaw: boolean): unknown;
  };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C and SIGTERM: close what is open, print what is known. */
  readonly signal: AbortSignal;
  /** Called by a command that only a signal ends: to be interrupted is then no failure, and its exit code counts. */
  readonly untilInterrupted?: () => void;
}

/**
 * Width of `output`, and whether to colour: on a terminal, and to a pipe where FORCE_COLOR is set (https://force-color.org);
 * nowhere where NO_COLOR is (https://no-color.org), which wins, or where FORCE_COLOR is 0 or false, as Node.js reads it.
 */
export function terminalStyle(output: Output, env: CommandIo['env']): { width: number | null; colour: boolean } {
  const isTerminal = output.isTTY === true;
  return {
    width: isTerminal ? output.columns || 80 : null,
    colour: !env.NO_COLOR && (forcedColour(env) ?? (isTerminal && env.TERM !== 'dumb')),
  };
}

/** Null where FORCE_COLOR says nothing. */
function forcedColour({ FORCE_COLOR: force = '' }: CommandIo['env']): boolean | null {
  return force === '' ? null : force !== '0' && force !== 'false';
}

/**
 * The same streams, on which no known secret appears: the last guard, behind those where a value is quoted. A secret
 * that is split between two writes is not seen.
 */
export const withoutSecretsOn = (io: CommandIo): CommandIo => ({
  ...io,
  stdout: guarded(io.stdout),
  stderr: guarded(io.stderr),
});

/** Inherits the rest: whether it is a terminal, and its size, which changes. */
function guarded(output: Output): Output {
  const write = (text: string, ...rest: []) => output.write(withoutSecrets(text), ...rest);
  return Object.create(output, { write: { value: write } }) as Output;
}
