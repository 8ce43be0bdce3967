/**
 * Explores what concurrent actors can do to a shared world: the real code of each, in every interleaving of its calls.
 *
 * Each call that an actor makes on the world waits until it is its turn; which turn comes next is the explorer's choice,
 * and so is how the call ends (its alternatives: what a stale read shows, an answer that is lost). An actor's own state
 * follows from what it has observed, so two runs that agree in the world and in each unfinished actor's observations go on
 * alike: one of them is enough. A crash is an actor that gets no further turn; hence every state visited is also the one
 * that a crash of all who are unfinished leaves behind, and every interleaving of the others goes on from there.
 *
 * Calls that touch nothing in common lead to the same state in either order, so of these one order is enough: sleep sets
 * (Godefroid, Partial-Order Methods, 1996), which leave out ways but no state.
 */
import { createHash } from 'node:crypto';

/** One way in which a call may end. It changes the world, and returns or throws what the actor observes. */
export interface Alternative<W> {
  readonly label: string;
  /** Something fails: there are at most as many of these in a run as the model says. */
  readonly isFault?: boolean;
  run(world: W): unknown;
}

/** What a call touches. Two that add to the same can change places; any other two with the same cannot. */
export interface Touches {
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  readonly adds?: readonly string[];
}

export type Call<W> = <T>(name: string, touches: Touches, alternatives: readonly Alternative<W>[]) => Promise<T>;

export interface Model<W> {
  /** The world before anybody has done anything. */
  begin(): W;
  readonly actors: Readonly<Record<string, (call: Call<W>) => Promise<unknown>>>;
  /** Equal for equal worlds. */
  keyOf(world: W): string;
  /** In one run. */
  readonly faultsAtMost: number;
  /** Called once for each world that can be reached, with the calls that lead there. It may throw. */
  visit(world: W, trace: readonly string[]): Promise<void>;
}

export interface Explored {
  /** Worlds together with what each actor knows. */
  readonly states: number;
  readonly worlds: number;
  /** How often the actors were run from the beginning, each time another way. */
  readonly runs: number;
  /** States in which every actor has finished. */
  readonly ends: number;
}

interface Choice {
  readonly actor: string;
  readonly alternative: number;
  readonly touches: Touches;
}
interface Waiting<W> {
  readonly name: string;
  readonly touches: Touches;
  readonly alternatives: readonly Alternative<W>[];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}
interface Actor<W> {
  readonly waiting: Waiting<W>[];
  isDone: boolean;
  observed: string;
}

