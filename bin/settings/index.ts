/** The settings of a command, and of the CDK app, merged from their layers. */
export { appSettings } from './app.ts';
export { namedUser, type SettingFlags, settingsFor } from './layers.ts';
