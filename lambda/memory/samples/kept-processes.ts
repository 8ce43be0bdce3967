/**
 * Who held the memory of hosts in the check that is being made, packed: which of them are worth keeping is known once their
 * past is read, and as objects those of ten thousand hosts are 10 MB. Pure.
 */
import type { CurrentProcesses } from '../../model/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { packProcesses, unpackProcesses } from './packed-processes.ts';

const MOST = 2 ** 50;
const FIRST_ROOM = 64 * 1024;

export class KeptProcesses {
  readonly #at: Date;
  readonly #bytes = new ByteWriter(FIRST_ROOM);
  readonly #places = new Map<string, number>();

  /** @param at when the check began */
  constructor(at: Date) {
    this.#at = at;
  }

  add(id: string, { totalKib, uptimeSeconds, ...seen }: CurrentProcesses): void {
    const part = packProcesses([seen]);
    this.#places.set(id, this.#bytes.length);
    this.#bytes.unsigned(Math.round(totalKib));
    this.#bytes.unsigned(uptimeSeconds === null ? 0 : 1 + Math.round(uptimeSeconds));
    this.#bytes.unsigned(part.length);
    this.#bytes.raw(part);
  }

  /** Sizes to 64 KiB, as the samples keep them. */
  get(id: string): CurrentProcesses | undefined {
    const place = this.#places.get(id);
    if (place === undefined) return undefined;
    const reader = new ByteReader(this.#bytes.view().subarray(place));
    const totalKib = reader.unsigned(MOST);
    const uptime = reader.unsigned(MOST);
    const [seen] = unpackProcesses(reader.raw(reader.unsigned(MOST)));
    return seen === undefined
      ? undefined
      : { ...seen, at: this.#at, totalKib, uptimeSeconds: uptime === 0 ? null : uptime - 1 };
  }
}
