/** Finds the tagged instances of every Region and account, and turns each one's tags into an Instance, once. */
export { findFleet, findInstance } from './ec2.ts';
export { type DescribedInstance, toInstance } from './instance.ts';
export {
  byTarget,
  discoverIn,
  type Place,
  placeName,
  type Target,
  targetOf,
} from './places.ts';
export { fleetTargets, readPlaces } from './targets.ts';
