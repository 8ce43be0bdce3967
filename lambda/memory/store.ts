/** The state's file: read once, written only if nobody else has written since. */
import { EMPTY_STATE, type FleetState, type InstanceState, STATE_KEY } from '../model/index.ts';
import { decodeState, stateLines } from './schema.ts';

/** Files of the stack's bucket. Every function rejects where S3 can't be asked or refuses. */
export interface ObjectStore {
  /** Null where there is none. `bytes` is null where it can't be unpacked. */
  get(key: string): Promise<{ readonly bytes: Uint8Array | null; readonly etag: string } | null>;
  /**
   * @param etag of the file that is to be replaced; null: there must be none
   * @returns the new one's; null where somebody else has written meanwhile
   */
  put(key: string, bytes: Uint8Array, etag: string | null): Promise<string | null>;
}

/** The state as of the start of a check. */
export interface LoadedState {
  readonly state: FleetState;
  /** What the next write is conditional on. */
  readonly etag: string | null;
  /** Why it begins empty, a sentence without a full stop; null where it doesn't. */
  readonly beginsEmpty: string | null;
}

/** @throws Error that says why the state can't be used: it can't be read, or a newer version wrote it */
export async function loadState(store: Pick<ObjectStore, 'get'>): Promise<LoadedState> {
  const file = await store.get(STATE_KEY);
  if (file === null) return { state: EMPTY_STATE, etag: null, beginsEmpty: 'there is none yet, or it was removed' };
  const read = file.bytes === null ? null : decodeState(file.bytes);
  if (read?.kind === 'newer') {
    throw new Error(
      `${STATE_KEY} was written by a newer version of crawlwatch (format ${read.version}): deploy that version, or delete the file to begin empty`,
    );
  }
  if (read?.kind !== 'state') {
    return { state: EMPTY_STATE, etag: file.etag, beginsEmpty: `${STATE_KEY} is damaged or not ours` };
  }
  const { unread, state } = read;
  const beginsEmpty =
    unread.length === 0 ? null : `${STATE_KEY} can't be read for ${unread.slice(0, 5).join(', ')}, which begin empty`;
  return { state, etag: file.etag, beginsEmpty };
}

/** @returns the new etag; null where another check has written since this one read it */
export const saveState = (store: ObjectStore, state: FleetState, etag: string | null): Promise<string | null> =>
  store.put(STATE_KEY, bytesOf(state), etag);

/** Room for the line of a host that is well; where they are longer all of it is doubled. */
const LINE_BYTES = 512;

function bytesOf(state: FleetState): Uint8Array {
  const text = new TextEncoder();
  let bytes = new Uint8Array((1 + state.instances.size) * LINE_BYTES);
  let length = 0;
  for (const line of stateLines(state)) {
    // A UTF-16 unit takes three bytes at most.
    if (bytes.length - length < 3 * line.length) {
      const grown = new Uint8Array(2 * bytes.length + 3 * line.length);
      grown.set(bytes.subarray(0, length));
      bytes = grown;
    }
    length += text.encodeInto(line, bytes.subarray(length)).written;
  }
  return bytes.subarray(0, length);
}

const TRIES = 5;

/**
 * Changes what is remembered of one instance, even if others write at the same time: a check that read before this
 * leaves the say to the next one.
 * @throws where the state can't be read or written
 */
export async function changeInstance(
  store: ObjectStore,
  id: string,
  change: (state: InstanceState) => InstanceState,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { state, etag } = await loadState(store);
    const known = state.instances.get(id);
    // Of an instance that no check remembers there is nothing to change.
    if (known === undefined) return;
    const instances = new Map(state.instances).set(id, change(known));
    if ((await saveState(store, { ...state, instances }, etag)) !== null) return;
  }
  throw new Error('checks kept writing the state meanwhile');
}
