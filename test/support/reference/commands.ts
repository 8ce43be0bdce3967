/** docs/reference/commands.md, from the grammar of the command line and its help. */
import type { Command } from 'commander';
import { createProgram } from '../../../bin/commands/program.ts';
import type { CommandIo } from '../../../bin/terminal/index.ts';
import { markdownTable } from '../readme-tables.ts';
import { code, page } from './text.ts';

/** The grammar, with nothing behind it. */
export function grammar(write: (text: string) => void): Command {
  const output = { write };
  const io: CommandIo = {
    ...{ stdout: output, stderr: output, env: {}, cwd: '/', signal: new AbortController().signal },
    stdin: (async function* () {})(),
  };
  const program = createProgram(io, () => {});
  for (const command of program.commands) command.action(() => {});
  return program;
}

/** A line of --help's examples as a line of shell: what explains it, after two spaces and more, becomes a comment. */
const asShell = (line: string): string => line.trim().replace(/ {2,}(?=\S)/, '  # ');

function sectionOf(command: Command, written: () => string): string[] {
  const help = command.createHelp();
  const options = help
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help' && long !== '--no-color')
    .map((option) => [code(help.optionTerm(option)), help.optionDescription(option)]);
  const words = help
    .visibleArguments(command)
    .filter(({ description }) => description !== '')
    .map((argument) => [code(help.argumentTerm(argument)), help.argumentDescription(argument)]);
  command.outputHelp();
  const [notes = '', examples = ''] = written().slice(command.helpInformation().length).split('\nExamples:\n');
  return [
    `${sentence(command.description())}`,
    `\`\`\`text\n${help.commandUsage(command)}\n\`\`\``,
    ...(words.length + options.length === 0 ? [] : [markdownTable(['option', 'meaning'], [...words, ...options])]),
    ...(notes.trim() === '' ? [] : [`\`\`\`text\n${notes.trim()}\n\`\`\``]),
    `\`\`\`sh\n${examples.trim().split('\n').map(asShell).join('\n')}\n\`\`\``,
  ];
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

export function commandsPage(): string {
  let text = '';
  const program = grammar((more) => {
    text += more;
  });
  const written = () => {
    const all = text;
    text = '';
    return all;
  };
  return page(
    'Commands',
    'For the person at a terminal: every command, its options, its exit codes, and examples to copy.',
    'Every command takes `--help`, `--version` and `--no-color`. In a clone where crawlwatch is not installed, write `npx crawlwatch` for `crawlwatch`.',
    [
      '| command | what it does |',
      '| --- | --- |',
      ...program.commands.map((command) => `| [${command.name()}](#${command.name()}) | ${command.description()} |`),
    ].join('\n'),
    ...program.commands.flatMap((command) => [`## ${command.name()}`, ...sectionOf(command, written)]),
  );
}
