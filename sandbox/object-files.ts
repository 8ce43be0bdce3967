/** Files of a bucket in memory: replaced only by what has read the last one, as S3 does it. */
import type { ObjectStore } from '../lambda/memory/index.ts';

export interface FileCall {
  readonly action: 'get' | 'put';
  readonly key: string;
  /** Its number among all calls, from 1. */
  readonly number: number;
}

/** What becomes of a call; `effect` is what S3 would do. Rejecting without it loses the call, after it the answer. */
export type FileFault = <T>(call: FileCall, effect: () => T) => Promise<T>;

export class ObjectFiles implements ObjectStore {
  readonly objects = new Map<string, { readonly bytes: Uint8Array | null; readonly etag: string }>();
  calls = 0;
  fault: FileFault = async (_, effect) => effect();
  #writes = 0;

  async get(key: string): ReturnType<ObjectStore['get']> {
    return this.#call('get', key, () => {
      const file = this.objects.get(key);
      return file === undefined
        ? null
        : { pieces: { [Symbol.asyncIterator]: () => once(file.bytes) }, etag: file.etag };
    });
  }

  async put(key: string, pieces: Iterable<Uint8Array>, etag: string | null): Promise<string | null> {
    const bytes = Buffer.concat(Array.from(pieces, (piece) => Buffer.from(piece)));
    return this.#call('put', key, () => {
      if ((this.objects.get(key)?.etag ?? null) !== etag) return null;
      return this.replace(key, bytes);
    });
  }

  /** Puts a file there whatever was there before, as somebody else would; null: one that can't be unpacked. */
  replace(key: string, bytes: Uint8Array | string | null): string {
    this.#writes += 1;
    const etag = `"${this.#writes}"`;
    this.objects.set(key, { bytes: typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, etag });
    return etag;
  }

  /** Makes the next calls fail before they have any effect. */
  fail(error: Error, times = Number.POSITIVE_INFINITY, action?: FileCall['action']): void {
    let left = times;
    this.fault = async (call, effect) => {
      if (left <= 0 || (action !== undefined && call.action !== action)) return effect();
      left -= 1;
      throw error;
    };
  }

  mend(): void {
    this.fault = async (_, effect) => effect();
  }

  #call<T>(action: FileCall['action'], key: string, effect: () => T): Promise<T> {
    this.calls += 1;
    return this.fault({ action, key, number: this.calls }, effect);
  }
}

async function* once(bytes: Uint8Array | null): AsyncGenerator<Uint8Array> {
  if (bytes === null) throw new Error('incorrect header check');
  yield bytes;
}
