/** What synth refuses or warns of: places it can't work in, an environment too large for Lambda, a bill above the budget. */
export { warnAboveBudget } from './budget.ts';
export { refuseLargeEnvironment } from './environment.ts';
export { refuseOtherPlaces, warnOfUnknownRegions } from './places.ts';
