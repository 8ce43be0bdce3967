/** Bash's completion script, made from the program's own grammar. */
import type { Command, Option } from 'commander';

/** A script to be sourced, or put where bash looks for it. */
export function completionScript(program: Command): string {
  const commands = program.createHelp().visibleCommands(program);
  const names = commands.map((command) => command.name());
  const values = commands.flatMap((command) =>
    optionsOf(command).flatMap((option) => {
      if (!option.required && !option.optional) return [];
      const cases = namesOf(option).map((name) => `${command.name()},${name}`);
      return `    ${cases.join('|')}) ${offerOf(option)} ;;`;
    }),
  );
  const words = commands.map((command) => {
    const [argument] = command.registeredArguments;
    const choices = command.name() === 'help' ? names : (argument?.argChoices ?? []);
    const files = argument?.name() === 'file' ? '_crawlwatch_files; ' : '';
    return `    ,${command.name()}) ${files}_crawlwatch_words '${[...choices, ...wordsOf(command)].join(' ')}' ;;`;
  });
  return `# bash completion of crawlwatch
_crawlwatch_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
_crawlwatch_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen -f -- "$cur"))
}
_crawlwatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    if [[ $word != -* ]]; then command=$word; break; fi
  done
  case $command,$prev in
${values.join('\n')}
    *) case ,$command in
    ,) _crawlwatch_words '${[...names, ...wordsOf(program)].join(' ')}' ;;
${words.join('\n')}
    esac ;;
  esac
}
complete -F _crawlwatch crawlwatch
`;
}

const optionsOf = (command: Command): readonly Option[] => command.createHelp().visibleOptions(command);
const namesOf = ({ short, long }: Option): string[] => [short, long].filter((name) => name != null);
const wordsOf = (command: Command): string[] => optionsOf(command).flatMap(namesOf);

/** The command that offers the values of an option; its placeholder says what fits, as in `-i, --inventory <file>`. */
function offerOf({ argChoices, flags }: Option): string {
  if (argChoices !== undefined) return `_crawlwatch_words '${argChoices.join(' ')}'`;
  if (flags.includes('<file')) return '_crawlwatch_files';
  return flags.includes('<host') ? 'COMPREPLY=($(compgen -A hostname -- "$cur"))' : ':';
}
