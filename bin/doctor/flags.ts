import type { SettingFlags } from '../settings/index.ts';
import type { SourceFlags } from '../sources/index.ts';
export interface DoctorFlags extends SourceFlags, SettingFlags {
  readonly stack: string;
  readonly output: 'text' | 'json';
}
