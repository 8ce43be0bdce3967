import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withOpenssh } from '../../bin/openssh/index.ts';
import type { FailureReason } from '../../lambda/model/index.ts';
import { type Sshd, sshdMissing, startSshd } from '../../sandbox/sshd.ts';
import { type Answer, probeAll, sshInstance } from '../support/probe-run.ts';
import { BEFORE_BANNER, FAULT_DEADLINE_MS, type Fault } from '../support/ssh-faults.ts';
import { AFTER_BANNER } from '../support/ssh-login-faults.ts';
import { keyPair } from '../support/ssh-server.ts';
import { SSHD_DEADLINE_MS, SSHD_FAULTS } from '../support/sshd-faults.ts';

if (sshdMissing !== null) throw new Error(sshdMissing);

/** What ssh doesn't pass on, or sees otherwise than a client that reads the socket itself. */
const OTHERWISE: Readonly<
  Record<string, { readonly reason?: FailureReason | RegExp; readonly says?: RegExp; readonly output?: string }>
> = {
  // ssh speaks first: a socket closed with that unread is reset.
  'accepts and closes': { reason: /^(ClosedBeforeBanner|ConnectionReset)$/, says: /before an SSH banner/ },
  // ssh logs whole lines alone.
  'sends garbage and then nothing': { reason: 'BannerTimeout', says: /sent no SSH banner within 10 s/ },
  'sends binary garbage': { says: /not SSH 2, "banner line contains invalid characters"/ },
  'speaks only SSH 1': { says: /not SSH 2, "Protocol major versions differ: 2 vs\. 1"/ },
  'sends a banner and then floods': { says: /sent more than a login needs/ },
  'knows only a key exchange with SHA-1': {
    says: /no matching key exchange method found": it offers only "diffie-hellman-group14-sha1.*update its sshd/,
  },
  'signs its host key only with SHA-1': { says: /no matching host key type found": it offers only "ssh-rsa"/ },
  'refuses to run commands': { says: /refused to run a command, "exec request failed on channel 0"/ },
  // ssh ends at a disconnection without writing what had come just before.
  'cuts the connection in the middle of its output': { output: '' },
  'kills the shell': { says: /was killed by "a signal"/ },
  'closes the session before the command has ended': { says: /closed the connection before the probe had ended/ },
};

/** Those that no server of another name can be asked for through ssh. */
const NOT_OF_SSH = ['has no address', 'shows another host key than the pinned one'];

describe('a run through ssh over hosts with every fault', () => {
  const faults: readonly Fault[] = [...BEFORE_BANNER, ...AFTER_BANNER].filter(({ does }) => !NOT_OF_SSH.includes(does));
  const login = keyPair();
  const directory = mkdtempSync(join(tmpdir(), 'crawlwatch-faults-'));
  const key = join(directory, 'key');
  let answers: Map<string, Answer>;
  const closing: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    process.env.TMPDIR = directory;
    writeFileSync(key, login.private, { mode: 0o600 });
    const hosts = await Promise.all(faults.map((fault) => fault.start(login.public)));
    for (const host of hosts) if (host.close) closing.push(() => host.close?.() as Promise<void>);
    const options = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
    const instances = faults.map(({ does }, n) => {
      const { address = '127.0.0.1', port } = hosts[n] as { address?: string; port: number };
      const openssh = {
        destination: address ?? '',
        options: [...options, '-p', String(port), '-l', 'crawler', '-i', key],
        because: 'a test',
      };
      return sshInstance(address ?? '', port, {
        id: does,
        login: { user: 'crawler', port, privateKeyPath: key, openssh },
      });
    });
    const transport = withOpenssh(() => Promise.reject(new Error('no host goes the fast path')), {
      env: process.env,
    });
    answers = await probeAll(transport, instances, { hostDeadlineMs: FAULT_DEADLINE_MS, script: 'echo vitals' });
  });
  afterAll(async () => {
    delete process.env.TMPDIR;
    await Promise.all(closing.map((close) => close()));
    rmSync(directory, { recursive: true });
  });

  it.each(faults.map((fault) => [fault.does, String(OTHERWISE[fault.does]?.reason ?? fault.reason), fault] as const))(
    'calls one that %s %s',
    (does, _reason, fault) => {
      const reason = OTHERWISE[does]?.reason ?? fault.reason;
      const reply = answers.get(does)?.reply;
      expect(reply).toMatchObject({
        kind: 'failed',
        reason: reason instanceof RegExp ? expect.stringMatching(reason) : reason,
        text: expect.stringMatching(OTHERWISE[does]?.says ?? fault.says),
      });
      expect(reply?.output ?? '').toContain(OTHERWISE[does]?.output ?? fault.output ?? '');
    },
  );

  it('keeps to the deadline, and leaves no process and no log behind', () => {
    for (const { durationMs } of answers.values()) expect(durationMs).toBeLessThan(FAULT_DEADLINE_MS + 2000);
    expect(execFileSync('ps', ['-eo', 'args']).toString()).not.toContain(key);
    expect(readdirSync(directory).filter((name) => name.startsWith('crawlwatch-ssh-'))).toEqual([]);
  });
});

/** OpenSSH's client takes it by default. */
const NO_FAULT = 'only authenticates packets with SHA-1';

describe('a run through ssh over OpenSSH servers with every fault', () => {
  const started: Sshd[] = [];
  let answers: Map<string, Answer>;
  /** A fault that ssh words otherwise. */
  const WORDS: Readonly<Record<string, RegExp>> = {
    'has its shell killed in the middle of the output': /was killed by "a signal"/,
    'drips its output': /the probe did not end within 15 s/,
    'allows no sessions': /refused to run a command, ".*open failed/,
  };

  beforeAll(async () => {
    const hosts = await Promise.all(
      SSHD_FAULTS.map(async (fault) => {
        const sshd = await startSshd(fault.sshd);
        started.push(sshd);
        await fault.prepare?.(sshd);
        return [fault, sshd] as const;
      }),
    );
    const all = await Promise.all(
      hosts.map(([{ does, script = 'echo vitals', user }, sshd]) => {
        const login = { user: user ?? sshd.user, port: sshd.port, privateKeyPath: sshd.privateKeyPath };
        const options = ['-F', 'none', '-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'];
        options.push('-p', String(sshd.port), '-l', login.user, '-i', sshd.privateKeyPath);
        const openssh = { destination: sshd.address, options, because: 'a test' };
        const instance = sshInstance(sshd.address, sshd.port, { id: does, login: { ...login, openssh } });
        const transport = withOpenssh(() => Promise.reject(new Error('no fast path')), { env: process.env });
        return probeAll(transport, [instance], { hostDeadlineMs: SSHD_DEADLINE_MS, script });
      }),
    );
    answers = new Map(all.flatMap((each) => [...each]));
  });
  afterAll(() => Promise.all(started.map((sshd) => sshd.close())));

  it(`reads one that ${NO_FAULT}`, () => expect(answers.get(NO_FAULT)?.reply).toMatchObject({ output: 'vitals\n' }));

  it.each(
    SSHD_FAULTS.filter(({ does }) => does !== NO_FAULT).map((fault) => [fault.does, fault.reason, fault] as const),
  )('calls one that %s %s', (does, reason, fault) => {
    const reply = answers.get(does)?.reply;
    const text = expect.stringMatching(WORDS[does] ?? fault.says);
    expect(reply).toMatchObject({ kind: 'failed', reason, text });
    expect(reply?.output ?? '').toContain(fault.output ?? '');
  });
});
