/** Charts in characters: a bar for now, a line of blocks for the time before. */

/** Terminals that can't show UTF-8 get ASCII. */
export type Glyphs = 'unicode' | 'ascii';

const GLYPHS = {
  unicode: { full: '█', empty: '░', levels: '▁▂▃▄▅▆▇█', mark: '…' },
  ascii: { full: '#', empty: '-', levels: '_.:-=+*#', mark: '..' },
} as const satisfies Record<Glyphs, object>;

/** The mark where text was cut. */
export const cutMark = (glyphs: Glyphs): string => GLYPHS[glyphs].mark;

/** `███████░░░`. @param share 0 to 1; anything above 0 shows at least one block. */
export function bar(share: number, width: number, glyphs: Glyphs): string {
  const { full, empty } = GLYPHS[glyphs];
  const within = Math.min(1, Math.max(0, share));
  const blocks = Math.max(within > 0 ? 1 : 0, Math.round(within * width));
  return full.repeat(blocks) + empty.repeat(width - blocks);
}

/** The least span of its height: without it the noise of a quiet host would fill the chart. */
const LEAST_SPAN = 0.1;

/**
 * `▁▂▃▅▇`, the oldest first; a gap where a share is null.
 * @param shares 0 to 1; if there are more than `width`, each block is the highest of several.
 */
export function sparkline(shares: readonly (number | null)[], width: number, glyphs: Glyphs): string {
  const { levels } = GLYPHS[glyphs];
  const drawn = shares.length <= width ? shares : squeezed(shares, width);
  const known = drawn.filter((share) => share !== null);
  if (known.length === 0) return '';
  const span = Math.max(LEAST_SPAN, Math.max(...known) - Math.min(...known));
  const low = Math.min(Math.min(...known), 1 - span);
  const level = (share: number) => Math.round(((share - low) / span) * (levels.length - 1));
  return drawn.map((share) => (share === null ? ' ' : levels[level(share)])).join('');
}

function squeezed(shares: readonly (number | null)[], width: number): (number | null)[] {
  return Array.from({ length: width }, (_, i) => {
    const [from, to] = [i, i + 1].map((edge) => Math.floor((edge * shares.length) / width));
    return shares.slice(from, to).reduce(higher, null);
  });
}

const higher = (a: number | null, b: number | null): number | null =>
  a === null || b === null ? (a ?? b) : Math.max(a, b);

const KEPT = 48;

/** One figure over a run of any length, in bounded memory: the longer the run, the coarser. */
export class Trend {
  #values: (number | null)[] = [];
  #checksEach = 1;
  #count = 0;

  add(share: number | null): void {
    const isNew = this.#count % this.#checksEach === 0;
    if (isNew && this.#values.length === KEPT) {
      this.#values = squeezed(this.#values, KEPT / 2);
      this.#checksEach *= 2;
      this.#count = (KEPT / 2) * this.#checksEach;
    }
    if (isNew) this.#values.push(share);
    else this.#values.push(higher(this.#values.pop() ?? null, share));
    this.#count++;
  }

  /** The oldest first; each the highest of several checks, null where none was answered. */
  get values(): readonly (number | null)[] {
    return this.#values;
  }
}
