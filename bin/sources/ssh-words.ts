/** How OpenSSH reads the lines of ssh_config (readconf.c, misc.c) and the words of its command line (ssh.c). */

/** One line: its keyword as it is written and in lower case, its words, and all that follows as it is written. */
export interface ConfigLine {
  readonly keyword: string;
  readonly key: string;
  readonly words: readonly string[];
  readonly rest: string;
}

/** Null for an empty line or a comment; `broken` for one that OpenSSH refuses, or reads in a way that this doesn't. */
export function readLine(text: string): ConfigLine | 'broken' | null {
  const line = text.replace(/[ \t\r\n\f]+$/, '').replace(/^[ \t\r\n]+/, '');
  if (line === '' || line.startsWith('#')) return null;
  if (line.includes('\0')) return 'broken';
  const [, keyword, rest] = /^([A-Za-z0-9]+)(?:[ \t]*=[ \t]*|[ \t]+)([^ \t=].*)$/s.exec(line) ?? [];
  if (keyword === undefined || rest === undefined) return 'broken';
  const words = splitWords(rest);
  return words === null ? 'broken' : { keyword, key: keyword.toLowerCase(), words, rest };
}

/** As argv_split() in misc.c, which ends at a comment. Null where a quote is not closed. */
export function splitWords(text: string): string[] | null {
  const words: string[] = [];
  let at = 0;
  while (at < text.length) {
    if (/[ \t\r\n]/.test(text.charAt(at))) {
      at++;
      continue;
    }
    if (text[at] === '#') break;
    let word = '';
    let quote = '';
    for (; at < text.length; at++) {
      const char = text.charAt(at);
      const next = text.charAt(at + 1);
      if (char === '\\' && (/['"\\]/.test(next) || (quote === '' && next === ' '))) {
        word += next;
        at++;
      } else if (quote === '' && /[ \t]/.test(char)) break;
      else if (quote === '' && /['"]/.test(char)) quote = char;
      else if (quote !== '' && char === quote) quote = '';
      else word += char;
    }
    if (quote !== '') return null;
    words.push(word);
  }
  return words;
}

export type Tokens = Readonly<Record<string, string>>;

/** Expands `%h` and the like, and `${NAME}` where `env` is given. Null for what is not known. */
export function expand(text: string, tokens: Tokens, env?: NodeJS.ProcessEnv): string | null {
  let isKnown = true;
  const known = (value: string | undefined): string => {
    if (value === undefined) isKnown = false;
    return value ?? '';
  };
  const pattern = env === undefined ? /%(.?)/gs : /%(.?)|\$\{([^}]*)\}/gs;
  const expanded = text.replace(pattern, (_whole, letter: string | undefined, name: string | undefined) =>
    letter === undefined ? known(env?.[name ?? '']) : letter === '%' ? '%' : known(tokens[letter]),
  );
  return isKnown ? expanded : null;
}

/** Options of ssh that take a value, and those without one (ssh.c, 9.9). */
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw';
const ALONE = '1246AaCfGgKkMNnqsTtVvXxYy';

/** One option of ssh's command line. */
export interface SshOption {
  readonly letter: string;
  readonly value: string;
}

export interface SshCommand {
  readonly options: readonly SshOption[];
  /** What follows the options: a destination, and a command. */
  readonly operands: readonly string[];
}

/** As getopt() reads it. @returns what can't be read instead, e.g. `-P` without its value. */
export function readCommand(words: readonly string[]): SshCommand | { readonly unread: string } {
  const options: SshOption[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (!word.startsWith('-') || word === '-') return { options, operands: words.slice(at) };
    if (word === '--') return { options, operands: words.slice(at + 1) };
    for (let n = 1; n < word.length; n++) {
      const letter = word.charAt(n);
      if (ALONE.includes(letter)) {
        options.push({ letter, value: '' });
        continue;
      }
      if (!WITH_VALUE.includes(letter)) return { unread: `-${letter}` };
      const value = n + 1 < word.length ? word.slice(n + 1) : words[++at];
      if (value === undefined) return { unread: `-${letter} without a value` };
      options.push({ letter, value });
      break;
    }
  }
  return { options, operands: [] };
}
