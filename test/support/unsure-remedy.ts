/**
 * A remedy function whose answers and acknowledgements get lost. Each run may find that one more act has come to its end,
 * and says again what was not acknowledged, as the real one does.
 */
import type { RemedyOutlet } from '../../lambda/check/ports.ts';
import type { ActOutcome } from '../../lambda/model/index.ts';

/** Of no host that is checked, so that no incident is about it. */
const GONE = 'i-99999999999999999';
const AT_ONCE = 50;

export class UnsureRemedy implements RemedyOutlet {
  /** Sentences, one for each promise that was broken. */
  readonly broken: string[] = [];
  readonly made: { readonly name: string; readonly at: Date }[] = [];
  #open: string[] = [];
  #kept: { readonly receipt: string; readonly names: readonly string[] } = { receipt: '0', names: [] };

  /** @param isMailed whether a mail that arrived has this name in it */
  constructor(
    readonly random: () => number,
    readonly isMailed: (name: string) => boolean,
  ) {}

  #mayFail(): void {
    if (this.random() < 0.1) throw new Error('socket hang up');
  }

  act = async (at: Date) => {
    this.#mayFail();
    if (this.random() < 0.5) {
      const name = `outcome-${this.made.length}-`;
      this.made.push({ name, at });
      this.#open.push(name);
    }
    const names = this.#open.slice(0, AT_ONCE);
    const receipt = `${Number(this.#kept.receipt) + 1}`;
    if (names.length > 0) this.#kept = { receipt, names };
    this.#mayFail();
    if (names.length === 0) return { done: true, why: '' };
    const news = { outcomes: names.map((name) => outcomeOf(name, at)), pausedNow: null, acted: [], escalated: [] };
    return { done: true, why: '', news: { ...news, now: at }, receipt };
  };

  mailed = async (receipt: string) => {
    this.#mayFail();
    if (receipt !== this.#kept.receipt) return { done: false, why: 'another run has found news since' };
    const { names } = this.#kept;
    for (const name of names) {
      if (!this.isMailed(name)) this.broken.push(`${name} is on record as mailed, and no mail has it`);
    }
    this.#open = this.#open.filter((name) => !names.includes(name));
    this.#mayFail();
    return { done: true, why: '' };
  };
}

function outcomeOf(name: string, at: Date): ActOutcome {
  const act = { remedy: 'restart-sshd', instanceId: GONE, at, state: 'done', requester: 'schedule' } as const;
  return {
    ...{ act: { ...act, boot: null, since: null }, name: 'gone', outcome: 'failed', minutes: 15 },
    ...{ sentence: `It came to ${name}.`, rebootAvoided: false, recoveryMinutes: null },
  };
}
