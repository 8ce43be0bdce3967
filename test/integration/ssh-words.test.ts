/** Hosts that let us in, or nearly, and run no probe: what OpenSSH and PAM say in words is the reason. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FailureReason, Log, ProbedInstance } from '../../lambda/model/index.ts';
import { probeFleet } from '../../lambda/probe/index.ts';
import { parseSettings } from '../../lambda/settings/index.ts';
import { fingerprint } from '../../lambda/ssh/known-hosts.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { type Sshd, sshdMissing } from '../../sandbox/sshd.ts';
import { type Account, startPamHost } from '../support/pam-host.ts';
import { sshInstance } from '../support/probe-run.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);
if (userInfo().uid !== 0) throw new Error('accounts and PAM rules of an own sshd need root');

const DEADLINE_SECONDS = 8;
const QUIET: Log = { info() {}, warn() {}, error() {} };
const forced = (command: string): Pick<Account, 'match'> => ({ match: [`ForceCommand ${command}`] });

interface Case extends Account {
  readonly reason: FailureReason | 'vitals';
  readonly says: RegExp;
}

const CASES: readonly Case[] = [
  // Shells that are none, or less than one.
  {
    user: 'nologin',
    shell: '/usr/sbin/nologin',
    reason: 'ExecRefused',
    says: /currently not available.*status 1; .*usermod/,
  },
  { user: 'false', shell: '/bin/false', reason: 'ExecRefused', says: /printed nothing and ended with status 1/ },
  { user: 'true', shell: '/bin/true', reason: 'ExecRefused', says: /printed nothing and ended with status 0/ },
  { user: 'rbash', shell: '/bin/rbash', reason: 'ExecRefused', says: /rbash: .*sh: command not found.*restricted/ },
  { user: 'gitonly', shell: '/usr/bin/git-shell', reason: 'ExecRefused', says: /unrecognized command.*Git server/ },
  { user: 'lost', shell: '/bin/no-such-shell', reason: 'AuthenticationFailed', says: /refused the login of "lost"/ },
  // Forced commands.
  {
    user: 'ec2root',
    ...forced(`echo 'Please login as the user "ec2-user" rather than the user "root".';echo;sleep 10;exit 142`),
    reason: 'ExecRefused',
    says: /rather than the user "root"\."; log in as that user: -u ec2-user/,
  },
  {
    user: 'sleeper',
    ...forced('echo Log in as deploy, please >&2; sleep 600'),
    reason: 'ExecRefused',
    says: /"Log in as deploy, please"; .*-u deploy,/,
  },
  {
    user: 'sftp',
    ...forced('internal-sftp'),
    reason: 'ExecRefused',
    says: /allows sftp connections only.*internal-sftp/,
  },
  {
    user: 'vault',
    ...forced('echo "usage: serve" >&2; exit 2'),
    reason: 'ExecRefused',
    says: /"usage: serve".*status 2/,
  },
  { user: 'echo', ...forced('cat'), reason: 'ExecRefused', says: /it says "(unset|exec|set).*ended with status 0/ },
  { user: 'uptime', ...forced('printf "\\033[1mup\\033[0m 3 days\\n\\n"'), reason: 'ExecRefused', says: /"up 3 days"/ },
  // Words that are no refusal, and then silence: a hung host.
  {
    user: 'motd',
    ...forced('echo Welcome to this crawler; exec sleep 600'),
    reason: 'CommandTimeout',
    says: /did not end within 8 s; it had said "Welcome to this crawler"/,
  },
  { user: 'silent', ...forced('exec sleep 600'), reason: 'CommandTimeout', says: /did not end within 8 s\.$/ },
  // A start file that says the words, and more than a report may hold, is followed by the probe all the same.
  {
    user: 'noisy',
    ...forced(`echo 'Log in as admin!'; sleep 0.3; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`),
    reason: 'vitals',
    says: /^$/,
  },
  {
    user: 'flood',
    ...forced('seq 40000 >&2; seq 40000; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'),
    reason: 'vitals',
    says: /^$/,
  },
  // PAM and the shadow file.
  {
    user: 'expired',
    shadow: '1000:0:90:7:::',
    reason: 'ExecRefused',
    says: /password has expired.*no TTY.*chage -M -1/,
  },
  { user: 'forcedto', shadow: '0:0:99999:7:::', reason: 'ExecRefused', says: /change your password.*chage -M -1/ },
  {
    user: 'gone',
    shadow: '19000:0:99999:7::1:',
    reason: 'AuthenticationFailed',
    says: /ended the login of "gone" and says "Your account has expired.*chage -E/,
  },
  { user: 'limited', reason: 'ExecRefused', says: /too many logins for 'limited'.*maxlogins/i },
  { user: 'sound', reason: 'vitals', says: /^$/ },
  // A key alone is not enough, or not taken.
  {
    user: 'second',
    match: ['KbdInteractiveAuthentication yes', 'AuthenticationMethods publickey,keyboard-interactive'],
    reason: 'AuthenticationFailed',
    says: /took our key for "second" and asks for "keyboard-interactive" as well; .*no second factor/,
  },
  {
    user: 'password',
    match: ['PubkeyAuthentication no', 'PasswordAuthentication yes'],
    reason: 'AuthenticationFailed',
    says: /takes no key from "password", only "password"; passwords aren't used.*ssh-copy-id -p \d+ password@127\.0\.0\.1\./,
  },
  {
    user: 'either',
    match: ['PasswordAuthentication yes', 'AuthorizedKeysFile none'],
    reason: 'AuthenticationFailed',
    says: /refused the login of "either".*passwords aren't used; to add a key: ssh-copy-id -p \d+ either@127\.0\.0\.1\./,
  },
];

const NOLOGIN: readonly (readonly [text: string, says: RegExp])[] = [
  [
    'System is booting up. Unprivileged users are not permitted to log in yet. Please come back later.',
    /ended the login of "web" and says "System is booting up\..*\/run\/nologin/,
  ],
  ['Back at noon.', /ended the login of "web" and says "Back at noon\."; see its log and the account rules/],
];

/** @param hostKey its fingerprint where it is known: much is then sent ahead of its answers */
async function ask(sshd: Sshd, users: readonly string[], hostKey: string | null = null): Promise<ProbedInstance[]> {
  const instances = users.map((user) =>
    sshInstance(sshd.address, sshd.port, { id: user, hostKey, login: { user, port: sshd.port, privateKeyPath: null } }),
  );
  const ssh = sshTransport({ privateKey: sshd.privateKey, hostKeys: { kind: 'pin' } });
  const settings = parseSettings({ timeouts: { sshSeconds: DEADLINE_SECONDS } });
  return probeFleet(instances, { transports: { ssh }, log: QUIET }, settings, { deadlineMs: 120_000 });
}

