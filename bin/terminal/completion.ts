/** Completion scripts for shells, made from the program's own grammar: what it doesn't know, they don't offer. */
import type { Argument, Command, Option } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

/** What may stand where a value is expected. */
type Value =
  | { readonly kind: 'choices'; readonly choices: readonly string[] }
  | { readonly kind: 'file' | 'host' | 'anything' };

interface Flag {
  /** `-o`, `--output`, as far as there are both. */
  readonly names: readonly string[];
  readonly says: string;
  /** Null: it takes none. */
  readonly value: Value | null;
  readonly repeats: boolean;
}

interface Verb {
  readonly name: string;
  readonly says: string;
  readonly flags: readonly Flag[];
  /** Of its first argument; null where it has none. */
  readonly argument: Value | null;
}

interface Grammar extends Verb {
  readonly verbs: readonly Verb[];
}

/** A script to be sourced, or put where the shell looks for it. */
export function completionScript(shell: Shell, program: Command): string {
  const verbs = program.createHelp().visibleCommands(program).map(verbOf);
  const names: Value = { kind: 'choices', choices: verbs.map(({ name }) => name) };
  const help = verbs.map((verb) => (verb.name === 'help' ? { ...verb, argument: names } : verb));
  const grammar: Grammar = { ...verbOf(program), verbs: help };
  switch (shell) {
    case 'bash':
      return bashScript(grammar);
    case 'zsh':
      return zshScript(grammar);
    case 'fish':
      return fishScript(grammar);
  }
  return shell satisfies never;
}

function verbOf(command: Command): Verb {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    says: command.description(),
    flags: command.createHelp().visibleOptions(command).map(flagOf),
    argument: argument === undefined ? null : toValue(argument, argument.name()),
  };
}

function flagOf(option: Option): Flag {
  const [, placeholder = ''] = /[<[]([^>\].]+)/.exec(option.flags) ?? [];
  return {
    names: [option.short, option.long].filter((name) => name != null),
    says: option.description,
    value: option.required || option.optional ? toValue(option, placeholder) : null,
    repeats: option.variadic || option.parseArg !== undefined,
  };
}

function toValue({ argChoices }: Pick<Option | Argument, 'argChoices'>, placeholder: string): Value {
  if (argChoices !== undefined) return { kind: 'choices', choices: argChoices };
  return { kind: placeholder === 'file' || placeholder === 'host' ? placeholder : 'anything' };
}

const wordsOf = ({ flags, argument }: Verb): string =>
  [...(argument?.kind === 'choices' ? argument.choices : []), ...flags.flatMap(({ names }) => names)].join(' ');

function bashScript({ verbs, ...root }: Grammar): string {
  const offer: Readonly<Record<Value['kind'], (value: Value) => string>> = {
    choices: (value) => `_crawlwatch_words '${value.kind === 'choices' ? value.choices.join(' ') : ''}'`,
    file: () => '_crawlwatch_files',
    host: () => `COMPREPLY=($(compgen -A hostname -- "$cur"))`,
    anything: () => ':',
  };
  const values = verbs.flatMap(({ name, flags }) =>
    flags.flatMap(({ names, value }) =>
      value === null ? [] : [`    ${names.map((flag) => `${name},${flag}`).join('|')}) ${offer[value.kind](value)} ;;`],
    ),
  );
  const words = verbs.map((verb) => {
    const files = verb.argument?.kind === 'file' ? '_crawlwatch_files; ' : '';
    return `    ,${verb.name}) ${files}_crawlwatch_words '${wordsOf(verb)}' ;;`;
  });
  return `# bash completion of crawlwatch
_crawlwatch_words() { COMPREPLY+=($(compgen -W "$1" -- "$cur")); }
_crawlwatch_files() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen -f -- "$cur"))
}
_crawlwatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} verb='' word
  COMPREPLY=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD - 1}"; do
    if [[ $word != -* ]]; then verb=$word; break; fi
  done
  case $verb,$prev in
${values.join('\n')}
    *) case ,$verb in
    ,) _crawlwatch_words '${[...verbs.map(({ name }) => name), wordsOf(root)].join(' ')}' ;;
${words.join('\n')}
    esac ;;
  esac
}
complete -F _crawlwatch crawlwatch
`;
}

function zshScript({ verbs, ...root }: Grammar): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  const described = (text: string) => text.replace(/[[\]:\\]/g, '\\$&');
  const action: Readonly<Record<Value['kind'], (value: Value) => string>> = {
    choices: (value) => `value:(${value.kind === 'choices' ? value.choices.join(' ') : ''})`,
    file: () => 'file:_files',
    host: () => 'host:_hosts',
    anything: () => 'value: ',
  };
  const specsOf = ({ flags, argument }: Verb) => [
    ...flags.flatMap(({ names, says, value, repeats }) =>
      names.map((name) => {
        const once = repeats ? '*' : `(${names.join(' ')})`;
        return quoted(`${once}${name}[${described(says)}]${value === null ? '' : `:${action[value.kind](value)}`}`);
      }),
    ),
    ...(argument === null ? [] : [quoted(`*:${action[argument.kind](argument)}`)]),
  ];
  const list = (specs: readonly string[], indent: string) => specs.map((spec) => ` \\\n${indent}${spec}`).join('');
  const cases = verbs.map((verb) => `      ${verb.name}) _arguments${list(specsOf(verb), '        ')} ;;`);
  const names = verbs.map(({ name, says }) => `      ${quoted(`${name}:${described(says)}`)}`);
  return `#compdef crawlwatch
_crawlwatch() {
  local curcontext=$curcontext state line
  local -a verbs
  _arguments -C${list([...specsOf(root), quoted('1: :->verb'), quoted('*:: :->rest')], '    ')}
  case $state in
    verb)
      verbs=(
${names.join('\n')}
      )
      _describe command verbs ;;
    rest) case $words[1] in
${cases.join('\n')}
    esac ;;
  esac
}
if [[ $funcstack[1] == _crawlwatch ]]; then _crawlwatch "$@"; else compdef _crawlwatch crawlwatch; fi
`;
}

function fishScript({ verbs, ...root }: Grammar): string {
  const quoted = (text: string) => `'${text.replace(/['\\]/g, '\\$&')}'`;
  const offer: Readonly<Record<Value['kind'], (value: Value) => string>> = {
    choices: (value) => ` -x -a ${quoted(value.kind === 'choices' ? value.choices.join(' ') : '')}`,
    file: () => ' -r -F',
    host: () => " -x -a '(__fish_print_hostnames)'",
    anything: () => ' -x',
  };
  const line = (condition: string, rest: string) => `complete -c crawlwatch -n ${quoted(condition)}${rest}`;
  const flagLine =
    (condition: string) =>
    ({ names, says, value }: Flag): string => {
      const spelled = names.map((name) => (name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`));
      return line(condition, `${spelled.join('')}${value === null ? '' : offer[value.kind](value)} -d ${quoted(says)}`);
    };
  const before = '__fish_use_subcommand';
  const lines = verbs.flatMap((verb) => {
    const within = `__fish_seen_subcommand_from ${verb.name}`;
    const { argument } = verb;
    return [
      line(before, ` -a ${verb.name} -d ${quoted(verb.says)}`),
      ...verb.flags.map(flagLine(within)),
      ...(argument === null ? [] : [line(within, offer[argument.kind](argument).replace(' -r', ''))]),
    ];
  });
  return `# fish completion of crawlwatch
complete -c crawlwatch -f
${[...root.flags.map(flagLine(before)), ...lines].join('\n')}
`;
}
