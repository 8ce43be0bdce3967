import { describe, expect, it } from 'vitest';
import { weighStatus } from '../../../lambda/flag/evidence/ec2-status.ts';
import { freshEvidence, strengthOf, weigh } from '../../../lambda/flag/evidence/index.ts';
import { weighLastFigures } from '../../../lambda/flag/evidence/last-figures.ts';
import { otherWay } from '../../../lambda/flag/other-way.ts';
import type { FailureReason, Impairment, ProbeOutcome, RawEvidence } from '../../../lambda/model/index.ts';
import { parseSettings } from '../../../lambda/settings/settings.ts';
import { NOTHING_KNOWN } from '../../support/confirmations.ts';
import { failed, hungFor, instance, judged, NOW, REACHED, read } from '../../support/fleet.ts';

const WAY_IN = { vpc: { id: 'vpc-0123456789abcdef0', subnetIds: ['subnet-0123456789abcdef0'] } };
const BOTH = { ssh: true, ssm: true };

describe('the other way to ask', () => {
  it.each([
    ['SSH only, as the settings have it', { transport: 'ssh' }, BOTH],
    ['no probe document', { transport: 'auto', ...WAY_IN }, { ssh: true }],
    ['SSM, and no way in for SSH', { transport: 'ssm' }, BOTH],
    ['SSM, and nothing that speaks SSH', { transport: 'ssm', ...WAY_IN }, { ssm: true }],
  ])('is none with %s', (_, given, transports) => {
    const settings = parseSettings(given);
    expect(otherWay(instance({}, settings), transports, settings)).toBeNull();
  });

  it('is SSM for a host that is asked over SSH, with its sshd in question', () => {
    const settings = parseSettings({ transport: 'auto', ...WAY_IN });
    expect(otherWay(instance({}, settings), BOTH, settings)).toMatchObject({ transport: 'ssm', sshdExpected: true });
  });

  it('is SSH for a host that is asked over SSM, where there is a way in and an address', () => {
    const settings = parseSettings({ transport: 'ssm', ...WAY_IN });
    expect(otherWay(instance({}, settings), BOTH, settings)).toMatchObject({ transport: 'ssh' });
    expect(otherWay(instance({ address: null }, settings), BOTH, settings)).toBeNull();
  });
});

/** What it comes to that a host fails by one reason, and over the other transport by another. */
function other(own: FailureReason, way: 'ssh' | 'ssm', answer: ProbeOutcome, reached = true) {
  const settings = parseSettings({ transport: way === 'ssm' ? 'auto' : 'ssm', ...WAY_IN });
  const tags: Record<string, string> = { ...hungFor(2, own), ...REACHED };
  if (!reached) delete tags['crawlwatch:host-key'];
  const t = judged(failed(own), { tags }, settings);
  const asked = { ...t.instance, transport: way };
  const { direct, circumstantial, against } = weigh(t, null, { instance: asked, outcome: answer }, NOW, settings);
  return [direct, circumstantial, against].map((items) => items.map(({ text }) => text));
}

describe('the other transport', () => {
  const SSM = 'a command over SSM that went unanswered';
  const SSH = 'a command over SSH that went unanswered';
  const unreached = ', though neither way reached it';
  it.each<[string, Parameters<typeof other>, string[][]]>([
    ['SSM unanswered, where SSH reached it', ['BannerTimeout', 'ssm', failed('SsmDeliveryTimedOut')], [[SSM], [], []]],
    [
      'SSM unanswered, where SSH did not',
      ['ConnectTimeout', 'ssm', failed('SsmDeliveryTimedOut')],
      [[], [SSM + unreached], []],
    ],
    ['SSM took the command and never ended it', ['ConnectTimeout', 'ssm', failed('CommandTimeout')], [[SSM], [], []]],
    ['SSM can start no process', ['ConnectTimeout', 'ssm', failed('ForkFailed')], [[SSM], [], []]],
    ['a lost ping', ['BannerTimeout', 'ssm', failed('SsmConnectionLost')], [[], [], []]],
    ['not managed', ['BannerTimeout', 'ssm', failed('SsmNotManaged')], [[], [], []]],
    ['not allowed', ['BannerTimeout', 'ssm', failed('SsmAccessDenied')], [[], [], []]],
    ['SSH reached and silent', ['SsmDeliveryTimedOut', 'ssh', failed('BannerTimeout')], [[SSH], [], []]],
    ['SSH not reached either', ['SsmDeliveryTimedOut', 'ssh', failed('ConnectTimeout')], [[], [SSH + unreached], []]],
    [
      'SSH silent where it never led there',
      ['SsmDeliveryTimedOut', 'ssh', failed('BannerTimeout'), false],
      [[], [], []],
    ],
    ['SSH refused, which has other causes', ['SsmDeliveryTimedOut', 'ssh', failed('ConnectionRefused')], [[], [], []]],
    ['a failure of ours', ['SsmDeliveryTimedOut', 'ssh', failed('NameNotResolved')], [[], [], []]],
    [
      'an sshd that refuses the login: it is alive',
      ['SsmDeliveryTimedOut', 'ssh', failed('AuthenticationFailed')],
      [[], [], ['over SSH its sshd answers, though with AuthenticationFailed']],
    ],
    [
      'an agent that can run nothing: it is alive',
      ['BannerTimeout', 'ssm', failed('ExecRefused')],
      [[], [], ['over SSM its SSM agent answers, though with ExecRefused']],
    ],
    [
      'an answer',
      ['BannerTimeout', 'ssm', read({ availableShare: 0.5, sshd: true })],
      [[], [], ['over SSM it answers, with 50 % of memory available; its sshd answers on the host itself']],
    ],
  ])('says by %s', (_, given, expected) => {
    expect(other(...given)).toEqual(expected);
  });

  it('is not known where it could not be asked, which holds an automatic reboot', () => {
    const settings = parseSettings({ transport: 'auto', ...WAY_IN });
    const t = judged(failed('BannerTimeout'), { tags: { ...hungFor(2), ...REACHED } }, settings);
    const asked = { instance: { ...t.instance, transport: 'ssm' as const }, outcome: failed('NotChecked') };
    expect(freshEvidence(weigh(t, null, asked, NOW, settings)).unknown).toEqual([
      'Over SSM: NotChecked: It was NotChecked.',
    ]);
  });
});

