/** The state's file: read once, written only if nobody else has written since. */
import { EMPTY_STATE, type FleetState, type InstanceState, STATE_KEY } from '../model/index.ts';
import { decodeWhole, type ReadState, StateReader, stateLines } from './schema.ts';

/** Files of the stack's bucket. Every function rejects where S3 can't be asked or refuses. */
export interface ObjectStore {
  /** Null where there is none. Its pieces may be read more than once; that rejects where they can't be unpacked. */
  get(key: string): Promise<{ readonly pieces: AsyncIterable<Uint8Array>; readonly etag: string } | null>;
  /**
   * @param pieces each is good until the next one is asked for
   * @param etag of the file that is to be replaced; null: there must be none
   * @returns the new one's; null where somebody else has written meanwhile
   */
  put(key: string, pieces: Iterable<Uint8Array>, etag: string | null): Promise<string | null>;
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
  const read = await readState(file.pieces);
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
  store.put(STATE_KEY, piecesOf(state), etag);

/** Null where it can't be unpacked. */
async function readState(pieces: AsyncIterable<Uint8Array>): Promise<ReadState | null> {
  const reader = new StateReader();
  for await (const piece of orNull(pieces)) {
    if (piece === null) return null;
    reader.read(piece);
    if (reader.isWhole) break;
  }
  const read = reader.end();
  if (read !== null) return read;
  // It has no line for each instance, and so has to be held as it is.
  const whole: Uint8Array[] = [];
  for await (const piece of orNull(pieces)) {
    if (piece === null) return null;
    whole.push(piece);
  }
  return decodeWhole(Buffer.concat(whole));
}

/** Null is the last where they can't be unpacked. */
async function* orNull(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | null> {
  try {
    yield* pieces;
  } catch {
    yield null;
  }
}

const PIECE_BYTES = 64 * 1024;

/** Some lines at a time, each time in the same place. */
function* piecesOf(state: FleetState): Generator<Uint8Array> {
  const text = new TextEncoder();
  let bytes = new Uint8Array(PIECE_BYTES);
  let length = 0;
  for (const line of stateLines(state)) {
    // A UTF-16 unit takes three bytes at most.
    const most = 3 * line.length;
    if (length > 0 && bytes.length - length < most) {
      yield bytes.subarray(0, length);
      length = 0;
    }
    if (bytes.length < most) bytes = new Uint8Array(most);
    length += text.encodeInto(line, bytes.subarray(length)).written;
  }
  yield bytes.subarray(0, length);
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
