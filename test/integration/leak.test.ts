import { beforeEach, describe, expect, it } from 'vitest';
import { leakMissing } from '../support/leak-host.ts';
import { beginLeak, FULL_AT, type LeakStory } from '../support/leak-story.ts';
import { unwrapped } from '../support/unwrapped.ts';

const missing = await leakMissing();
if (missing !== null) process.stderr.write(`\nSKIPPED, nothing leaked: ${missing}\n\n`);

describe('a worker that really leaks, on a host with no more memory than its cgroup', () => {
  let story: LeakStory;

  beforeEach(async (context) => {
    if (missing !== null) context.skip(missing);
    story = await beginLeak();
    return story.end;
  });

  it('is forecast, and restarted over SSH while the host still answers, before the kernel kills it', async () => {
    const ahead = await story.checkUntil(({ codes }) => codes.includes('MemoryExhaustionForecast'));
    expect(ahead.codes).toEqual(['MemoryExhaustionForecast']);
    const pid = story.host.workerPid();
    const gone = await story.checkUntil(({ codes }) => codes.includes('MemoryExhaustedResponsive'));
    expect(gone.recommendation).toBe('restart-worker');
    expect(gone.minute - ahead.minute).toBeGreaterThanOrEqual(30);
    expect(unwrapped(story.mails()[0]?.body ?? '')).toMatch(
      /MemoryExhaustionForecast: \S+ \(pid \d+\) grew \d+ MiB in (?:\d\d min|\d h); at this rate memory runs out in /,
    );
    expect(story.host.workerPid()).toBe(pid);

    expect((await story.remedy()).acts).toMatchObject([{ remedy: 'restart-worker', state: 'done' }]);
    expect(story.host.workerPid()).not.toBe(pid);
    const after = await story.check();
    expect(after).toMatchObject({ status: 'OK', vitals: { oomKills: 0, worker: { state: 'active' } } });
    const { news } = await story.remedy();
    expect(news?.outcomes.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^The worker restart of .* helped: .*A reboot was avoided/),
    ]);

    // The clock goes on to where it would have been dead.
    const last = await story.checkUntil(({ minute }) => minute > FULL_AT);
    expect(last).toMatchObject({ status: 'OK', vitals: { oomKills: 0 } });
    expect(story.host.oomKills()).toBe(0);
  });

  it('is reported dead, and the kill with it, where nobody restarts it in time', async () => {
    const gone = await story.checkUntil(({ codes }) => codes.includes('MemoryExhaustedResponsive'));
    expect(gone.vitals).toMatchObject({ oomKills: 0, worker: { state: 'active' } });
    const killed = await story.checkUntil(({ codes }) => codes.includes('OomKill'));
    expect(killed.codes).toContain('WorkerDown');
    expect(killed).toMatchObject({ status: 'CRITICAL', recommendation: 'restart-worker' });
    expect(killed.minute).toBeLessThanOrEqual(FULL_AT);
    expect(story.host.oomKills()).toBeGreaterThan(0);
    expect(story.host.workerPid()).toBeNull();
    // Its incident has been mailed as CRITICAL before: what happened since is in the next mail, that of its end.
    expect(story.mails().at(-1)?.body).toContain('leaky1 (i-00000000000000001)\n  CRITICAL: ');
    expect((await story.check()).codes).toEqual(['WorkerDown']);
    expect((await story.remedy()).acts).toMatchObject([{ remedy: 'restart-worker', state: 'done' }]);
    await story.check();
    await story.check();
    expect(unwrapped(story.mails().at(-1)?.body ?? '')).toMatch(
      /is OK again after .*the worker is down; the OOM killer killed a process/,
    );
    expect(unwrapped(story.mails().at(-1)?.body ?? '')).toMatch(/the kernel killed .* for want of memory/);
  });
});