describe("EC2's status checks", () => {
  const at = (time: string) => new Date(`2026-11-22T${time}Z`);
  const words = { instance: "EC2's own status check (impaired)", volumes: "EC2's check of its volumes (impaired)" };
  it.each<[string, Impairment[] | null, object]>([
    ['the instance since it failed', [{ what: 'instance', since: at('08:06:00') }], { direct: [words.instance] }],
    ['its volumes since it failed', [{ what: 'volumes', since: at('08:06:00') }], { direct: [words.volumes] }],
    ['the instance while it still answered', [{ what: 'instance', since: at('08:00:00') }], {}],
    [
      'the instance, nobody knows since when',
      [{ what: 'instance', since: null }],
      { circumstantial: [words.instance] },
    ],
    [
      'the machine under it, which a reboot stays on',
      [{ what: 'system', since: at('08:06:00') }],
      { circumstantial: ["EC2's check of the machine under it (impaired)"] },
    ],
    ['nothing', [], {}],
    ['nobody knows what', null, {}],
  ])('weigh an impairment of %s', (_, impaired, expected) => {
    const { direct = [], circumstantial = [] } = weighStatus(impaired, at('08:05:00'), NOW);
    expect({ direct, circumstantial }).toEqual({ direct: [], circumstantial: [], ...expected });
  });
});

describe('the last figures', () => {
  const settings = parseSettings({});
  const weighed = (memory: number, endsMinutesAgo: number | null = null) => {
    const ends = endsMinutesAgo === null ? null : new Date(NOW.getTime() - endsMinutesAgo * 60_000);
    return weighLastFigures({ at: NOW, memory, disk: null }, ends, NOW, settings).circumstantial ?? [];
  };

  it.each([
    ['memory at the exhausted level', 0.03, null, 'its memory at its last answer (3 % available)'],
    ['a forecast that has run out', 0.08, 1, 'the forecast at its last answer (8 % of memory available)'],
  ])('are circumstantial evidence by %s', (_, memory, ends, text) => {
    expect(weighed(memory, ends)).toEqual([expect.stringContaining(text)]);
  });

  it.each([
    ['memory just above it', 0.031, null],
    ['memory under the warning level', 0.11, null],
    ['a forecast that has not run out yet', 0.08, -1],
    ['a forecast that has, of a host that was not even low', 0.2, 5],
  ])('are none by %s', (_, memory, ends) => {
    expect(weighed(memory, ends)).toEqual([]);
  });

  it('are none where there are none', () => {
    expect(weighLastFigures(null, NOW, NOW, settings)).toEqual({});
  });
});

describe('all evidence together', () => {
  const t = judged(failed('BannerTimeout'), { tags: hungFor(2) });
  const settings = parseSettings({});
  const one = (over: Partial<RawEvidence>) => weigh(t, { ...NOTHING_KNOWN, ...over }, null, NOW, settings);

  it('is as strong as its strongest, and against where there is any', () => {
    const impaired = [{ what: 'instance', since: NOW }] as const;
    const lastGood = { at: new Date(NOW.getTime() - 15 * 60_000), memory: 0.01, disk: null };
    expect(strengthOf(one({}))).toBe('none');
    expect(strengthOf(one({ lastGood }))).toBe('circumstantial');
    expect(strengthOf(one({ lastGood, impaired }))).toBe('direct');
    expect(strengthOf({ ...one({ impaired }), against: [{ kind: 'hypervisor', text: 'it works' }] })).toBe('against');
  });

  it('is not all known where the metrics could not be read, nor where anything else could not', () => {
    expect(freshEvidence(one({})).unknown).toEqual([]);
    expect(freshEvidence(one({ hypervisor: null })).unknown).toHaveLength(1);
    expect(freshEvidence(one({ gaps: ['console output: denied'] })).unknown).toEqual(['console output: denied']);
  });
});
