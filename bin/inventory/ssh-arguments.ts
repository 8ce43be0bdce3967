/** Splits ssh's options as Ansible does, and reads the proxy from them: a jump host, or a command that makes the connection. */
import { shellWords } from './ini.ts';
import { bad, ok, type Parsed } from './parsed.ts';

export type SshProxy =
  /** As for ProxyJump: `[user@]host[:port]`, several with commas, the nearest first. */
  | { readonly kind: 'jump'; readonly hosts: string }
  /** A command that only ssh itself can use. */
  | { readonly kind: 'command'; readonly command: string };

/** Options of ssh that take a value (https://man.openbsd.org/ssh). */
const WITH_VALUE = 'BbcDEeFIiJLlmOoPpQRSWw';

/** With these ssh runs no command of ours, or gives it no input. */
const WITHOUT_COMMAND = 'fGNnOQsVW';

/** Splits `-o Foo=1 -J bastion` into words. Refuses what is no option: ssh would take it for the host. */
export function splitArguments(text: string): Parsed<readonly string[]> {
  const split = shellWords(text, false);
  if (split.kind === 'bad') return bad(`options of ssh with ${split.expected}`);
  const words = split.value.map((word) => word.trim()).filter((word) => word !== '');
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!/^-[^-]/.test(word)) return bad(`options of ssh alone: ${JSON.stringify(word)} is none`);
    const valued = [...word].findIndex((letter, n) => n > 0 && WITH_VALUE.includes(letter));
    const letters = valued < 0 ? word.slice(1) : word.slice(1, valued + 1);
    const odd = [...letters].find((letter) => WITHOUT_COMMAND.includes(letter));
    if (odd !== undefined) return bad(`options with which ssh runs a command: not -${odd}`);
    if (valued !== word.length - 1) continue;
    if (words[++i] === undefined) return bad(`a value after ${word}`);
  }
  return ok(words);
}

interface Options {
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly destination: string | null;
}

function readOptions(words: readonly string[]): Options {
  const values = new Map<string, string[]>();
  let destination: string | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (!word.startsWith('-')) {
      destination ??= word;
      continue;
    }
    // Letters without a value may precede one with a value: `-qW host`.
    const at = [...word].findIndex((letter, n) => n > 0 && WITH_VALUE.includes(letter));
    if (at < 0) continue;
    const value = word.length > at + 1 ? word.slice(at + 1) : (words[++i] ?? '');
    const letter = word.charAt(at);
    values.set(letter, [...(values.get(letter) ?? []), value]);
  }
  return { values, destination };
}

/** The proxy of `-o ProxyJump=bastion`, `-J bastion` and the like, the first that applies; null for a direct connection. */
export function proxyOfArguments(words: readonly string[]): SshProxy | null {
  const { values } = readOptions(words);
  const [jump] = values.get('J') ?? [];
  if (jump !== undefined) return proxyOf('proxyjump', jump);
  for (const option of values.get('o') ?? []) {
    const [, key = '', value = ''] = /^\s*(\w+)[\s=]+(.*)$/s.exec(option) ?? [];
    if (/^proxy(jump|command)$/i.test(key)) return proxyOf(key, value);
  }
  return null;
}

/** @param key `ProxyJump` or `ProxyCommand`, in any case. */
export function proxyOf(key: string, value: string): SshProxy | null {
  if (value === 'none' || value === '') return null;
  return key.toLowerCase() === 'proxyjump' ? { kind: 'jump', hosts: value.replace(/\s/g, '') } : proxyOfCommand(value);
}

/** `ssh -W %h:%p bastion`, as in older inventories, is a jump too. */
function proxyOfCommand(command: string): SshProxy {
  const words = shellWords(command);
  const [program = '', ...rest] = words.kind === 'ok' ? words.value.filter((word) => word !== 'exec') : [];
  const { values, destination } = readOptions(rest);
  const isJump = /(^|\/)ssh$/.test(program) && values.get('W')?.[0] === '%h:%p' && destination !== null;
  if (!isJump) return { kind: 'command', command };
  const [user] = values.get('l') ?? [];
  const [port] = values.get('p') ?? [];
  const last = `${user === undefined ? '' : `${user}@`}${destination}${port === undefined ? '' : `:${port}`}`;
  return { kind: 'jump', hosts: [...(values.get('J') ?? []), last].join(',') };
}
