import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FailureReason } from '../../../lambda/model/index.ts';
import { idOf, SandboxFleet, WORKER_TAG, worker } from '../../support/sandbox-fleet.ts';

const FOLDER = join(import.meta.dirname, '../../fixtures/mails');
const CONSOLE = [
  '[90212.201934] ruby invoked oom-killer: gfp_mask=0x100cca(GFP_HIGHUSER_MOVABLE), order=0, oom_score_adj=0',
  '[90212.207712] Out of memory: Killed process 2213 (ruby) total-vm:15211048kB, anon-rss:13770420kB, file-rss:0kB',
].join('\n');

/** As the SSH transport words them. */
const SAID: Readonly<Partial<Record<FailureReason, string>>> = {
  BannerTimeout: '10.0.0.7:22 accepted the connection but sent no SSH banner within 15 s.',
  ConnectTimeout: '10.0.0.1:22 did not accept a TCP connection within 15 s.',
  HostUnreachable: 'There is no route to 10.0.0.20:22 (EHOSTUNREACH).',
  AuthenticationFailed: '10.0.0.3:22 accepts none of our keys for ubuntu.',
  HostKeyMismatch: '10.0.0.8:22 showed another host key than the one pinned.',
};
const fleetOf = (count: number): SandboxFleet => {
  const fleet = new SandboxFleet(count);
  fleet.says = (reason) => SAID[reason] ?? reason;
  return fleet;
};

/** Each is a short story through the whole pipeline; its last mail is the file. */
const STORIES: Readonly<Record<string, () => Promise<SandboxFleet>>> = {
  async 'one-host-hung'() {
    const fleet = fleetOf(10).host(7, { availableKb: 750_000, diskUsedPercent: 74 });
    await fleet.checks(1);
    const host = fleet.aws.instances.get(idOf(7));
    if (host !== undefined) host.console = CONSOLE;
    await fleet.host(7, 'BannerTimeout').checks(3);
    return fleet;
  },
  async 'worker-killed-on-two'() {
    const fleet = fleetOf(8);
    for (const n of [9, 10]) {
      fleet.launch(n, WORKER_TAG);
      fleet.host(n, worker('active'));
    }
    await fleet.checks(1);
    for (const n of [9, 10]) fleet.host(n, { ...worker('failed'), availableKb: 15_650_000, oomKills: 1 });
    await fleet.checks(2);
    return fleet;
  },
  async 'rebooted-in-vain'() {
    const fleet = fleetOf(10);
    await fleet.checks(1);
    await fleet.host(7, 'BannerTimeout').checks(3);
    fleet.remember(7, { acted: { what: 'reboot', at: new Date('2026-11-22T08:22:00Z') } });
    await fleet.checks(4);
    return fleet;
  },
  async 'window-for-a-restart'() {
    const fleet = fleetOf(9);
    fleet.launch(10, WORKER_TAG);
    await fleet.host(10, { ...worker('active'), availableKb: 300_000 }).checks(2);
    return fleet;
  },
  async 'flagging-suppressed'() {
    const fleet = fleetOf(40);
    await fleet.checks(1);
    for (let n = 1; n <= 19; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.host(20, 'HostUnreachable').checks(1);
    return fleet;
  },
  async 'unknown-with-its-fix'() {
    const fleet = fleetOf(10).host(3, 'AuthenticationFailed').host(4, 'AuthenticationFailed');
    await fleet.host(8, 'HostKeyMismatch').checks(3);
    return fleet;
  },
};

describe('the mails', () => {
  it.each(Object.keys(STORIES))('reads as test/fixtures/mails/%s.txt', async (name) => {
    const fleet = await STORIES[name]?.();
    const mail = fleet?.aws.topic.published.at(-1);
    const text = `Subject: ${mail?.subject}\n\n${mail?.body}`;
    const file = join(FOLDER, `${name}.txt`);
    if (process.env.UPDATE_MAILS === '1') writeFileSync(file, text);
    expect(text).toBe(readFileSync(file, 'utf8'));
  });
});
