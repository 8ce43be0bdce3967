/** Turns cdk.json context, environment and flags into Settings, by one schema. */
export { type ReadLimits, readLimits, settingsFor } from './limits.ts';
export { isIgnored } from './mounts.ts';
export { type EndpointServices, endpointServices, isSecretsManager, usesSsm } from './services.ts';
export {
  actsByItself,
  type FunctionEnvironment,
  fromEnvironment,
  isDistributed,
  keepsSnapshot,
  parseSettings,
  readLoose,
  type Settings,
  SettingsError,
  settingsOf,
  toEnvironment,
  transportOf,
  watchesElsewhere,
} from './settings.ts';
