import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sshClient } from '../../../bin/sources/ssh-client.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'crawlwatch-client-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** A program in place of ssh. */
const program = (script: string): string => {
  const path = join(directory, 'ssh');
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
};
const asked = (script: string, options: { signal?: AbortSignal; deadlineMs?: number } = {}) =>
  sshClient(program(script), { env: process.env, deadlineMs: 10_000, ...options }).ask([], 'web1');
const refusal = (words: string) => ({ unread: JSON.stringify(words), isRefused: true });

/** Whether a process is there that is no zombie. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

describe('ssh -G', () => {
  it.each([
    ['fails in words', 'echo "bad option" >&2; exit 255', 'bad option'],
    ['fails without a word', 'exit 3', 'it ended with status 3'],
    ['is killed', 'kill -9 $$', 'it was killed by SIGKILL'],
    ['floods', 'exec yes', 'more than any configuration, and no end of it'],
    ['is another program', 'echo "usage: ssh"', 'nothing of a host name, a port and a user'],
  ])('that %s is refused with what it did', async (_what, script, words) => {
    expect(await asked(script)).toEqual(refusal(words));
  });

  it('answers for a configuration that sends ssh into the background', async () => {
    const says = 'printf "hostname a\\nport 22\\nuser b\\n"; exit 0';
    const script = `case "$*" in *ForkAfterAuthentication=no*) ${says};; esac; echo "Cannot fork into background without a command to execute." >&2; exit 255`;
    expect(await asked(script)).toMatchObject({ hostName: 'a' });
  });

  it('answers although what it started holds its pipes open', async () => {
    const answer = await asked('sleep 60 & printf "hostname a\\nport 22\\nuser b\\n"');
    expect(answer).toMatchObject({ hostName: 'a' });
  });

  it.runIf(process.platform === 'linux').each(['late', 'interrupted'])('leaves nothing where it is %s', async (how) => {
    const left = join(directory, 'left');
    const script = `sleep 60 & echo $! >${left}.new; mv ${left}.new ${left}; wait`;
    const controller = new AbortController();
    const answer = asked(script, how === 'late' ? { deadlineMs: 1500 } : { signal: controller.signal });
    await expect.poll(() => existsSync(left)).toBe(true);
    if (how === 'interrupted') controller.abort();
    expect(await answer).toEqual(refusal(how === 'late' ? 'it did not end within 1.5 s' : 'it was interrupted'));
    const pid = Number(readFileSync(left, 'utf8'));
    await expect.poll(() => isAlive(pid)).toBe(false);
  });

  it('is not waited for at every host where it ends at none', async () => {
    const client = sshClient(program('sleep 60'), { env: process.env, deadlineMs: 200 });
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => client.ask([], `web${n}`)));
    const late = answers.filter((one) => 'unread' in one && one.unread.includes('within'));
    expect(late.length).toBeLessThan(60);
    expect(answers.at(-1)).toEqual({
      unread: expect.stringMatching(/did not end for \d+ hosts before/),
      isRefused: true,
    });
  });
});
