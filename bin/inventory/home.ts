/** Home directories in paths, as Python's os.path.expanduser finds them. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';

/** `~/x` and `~user/x`; a user without an account leaves the path as it is. */
export function expandUser(path: string): string {
  const [, user, rest = ''] = /^~([^/]*)(.*)$/s.exec(path) ?? [];
  if (user === undefined) return path;
  const home = user === '' ? homedir() : homeOf(user);
  return home === null ? path : `${home.replace(/\/+$/, '')}${rest}` || '/';
}

let homes: ReadonlyMap<string, string> | null = null;

/** From /etc/passwd, read once: a fleet may have one such path a host. */
function homeOf(user: string): string | null {
  homes ??= new Map(passwd().flatMap(([name = '', , , , , home = '']) => (home === '' ? [] : [[name, home] as const])));
  return homes.get(user) ?? null;
}

function passwd(): readonly (readonly string[])[] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'));
  } catch {
    // A machine without the file: no account is known.
    return [];
  }
}
