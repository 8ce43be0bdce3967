/**
 * What OpenSSH's configuration says about a host, read without OpenSSH. What can't be read exactly as OpenSSH reads it is
 * named, never guessed: OpenSSH is then asked itself (`ssh -G`), or the host is not asked where that isn't installed.
 * https://man.openbsd.org/ssh_config
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { matchesPattern } from '../../lambda/ssh/index.ts';
import { readBounded } from './bounded-file.ts';
import { isRead, JUMPS, judge } from './ssh-keywords.ts';
import { type ConfigLine, expand, readCommand, readLine } from './ssh-words.ts';

/** What applies to one host, as `ssh -G` prints it; keywords in lower case. */
export interface SshOptions {
  /** In lower case, as OpenSSH looks it up. */
  readonly hostName: string;
  /** Of keywords that may be given several times, each value; of others the first. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

/** A directive that was not followed, for a sentence: `Match (~/.ssh/config, line 3)`. */
export interface Unread {
  readonly unread: string;
  /** OpenSSH itself refused it; `unread` is then what it said. */
  readonly isRefused?: true;
}

type Item =
  | { readonly kind: 'set'; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: 'host'; readonly patterns: readonly string[]; readonly items: readonly Item[] }
  | { readonly kind: 'match'; readonly criteria: readonly Criterion[]; readonly items: readonly Item[] }
  | { readonly kind: 'include'; readonly items: readonly Item[] }
  /** Where it applies, OpenSSH has to be asked. */
  | { readonly kind: 'other'; readonly what: string; readonly items: readonly Item[] };

interface Criterion {
  readonly name: 'all' | 'final' | 'host' | 'originalhost' | 'user' | 'localuser';
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

/** OpenSSH's own limit of nested Includes. */
const DEPTH_MAX = 16;
const SYSTEM_CONFIG = '/etc/ssh/ssh_config';
export const SEVERAL: ReadonlySet<string> = new Set(['identityfile', 'certificatefile']);

export interface ConfigPlace {
  readonly home: string;
  readonly localUser: string;
  /** @default /etc/ssh/ssh_config */
  readonly systemConfig?: string;
}

/** Reads configurations, each file once. */
export class ConfigReader {
  readonly #files = new Map<string, readonly Item[]>();
  readonly #arguments = new Map<string, ReturnType<typeof readArguments>>();
  /** What OpenSSH would refuse, or may: then it must be asked about every host. By the first file of a configuration. */
  readonly #broken = new Map<string, string>();

  constructor(private readonly place: ConfigPlace) {}

