import { describe, expect, it } from 'vitest';
import { refusalIn, refusedSentence, wordsOf } from '../../../lambda/probe/refusal.ts';

/** Word for word what programs print, and what the advice on it has to name. */
const REFUSALS: readonly [program: string, said: string, advice: RegExp][] = [
  [
    "cloud-init's disabled root",
    'Please login as the user "ec2-user" rather than the user "root".\n\n',
    /-u ec2-user, or ansible_user=ec2-user/,
  ],
  ['the same on Ubuntu', 'Please login as the user "ubuntu" rather than the user "root".\n', /-u ubuntu,/],
  ['a hand-made one', 'Root is closed. Log in as admin.', /-u admin,/],
  ['a hand-made one with a quote', "Please log in as 'fedora'.", /-u fedora,/],
  ["shadow's nologin", 'This account is currently not available.\n', /usermod -s/],
  ["util-linux's nologin", 'This account is not available.\n', /usermod -s/],
  ['/etc/nologin.txt', 'Shell access for this account has been disabled by the hoster.\n', /usermod -s/],
  [
    'pam_nologin while systemd boots',
    'System is booting up. Unprivileged users are not permitted to log in yet. Please come back later. For technical details, see pam_nologin(8).',
    /\/run\/nologin or \/etc\/nologin/,
  ],
  [
    'pam_nologin at shutdown',
    'System is going down. Unprivileged users are not permitted to log in anymore. For technical details, see pam_nologin(8).',
    /\/run\/nologin/,
  ],
  ['a person who locks a host', 'Maintenance until noon, logins are disabled.', /\/run\/nologin/],
  [
    "OpenSSH without a terminal, after the shadow file's dates",
    'WARNING: Your password has expired.\nPassword change required but no TTY available.\n',
    /chage -M -1/,
  ],
  [
    'pam_unix of old',
    'You are required to change your password immediately (root enforced)\n',
    /change it in a login on a terminal/,
  ],
  ['pam_unix', 'Your account has expired; please contact your system administrator.', /chage -E -1/],
  ['pam_limits', "There were too many logins for 'crawler'.", /maxlogins/],
  ['internal-sftp', 'This service allows sftp connections only.\n', /internal-sftp/],
  ['rssh', 'This account is restricted by rssh.\nThis user may use sftp only\n', /internal-sftp/],
  ['rbash', 'rbash: line 1: sh: command not found', /shell is restricted/],
  ['a restricted bash', "bash: /bin/sh: restricted: cannot specify `/' in command names", /shell is restricted/],
  ['git-shell', "fatal: unrecognized command 'sh -s'", /Git server/],
  [
    'GitHub',
    "Hi crawler! You've successfully authenticated, but GitHub does not provide shell access.",
    /usermod|Git server/,
  ],
  ['pam_slurm_adopt', 'Access denied by pam_slurm_adopt: you have no active jobs on this node\n', /PAM, pam_access/],
  [
    'Tailscale',
    '# Tailscale SSH requires an additional check.\n# To authenticate, visit: https://login.tailscale.com/a/1',
    /confirm such a login/,
  ],
];

/** What healthy hosts say, or start to. */
const NOTICES: readonly string[] = [
  '',
  'Welcome to Ubuntu 24.04.1 LTS (GNU/Linux 6.8.0 x86_64)\n * Documentation:  https://help.ubuntu.com\n',
  'UNAUTHORIZED ACCESS TO THIS DEVICE IS PROHIBITED. All activity is logged and monitored.\n',
  'Authorised users only. Unauthorised access will be denied and prosecuted.\n',
  'Last login: Mon Jan  6 10:00:00 2025 from 10.0.0.1\n',
  'Your password will expire in 5 days.\n',
  'Activate the web console with: systemctl enable --now cockpit.socket\n',
  '*** System restart required ***\n',
  "You have new mail.\nmanpath: can't set the locale; make sure $LC_* and $LANG are correct\n",
  'To run a command as administrator (user "root"), use "sudo <command>".\n',
  'crawler-worker: restricted mode is off\n',
];

describe('the words of a host', () => {
  it.each(REFUSALS)('are a refusal where %s says them', (_program, said, advice) => {
    expect(refusalIn(`Welcome!\n${said}`)?.advice).toMatch(advice);
  });

  it.each(NOTICES)('are no refusal: %j', (said) => {
    expect(refusalIn(said)).toBeNull();
  });

  it('are found at the end of a flood, and are quoted from the line on that says them', () => {
    const said = `${'noise\n'.repeat(100_000)}This account is currently not available.\n`;
    const refusal = refusalIn(said);
    expect(wordsOf(said, '', refusal)).toBe('This account is currently not available.');
  });

  it('become one bounded line that no terminal acts on, as does the sentence around them', () => {
    const said = `\u001b[31mGo away\u001b[0m\u0007,\r\n\tuser \u202e"x"\\ ${'y'.repeat(5000)}`;
    const sentence = refusedSentence('10.0.0.1:22', wordsOf(said, '', null), null, 'ended with status 1');
    expect(sentence).toMatch(/it says "Go away , user \\u202e"x"\\x5c y+\.\.\." and ended with status 1; /);
    expect(sentence).toMatch(/^[\x20-\x7e]{20,500}\.$/);
  });

  it('have the error stream before the output, and each once', () => {
    expect(wordsOf('Welcome\n', 'sh: not found\n', null)).toBe('sh: not found Welcome');
    expect(wordsOf('sh: not found\n', 'sh: not found\n', null)).toBe('sh: not found');
  });
});
