/** The pages of docs/reference, each made from the code that it describes. */
import { commandsPage } from './commands.ts';
import { costPage } from './cost.ts';
import { metricsPage } from './metrics.ts';
import { permissionsPage } from './permissions.ts';
import { reasonsPage } from './reasons.ts';
import { settingsPage } from './settings.ts';
import { tagsPage } from './tags.ts';

/** By file, its text as the code has it. */
export const REFERENCE: Readonly<Record<string, () => string>> = {
  'settings.md': settingsPage,
  'tags.md': tagsPage,
  'metrics.md': metricsPage,
  'reasons.md': reasonsPage,
  'permissions.md': permissionsPage,
  'commands.md': commandsPage,
  'cost.md': costPage,
};
