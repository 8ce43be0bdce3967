import { describe, expect, it } from 'vitest';
import { composeAlert, type MailContext } from '../../../lambda/alert/message.ts';
import { planMail } from '../../../lambda/alert/plan.ts';
import { planFlags, withFlags } from '../../../lambda/flag/plan.ts';
import { type Transition, transition } from '../../../lambda/memory/transition.ts';
import type { Alert, FailureReason } from '../../../lambda/model/index.ts';
import { TAG } from '../../../lambda/model/index.ts';
import { failed, hungFor, judged, minutesAgo, NOW, read, SSH } from '../../support/fleet.ts';
import { NOTE } from '../../support/remembered.ts';
import { unwrapped } from '../../support/unwrapped.ts';

const id = (n: number) => `i-${String(n).padStart(17, '0')}`;
const CLEAN = {
  tripped: false,
  held: false,
  heldAlone: false,
  failing: 0,
  eligible: 10,
  why: '',
  domains: [],
  recovering: [],
  suspended: [],
};
const CONTEXT: MailContext = {
  at: NOW,
  checked: 10,
  evidence: new Map(),
  breaker: CLEAN,
  departed: [],
  untagged: [],
  maybeMailedAt: null,
  unremembered: null,
  settings: SSH,
};
const confirmed = { confirmed: true, evidence: null };

function mailOf(transitions: readonly Transition[], context: Partial<MailContext> = {}): Alert | null {
  const healthy = Array.from({ length: 9 }, (_, n) => judged(read(), { id: id(900 + n) }));
  const all = [...transitions, ...healthy];
  const plan = planFlags(all, new Map(transitions.map((t) => [t.instance.id, confirmed])), [], NOW, SSH);
  const { entries } = planMail(withFlags(all, plan, NOW), plan, false, NOW, SSH);
  return composeAlert(entries, { ...CONTEXT, breaker: plan.breaker, ...context });
}

const hung = (n: number, name = `crawler${n}`) =>
  judged(failed('BannerTimeout'), { id: id(n), name, tags: hungFor(2) });
const standing = (status: string) => ({ ...hungFor(0), [TAG.status]: status, [NOTE.since]: minutesAgo(5) });

