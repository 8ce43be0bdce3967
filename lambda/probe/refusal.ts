/**
 * What hosts say to a login that may not run commands: known words, and what to do about each. Sources: shadow's nologin,
 * OpenSSH's session.c, cloud-init's disabled root, Linux-PAM's messages, bash's restricted mode, git-shell.
 */
import { plainWords, quote } from '../kit/index.ts';

/** A line that a host is known to say where it refuses. */
export interface Refusal {
  /** The line and what follows it. */
  readonly words: string;
  /** What to do, without a full stop. */
  readonly advice: string;
}

type Kind = readonly [says: RegExp, advice: string | ((match: RegExpExecArray) => string)];

/** The first that matches counts, so those that name a cause come before those that don't. */
const KINDS: readonly Kind[] = [
  [
    /\blog ?-?in as (?:the )?(?:user(?:name)? )?["'`]?([\w.-]*[\w-])/i,
    ([, user = '']) => `log in as that user: -u ${user}, or ansible_user=${user} in the inventory`,
  ],
  [
    /account has expired|account .{0,80}\bexpired/i,
    "the user's account has expired there: chage -E -1 USER, as its root",
  ],
  [
    /password (?:has |is |was )?expired|password change required|required to change your password|must change your password|change your password now/i,
    "the user's password has expired there: change it in a login on a terminal, or let it never expire (chage -M -1 USER)",
  ],
  [
    /too many logins/i,
    'a limit of logins is reached there (maxlogins in /etc/security/limits.conf): end old sessions or raise it',
  ],
  [
    /system is (?:booting up|going down|shutting down)|unprivileged users are not permitted to log in|(?:log-?ins?|logging in)\b.{0,40}\b(?:disabled|not (?:yet )?(?:allowed|permitted)|unavailable)|no log-?ins\b/i,
    'only root can log in while /run/nologin or /etc/nologin exists: wait until it has booted, or remove that file',
  ],
  [
    /account is (?:currently )?(?:not available|disabled|locked)|(?:shell|interactive) (?:access|log-?ins?)\b.{0,40}\b(?:disabled|denied|forbidden|not |restricted)|does not (?:provide|allow|have) (?:a )?shell|no shell access/i,
    "the user's login shell runs no command: usermod -s /bin/sh USER, or another user",
  ],
  [
    /sftp connections only|sftp only|only (?:accepts? |allows? )?(?:sftp|scp)\b/i,
    'sshd there gives this user files alone (ForceCommand internal-sftp): another user, or no ForceCommand for this one',
  ],
  [
    /\brestricted: cannot|(?:^|: )restricted$|rbash: /im,
    "the user's shell is restricted: let it find sh in its PATH, or give another user",
  ],
  [
    /unrecognized command ['"]sh |git-shell|successfully authenticated, but/i,
    'that is the account of a Git server, which runs only its own commands: give another user',
  ],
  [/^access denied\b/im, 'a rule of the host (PAM, pam_access) refuses this user: allow it there'],
  [
    /requires? an additional check|to authenticate, visit/i,
    'a person must confirm such a login in a browser: give crawlwatch a user or a host rule without that check',
  ],
];

/** How much of a flood is searched, from its beginning and from its end. */
const SEARCHED = 4096;

/** The refusal in what a host said; null where its words are of no known kind. */
export function refusalIn(said: string): Refusal | null {
  const text = said.length > 2 * SEARCHED ? `${said.slice(0, SEARCHED)}\n${said.slice(-SEARCHED)}` : said;
  for (const [says, advice] of KINDS) {
    const match = says.exec(text);
    if (match === null) continue;
    const line = text.lastIndexOf('\n', match.index) + 1;
    return { words: text.slice(line), advice: typeof advice === 'string' ? advice : advice(match) };
  }
  return null;
}

/** The first line of each script of ours: from there on it is not the host's shell or sshd that speaks. */
const BEGUN = /^crawlwatch /m;

/** Whether a script of ours has begun to run. */
export const hasBegun = (output: string): boolean => BEGUN.test(output);

/** What sshd itself adds (session.c), whatever the command is. */
const BESIDE_THE_POINT = /^Could not chdir to home directory .*\n?/gm;

/** What there is to quote of a session: the known words, else the error stream, which says why, before the output. */
export function wordsOf(output: string, errors: string, refusal: Refusal | null): string {
  if (refusal !== null) return plainWords(refusal.words);
  const said = `${errors}\n${output === errors ? '' : output}`;
  return plainWords(said.replace(BESIDE_THE_POINT, '')) || plainWords(said);
}

const FORCED =
  'allow this user the command sh: no ForceCommand, no command= in its authorized_keys, a shell that runs it';

/**
 * The sentence on a login that was accepted and ran something else than the probe.
 * @param host its address and port
 * @param ended how that ended, e.g. `ended with status 1`; null: it has not
 */
export function refusedSentence(host: string, words: string, refusal: Refusal | null, ended: string | null): string {
  const said = words === '' ? 'printed nothing' : `says ${quote(words)}`;
  const end = ended === null ? '' : ` and ${ended}`;
  return `${host} accepted the login but runs something else than the probe: it ${said}${end}; ${refusal?.advice ?? FORCED}.`;
}
