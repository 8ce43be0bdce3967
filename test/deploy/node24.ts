/** Runs a Lambda's bundle as Lambda would: in its own process, under its own Node, with its own environment. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The runtime's major version, whatever runs the tests. */
export const node24 = (): string =>
  execFileSync('npx', ['--yes', 'node@24', '-p', 'process.execPath'], { encoding: 'utf8' }).trim();

/** The file that a handler's name stands for, as the runtime finds it: `index` of `index.handler`. */
export function handlerFile(folder: string, name: string): string {
  const files = ['js', 'mjs', 'cjs'].map((type) => join(folder, `${name}.${type}`));
  const found = files.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`no file ${name} with a handler in ${folder}`);
  return found;
}

/** What Lambda does around a handler: the event comes in, the result or the error goes out. */
const RUNTIME = `
process.once('message', async ({ bundle, handler, event, timeoutMs, minutesAhead = 0, invokedFunctionArn }) => {
  const Real = Date;
  const now = () => Real.now() + minutesAhead * 60_000;
  if (minutesAhead !== 0)
    globalThis.Date = class extends Real {
      constructor(...given) {
        super(...(given.length === 0 ? [now()] : given));
      }
      static now = now;
    };
  const until = Date.now() + timeoutMs;
  const context = { invokedFunctionArn, getRemainingTimeInMillis: () => until - Date.now() };
  const done = (answer) => process.send(answer, () => process.exit());
  try {
    done({ result: await require(bundle)[handler](event, context) });
  } catch (error) {
    done({ error: String(error && error.stack || error) });
  }
});`;

export interface Invocation {
  readonly bundle: string;
  readonly handler: string;
  readonly event: unknown;
  readonly timeoutMs: number;
  /** With the alias, where it was called by one. */
  readonly invokedFunctionArn?: string;
  /** How far its clock is ahead. @default 0 */
  readonly minutesAhead?: number;
}

export interface Answer {
  readonly result?: unknown;
  readonly error?: string;
  /** What it wrote, in lines. */
  readonly log: readonly string[];
}

export async function invoke(
  node: string,
  invocation: Invocation,
  env: Readonly<Record<string, string>>,
): Promise<Answer> {
  const child = spawn(node, ['-e', RUNTIME], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  let answer: Omit<Answer, 'log'> = { error: 'it ended without an answer' };
  child.on('message', (message) => {
    answer = message as typeof answer;
  });
  child.send(invocation);
  await once(child, 'close');
  return { ...answer, log: output.split('\n').filter((line) => line !== '') };
}
