import { describe, expect, it } from 'vitest';
import { composeAlert, type MailContext } from '../../../lambda/alert/message.ts';
import { type MailEntry, planMail } from '../../../lambda/alert/plan.ts';
import { planFlags, withFlags } from '../../../lambda/flag/plan.ts';
import { assess } from '../../../lambda/judge/assess.ts';
import { type Transition, transition } from '../../../lambda/memory/transition.ts';
import type { InstanceState, ProbeOutcome } from '../../../lambda/model/index.ts';
import { failed, HOST_KEY, instance, judged, NOW, REACHED, read, SSH } from '../../support/fleet.ts';

const confirmed = { confirmed: true, evidence: null };
const HEALTHY = Array.from({ length: 9 }, (_, n) => judged(read(), { id: `i-${String(900 + n).padStart(17, '0')}` }));
const GOOD = read();
const LOW = read({ availableShare: 0.09 });
const VERY_LOW = read({ availableShare: 0.01 });
const HANGS = failed('BannerTimeout');
const UNKNOWN = failed('AuthenticationFailed');

/** Checks of one host, five minutes apart, each mail of which goes out. */
class Life {
  #now = NOW;
  #state: InstanceState = instance({ tags: REACHED }).remembered;
  /** When the incident of each entry about it opened, which is in the key of its events. */
  readonly opened: (Date | undefined)[] = [];

  /** @returns the kinds and changes of the mails' entries about it */
  check(outcome: ProbeOutcome, others: readonly Transition[] = HEALTHY, minutes = 5): string[] {
    this.#now = new Date(this.#now.getTime() + minutes * 60_000);
    const one = { ...instance({ tags: REACHED }), remembered: this.#state };
    const probed = { instance: one, outcome, hostKey: HOST_KEY, durationMs: 1 };
    const t = transition(probed, assess(one, outcome, SSH), this.#now, SSH);
    const all = [t, ...others];
    const evidence = new Map([[one.id, confirmed]]);
    const plan = planFlags(all, evidence, [], this.#now, SSH);
    const flagged = withFlags(all, plan, this.#now);
    const { entries, mailed } = planMail(flagged, plan, false, this.#now, SSH);
    this.#state = mailed.get(one.id) ?? flagged[0]!.after;
    const about = entries.filter((entry: MailEntry) => entry.transition.instance.id === one.id);
    this.opened.push(...about.map((entry) => entry.transition.after.incident?.openedAt));
    return about.map(({ kind, change }) => `${kind} ${change}`);
  }

  checks(count: number, outcome: ProbeOutcome): string[] {
    return Array.from({ length: count }, () => this.check(outcome)).flat();
  }

  remember(over: Partial<InstanceState>): void {
    this.#state = { ...this.#state, ...over };
  }
}

describe('the change of an incident that a mail is about', () => {
  it('is its opening in the first mail, and its end in the last', () => {
    const life = new Life();
    expect(life.checks(2, VERY_LOW)).toEqual(['measured opened']);
    expect(life.checks(3, VERY_LOW)).toEqual([]);
    expect(life.checks(2, GOOD)).toEqual(['recovered ended']);
  });

  it('is an opening where it could not be checked', () => {
    expect(new Life().checks(3, UNKNOWN)).toEqual(['inconclusive opened']);
  });

  it('is an escalation once it is of a worse class than the last mail said', () => {
    const life = new Life();
    expect(life.checks(2, LOW)).toEqual(['measured opened']);
    expect(life.checks(2, VERY_LOW)).toEqual(['measured escalated']);
  });

  it('is a flag once the mail says so, and an end where it answers and nothing is left', () => {
    const life = new Life();
    const mails = life.checks(3, HANGS);
    expect(mails[0]).toBe('held opened');
    expect(mails.at(-1)).toBe('flagged flagged');
    expect(life.checks(3, GOOD)).toEqual(['recovered ended']);
  });

  it('opens another incident where it hangs again right after the end of its flag was mailed', () => {
    const life = new Life();
    life.checks(3, HANGS);
    expect(life.check(GOOD)).toEqual(['recovered ended']);
    const before = life.opened.length;
    expect(life.checks(2, HANGS)).toEqual(['held opened']);
    expect(life.opened[before]).not.toEqual(life.opened[before - 1]);
    expect(life.opened[before - 1]).toEqual(life.opened[0]);
  });

  it('is none where a flag is gone and less trouble is left, whose end comes later', () => {
    const life = new Life();
    life.checks(3, HANGS);
    expect(life.check(VERY_LOW)).toEqual(['recovered null']);
    expect(life.checks(3, GOOD)).toEqual(['recovered ended']);
  });

  it('is an escalation where a reboot was in vain, once', () => {
    const life = new Life();
    life.checks(3, HANGS);
    life.remember({ acted: { what: 'reboot', at: new Date(NOW.getTime() + 16 * 60_000) } });
    const mails = life.checks(5, HANGS);
    expect(mails).toEqual(['escalated escalated']);
    expect(life.check(HANGS, HEALTHY, 25 * 60)).toEqual(['escalated null']);
  });

  it('is none in a reminder', () => {
    const life = new Life();
    life.checks(3, HANGS);
    expect(life.check(HANGS, HEALTHY, 25 * 60)).toEqual(['reminder null']);
    const low = new Life();
    low.checks(2, VERY_LOW);
    expect(low.check(VERY_LOW, HEALTHY, 25 * 60)).toEqual(['measured null']);
  });

  it('is none where the mail only says why a hang is not flagged', () => {
    const life = new Life();
    const others = HEALTHY.slice(0, 3);
    const mails = Array.from({ length: 6 }, () => life.check(HANGS, others)).flat();
    expect(mails[0]).toBe('held opened');
    expect(mails.slice(1).every((one) => !one.endsWith('opened'))).toBe(true);
  });

  it('is its opening where the first mail about it says that flagging is suppressed', () => {
    const dead = Array.from({ length: 9 }, (_, n) =>
      judged(failed('ConnectTimeout'), { id: `i-${String(800 + n).padStart(17, '0')}`, tags: REACHED }),
    );
    const life = new Life();
    expect(life.check(HANGS, dead)).toEqual(['suppressed opened']);
  });

  it('is an end, under the key of its opening, where its host was stopped', () => {
    const gone = { id: 'i-00000000000000007', name: 'ficrawler7', what: 'is stopped, not running', isNews: true };
    const departed = (openedAt: Date | null) => ({ ...gone, codes: [], wasFlagged: true, openedAt });
    const changes = [NOW, null].map((openedAt) => {
      const [entry] = composeAlert([], { ...CONTEXT, departed: [departed(openedAt)] })?.entries ?? [];
      return [entry?.change, entry?.openedAt];
    });
    expect(changes).toEqual([
      ['ended', NOW],
      [null, null],
    ]);
  });

  it('is none of a muted host, about which there is no mail', () => {
    const muted = judged(VERY_LOW, { tags: { ...REACHED, 'crawlwatch:mute': '2099-01-01' } });
    expect(planMail([muted], { breaker: CLEAN, decisions: [] }, false, NOW, SSH).entries).toEqual([]);
  });
});

const CONTEXT: MailContext = {
  ...{ at: NOW, checked: 1, evidence: new Map(), departed: [], untagged: [], maybeMailedAt: null, unremembered: null },
  ...{ breaker: { why: '', tripped: false, failing: 0, eligible: 1 }, settings: SSH },
};
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
