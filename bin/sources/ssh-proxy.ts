/** What ssh's proxy options say of the way: jump hosts, or a command that only ssh can use. */
import { parseHostSpec } from '../inventory/index.ts';
import type { SshOptions } from './ssh-config.ts';
import { expand, readCommand, type Tokens } from './ssh-words.ts';

/** A jump host as it is named, with the options of the ssh that would go there. */
export interface Hop {
  readonly host: string;
  readonly words: readonly string[];
}

export type Proxy =
  | { readonly kind: 'none' }
  /** The nearest first; to the first through its own proxy. */
  | { readonly kind: 'jumps'; readonly hops: readonly Hop[] }
  | { readonly kind: 'command' }
  | { readonly kind: 'bad'; readonly text: string };

/** @param configWords the `-F FILE` of the command line, which ssh passes on to its jump hosts, and nothing else */
export function proxyOf(
  { values }: SshOptions,
  { tokens, configWords, home }: { tokens: Tokens; configWords: readonly string[]; home: string },
): Proxy {
  const [jump] = values.get('proxyjump') ?? [];
  const [command] = values.get('proxycommand') ?? [];
  if (jump !== undefined && jump.toLowerCase() !== 'none') return jumpsOf(jump, tokens, configWords);
  if (command !== undefined && command.toLowerCase() !== 'none') return ofCommand(command, tokens, home);
  return { kind: 'none' };
}

/** Tokens are the target's, also in a user's name: ssh makes a ProxyCommand of it, and expands that. */
function jumpsOf(text: string, tokens: Tokens, configWords: readonly string[]): Proxy {
  const hops: Hop[] = [];
  for (const part of text.split(',')) {
    const expanded = expand(part.trim().replace(/^ssh:\/\//, ''), tokens);
    // ssh -G puts every host of a URI into brackets, not only an IPv6 address.
    const spec = expanded === null ? null : parseHostSpec(expanded.replace(/\[([^\]:]+)\](?=:|$)/, '$1'));
    if (spec === null || spec.kind === 'bad') {
      const allowed = spec === null ? 'a token that is known' : spec.expected;
      return { kind: 'bad', text: `ProxyJump: got ${JSON.stringify(part)}; allowed: ${allowed}` };
    }
    const { user, host, port } = spec.value;
    hops.push({
      host,
      words: [...configWords, ...(user === null ? [] : ['-l', user]), ...(port === null ? [] : ['-p', String(port)])],
    });
  }
  return { kind: 'jumps', hops };
}

/** Characters with which a shell does nothing, in a word or between quotes. */
const INERT = String.raw`[\w@%+=:,./\[\]-]`;
const WORD = new RegExp(`^(?:'((?:${INERT}| )*)'|"((?:${INERT}| )*)"|(~?${INERT}*|${INERT}+=~?${INERT}*))$`);
const REDIRECTION = /^(?:[12]?>>?\s*\/dev\/null|2>&1)$/;

/** `ssh -W %h:%p bastion`, as in inventories for EC2, is a jump too, if a shell would run it just as it is written. */
function ofCommand(command: string, tokens: Tokens, home: string): Proxy {
  const asCommand: Proxy = { kind: 'command' };
  const text = command.trim().replace(/\s+2>\s*\/dev\/null$|\s+2>&1$/g, '');
  const words: string[] = [];
  for (const part of text.match(/'[^']*'|"[^"]*"|\S+/g) ?? []) {
    const [, single, double, bare] = WORD.exec(part) ?? [];
    const word = single ?? double ?? bare;
    if (word === undefined || REDIRECTION.test(part)) return asCommand;
    words.push(bare?.startsWith('~/') ? home + bare.slice(1) : word);
  }
  // Words that touch, like "a"'b', would be one to a shell.
  if (words.length === 0 || /['"]['"]|\w['"]\S|\S['"]\w/.test(text.replace(/(^|\s)(["'])[^"']*\2(?=\s|$)/g, ' '))) {
    return asCommand;
  }
  if (words[0] === 'exec') words.shift();
  if (!/^(\/\S+\/)?ssh$/.test(words[0] ?? '')) return asCommand;
  const read = readCommand(words.slice(1));
  if ('unread' in read || read.operands.length !== 1) return asCommand;
  const forwards = read.options.filter(({ letter }) => letter === 'W');
  if (forwards.length !== 1 || !/^(%h|\[%h\]):%p$/.test(forwards[0]?.value ?? '')) return asCommand;
  const rest: string[] = [];
  for (const { letter, value } of read.options) {
    if ('WqTxanCvA'.includes(letter)) continue;
    if (!'ipoFlJ46'.includes(letter)) return asCommand;
    const expanded = expand(value, tokens);
    if (expanded === null) return asCommand;
    rest.push(`-${letter}`, ...('46'.includes(letter) ? [] : [expanded]));
  }
  const destination = expand(read.operands[0] ?? '', tokens);
  const spec = destination === null ? null : parseHostSpec(destination);
  if (spec?.kind !== 'ok' || spec.value.port !== null || destination?.startsWith('[')) return asCommand;
  const { user, host } = spec.value;
  return { kind: 'jumps', hops: [{ host, words: [...rest, ...(user === null ? [] : ['-l', user])] }] };
}
