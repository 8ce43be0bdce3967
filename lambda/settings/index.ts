/** Turns cdk.json context, environment and flags into Settings, by one schema. */
export { type Arn, parseArn } from './arns.ts';
export { type ReadLimits, readLimits, settingsFor } from './limits.ts';
export { isIgnored } from './mounts.ts';
export { settingsSchema } from './schema.ts';
export { calledServices, type EndpointServices, endpointServices, isSecretsManager, usesSsm } from './services.ts';
export {
  actsByItself,
  type FunctionEnvironment,
  fromEnvironment,
  HEARTBEAT,
  isDistributed,
  keepsSnapshot,
  NOT_FOR_ACTING,
  parseSettings,
  readLoose,
  type Settings,
  SettingsError,
  type SettingsInput,
  settingsOf,
  toEnvironment,
  transportOf,
  watchesElsewhere,
} from './settings.ts';
