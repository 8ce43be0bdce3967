/** Random months of random fleets; what a fleet-week is, test/support/months.ts says. */
import { expect, it } from 'vitest';
import { type Month, MonthOf, WEEKS } from '../support/months.ts';

/** Another one each day in CI would hide what a change broke: the seed is fixed, and can be given. */
const SEED = Number(process.env.MONTHS_SEED ?? 1500);
const FLEETS = Number(process.env.MONTHS_FLEETS ?? 76);

it(`makes no wrong reboot, none too many, and hides no steady hang in ${FLEETS * WEEKS} fleet-weeks`, async () => {
  const months: Month[] = [];
  for (let n = 0; n < FLEETS; n++) months.push(await new MonthOf(SEED + n).live());
  const sum = (of: (month: Month) => number) => months.reduce((total, month) => total + of(month), 0);
  process.stdout.write(
    `seeds ${SEED} to ${SEED + FLEETS - 1}: ${FLEETS * WEEKS} fleet-weeks, ${sum(({ checks }) => checks)} checks, ` +
      `${sum(({ hangs }) => hangs)} hangs, ${sum(({ cuts }) => cuts)} cuts, ${sum(({ outages }) => outages)} outages, ` +
      `${sum(({ reboots }) => reboots)} automatic reboots, ${sum(({ wronglyFlagged }) => wronglyFlagged)} healthy hosts flagged, ` +
      `${sum(({ booting }) => booting)} reboots of hosts that a person had just rebooted\n`,
  );
  expect(months.flatMap(({ broken }) => broken).slice(0, 20)).toEqual([]);
  // What it is meant to bring did come.
  expect(sum(({ hangs }) => hangs)).toBeGreaterThan(FLEETS * 2);
  expect(sum(({ reboots }) => reboots)).toBeGreaterThan(FLEETS / 2);
});
