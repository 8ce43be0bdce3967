/** The buttons of the demo's page, by the real remedy function over the sandbox. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { press } from '../../../bin/demo/play.ts';
import { openStory, type Story } from '../../../bin/demo/story.ts';
import { CRAWLERS } from '../../../sandbox/crawlers.ts';

const idOf = (host: string): string => CRAWLERS.find(({ name }) => name === host)!.id;

describe('a button of the demo', () => {
  let story: Story;
  beforeAll(async () => {
    story = await openStory();
  });
  afterAll(() => story.close());

  const pressed = (action: string, host?: string) =>
    press(story.sandbox, {
      action,
      requester: 'dashboard',
      ...(host !== undefined && { instanceId: idOf(host) }),
      ...(action === 'pause' && { why: 'from the dashboard' }),
    });
  const checks = async (count: number) => {
    for (let n = 0; n < count; n++) await story.next();
  };
  const remembered = async (host: string) => (await story.sandbox.remembered()).instances.get(idOf(host));

  it('asks the remedy function for nothing else', async () => {
    for (const event of [{ action: 'auto' }, { action: 'history', instanceId: idOf('fiweb1') }, null, 'pause', {}]) {
      expect(await press(story.sandbox, event)).toContain('the page asks for reboot, restart-worker');
    }
  });

  it('is held back by the guards, which say why', async () => {
    await checks(3);
    expect(await pressed('reboot', 'ficrawler9')).toContain('was not rebooted</b>: it carries no reboot flag');
    expect(await pressed('unflag', 'ficrawler9')).toContain('Not unflagged');
    expect(await pressed('reboot', 'fiweb1')).toContain('was not rebooted');
  });

  it('pauses crawlwatch itself, until another resumes', async () => {
    expect(await pressed('pause')).toContain('<b>Paused</b>');
    await checks(1);
    expect((await remembered('ficrawler9'))?.flag?.reason).toBe('BannerTimeout');
    expect((await remembered('ficrawler9'))?.acted).toBeNull();
    expect(await pressed('reboot', 'ficrawler9')).toMatch(/was not rebooted<\/b>: acting has been paused by dashboard/);
    expect(await pressed('resume')).toContain('<b>Resumed</b>');
  });

  it('reboots a flagged host and restarts a worker: both are well at the next check', async () => {
    expect(await pressed('reboot', 'ficrawler9')).toContain('is being rebooted');
    expect(await pressed('restart-worker', 'ficrawler4')).toContain('worker was restarted');
    await checks(1);
    for (const host of ['ficrawler9', 'ficrawler4']) expect((await remembered(host))?.status).toBe('OK');
    expect((await remembered('ficrawler10'))?.status).toBe('CRITICAL');
    expect((await remembered('ficrawler9'))?.acted?.what).toBe('reboot');
  });
});
