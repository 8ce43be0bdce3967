import { describe, expect, it } from 'vitest';
import { type Desk, type News, openMail, sendMail } from '../../../lambda/alert/announce.ts';
import { type ActsSaid, NO_ACTS } from '../../../lambda/alert/mailing.ts';
import { nextState } from '../../../lambda/memory/remember.ts';
import { loadState, saveState } from '../../../lambda/memory/store.ts';
import {
  type ActOutcome,
  EMPTY_STATE,
  type FleetState,
  type Mailing,
  type RemedyNews,
} from '../../../lambda/model/index.ts';
import { ObjectFiles } from '../../../sandbox/object-files.ts';
import { failed, hungFor, judged, NOW, SSH } from '../../support/fleet.ts';

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
const ID = 'i-00000000000000001';
const refused = Object.assign(new Error('not authorized'), {
  name: 'AuthorizationError',
  $metadata: { httpStatusCode: 403 },
});
const timedOut = Object.assign(new Error('late'), { name: 'TimeoutError' });
const ago = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const mailing = (minutes: number): Mailing => ({ since: ago(minutes), at: ago(minutes) });

const DONE: RemedyNews = {
  ...{ outcomes: [], pausedNow: null, escalated: [], now: NOW },
  acted: [
    {
      decision: { instanceId: ID, name: 'crawler1', remedy: 'reboot', heldBy: null, why: 'it still hung' },
      act: { remedy: 'reboot', instanceId: ID, at: NOW, state: 'done', requester: 'schedule', boot: null, since: null },
      text: 'EC2 has queued the reboot',
      evidence: [],
    },
  ],
};
const said = (news: RemedyNews | null): ActsSaid => ({ news, receipt: news === null ? null : 'r', unknown: null });

/** Announces the second failed check of a host. */
async function announced(
  over: {
    readonly mail?: Error;
    /** What could not be delivered besides the mail. */
    readonly unsent?: readonly string[];
    readonly mailing?: Mailing;
    /** Since when another check waits. */
    readonly asking?: Date;
    /** When mails, or attempts to send one, named the host. */
    readonly mails?: readonly Date[];
    readonly at?: Date;
    readonly lose?: 1 | 2 | 3;
    /** What the remedy function answers; absent: it isn't asked. */
    readonly acts?: ActsSaid;
    /** What happens while it is waited for. */
    readonly meanwhile?: (state: FleetState) => FleetState;
    /** A call of S3 that fails, by its number. */
    readonly broken?: number;
    /** The check before mailed the hang. */
    readonly isOld?: boolean;
  } = {},
) {
  const { at = NOW } = over;
  const files = new ObjectFiles();
  const t = judged(failed('BannerTimeout'), { tags: hungFor(1) });
  const { mails = [] } = over;
  const after = {
    ...t.after,
    mails,
    incident: t.after.incident && { ...t.after.incident, ...news(over.isOld === true) },
  };
  const hung = { ...t, before: { ...t.before, mails }, after };
  const instances = new Map([[ID, hung.before]]);
  await saveState(
    files,
    { ...EMPTY_STATE, mailing: over.mailing ?? null, asking: over.asking ?? null, instances },
    null,
  );
  const loaded = await loadState(files);
  const steps: string[] = [];
  const bodies: string[] = [];
  const desk: Desk = {
    outlets: {
      notify: async ({ body }) => {
        steps.push('mail');
        bodies.push(body);
        if (over.mail !== undefined) throw over.mail;
        return over.unsent ?? [];
      },
      sendEvents: async () => [],
      writeTags: async () => {
        steps.push('tags');
        return [];
      },
    },
    log: { info() {}, warn() {}, error() {} },
    clock: { now: () => at },
    failed: (step, text) => void steps.push(`failed ${step}: ${text}`),
    problems: [],
  };
  const saver = {
    load: () => loadState(files),
    save: async (state: FleetState, etag: string | null) => {
      steps.push('save');
      const saves = steps.filter((step) => step === 'save').length;
      if (saves === over.broken) throw new Error('S3 is down');
      // As a remedy does that notes its act at this moment.
      if (saves === over.lose) {
        const now = await loadState(files);
        const act = { what: 'restart-worker', at };
        const instances = new Map([...now.state.instances].map(([id, one]) => [id, { ...one, acted: act }]));
        await saveState(files, { ...now.state, instances }, now.etag);
      }
      return saveState(files, state, etag);
    },
  };
  const found: News = {
    transitions: [hung],
    plan: { breaker: CLEAN, decisions: [] },
    departures: [],
    evidence: new Map(),
    unread: [],
    found: [hung.instance],
    at,
  };
  const next = nextState([hung], new Map(), EMPTY_STATE.breaker, at);
  const { acts } = over;
  const open = await openMail(found, { before: loaded, next }, saver, desk, SSH, acts !== undefined);
  const waiting = (await loadState(files)).state;
  let isOut = false;
  if (open !== null) {
    if (acts !== undefined) steps.push('act');
    const { state: then, etag } = await loadState(files);
    if (over.meanwhile !== undefined) await saveState(files, over.meanwhile(then), etag);
    isOut = await sendMail(open, acts ?? NO_ACTS, saver, desk, SSH);
  }
  const { state } = await loadState(files);
  const one = state.instances.get(ID);
  return { isOurs: open !== null, isOut, steps, bodies, waiting, state, one, problems: desk.problems };
}

