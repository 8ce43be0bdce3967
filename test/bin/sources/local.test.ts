import { describe, expect, it } from 'vitest';
import { localTransport } from '../../../bin/sources/local.ts';
import type { ProbeRun, Reply } from '../../../lambda/model/index.ts';
import { parseCutShort } from '../../../lambda/probe/cut-short.ts';
import { SENT_SCRIPT } from '../../../lambda/probe/script.ts';
import { parseSettings } from '../../../lambda/settings/index.ts';
import { sshInstance } from '../../support/probe-run.ts';

/** Runs a script as the probe and returns the reply; undefined where none came. */
async function replyTo(
  script: string,
  over: Partial<ProbeRun> & { readonly shell?: string; readonly worker?: string } = {},
): Promise<Reply | undefined> {
  const { shell, worker, ...run } = over;
  const replies: Reply[] = [];
  await localTransport(shell === undefined ? {} : { shell })(
    [sshInstance(null, 22, { id: 'here', transport: 'local', worker: worker ?? null })],
    {
      signal: new AbortController().signal,
      hostDeadlineMs: 60_000,
      forks: 1,
      script,
      reply: (_id, reply) => replies.push(reply),
      ...run,
    },
  );
  expect(replies.length).toBeLessThanOrEqual(1);
  return replies[0];
}

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
/** Waits for a killed process to be gone; the test's own time-out is the limit. */
const gone = async (pid: number) => {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe('the probe on this machine', () => {
  it('reads CommandTimeout at the deadline, keeps what was printed, and kills the whole group', async () => {
    const reply = await replyTo('sleep 300 & echo $!; wait', { hostDeadlineMs: 2_000 });
    expect(reply).toMatchObject({
      kind: 'failed',
      reason: 'CommandTimeout',
      text: 'The probe on this machine did not end within 2 s.',
    });
    const pid = Number(reply?.output);
    expect(pid).toBeGreaterThan(1);
    await gone(pid);
  });

  it.each(['dash', 'bash', 'busybox ash'])(
    'is slow, not out of processes, where %s is cut after its first figures',
    async (shell) => {
      const slow = SENT_SCRIPT.replace(/^if \[ "\$asked.*\n(?:.*\n)*?fi$/m, 'sleep 300 &\nwait');
      expect(slow).not.toBe(SENT_SCRIPT);
      expect(slow).not.toMatch(/^find_answers\|/m);
      const script = `exec ${shell} <<'SLOW'\n${slow}\nSLOW\n`;
      const reply = await replyTo(script, { hostDeadlineMs: 2_000 });
      if (reply?.kind !== 'failed') throw new Error('it was not cut');
      const outcome = parseCutShort(reply, null, parseSettings({ memory: { exhaustedPercent: 0 } }));
      expect(outcome).toMatchObject({
        kind: 'failed',
        reason: 'CommandTimeout',
        notes: [expect.stringMatching(/^It had said: memory [\d.]+ % available/)],
      });
    },
  );

  it('reads ExecRefused where there is no such shell', async () => {
    expect(await replyTo('echo', { shell: '/nonexistent/sh' })).toMatchObject({
      reason: 'ExecRefused',
      text: 'This machine could not run /nonexistent/sh (ENOENT).',
    });
  });

  it('reads ForkFailed where the shell could start no process and printed nothing', async () => {
    expect(await replyTo("echo 'sh: 1: Cannot fork' >&2; exit 2")).toMatchObject({
      reason: 'ForkFailed',
      text: 'This machine could start no process: "sh: 1: Cannot fork".',
    });
  });

  it('reads ConnectionLost where the shell was killed, with what it had printed', async () => {
    expect(await replyTo('echo partly; kill -KILL $$')).toMatchObject({ reason: 'ConnectionLost', output: 'partly\n' });
  });

  it('cuts a flood at 64 KiB and ends it', async () => {
    const reply = await replyTo('while :; do echo 0123456789012345678901234567890123456789; done');
    expect(reply?.kind).toBe('output');
    expect(reply?.output?.length).toBe(65_536);
  });

  it('does not wait for a child that holds the output open', async () => {
    const reply = await replyTo('sleep 300 & echo $!');
    expect(reply?.kind).toBe('output');
    await gone(Number(reply?.output));
  });

  it('gives no reply once the run is aborted, and leaves nothing behind', async () => {
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 100);
    expect(await replyTo('sleep 300 &', { signal: abort.signal })).toBeUndefined();
    expect(await replyTo('echo', { signal: abort.signal })).toBeUndefined();
  });

  it('passes the worker as the only argument', async () => {
    expect(await replyTo('echo "$# $1"', { worker: 'sidekiq.service' })).toEqual({
      kind: 'output',
      output: '1 sidekiq.service\n',
    });
    expect(await replyTo('echo "$#"')).toEqual({ kind: 'output', output: '0\n' });
  });

  it('keeps this process’s environment to itself', async () => {
    process.env.CRAWLWATCH_TEST_MARK = 'secret';
    const reply = await replyTo('echo $CRAWLWATCH_TEST_MARK-$LC_ALL');
    delete process.env.CRAWLWATCH_TEST_MARK;
    expect(reply).toEqual({ kind: 'output', output: '-C\n' });
  });

  it('runs in a process group of its own, so that Ctrl-C at the terminal does not kill it first', async () => {
    const reply = await replyTo('echo $$ $(ps -o pgid= -p $$)');
    const [pid, group] = String(reply?.output).trim().split(/\s+/);
    expect(pid).toBe(group);
  });
});
