import { describe, expect, it } from 'vitest';
import { TAG } from '../../../lambda/model/index.ts';
import { SandboxFleet, WORKER_TAG, worker } from '../../support/sandbox-fleet.ts';

/** A fleet that has been checked once and is well; `calls` are the times at which the remedy function was called. */
async function fleetThatActs(count = 5) {
  const fleet = new SandboxFleet(count);
  const calls: Date[] = [];
  fleet.remedy = async (at) => void calls.push(at);
  await fleet.checks(1);
  return { fleet, calls };
}

describe('a check of a stack that acts by itself', () => {
  it('calls nobody while nothing is to be done, nor for a host that hangs and is not flagged yet', async () => {
    const { fleet, calls } = await fleetThatActs();
    await fleet.host(1, 'BannerTimeout').checks(2);
    expect(calls).toEqual([]);
  });

  it('calls the remedy function once the flag is written, with its own time, and in each check while it stands', async () => {
    const { fleet, calls } = await fleetThatActs();
    const flags: (string | undefined)[] = [];
    fleet.remedy = async (at) => {
      calls.push(at);
      flags.push(fleet.tags(1)[TAG.flag]);
    };
    await fleet.host(1, 'BannerTimeout').checks(4);
    expect(calls.map((at) => at.toISOString())).toEqual(['2026-11-22T08:20:00.000Z', '2026-11-22T08:25:00.000Z']);
    expect(flags).toEqual(Array(2).fill('BannerTimeout@2026-11-22T08:20:00Z'));
  });

  it('calls it where a worker is down, and until an hour after an act', async () => {
    const { fleet, calls } = await fleetThatActs(1);
    fleet.launch(2, WORKER_TAG);
    await fleet.host(2, worker('failed')).checks(1);
    expect(calls).toHaveLength(1);
    fleet.remember(2, { acted: { what: 'restart-worker', at: fleet.now } });
    await fleet.host(2, worker('active')).checks(14);
    expect(calls).toHaveLength(1 + 11);
  });

  it('calls it in the first check of an hour whatever there is: for an act whose tag was never written', async () => {
    const { fleet, calls } = await fleetThatActs();
    await fleet.checks(24);
    expect(calls.map((at) => at.toISOString().slice(11, 16))).toEqual(['09:00', '10:00']);
  });

  it('calls nobody for a muted one', async () => {
    const { fleet, calls } = await fleetThatActs(1);
    fleet.launch(2, { ...WORKER_TAG, [TAG.mute]: 'until=2026-11-23T06:00:00Z' });
    await fleet.host(2, worker('failed')).checks(2);
    expect(calls).toEqual([]);
  });

  it('calls nobody from the check that trips the breaker until two are clean, though a flag stands', async () => {
    const { fleet, calls } = await fleetThatActs(10);
    await fleet.host(1, 'BannerTimeout').checks(3);
    expect(calls).toHaveLength(1);
    for (let n = 2; n <= 8; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.checks(3);
    expect(fleet.lastMail).toContain('FLAGGING SUPPRESSED');
    expect(calls).toHaveLength(1);
    for (let n = 2; n <= 8; n++) fleet.host(n, {});
    await fleet.checks(1);
    expect(calls).toHaveLength(1);
    await fleet.checks(1);
    expect(calls).toHaveLength(2);
  });

  it('calls it while the breaker has tripped for an act that is still open: how it ended is news', async () => {
    const { fleet, calls } = await fleetThatActs(10);
    await fleet.host(1, 'BannerTimeout').checks(3);
    fleet.remember(1, { acted: { what: 'reboot', at: fleet.now } });
    for (let n = 2; n <= 8; n++) fleet.host(n, 'ConnectTimeout');
    await fleet.checks(2);
    expect(fleet.state.breaker.suppressed).toBe(true);
    expect(calls).toHaveLength(1 + 2);
  });

  it('has failed, after all else was done, when the function can not be called', async () => {
    const { fleet } = await fleetThatActs();
    fleet.remedy = async () => {
      throw new Error('TooManyRequestsException');
    };
    await fleet.host(1, 'BannerTimeout').checks(2);
    const { errors, flagged } = await fleet.check();
    expect(errors).toEqual(['remedy: Error: TooManyRequestsException']);
    expect(flagged).toBe(1);
    expect(fleet.subjects.slice(1)).toEqual(['FLAGGED crawler1 SSH silent']);
  });
});

describe('a check of a host that was rebooted', () => {
  const reboot = (at: string) => ({ acted: { what: 'reboot', at: new Date(at) } });
  const IN_VAIN = 'IN VAIN crawler1 SSH silent';

  async function rebooted() {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    await fleet.host(1, 'BannerTimeout').checks(3);
    return fleet.remember(1, reboot('2026-11-22T08:22:00Z'));
  }

  it('says once that the reboot did not help, when its fifteen minutes are over, and then as often as it reminds', async () => {
    const fleet = await rebooted();
    await fleet.checks(3);
    expect(fleet.subjects.slice(2)).toEqual([]);
    await fleet.checks(1);
    expect(fleet.subjects.slice(2)).toEqual([IN_VAIN]);
    expect(fleet.lastMail).toContain('The reboot of 08:22 UTC did not help: it needs a person.');
    await fleet.checks(20);
    expect(fleet.subjects.slice(2)).toEqual([IN_VAIN]);
    for (let hour = 0; hour < 24; hour++) await fleet.check(60);
    expect(fleet.subjects.slice(2)).toEqual([IN_VAIN, IN_VAIN]);
    expect(fleet.lastMail).toContain('The reboot of 2026-11-22 08:22 UTC did not help: it needs a person.');
  });

  it('says nothing of the kind where it answers again in time', async () => {
    const fleet = await rebooted();
    await fleet.host(1, {}).checks(4);
    expect(fleet.subjects.slice(2)).toEqual(['RECOVERED crawler1 SSH silent, 15 min']);
  });

  it('knows a reboot of before the flag for an older story', async () => {
    const fleet = new SandboxFleet(5);
    await fleet.checks(1);
    fleet.remember(1, reboot('2026-11-22T07:40:00Z'));
    await fleet.host(1, 'BannerTimeout').checks(10);
    expect(fleet.subjects.slice(1)).toEqual(['FLAGGED crawler1 SSH silent']);
  });
});
