import { describe, expect, it } from 'vitest';
import { NO_EVIDENCE, type ProbeTransport, type RawEvidence, type Reply } from '../../../lambda/model/index.ts';
import { type FreshPorts, freshCheck } from '../../../lambda/remedy/fresh-check.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { NOTHING_KNOWN } from '../../support/confirmations.ts';
import { HOST_KEY, hungFor, instance, NOW, REACHED } from '../../support/fleet.ts';
import { type HostFigures, probeOutput } from '../../support/probe-output.ts';

const ONE = instance({ tags: { ...REACHED, ...hungFor(3), crawlwatch: 'true' } });
const VPC = { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] };
const SETTINGS = parseSettings({ vpc: VPC });

const answers = (figures: HostFigures = {}): Reply => ({
  kind: 'output',
  output: probeOutput(figures),
  hostKey: HOST_KEY,
});
const hangs: Reply = { kind: 'failed', reason: 'BannerTimeout', text: 'It was silent.' };
const unanswered: Reply = { kind: 'failed', reason: 'SsmDeliveryTimedOut', text: 'The agent took nothing.' };

const usualTraffic = Array.from({ length: 288 }, (_, n) => ({
  at: new Date(NOW.getTime() - (288 - n) * 300_000),
  networkOut: 12_000_000,
  packetsOut: 12_000,
  cpu: 40,
  readOps: 100,
  credits: null,
}));

const playing =
  (reply: Reply): ProbeTransport =>
  async (instances, run) => {
    for (const { id } of instances) run.reply(id, reply, 1);
  };

function ports(ssh: Reply, ssm: Reply, more: Partial<FreshPorts> = {}): FreshPorts {
  const raw: RawEvidence = { ...NOTHING_KNOWN, impaired: [{ what: 'instance', since: NOW }] };
  return {
    clock: { now: () => NOW },
    log: { info() {}, warn() {}, error() {} },
    transports: { ssh: playing(ssh), ssm: playing(ssm) },
    gatherEvidence: async (instances) => new Map(instances.map(({ id }) => [id, raw])),
    scheduledEvents: async () => [],
    ...more,
  };
}
const check = (...of: Parameters<typeof ports>) => freshCheck(ONE, ports(...of), SETTINGS, 1000);

describe('a check right before an act', () => {
  it('can not be, where it is stopped', async () => {
    const stopped = instance({ state: 'stopped' });
    await expect(freshCheck(stopped, ports(hangs, hangs), SETTINGS, 1000)).rejects.toThrow(
      'it is stopped, not running',
    );
  });

  it('fails where the evidence can not be gathered: no act may rest on half of it', async () => {
    const gatherEvidence = () => Promise.reject(new Error('down'));
    await expect(check(hangs, unanswered, { gatherEvidence })).rejects.toThrow('down');
  });

  it('is unknown where the fault is ours', async () => {
    const denied: Reply = { kind: 'failed', reason: 'AuthenticationFailed', text: 'No.' };
    expect(await check(denied, answers())).toMatchObject({ kind: 'inconclusive', evidence: NO_EVIDENCE, boot: null });
  });

  it('finds a hang, with all evidence for it', async () => {
    const fresh = await check(hangs, unanswered);
    expect(fresh).toMatchObject({ at: NOW, kind: 'hung', boot: null, report: { status: 'CRITICAL', id: ONE.id } });
    // An agent that takes no command may have lost its own road.
    expect(fresh.evidence).toEqual({
      direct: ["EC2's own status check (impaired)"],
      circumstantial: ['a command over SSM that went unanswered'],
      against: [],
      unknown: [],
    });
    expect(fresh.report.evidence).toContain('Over SSM: SsmDeliveryTimedOut: The agent took nothing.');
  });

  it('has a command that the agent took, and that went unanswered, for direct evidence', async () => {
    const taken: Reply = { kind: 'failed', reason: 'CommandTimeout', text: 'It took the command.' };
    const { evidence } = await check(hangs, taken);
    expect(evidence.direct).toContain('a command over SSM that went unanswered');
  });

  it('finds what speaks against a hang since it was flagged, and what could not be known', async () => {
    const gatherEvidence = async () =>
      new Map([[ONE.id, { ...NOTHING_KNOWN, hypervisor: usualTraffic, gaps: ['console output: denied'] }]]);
    const { evidence } = await check(hangs, unanswered, { gatherEvidence });
    expect(evidence.against).toEqual([
      expect.stringMatching(/^it sends as it usually does: 12 MiB|^it sends as it usually does/),
    ]);
    expect(evidence.unknown).toEqual(['console output: denied']);
  });

  it('does not know enough where the metrics could not be read', async () => {
    const gatherEvidence = async () => new Map([[ONE.id, { ...NOTHING_KNOWN, hypervisor: null }]]);
    expect((await check(hangs, unanswered, { gatherEvidence })).evidence.unknown).toHaveLength(1);
  });

  it('does not hang where it answers another way: there only sshd is dead', async () => {
    const fresh = await check(hangs, answers());
    expect(fresh).toMatchObject({ kind: 'measured', boot: '1a2b3c4d', report: { transport: 'ssm' } });
    expect(fresh.report.reasons.map(({ code }) => code)).toEqual(['SshdDown']);
  });

  it('does not hang where sshd answers on the host itself: the way to it is broken', async () => {
    expect(await check(hangs, answers({ sshd: true }))).toMatchObject({ kind: null, report: { status: 'OK' } });
  });

  it('finds it well, or measured, and gathers no other evidence', async () => {
    const gatherEvidence = () => Promise.reject(new Error('asked'));
    expect(await check(answers(), hangs, { gatherEvidence })).toMatchObject({
      kind: null,
      boot: '1a2b3c4d',
      evidence: NO_EVIDENCE,
      scheduledEvents: [],
    });
  });

  it('may be about to be rebooted by AWS; that this could not be read is not that it is not so', async () => {
    const events = ['AWS has scheduled system-reboot for it'];
    expect(await check(hangs, unanswered, { scheduledEvents: async () => events })).toMatchObject({
      scheduledEvents: events,
    });
    const scheduledEvents = () => Promise.reject(new Error('down'));
    expect(await check(hangs, unanswered, { scheduledEvents })).toMatchObject({ scheduledEvents: null });
  });
});
