/** What a mutant is tried on: the rows of test/slow/cuts.test.ts in small fleets, and a few months. */
import { seeded } from '../../tools/random.ts';
import { everyHang, everyRow, hangTitle, isWrongHang, liveCut, liveHang, pairs, sample, titleOf } from './cuts.ts';
import { MonthOf } from './months.ts';

/** Larger ones show nothing that these don't, and take their time. */
const SMALL = 10;

/** What went wrong, by row: how many hosts were flagged or rebooted that should not have been, or hangs missed. */
export type Wrong = ReadonlyMap<string, number>;

/** Every row in which more is wrong than is `known`: healthy hosts flagged, where nothing speaks for them, as well. */
export async function* moreWrong(
  seed: number,
  months: number,
  known: Wrong = new Map(),
): AsyncGenerator<readonly [string, number]> {
  const isMore = (title: string, count: number) => count > (known.get(title) ?? 0);
  const random = seeded(seed);
  const hangs = [...everyHang()].filter(({ hosts }) => hosts <= SMALL && random() < 0.06);
  for (const [n, row] of hangs.entries()) {
    const title = hangTitle(row);
    const count = isWrongHang(row, await liveHang(row, n % 5)) === null ? 0 : 1;
    if (isMore(title, count)) yield [title, count];
  }
  const small = [...everyRow()].filter(({ hosts }) => hosts <= SMALL);
  const rows = [...sample(small, 2, seed), ...pairs()];
  for (const [n, row] of rows.entries()) {
    const { flagged, rebooted } = await liveCut(row, n % 5);
    for (const [what, count] of Object.entries({ flagged, rebooted })) {
      const title = `${what}: ${titleOf(row)}`;
      if (isMore(title, count)) yield [title, count];
    }
  }
  for (let n = 0; n < months; n++) {
    const { broken } = await new MonthOf(1500 + n).live();
    const title = `month ${1500 + n}: ${broken[0]?.split('\n', 1)[0] ?? ''}`;
    if (isMore(title, broken.length)) yield [title, broken.length];
  }
}
