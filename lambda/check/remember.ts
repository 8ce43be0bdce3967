/** Reads what earlier checks remember; a check that can't goes on, and reports it. */
import { errorText } from '../kit/index.ts';
import type { LoadedState } from '../memory/index.ts';
import { EMPTY_STATE } from '../model/index.ts';
import type { Ports } from './ports.ts';
import type { Run } from './run.ts';

export interface Remembered extends LoadedState {
  /** Why it can't be read: then nothing is flagged, and nothing acted on. Null: it can. */
  readonly trouble: string | null;
}

const NOTHING: LoadedState = { state: EMPTY_STATE, etag: null, beginsEmpty: null };

export async function remember({ state, outlets, log }: Ports, run: Run): Promise<Remembered> {
  if (state === null) return { ...NOTHING, trouble: null };
  try {
    const loaded = await state.load();
    if (loaded.beginsEmpty !== null && outlets !== null) {
      log.warn('state.beginsEmpty', { text: loaded.beginsEmpty });
      run.problems.push(`what earlier checks remember begins empty: ${loaded.beginsEmpty}`);
    }
    return { ...loaded, trouble: null };
  } catch (error) {
    const trouble = errorText(error);
    if (outlets === null) run.problems.push(`state: ${trouble}`);
    else run.failed('state', trouble);
    return { ...NOTHING, trouble };
  }
}
