import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Reply } from '../../lambda/model/index.ts';
import { parseVitals } from '../../lambda/probe/parse-vitals.ts';
import { SENT_SCRIPT } from '../../lambda/probe/script.ts';
import { RESTART_SCRIPTS, readRestart } from '../../lambda/remedy/restart/restart.ts';
import { sshTransport } from '../../lambda/ssh/transport.ts';
import { CrawlerHosts } from '../../sandbox/crawler-hosts.ts';
import { CRAWLERS } from '../../sandbox/crawlers.ts';
import { newKey } from '../../sandbox/ssh-hosts.ts';
import { probeAll, sshInstance } from '../support/probe-run.ts';

const START = new Date('2026-11-22T08:00:00Z');
const later = (minutes: number) => new Date(START.getTime() + minutes * 60_000);
const idOf = (name: string) => CRAWLERS.find((crawler) => crawler.name === name)?.id ?? '';

describe("the story's hosts", () => {
  const key = newKey();
  let folder: string;
  let hosts: CrawlerHosts;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'crawlwatch-hosts-'));
    hosts = new CrawlerHosts(folder, START);
    await hosts.listen(key.public);
    return async () => {
      await hosts.close();
      rmSync(folder, { recursive: true, force: true });
    };
  });

  async function ask(name: string, script: string, worker = 'sidekiq.service'): Promise<Reply> {
    const port = hosts.port(idOf(name)) ?? 0;
    const login = { user: 'ubuntu', port, privateKeyPath: null };
    const ssh = sshTransport({ hostKeys: { kind: 'pin' }, privateKey: key.private });
    const [answer] = (await probeAll(ssh, [sshInstance('127.0.0.1', port, { worker, login })], { script })).values();
    if (answer === undefined) throw new Error('no answer');
    return answer.reply;
  }

  async function vitals(name: string) {
    const reply = await ask(name, SENT_SCRIPT);
    const outcome = parseVitals(reply.output ?? '', 'sidekiq.service');
    if (outcome.kind !== 'vitals') throw new Error(outcome.text);
    return outcome.vitals;
  }

  it('go on to hang where nobody restarts the worker in time', async () => {
    hosts.advance(3, later(15));
    expect(await vitals('ficrawler3')).toMatchObject({ worker: { state: 'active' } });
    hosts.advance(4, later(20));
    expect(await ask('ficrawler3', SENT_SCRIPT)).toMatchObject({ kind: 'failed', reason: 'ConnectionReset' });
  });

  it('have their memory back, at once and from then on, where the worker is restarted', async () => {
    hosts.advance(3, later(15));
    const before = await vitals('ficrawler3');
    expect(readRestart(await ask('ficrawler3', RESTART_SCRIPTS['restart-worker']))).toMatchObject({ ok: true });
    const after = await vitals('ficrawler3');
    expect(after.memory.usedBytes).toBeLessThan(before.memory.usedBytes / 2);
    expect(after.bootId).toBe(before.bootId);
    hosts.advance(4, later(20));
    expect((await vitals('ficrawler3')).memory).toEqual(after.memory);
  });

  it('restart no unit that they do not have', async () => {
    expect(readRestart(await ask('ficrawler3', RESTART_SCRIPTS['restart-worker'], 'other.service'))).toMatchObject({
      ok: false,
    });
    hosts.advance(1, later(5));
    expect((await vitals('ficrawler3')).memory.usedBytes).toBeGreaterThan(8e9);
  });

  it('come back from a reboot with another boot id and a new uptime, but for the one that does not', async () => {
    const before = await vitals('ficrawler9');
    hosts.advance(3, later(15));
    for (const name of ['ficrawler9', 'ficrawler6']) hosts.reboot(idOf(name), 3, later(15));
    hosts.advance(4, later(20));
    const after = await vitals('ficrawler9');
    expect(after.bootId).not.toBe(before.bootId);
    expect(after.uptimeSeconds).toBe(300);
    expect(await ask('ficrawler6', SENT_SCRIPT)).toMatchObject({ reason: 'ConnectionReset' });
  });
});
