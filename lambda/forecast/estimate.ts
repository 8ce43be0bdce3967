/** How an estimate of minutes is worded: as the range that it is worth. */
import { duration } from '../kit/index.ts';

/** On simulated hosts it took between 0.9 and 3 times the estimate in half of the cases. */
export const RANGE = { least: 0.9, most: 3 };

/** A forecast's minutes as a range: `40 min to 2 h`. */
export function roughly(minutes: number): string {
  const [least, most] = [RANGE.least, RANGE.most].map((factor) => duration(rounded(minutes * factor)));
  return least === most ? `${least}` : `${least} to ${most}`;
}

const rounded = (minutes: number): number => (minutes < 10 ? minutes : Math.round(minutes / 5) * 5);
