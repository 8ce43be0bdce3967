/** The result of reading text: a value, or what was expected instead. */

/** A value, or what was expected in its place. */
export type Parsed<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'bad'; readonly expected: string };

export const ok = <T>(value: T): Parsed<T> => ({ kind: 'ok', value });
export const bad = (expected: string): { readonly kind: 'bad'; readonly expected: string } => ({
  kind: 'bad',
  expected,
});
