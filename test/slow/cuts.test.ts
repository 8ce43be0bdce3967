/**
 * Healthy hosts whose roads are cut, and real hangs beside them, through the real check and the real remedy function with
 * every remedy switched on.
 *
 * The product of the table has many thousand rows; these are a sample in which every two values that can meet do meet
 * (cut, minutes over which hosts are lost, hosts, scope, last memory, road, metrics), another one for each CUTS_SEED;
 * with CUTS_SIZE=3 every three. Beside it every cut of two hosts, over every road. Left out: rows whose cut touches no
 * road that the check uses, and combinations of more values that no sampled row has. Of real hangs it is a tenth.
 */
import { expect, it } from 'vitest';
import { seeded } from '../../tools/random.ts';
import {
  everyHang,
  everyRow,
  hasEvidenceAgainst,
  isWrongCut,
  isWrongHang,
  liveCut,
  liveHang,
  pairs,
  sample,
} from '../support/cuts.ts';

const SEED = Number(process.env.CUTS_SEED ?? 15);
const SIZE = Number(process.env.CUTS_SIZE ?? 2);

it('reboots no healthy host behind a cut, and flags none where its traffic or its other road shows that it works', async () => {
  const rows = [...sample(everyRow(), SIZE, SEED), ...pairs()];
  const wrong: string[] = [];
  let [unproven, cutHosts, flagged] = [0, 0, 0];
  const byCut = new Map<string, number>();
  for (const [n, row] of rows.entries()) {
    const lived = await liveCut(row, n % 5);
    wrong.push(...[isWrongCut(row, lived)].filter((text) => text !== null));
    if (hasEvidenceAgainst(row)) continue;
    unproven += 1;
    cutHosts += lived.cut;
    flagged += lived.flagged;
    if (lived.flagged > 0) byCut.set(row.cut.name, (byCut.get(row.cut.name) ?? 0) + lived.flagged);
  }
  process.stdout.write(
    `seed ${SEED}: ${rows.length} rows of cuts; without evidence against: ${unproven} rows, ${flagged} of ${cutHosts} hosts flagged: ${[...byCut].map(([cut, count]) => `${cut} ${count}`).join(', ')}\n`,
  );
  expect(wrong).toEqual([]);
});

it('flags real hangs within four checks, and within six where metrics are ten minutes late', async () => {
  const random = seeded(SEED);
  const rows = [...everyHang()].filter(() => random() < Number(process.env.HANG_SHARE ?? 0.1));
  const wrong: string[] = [];
  for (const [n, row] of rows.entries()) {
    wrong.push(...[isWrongHang(row, await liveHang(row, n % 5))].filter((text) => text !== null));
  }
  process.stdout.write(`seed ${SEED}: ${rows.length} rows of hangs\n`);
  expect(wrong).toEqual([]);
});
