/** Patterns of mounts that are left out. */

/** A mount, in which `*` is any number of characters, slashes included, and `?` is one. */
export const MOUNT_PATTERN = /^[/*][^\p{Cc}]{0,199}$/u;

/** Whether one of the patterns is that mount's. */
export const isIgnored = (mount: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => matches(mount, pattern));

/** Goes back to the last `*` only: its work is bounded by the product of both lengths. */
function matches(text: string, pattern: string): boolean {
  let [at, in_, star, from] = [0, 0, -1, 0];
  while (at < text.length) {
    const sign = pattern[in_];
    if (sign === '*') {
      star = in_++;
      from = at;
    } else if (sign === '?' || sign === text[at]) {
      in_++;
      at++;
    } else if (star >= 0) {
      in_ = star + 1;
      at = ++from;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(in_));
}