/** Whatever runs now runs until it waits for its turn. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

class Run<W> {
  readonly world: W;
  readonly trace: string[] = [];
  readonly #actors = new Map<string, Actor<W>>();
  readonly #model: Model<W>;
  #faults = 0;

  constructor(model: Model<W>) {
    this.#model = model;
    this.world = model.begin();
    for (const [name, act] of Object.entries(model.actors)) {
      const actor: Actor<W> = { waiting: [], isDone: false, observed: '' };
      this.#actors.set(name, actor);
      const call: Call<W> = <T>(called: string, touches: Touches, alternatives: readonly Alternative<W>[]) =>
        new Promise<T>((resolve, reject) => {
          const waiting = { name: called, touches, alternatives, resolve: resolve as (value: unknown) => void, reject };
          actor.waiting.push(waiting);
        });
      void act(call)
        .catch(() => undefined)
        .then(() => {
          actor.isDone = true;
        });
    }
  }

  choices(): Choice[] {
    return [...this.#actors].flatMap(([actor, { waiting }]) =>
      (waiting[0]?.alternatives ?? []).flatMap(({ isFault }, alternative) =>
        isFault && this.#faults >= this.#model.faultsAtMost
          ? []
          : [{ actor, alternative, touches: touchesOf(waiting[0]!.touches, isFault) }],
      ),
    );
  }

  /** @param isKnown the way has been gone before: what the actors observe on it needn't be noted */
  async take({ actor: name, alternative }: Choice, isKnown = false): Promise<void> {
    const actor = this.#actors.get(name)!;
    const { name: called, alternatives, resolve, reject } = actor.waiting.shift()!;
    const { label, isFault, run } = alternatives[alternative]!;
    this.trace.push(`${name}: ${called}${label === '' ? '' : ` (${label})`}`);
    if (isFault) this.#faults += 1;
    try {
      const value = run(this.world);
      if (!isKnown) actor.observed = digest(`${actor.observed} ${called} ${JSON.stringify(value)}`);
      resolve(value);
    } catch (error) {
      if (!isKnown) actor.observed = digest(`${actor.observed} ${called} failed ${error}`);
      reject(error);
    }
    await settled();
  }

  /** What each actor has observed, in short. */
  get observed(): string[] {
    return [...this.#actors.values()].map(({ observed }) => observed);
  }

  set observed(known: readonly string[]) {
    for (const [n, actor] of [...this.#actors.values()].entries()) actor.observed = known[n] ?? '';
  }

  key(world: string): string {
    const known = [...this.#actors.values()].map(({ isDone, observed }) => (isDone ? 'done' : observed));
    return digest(`${world} ${known.join(' ')} ${this.#faults}`);
  }
}

const digest = (text: string): string => createHash('sha1').update(text).digest('base64');

/** Of faults there are only so many: who takes one takes it from the others. */
const touchesOf = ({ writes = [], ...rest }: Touches, isFault = false): Touches => ({
  ...rest,
  writes: isFault ? [...writes, 'faults'] : writes,
});

function areIndependent(a: Choice, b: Choice): boolean {
  const clash = (of: Touches, other: Touches) =>
    of.writes?.some((what) => [other.reads, other.writes, other.adds].some((list) => list?.includes(what))) ||
    of.adds?.some((what) => [other.reads, other.writes].some((list) => list?.includes(what)));
  return a.actor !== b.actor && !clash(a.touches, b.touches) && !clash(b.touches, a.touches);
}

const nameOf = ({ actor, alternative }: Choice): string => `${actor} ${alternative}`;

/** A way not gone yet: its last choice is new, and what the actors observed before that is known. */
interface Way {
  readonly path: readonly Choice[];
  readonly asleep: readonly Choice[];
  readonly observed: readonly string[];
}

/** @throws where there are more states than `limit`: what isn't explored whole proves nothing */
export async function explore<W>(model: Model<W>, limit: number): Promise<Explored> {
  /** By state, what was asleep there whenever it was reached. */
  const seen = new Map<string, ReadonlySet<string>>();
  const worlds = new Set<string>();
  const todo: Way[] = [{ path: [], asleep: [], observed: [] }];
  let [runs, ends] = [0, 0];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const run = new Run(model);
    runs += 1;
    await settled();
    for (const choice of next.path.slice(0, -1)) await run.take(choice, true);
    run.observed = [...next.observed];
    for (const choice of next.path.slice(-1)) await run.take(choice);
    for (let { path, asleep } = next; ; ) {
      const world = model.keyOf(run.world);
      const key = run.key(world);
      const before = seen.get(key);
      if (before === undefined && seen.size >= limit) throw new Error(`more than ${limit} states`);
      const names = new Set(asleep.map(nameOf));
      seen.set(key, before === undefined ? names : new Set([...before].filter((name) => names.has(name))));
      if (!worlds.has(world)) {
        worlds.add(world);
        await model.visit(run.world, run.trace);
      }
      const choices = run.choices();
      if (choices.length === 0 && before === undefined) ends += 1;
      // What slept at an earlier visit and is awake now is still to be seen from here.
      const awake = choices.filter((choice) => {
        const name = nameOf(choice);
        return !names.has(name) && (before === undefined || before.has(name));
      });
      const { observed } = run;
      const steps = awake.map((choice, n) => ({
        path: [...path, choice],
        asleep: [...asleep, ...awake.slice(0, n)].filter((other) => areIndependent(other, choice)),
        observed,
      }));
      const [first, ...others] = steps;
      if (first === undefined) break;
      todo.push(...others);
      ({ path, asleep } = first);
      await run.take(first.path.at(-1)!);
    }
  }
  return { states: seen.size, worlds: worlds.size, runs, ends };
}