/** What its incident has of mails. */
const news = (isOld: boolean) => (isOld ? { mailed: 'h' as const, mailedAt: NOW, heldMailed: true } : { mailed: null });

describe('what a check says', () => {
  it('is remembered first, then shown as tags, then mailed, and that it was is written last', async () => {
    const { isOurs, steps, state, one } = await announced();
    expect([isOurs, steps]).toEqual([true, ['save', 'tags', 'mail', 'save']]);
    expect([state.mailing, one?.incident?.mailed, one?.mails]).toEqual([null, 'h', [NOW]]);
  });

  it('is mailed and noted as mailed where only its events could not be sent, which fails the check', async () => {
    const { steps, one } = await announced({ unsent: ['1 of 1 event could not be sent'] });
    expect(steps).toEqual(['save', 'tags', 'mail', 'failed events: 1 of 1 event could not be sent', 'save']);
    expect(one?.incident?.mailed).toBe('h');
  });

  it('is for the next check to mail where SNS refused it, and no mail says that it may have gone out', async () => {
    const { state, one, steps } = await announced({ mail: refused });
    expect(steps).toContain('failed mail: AuthorizationError: not authorized');
    expect([state.mailing, one?.incident?.mailed, one?.mails]).toEqual([null, null, []]);
  });

  it('may have gone out where no answer came, and counts among the mails of the day', async () => {
    const { state, one } = await announced({ mail: timedOut });
    expect([state.mailing, one?.incident?.mailed, one?.mails]).toEqual([mailing(0), null, [NOW]]);
  });

  it('may have gone out where SNS answers with an error of its own: it may have taken the mail first', async () => {
    const mail = Object.assign(new Error('oops'), { name: 'InternalError', $metadata: { httpStatusCode: 500 } });
    const { state, one } = await announced({ mail });
    expect([state.mailing, one?.incident?.mailed, one?.mails]).toEqual([mailing(0), null, [NOW]]);
  });

  it('did not go out where SNS throttles it', async () => {
    const mail = Object.assign(new Error('slow'), { name: 'ThrottledException', $metadata: { httpStatusCode: 429 } });
    const { state, one } = await announced({ mail });
    expect([state.mailing, one?.mails]).toEqual([null, []]);
  });

  it('is marked when it may be the second time, and no more once it is known to be out', async () => {
    const { bodies, state } = await announced({ mailing: mailing(5) });
    expect(bodies[0]).toContain('A mail of 08:10 UTC may have said this already');
    expect(state.mailing).toBeNull();
  });

  it('may still have gone out the first time where SNS refuses the second', async () => {
    expect((await announced({ mailing: mailing(5), mail: refused })).state.mailing).toEqual(mailing(5));
    const lost = await announced({ mailing: mailing(5), mail: timedOut });
    expect(lost.state.mailing).toEqual({ since: ago(5), at: NOW });
  });

  it('waits for an hour where no answer came for a quarter of an hour', async () => {
    const mails = [ago(20), ago(5)];
    const { steps, state, isOurs } = await announced({ mailing: { since: ago(20), at: ago(5) }, mails });
    expect([isOurs, steps]).toEqual([true, ['save', 'tags']]);
    expect(state.mailing).toEqual({ since: ago(20), at: ago(5) });
    const later = await announced({ mailing: { since: ago(80), at: ago(60) }, mails: [ago(80), ago(60)] });
    expect(later.steps).toContain('mail');
    // What was mailed of others meanwhile doesn't put it off.
    const beside = { since: ago(80), at: ago(5), whole: ago(60) };
    expect((await announced({ mailing: beside, mails: [ago(80), ago(60)] })).steps).toContain('mail');
  });

  it('does not wait where no lost mail has named the host', async () => {
    const lost = { since: ago(20), at: ago(5) };
    const { steps, state, one, bodies } = await announced({ mailing: lost, mails: [ago(600)] });
    expect(steps).toEqual(['save', 'tags', 'mail', 'save']);
    expect(bodies[0]).toContain('may have said this already');
    // What the lost mails were about may still be unknown to everybody.
    expect([state.mailing, one?.incident?.mailed, one?.mails]).toEqual([lost, 'h', [ago(600), NOW]]);
    const again = await announced({ mailing: lost, mails: [ago(600)], mail: timedOut });
    expect(again.state.mailing).toEqual({ since: ago(20), at: NOW, whole: ago(5) });
  });

  it('is for the check that is mailing at this moment to say', async () => {
    const { isOurs, steps, problems } = await announced({ mailing: mailing(1) });
    expect([isOurs, steps]).toEqual([false, []]);
    expect(problems).toEqual([expect.stringContaining('another check ran at the same time')]);
  });

  it('is for another to say where that one wrote first', async () => {
    const { isOurs, steps } = await announced({ lose: 1 });
    expect([isOurs, steps]).toEqual([false, ['save']]);
  });

  it('is noted as mailed beside what a remedy wrote meanwhile', async () => {
    const { isOurs, state, one, steps } = await announced({ lose: 2 });
    expect([isOurs, steps]).toEqual([true, ['save', 'tags', 'mail', 'save', 'save']]);
    expect([state.mailing, one?.incident?.mailed, one?.acted?.what]).toEqual([null, 'h', 'restart-worker']);
  });
});

