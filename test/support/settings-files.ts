/** Settings as eight kinds of user write them, in test/fixtures/settings/: what must deploy without a finding of any linter. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = join(import.meta.dirname, '../fixtures/settings');

/** Name and settings of each file. */
export const settingsFiles = (): [string, object][] =>
  readdirSync(FOLDER)
    .toSorted()
    .map((file) => [file.replace('.json', ''), JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))]);
