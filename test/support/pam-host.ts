/**
 * Accounts and PAM rules that only one sshd sees: /etc/passwd, /etc/shadow and /etc/pam.d/sshd are others in its own mount
 * namespace (util-linux's unshare, as root). Nothing outside is changed, and all of it ends with the sshd.
 */
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Sshd, startSshd } from '../../sandbox/sshd.ts';

export interface Account {
  readonly user: string;
  /** @default /bin/sh */
  readonly shell?: string;
  /** Fields of its line in /etc/shadow from the date of the last change on. @default a password that never expires */
  readonly shadow?: string;
  /** Lines of a `Match User` block in sshd_config. */
  readonly match?: readonly string[];
}

export interface PamHostOptions {
  readonly accounts: readonly Account[];
  /** What pam_nologin has to say; absent: logins are open. */
  readonly nologin?: string;
  /** Lines of pam_access's rules, and of pam_limits'. */
  readonly access?: readonly string[];
  readonly limits?: readonly string[];
  readonly config?: readonly string[];
}

const FILES = { passwd: '/etc/passwd', shadow: '/etc/shadow', pam: '/etc/pam.d/sshd' };

export async function startPamHost(options: PamHostOptions): Promise<Sshd & { readonly home: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-pam-'));
  chmodSync(directory, 0o755); // The accounts' home is in it.
  const file = (name: string, lines: readonly string[]) => {
    writeFileSync(join(directory, name), [...lines, ''].join('\n'), { mode: 0o644 });
    return join(directory, name);
  };
  const home = join(directory, 'home');
  mkdirSync(home, { mode: 0o755 });
  const nobody = readFileSync(FILES.passwd, 'utf8').match(/^nobody:x:(\d+:\d+):/m)?.[1] ?? '65534:65534';
  for (const name of ['passwd', 'shadow'] as const) copyFileSync(FILES[name], join(directory, name));
  for (const { user, shell = '/bin/sh', shadow = '19000:0:99999:7:::' } of options.accounts) {
    writeFileSync(join(directory, 'passwd'), `${user}:x:${nobody}::${home}:${shell}\n`, { flag: 'a' });
    writeFileSync(join(directory, 'shadow'), `${user}:*:${shadow}\n`, { flag: 'a' });
  }
  const nologin = join(directory, 'nologin');
  if (options.nologin !== undefined) file('nologin', [options.nologin]);
  file('pam', [
    'auth required pam_permit.so',
    `account required pam_nologin.so file=${nologin}`,
    `account required pam_access.so accessfile=${file('access', options.access ?? [])}`,
    'account required pam_unix.so',
    `session required pam_limits.so conf=${file('limits', options.limits ?? [])}`,
  ]);
  const matches = options.accounts.flatMap(({ user, match }) =>
    match === undefined ? [] : [`Match User ${user}`, ...match.map((line) => `  ${line}`)],
  );
  const bind = Object.entries(FILES).map(([name, over]) => `mount --bind '${join(directory, name)}' ${over}`);
  const sshd = await startSshd({
    config: [...(options.config ?? []), 'UsePAM yes', 'PrintMotd no', `Include ${file('matches', matches)}`],
    under: ['unshare', '--mount', 'sh', '-c', `${bind.join(' && ')} && exec "$@"`, 'sh'],
  });
  const close = async () => {
    await sshd.close();
    rmSync(directory, { recursive: true, force: true });
  };
  return { ...sshd, home, log: sshd.log, close };
}