  /**
   * What `ssh WORDS HOST` would use.
   * @param words options of ssh's command line
   */
  of(host: string, words: readonly string[]): SshOptions | Unread {
    const given = this.#argumentsOf(words);
    if ('unread' in given) return given;
    const user = join(this.place.home, '.ssh', 'config');
    const { systemConfig = SYSTEM_CONFIG } = this.place;
    const files = given.file === null ? [user, systemConfig] : given.file === 'none' ? [] : [given.file];
    const items = [...given.items, ...files.flatMap((file) => this.#read(file))];
    const broken = files.map((file) => this.#broken.get(file)).find((what) => what !== undefined);
    return broken === undefined ? evaluate(host, items, this.place) : { unread: broken };
  }

  /** Whether any line sets the user to this name, for whatever hosts. */
  namesUser(user: string): boolean {
    return [...this.#files.values()].some((items) => setsUser(items, user));
  }

  #argumentsOf(words: readonly string[]) {
    const id = words.join('\0');
    const found = this.#arguments.get(id) ?? readArguments(words, this.place.home);
    this.#arguments.set(id, found);
    return found;
  }

  #read(path: string): readonly Item[] {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const items = readFile(path, { home: this.place.home, depth: 0, broken: (what) => this.#setBroken(path, what) });
    this.#files.set(path, items);
    return items;
  }

  #setBroken(path: string, what: string): void {
    if (!this.#broken.has(path)) this.#broken.set(path, what);
  }
}

const setsUser = (items: readonly Item[], user: string): boolean =>
  items.some((item) =>
    'items' in item
      ? setsUser(item.items, user)
      : item.kind === 'set' && item.key === 'user' && item.values[0] === user,
  );

interface Reading {
  readonly home: string;
  readonly depth: number;
  broken(what: string): void;
}

function readFile(path: string, reading: Reading): Item[] {
  let text: string;
  try {
    text = readBounded(path).toString();
    // OpenSSH refuses a file that others may write.
    const { mode, uid } = statSync(path);
    const isOurs = uid === 0 || uid === process.getuid?.();
    if (path.startsWith(reading.home) && (!isOurs || (mode & 0o022) !== 0)) reading.broken(`the mode of ${path}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') reading.broken(`${path} (${code ?? String(error)})`);
    return [];
  }
  const whole: Item[] = [];
  let block = whole;
  for (const [nth, each] of text.split('\n').entries()) {
    const line = readLine(each);
    const where = `${path}, line ${nth + 1}`;
    if (line === null) continue;
    if (line === 'broken') reading.broken(where);
    else if (line.key === 'host' || line.key === 'match') {
      const items: Item[] = [];
      const opened = line.key === 'host' ? hostBlock(line, items) : matchBlock(line, items);
      if (opened === null && line.key === 'host') reading.broken(`Host (${where})`);
      whole.push(opened ?? { kind: 'other', what: `Match (${where})`, items });
      block = items;
    } else block.push(toItem(line, { ...reading, path, where }));
  }
  return whole;
}

function hostBlock({ words }: ConfigLine, items: readonly Item[]): Item | null {
  return words.length > 0 && words.every((word) => word !== '') ? { kind: 'host', patterns: words, items } : null;
}

/** Criteria that depend on nothing but names. The others OpenSSH must judge itself: `exec` runs a command. */
function matchBlock({ words }: ConfigLine, items: readonly Item[]): Item | null {
  const criteria: Criterion[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, negation, name = ''] = /^(!?)([a-z]+)$/i.exec(word) ?? [];
    const key = name.toLowerCase();
    const negated = negation === '!';
    if (key === 'all' || key === 'final') {
      // `all` stands alone, or after `final`.
      if (key === 'all' && (negated || at !== words.length - 1 || criteria.some((one) => one.name !== 'final')))
        return null;
      criteria.push({ name: key, negated, patterns: [] });
    } else if (key === 'host' || key === 'originalhost' || key === 'user' || key === 'localuser') {
      const patterns = words[++at]?.split(',') ?? [];
      if (patterns.length === 0 || patterns.some((pattern) => !/^!?[^!]+$/.test(pattern))) return null;
      criteria.push({ name: key, negated, patterns });
    } else return null;
  }
  return criteria.length === 0 ? null : { kind: 'match', criteria, items };
}

function toItem(line: ConfigLine, reading: Reading & { readonly path: string; readonly where: string }): Item {
  const { key, words, rest } = line;
  if (key === 'include') return include(words, reading);
  if (key === 'proxycommand') return { kind: 'set', key, values: [rest] };
  if (key === 'proxyjump') {
    return JUMPS.test(rest) ? { kind: 'set', key, values: [rest] } : other(`ProxyJump (${reading.where})`);
  }
  switch (judge(key, words)) {
    case 'known':
      return { kind: 'set', key, values: isRead(key) ? words : [] };
    case 'other':
      return other(`${line.keyword} (${reading.where})`);
    default:
      reading.broken(`${line.keyword} (${reading.where})`);
      return other(reading.where);
  }
}

const other = (what: string): Item => ({ kind: 'other', what, items: [] });

function include(words: readonly string[], reading: Reading & { readonly path: string; readonly where: string }): Item {
  const { path, home, depth } = reading;
  if (words.length === 0) reading.broken(`Include (${reading.where})`);
  if (depth >= DEPTH_MAX) {
    reading.broken(`Include (${reading.where}): too many levels`);
    return { kind: 'include', items: [] };
  }
  const files = words.flatMap((word) => filesOf(word, path, home));
  if (files.includes(null)) reading.broken(`Include (${reading.where})`);
  const items = files.flatMap((file) => (file === null ? [] : readFile(file, { ...reading, depth: depth + 1 })));
  return { kind: 'include', items };
}

/** Files of an Include; relative paths are in ~/.ssh, or in /etc/ssh where the including file is. Null: not read here. */
function filesOf(pattern: string, from: string, home: string): (string | null)[] {
  if (/[[\]{}\\$%]|^~[^/]/.test(pattern)) return [null];
  const base = from.startsWith('/etc/ssh/') ? '/etc/ssh' : join(home, '.ssh');
  const path = expandHome(pattern, home);
  const whole = isAbsolute(path) ? path : join(base, path);
  if (!/[*?]/.test(whole)) return existsSync(whole) ? [whole] : [];
  const directory = dirname(whole);
  if (/[*?]/.test(directory)) return [null];
  if (!existsSync(directory)) return [];
  const wanted = basename(whole);
  // As glob(3): a leading dot must be written, and letters have a case.
  const names = readdirSync(directory).filter(
    (name) => (wanted.startsWith('.') || !name.startsWith('.')) && matchesPattern(wanted, name, 'exact'),
  );
  return names.sort().map((name) => join(directory, name));
}

/** Options of ssh's command line, which come before all files. */
function readArguments(
  words: readonly string[],
  home: string,
): { readonly items: readonly Item[]; readonly file: string | null } | Unread {
  const read = readCommand(words);
  if ('unread' in read) return read;
  if (read.operands.length > 0) return { unread: `${JSON.stringify(read.operands[0])} before the host's name` };
  const items: Item[] = [];
  let file: string | null = null;
  for (const { letter, value } of read.options) {
    const line = lineOf(letter, value);
    if (line === null) continue;
    if (letter === 'F') {
      // No shell has expanded a tilde here.
      if (value !== 'none' && !existsSync(value)) return { unread: `-F ${value}` };
      file ??= value;
      continue;
    }
    // ssh refuses it after another proxy.
    if (letter === 'J' && items.some((item) => item.kind === 'set' && item.key.startsWith('proxy'))) {
      return { unread: `-J ${value}` };
    }
    const config = readLine(line);
    const what = letter === 'o' ? `-o ${value}` : `-${letter}`;
    if (config === null || config === 'broken') return { unread: what };
    // ssh leaves out a key of its command line that doesn't exist.
    if (letter === 'i' && !existsSync(expandHome(value, home))) continue;
    let broken: string | null = null;
    const reading = { home, depth: DEPTH_MAX, path: '', where: what, broken: () => (broken = what) };
    const item = toItem(config, reading);
    if (broken !== null || (item.kind === 'other' && config.key === 'include')) return { unread: what };
    items.push(item.kind === 'other' ? other(what) : item);
  }
  return { items, file };
}

/** The line of ssh_config that an option stands for; null where it makes no difference to a check. */
function lineOf(letter: string, value: string): string | null {
  switch (letter) {
    case 'o':
      return value;
    case 'l':
      return `User ${value}`;
    case 'p':
      return `Port ${value}`;
    case 'i':
      return /\s|["'#\\]/.test(value) ? '' : `IdentityFile ${value}`;
    case 'J':
      return `ProxyJump ${value}`;
    case 'F':
      return value;
    case '4':
      return 'AddressFamily inet';
    case '6':
      return 'AddressFamily inet6';
    case 'b':
      return `BindAddress ${value}`;
    case 'B':
      return `BindInterface ${value}`;
    case 'c':
      return `Ciphers ${value}`;
    case 'm':
      return `MACs ${value}`;
    case 'I':
      return `PKCS11Provider ${value}`;
    case 'K':
      return 'GSSAPIAuthentication yes';
    case 'P':
      return 'Tag x';
    case 'w':
      return 'Tunnel yes';
    case 'A':
    case 'a':
    case 'C':
    case 'D':
    case 'E':
    case 'e':
    case 'g':
    case 'k':
    case 'L':
    case 'M':
    case 'n':
    case 'q':
    case 'R':
    case 'S':
    case 'T':
    case 't':
    case 'v':
    case 'X':
    case 'x':
    case 'Y':
    case 'y':
      return null;
    default:
      // They ask ssh for something else than a session.
      return '';
  }
}

function evaluate(host: string, items: readonly Item[], { localUser }: ConfigPlace): SshOptions | Unread {
  const values = new Map<string, string[]>();
  let other: string | null = null;
  let wantsFinal = false;
  let matched = host;
  let isFinal = false;

  const matches = ({ name, negated, patterns }: Criterion): boolean => {
    const is = (text: string, how: 'exact' | 'loose') => matchesList(patterns, text, how) !== negated;
    switch (name) {
      case 'all':
        return true;
      case 'final':
        wantsFinal = true;
        return isFinal !== negated;
      case 'host': {
        const [hostName] = values.get('hostname') ?? [];
        return is(hostName === undefined ? matched : (expand(hostName, { h: matched }) ?? ''), 'loose');
      }
      case 'originalhost':
        return is(host, 'loose');
      case 'user':
        return is(values.get('user')?.[0] ?? localUser, 'exact');
      case 'localuser':
        return is(localUser, 'exact');
      default:
        return name satisfies never;
    }
  };
  const follow = (some: readonly Item[]): void => {
    for (const item of some) {
      switch (item.kind) {
        case 'host':
          if (matchesList(item.patterns, matched, 'exact')) follow(item.items);
          break;
        case 'match':
          // Each is looked at, as in OpenSSH: `final` asks for the second pass even where another does not match.
          if (item.criteria.map(matches).every(Boolean)) follow(item.items);
          break;
        case 'include':
          follow(item.items);
          break;
        case 'set':
          set(item.key, item.values);
          break;
        case 'other':
          other ??= item.what;
          break;
        default:
          item satisfies never;
      }
    }
  };
  const set = (key: string, words: readonly string[]): void => {
    const [first] = words;
    if (first === undefined) return;
    if (SEVERAL.has(key)) {
      const before = values.get(key) ?? [];
      if (!before.includes(first)) values.set(key, [...before, first]);
    } else if (key.startsWith('proxy')) {
      // The first of both counts, also where it says `none`.
      if (!values.has('proxyjump') && !values.has('proxycommand')) values.set(key, [first]);
    } else if (!values.has(key)) values.set(key, key === 'hostkeyalias' ? [first.toLowerCase()] : [...words]);
  };
  const hostName = () => expand(values.get('hostname')?.[0] ?? host, { h: host })?.toLowerCase() ?? host;

  follow(items);
  const resolved = hostName();
  if (wantsFinal) {
    matched = resolved;
    // From here on it is a name, without tokens.
    values.set('hostname', [resolved.replaceAll('%', '%%')]);
    isFinal = true;
    follow(items);
  }
  return other === null ? { hostName: resolved, values } : { unread: other };
}

/** A negated pattern that matches excludes the whole line. */
function matchesList(patterns: readonly string[], text: string, how: 'exact' | 'loose'): boolean {
  const name = how === 'loose' ? text.toLowerCase() : text;
  const matching = patterns.filter((pattern) => matchesPattern(pattern.replace(/^!/, ''), name, how));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

/** Expands `~` and `~/` as OpenSSH does. */
export const expandHome = (path: string, home: string): string =>
  path === '~' ? home : path.startsWith('~/') ? join(home, path.slice(2)) : path;
