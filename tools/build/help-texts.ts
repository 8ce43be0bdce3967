/** Lays out the help of every command, as the command line prints it, for the build to keep (bin/help/texts.ts). */
import type { Command } from 'commander';
import { createProgram, runCommandLine } from '../../bin/commands/index.ts';
import type { HelpTexts } from '../../bin/help/index.ts';
import type { CommandIo } from '../../bin/terminal/index.ts';

/** Of no environment: a help that depends on one is not the same for everybody. */
const NOWHERE: Omit<CommandIo, 'stdout'> = {
  stdin: (async function* () {})(),
  stderr: { write() {} },
  env: {},
  cwd: '/',
  signal: new AbortController().signal,
};

async function printedFor(words: readonly string[]): Promise<string> {
  const printed: string[] = [];
  const stdout = { write: (text: string) => void printed.push(text) };
  const exitCode = await runCommandLine(words, { ...NOWHERE, stdout });
  if (exitCode !== 0) throw new Error(`crawlwatch ${words.join(' ')} ended with exit code ${exitCode}`);
  return printed.join('');
}

/** The words of each command, those within others included. */
function commandsOf(command: Command, before: readonly string[] = []): (readonly string[])[] {
  return command.commands.flatMap((one) => {
    const words = [...before, one.name()];
    return [words, ...commandsOf(one, words)];
  });
}

export async function helpTexts(): Promise<HelpTexts> {
  const program = createProgram({ ...NOWHERE, stdout: { write() {} } }, () => {});
  const help: Record<string, string> = {};
  for (const words of [[], ...commandsOf(program)]) help[words.join(' ')] = await printedFor([...words, '--help']);
  return { version: await printedFor(['--version']), help };
}
