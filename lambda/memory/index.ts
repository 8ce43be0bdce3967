/** What is remembered of instances between checks. */
export { type Departure, departuresOf, forgetAfterMail, forgetBeforeMail } from './departures.ts';
export { metricDimensions } from './dimensions.ts';
export { writeTags, writeTagsIn } from './ec2.ts';
export { type FleetSamples, fleetSamples, NOTHING_KNOWN, type PastFigures, pastSamples } from './figures.ts';
export {
  COUNTER_KEYS,
  groupTagWrites,
  inGrace,
  isMuted,
  isSameTrouble,
  mailedOf,
  rememberedKind,
  remindersDue,
  TOLD_FLAGGED,
  TOLD_HELD,
  TOLD_KEYS,
  type Transition,
  tagChanges,
  transition,
  UNKNOWN_CHECKS,
} from './transition.ts';
