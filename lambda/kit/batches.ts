/** Calls that take many ids at once, and what to do when one bad id fails the whole call. */

/** @returns `items` in slices of at most `size`, in order. */
export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
}

export interface Bisected<T> {
  /** The calls that succeeded, each with its ids. */
  readonly done: readonly { readonly ids: readonly string[]; readonly value: T }[];
  readonly failed: readonly { readonly id: string; readonly error: unknown }[];
}

/**
 * Calls once for all ids. Where that fails because of single ids, calls for each half, until the bad ones are alone.
 * Any other failure is that of every id in the call: more calls would only make a throttle or an outage worse.
 *
 * @param blamesAnId whether the error means that some id is bad, rather than the call as such
 */
export async function bisect<T>(
  ids: readonly string[],
  call: (ids: readonly string[]) => Promise<T>,
  blamesAnId: (error: unknown) => boolean,
): Promise<Bisected<T>> {
  try {
    return { done: [{ ids, value: await call(ids) }], failed: [] };
  } catch (error) {
    if (ids.length === 1 || !blamesAnId(error)) return { done: [], failed: ids.map((id) => ({ id, error })) };
    const middle = Math.ceil(ids.length / 2);
    const [left, right] = await Promise.all([
      bisect(ids.slice(0, middle), call, blamesAnId),
      bisect(ids.slice(middle), call, blamesAnId),
    ]);
    return { done: [...left.done, ...right.done], failed: [...left.failed, ...right.failed] };
  }
}