describe('the mail', () => {
  it('is not written when nothing is worth one, nor for an OOM kill alone', () => {
    expect(mailOf([judged(read())])).toBeNull();
    expect(mailOf([judged(read({ oomKills: 2 }), { tags: { ...hungFor(0), [NOTE.seen]: '1a2b3c4d/1' } })])).toBeNull();
  });

  it('says of hosts in one block whose time is given, where theirs differ', () => {
    const back = (checks: readonly number[]) =>
      composeAlert(
        checks.map((count, n) => {
          const t = judged(read(), { id: id(n + 1), name: `crawler${n + 1}`, tags: hungFor(count) });
          return { kind: 'recovered', codes: ['BannerTimeout'], why: null, change: 'ended', transition: t } as const;
        }),
        CONTEXT,
      )?.body ?? '';
    expect(unwrapped(back([2, 2, 2, 2]))).toMatch(/RECOVERED: is OK again after \d+ minutes; .*: 4 hosts\.$/m);
    expect(unwrapped(back([2, 3, 2, 2]))).toMatch(/: 4 hosts, here the first\.$/m);
  });

  it('is not written for what was measured only once', () => {
    expect(mailOf([judged(read({ availableShare: 0.05 }))])).toBeNull();
  });

  it('says that SSH is dead only where SSH was asked', () => {
    const asked = (n: number, transport: 'ssh' | 'ssm', reason: FailureReason) => {
      const one = judged(failed(reason), { id: id(n), name: `crawler${n}`, tags: hungFor(2, reason) });
      return { ...one, instance: { ...one.instance, transport } };
    };
    const said = ({ subject, body }: Alert) => `${subject}\n${body}`;
    expect(said(mailOf([asked(1, 'ssm', 'SsmDeliveryTimedOut')])!)).not.toMatch(/ssh/i);
    expect(said(mailOf([asked(1, 'ssm', 'SsmDeliveryTimedOut')])!)).toMatch(/^CRIT crawler1 SSM agent silent\n/);
    expect(said(mailOf([asked(1, 'ssh', 'BannerTimeout')])!)).toMatch(/^FLAGGED crawler1 SSH silent\n/);
  });

  it('names a flagged host, why, since when, and the commands to run', () => {
    const alert = mailOf([hung(1)]);
    expect(alert?.subject).toBe('FLAGGED crawler1 SSH silent');
    expect(alert?.body).toBe(`Do: reboot crawler1.

10 instances checked at 08:15 UTC on 2026-11-22.
Dashboard, with the runbook: https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#dashboards/dashboard/CrawlwatchStack-eu-central-1

crawler1 (i-00000000000000001)
  FLAGGED FOR REBOOT: SSH silent, since 08:05 UTC (10 minutes).
  - BannerTimeout: It was BannerTimeout.
  - Flagged: 3 failed checks in a row, and one more attempt just
    now; no other evidence.
  First save its console, which a reboot clears: aws ec2 get-console-output --latest --instance-id i-00000000000000001 --region eu-central-1 --output text
  Then reboot it: aws ec2 reboot-instances --instance-ids i-00000000000000001 --region eu-central-1
  Or have both done, and wait until it is back: AWS_REGION=eu-central-1 crawlwatch reboot i-00000000000000001
  In EC2: https://eu-central-1.console.aws.amazon.com/ec2/home?region=eu-central-1#InstanceDetails:instanceId=i-00000000000000001
`);
    expect(alert?.attributes).toEqual({ status: 'CRITICAL', reasons: ['BannerTimeout'], instanceIds: [id(1)] });
  });

  it('says why a host that hangs may not be flagged', () => {
    const refused = judged(failed('ConnectionRefused'), {
      id: id(1),
      name: 'crawler1',
      tags: hungFor(2, 'ConnectionRefused'),
    });
    const alert = mailOf([refused]);
    expect(alert?.subject).toBe('CRIT crawler1 SSH refused');
    expect(alert?.body).toContain('Not flagged: ConnectionRefused has other causes than a hang');
  });

  it('grows with the trouble, and is not written again for the same or for less', () => {
    const warned = { tags: standing('WARNING:MemoryLow') };
    expect(mailOf([judged(read({ availableShare: 0.1 }), warned)])).toBeNull();
    const again = judged(read({ availableShare: 0.05 }), warned);
    expect(mailOf([again])).toBeNull();
    const twice = { ...again.instance, remembered: again.after };
    const probed = { instance: twice, outcome: read({ availableShare: 0.05 }), hostKey: null, durationMs: 1 };
    expect(mailOf([transition(probed, again.assessment, NOW, SSH)])?.subject).toMatch(/^CRIT .* memory 95%$/);
  });

  it('says that a trouble is over, and how long it lasted, after two good checks', () => {
    const one = judged(read(), {
      name: 'web1',
      tags: { ...standing('CRITICAL:DiskLow'), [NOTE.since]: minutesAgo(120) },
    });
    expect(mailOf([one])).toBeNull();
    const probed = { ...one, instance: { ...one.instance, remembered: one.after }, hostKey: null };
    expect(unwrapped(mailOf([transition(probed, one.assessment, NOW, SSH)])?.body ?? '')).toContain(
      'is OK again after 2 hours; what was wrong: a disk is nearly full.',
    );
  });

  it('says how often a host was well that comes and goes', () => {
    const t = hung(1);
    const unstable = { ...t, after: { ...t.after, flag: null, ends: [NOW, NOW] } };
    const { entries } = planMail([unstable], { breaker: CLEAN, decisions: [] }, false, NOW, SSH);
    expect(entries).toEqual([]);
    const fresh = { ...unstable.after, incident: { ...unstable.after.incident!, mailed: null } };
    const plan = planMail([{ ...unstable, after: fresh }], { breaker: CLEAN, decisions: [] }, false, NOW, SSH);
    expect(unwrapped(composeAlert(plan.entries, CONTEXT)?.body ?? '')).toContain(
      'It is unstable: 0 of its last 3 checks were good; it counts as recovered after 6 good ones in a row.',
    );
    const slow = { ...SSH, alerts: { ...SSH.alerts, recoverAfter: 12 } };
    const later = planMail([{ ...unstable, after: fresh }], { breaker: CLEAN, decisions: [] }, false, NOW, slow);
    expect(later.entries[0]?.why).toContain('after 12 good ones in a row');
  });

  it('says at once that a part is unread, and breaks what a mail program would make a link', () => {
    const text = 'WWW.evil.example/x and https://evil.example';
    const body = unwrapped(mailOf([hung(1)], { unread: [text] })?.body ?? '');
    expect(body).toMatch(/^Do: .* But part of the fleet could not be read: see below\.$/m);
    expect(body).toContain('WWW[.]evil.example/x and https[:]//evil.example');
  });

  it('names an instance whose tags could not be written where it speaks of it, and no other', () => {
    const text = 'TagLimitExceeded: More than 50 tags';
    expect(unwrapped(mailOf([hung(1)], { untagged: [{ id: id(1), text }] })?.body ?? '')).toContain(
      `can't be written (${text})`,
    );
    expect(mailOf([hung(1)], { untagged: [{ id: id(2), text }] })?.body).not.toContain(text);
  });

  it('says that it may be the second of its kind, and that nothing can be remembered', () => {
    expect(mailOf([hung(1)], { maybeMailedAt: new Date('2026-11-22T08:10:00Z') })?.body).toContain(
      'A mail of 08:10 UTC may have said this already',
    );
    expect(unwrapped(mailOf([hung(1)], { unremembered: 'AccessDenied: no' })?.body ?? '')).toContain(
      'Nothing can be remembered between checks (AccessDenied: no), so nothing is flagged or acted on.',
    );
  });

  it('says that a flagged host answers again though it is still ill', () => {
    const tags = { ...hungFor(3), [TAG.flag]: `BannerTimeout@${minutesAgo(5)}` };
    const alert = mailOf([judged(read({ availableShare: 0.05 }), { name: 'c', tags })]);
    expect(alert?.subject).toBe('CRIT c memory 95%');
    expect(unwrapped(alert?.body ?? '')).toContain(
      'c (i-00000000000000001)\n  ANSWERS AGAIN, STILL CRITICAL: memory 95%; what was wrong for 15 minutes: SSH accepts and says nothing. The reboot flag is removed.\n  - MemoryLow: 5 % of memory',
    );
  });
});