function expectOutcome(probed: ProbedInstance | undefined, reason: string, says: RegExp): void {
  const outcome = probed?.outcome;
  const text = outcome?.kind === 'failed' ? outcome.text : '';
  expect([outcome?.kind === 'failed' ? outcome.reason : outcome?.kind, text]).toEqual([
    reason,
    expect.stringMatching(says),
  ]);
  if (text !== '') expect(text).toMatch(/^[\x20-\x7e]{20,500}\.$/);
}

const pinOf = ({ hostKeys }: Sshd): string => fingerprint(Buffer.from(hostKeys.ed25519?.split(' ')[1] ?? '', 'base64'));

describe.each([
  ['new', () => null],
  ['known', pinOf],
])('a %s OpenSSH server that lets a user in and runs no probe', (_which, pin) => {
  let sshd: Sshd;
  let probed: ReadonlyMap<string, ProbedInstance>;
  beforeAll(async () => {
    const host = await startPamHost({
      accounts: CASES,
      limits: ['limited hard maxlogins 0'],
      config: ['MaxStartups 100'],
    });
    sshd = host;
    mkdirSync(join(host.home, 'bin'));
    writeFileSync(join(host.home, '.bashrc'), `case $0 in *rbash*) PATH=${host.home}/bin ;; esac\n`);
    const users = CASES.map(({ user }) => user);
    probed = new Map((await ask(sshd, users, pin(sshd))).map((one) => [one.instance.id, one]));
  });
  afterAll(() => sshd?.close());

  it.each(CASES.map(({ user, reason, says }) => [user, reason, says] as const))('gives %s %s', (user, reason, says) => {
    expectOutcome(probed.get(user), reason, says);
  });

  it('is not awaited to the deadline where it says so in known words', () => {
    for (const user of ['ec2root', 'sleeper']) expect(probed.get(user)?.durationMs).toBeLessThan(6000);
  });
});

describe.each([
  ['new', () => null],
  ['known', pinOf],
])('a %s OpenSSH server whose PAM admits no user', (_which, pin) => {
  it.each(NOLOGIN)('is quoted: %s', async (nologin, says) => {
    const sshd = await startPamHost({ accounts: [{ user: 'web' }], nologin });
    const probed = await ask(sshd, ['web', 'root'], pin(sshd));
    await sshd.close();
    expectOutcome(probed[0], 'AuthenticationFailed', says);
    expectOutcome(probed[1], 'vitals', /^$/);
  });

  it('is quoted, and its notice for all is not', async () => {
    const sshd = await startPamHost({
      accounts: [{ user: 'web' }],
      config: ['Banner /etc/debian_version'],
      nologin: 'Back at noon.',
    });
    const probed = await ask(sshd, ['web'], pin(sshd));
    await sshd.close();
    expectOutcome(probed[0], 'AuthenticationFailed', /ended the login of "web" and says "Back at noon\."/);
  });

  it('has lost the connection where pam_access ends a login without a word', async () => {
    const sshd = await startPamHost({
      accounts: [{ user: 'denied' }],
      access: ['- : denied : ALL'],
      config: ['Banner /etc/debian_version'],
    });
    const probed = await ask(sshd, ['denied'], pin(sshd));
    await sshd.close();
    expectOutcome(probed[0], 'ConnectionLost', /during the login, after it had accepted our key; .*pam_access/);
  });
});
