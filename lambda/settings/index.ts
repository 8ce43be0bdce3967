/** One schema for cdk.json context, environment and flags: all become Settings here. */
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
  usesStore,
  watchesElsewhere,
} from './settings.ts';