describe('a check that asks the remedy function before it mails', () => {
  const acted = (state: FleetState): FleetState => ({
    ...state,
    instances: new Map([...state.instances].map(([id, one]) => [id, { ...one, acted: { what: 'reboot', at: NOW } }])),
  });

  it('is known to wait, writes once more before the mail, and says in it what was done', async () => {
    const { steps, waiting, state, one, bodies, isOut } = await announced({ acts: said(DONE), meanwhile: acted });
    // The act's note in the state costs a save, in which the race is lost, and a look.
    expect(steps).toEqual(['save', 'tags', 'act', 'save', 'save', 'mail', 'save']);
    expect([waiting.mailing, waiting.asking]).toEqual([null, NOW]);
    expect(isOut).toBe(true);
    expect(bodies).toHaveLength(1);
    // What is the matter, what was done, and why it isn't flagged: the incident's words and the act's.
    expect(bodies[0]).toMatch(
      /BEING REBOOTED: SSH silent, since 08:10 UTC[\s\S]*by crawlwatch at 08:15 UTC[\s\S]*Not flagged yet/,
    );
    expect([state.mailing, state.asking, one?.incident?.mailed, one?.acted?.what]).toEqual([null, null, 'h', 'reboot']);
  });

  it('mails the acts alone where nothing else is news', async () => {
    const { steps, bodies, state, isOut } = await announced({ acts: said(DONE), isOld: true });
    expect([steps, isOut]).toEqual([['save', 'tags', 'act', 'save', 'mail', 'save'], true]);
    expect(bodies[0]).toMatch(/^ {2}BEING REBOOTED: [\s\S]*by crawlwatch at 08:15 UTC[\s\S]*- Why: it still hung\.$/m);
    expect(bodies[0]).not.toContain('Not flagged yet');
    expect([state.mailing, state.asking]).toEqual([null, null]);
  });

  it('mails nothing where nothing is news at all, and waits no more', async () => {
    const { steps, state, isOut } = await announced({ acts: said(null), isOld: true });
    expect([steps, isOut]).toEqual([['save', 'tags', 'act', 'save'], false]);
    expect([state.mailing, state.asking]).toEqual([null, null]);
  });

  it('leaves the mail, and the acts in it, to another check that has taken over meanwhile', async () => {
    const other = { since: NOW, at: new Date(NOW.getTime() + 1) };
    const meanwhile = (state: FleetState) => ({ ...state, asking: null, mailing: other });
    const { steps, state, isOut } = await announced({ acts: said(DONE), meanwhile });
    expect(steps).toEqual(['save', 'tags', 'act', 'save', 'failed state: another check wrote before this one mailed']);
    expect([state.mailing, isOut]).toEqual([other, false]);
  });

  it('mails all the same where it can not write before the mail', async () => {
    const { steps, isOut, one } = await announced({ acts: said(DONE), broken: 2 });
    expect(steps.filter((step) => !step.startsWith('failed'))).toEqual(['save', 'tags', 'act', 'save', 'mail', 'save']);
    expect([isOut, one?.incident?.mailed]).toEqual([true, 'h']);
  });

  it.each([
    ['SNS refuses', refused, null],
    ['no answer comes from SNS', timedOut, mailing(0)],
  ])('does not acknowledge the acts where %s', async (_, mail, left) => {
    const { isOut, state } = await announced({ acts: said(DONE), isOld: true, mail });
    expect([isOut, state.mailing, state.asking]).toEqual([false, left, null]);
  });

  it('leaves acts for later that a lost mail may have named, and mails those that none can have', async () => {
    const lost = { since: ago(20), at: ago(5) };
    const { act, ...rest } = DONE.acted[0]!;
    const before: RemedyNews = { ...DONE, acted: [{ ...rest, act: { ...act, at: ago(10) } }] };
    const left = await announced({ acts: said(before), isOld: true, mailing: lost });
    expect([left.bodies, left.isOut, left.state.mailing]).toEqual([[], false, lost]);
    const outcome: ActOutcome = {
      ...{ act: { ...act, at: ago(10) }, name: 'crawler1', outcome: 'worked', minutes: 5, sentence: 'It helped.' },
      ...{ rebootAvoided: false, recoveryMinutes: null },
    };
    // An outcome holds other reboots back until it is on record.
    for (const news of [DONE, { ...before, outcomes: [outcome] }]) {
      const { bodies, isOut } = await announced({ acts: said(news), isOld: true, mailing: lost });
      expect([bodies.length, isOut]).toEqual([1, true]);
    }
  });

  it('is stepped back from while it may still be waiting, and no longer', async () => {
    const other = (minutes: number) => announced({ asking: ago(minutes) });
    expect((await other(1)).isOurs).toBe(false);
    const later = await other(5);
    expect([later.isOurs, later.state.asking ?? null]).toEqual([true, null]);
    // Nothing had gone out: the mail does not say that it may be the second.
    expect(later.bodies[0]).not.toContain('may have said this already');
  });
});
