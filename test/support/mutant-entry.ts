/** What a mutant is tried on: the rows of test/slow/cuts.test.ts in small fleets, and a few months. */
import { seeded } from '../../tools/random.ts';
import { everyHang, everyRow, hangTitle, isWrongHang, liveCut, liveHang, pairs, sample, titleOf } from './cuts.ts';
import { MonthOf } from './months.ts';

/** Larger ones show nothing that these don't, and take their time. */
const SMALL = 10;

/** What went wrong, by row: how many hosts were flagged or rebooted that should not have been, or hangs missed. */
export type Wrong = ReadonlyMap<string, number>;

export interface Trial {
  readonly seed: number;
  readonly months: number;
  /** How much is wrong with all rules in place. */
  readonly known: Wrong;
  /** The months first: where only an act could be wrong. */
  readonly monthsFirst: boolean;
}

/** Every row in which more is wrong than is `known`: healthy hosts flagged, where nothing speaks for them, as well. */
export async function* moreWrong({
  seed,
  months,
  known,
  monthsFirst,
}: Trial): AsyncGenerator<readonly [string, number]> {
  const parts = [rowsOf(seed), monthsOf(months)];
  for (const part of monthsFirst ? parts.toReversed() : parts) {
    for await (const [title, count] of part) if (count > (known.get(title) ?? 0)) yield [title, count];
  }
}

async function* rowsOf(seed: number): AsyncGenerator<readonly [string, number]> {
  const random = seeded(seed);
  const hangs = [...everyHang()].filter(({ hosts }) => hosts <= SMALL && random() < 0.06);
  for (const [n, row] of hangs.entries()) {
    yield [hangTitle(row), isWrongHang(row, await liveHang(row, n % 5)) === null ? 0 : 1];
  }
  const small = [...everyRow()].filter(({ hosts }) => hosts <= SMALL);
  const rows = [...sample(small, 2, seed), ...pairs()];
  for (const [n, row] of rows.entries()) {
    const { flagged, rebooted } = await liveCut(row, n % 5);
    yield [`flagged: ${titleOf(row)}`, flagged];
    yield [`rebooted: ${titleOf(row)}`, rebooted];
  }
}

async function* monthsOf(months: number): AsyncGenerator<readonly [string, number]> {
  for (let n = 0; n < months; n++) {
    const { broken } = await new MonthOf(1500 + n).live();
    yield [`month ${1500 + n}: ${broken[0]?.split('\n', 1)[0] ?? ''}`, broken.length];
  }
}
