/** Ties the features to AWS: what a check and an act need of the world, from the SDK's clients. */
export { type AwsClients, awsOutlets, awsPorts } from './check.ts';
export { type RemedyClients, remedyPorts } from './remedy.ts';
