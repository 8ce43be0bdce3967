/** Finds the tagged instances of every Region and account, and turns each one's tags into an Instance, once. */
export { findFleet, findInstance } from './ec2.ts';
export { type DescribedInstance, toInstance } from './instance.ts';
export {
  byTarget,
  discoverIn,
  fleetTargets,
  type Place,
  placeName,
  readPlaces,
  type Target,
  targetOf,
} from './places.ts';
