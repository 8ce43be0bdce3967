/** What is remembered of instances between checks: their incidents, their samples, the pins of their host keys. */
export { acknowledged, hasChanged } from './ack.ts';
export { type Departure, departuresOf } from './departures.ts';
export { metricDimensions } from './dimensions.ts';
export { writeTags, writeTagsIn } from './ec2.ts';
export { freedBy } from './freed.ts';
export { checksToRecover, closed, goodChecks, isUnstable, isWorse, mayMailEnd, mayMailWorse } from './incident.ts';
export { endedMuted, isMuted, muteEnd, muteWords, nextMute } from './mute.ts';
export { fromTags, nextState, withState } from './remember.ts';
export {
  type FleetSamples,
  fleetSamples,
  type Histories,
  KeptProcesses,
  NOTHING_KNOWN,
  type PastFigures,
  type ProcessesById,
  pastSamples,
  snapshotOf,
  snapshotsOf,
  withSnapshot,
} from './samples/index.ts';
export { freeSwap, newOomKills, seenAfter, swapFilling, waitedSince, wasWritable } from './seen.ts';
export { changeInstance, type LoadedState, loadState, type ObjectStore, saveState } from './store.ts';
export {
  expectedKey,
  inGrace,
  isSameTrouble,
  kindBefore,
  rebootedInVain,
  rebootTrialMinutes,
  sinceLaunch,
  type Transition,
  transition,
} from './transition.ts';
